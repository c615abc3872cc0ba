#!/usr/bin/env python3
"""Writes tests/fixtures/heads: small classifiers of five classes that end in every
way that exporters have: something follows the last layer (Identity, Cast, Dropout,
Reshape, ...), its weight is moved, the scores are N x C x 1 x 1, classes come last.
list.txt has a line for each: its name, how many parameters it has, and how many with
another classifier, for three classes. several_outputs.onnx has three outputs.

    make_fixtures_heads.py [FOLDER]

The Python that runs this needs numpy, onnx and onnxruntime, which runs each of them.
"""

import pathlib
import shutil
import sys

import numpy
import onnxruntime
from make_fixtures_onnx import ints, model_of, real
from onnx import TensorProto, helper

make = helper.make_node
half, single = TensorProto.FLOAT16, TensorProto.FLOAT
MAPS, OLD, NEW = 4, 5, 3


def body(end):
    """Four maps of the image; `end`: "map" 4 x 6 x 6, "pooled" 4 x 1 x 1, "row" 4."""
    nodes = [make("Conv", ["x", "k"], ["c"]), make("Relu", ["c"], ["map"])]
    if end != "map":
        nodes += [make("GlobalAveragePool", ["map"], ["pooled"])]
    if end == "row":
        nodes += [make("Flatten", ["pooled"], ["row"])]
    return nodes


def gemm(*after, weight=("w",), transposed=1, **given):
    """A linear layer, whose weight is the last of `weight`, and what follows it."""
    nodes = body("row")
    nodes += [make("Gemm", ["row", weight[-1], "b"], ["s"], transB=transposed)]
    w = real(OLD, MAPS) if transposed else real(MAPS, OLD)
    return nodes + list(after), {"w": w, "b": real(OLD)} | given


def matmul(*after, **given):
    nodes = body("row") + [make("MatMul", ["row", "w"], ["m"])]
    return nodes + list(after), {"w": real(MAPS, OLD)} | given


def conv(*after, end="map", **given):
    nodes = body(end) + [make("Conv", [end, "w", "b"], ["s"])]
    return nodes + list(after), {"w": real(OLD, MAPS, 1, 1), "b": real(OLD)} | given


def one(op, *inputs, **attributes):
    return make(op, list(inputs), ["y"], **attributes)


def moved_weight(op, w, transposed, **attributes):
    nodes, given = gemm(one("Identity", "s"), weight=("w", "v"), transposed=transposed)
    nodes.insert(0, make(op, ["w"], ["v"], **attributes))
    return nodes, given | {"w": w}


def softmax_in_pieces():
    return gemm(
        make("ReduceMax", ["s"], ["most"], axes=[1], keepdims=1),
        make("Sub", ["s", "most"], ["d"]),
        make("Exp", ["d"], ["e"]),
        make("ReduceSum", ["e", "one"], ["sum"], keepdims=1),
        one("Div", "e", "sum"),
        one=ints(1),
    )


def channels_last():
    return conv(
        make("Transpose", ["s"], ["t"], perm=[0, 2, 3, 1]),
        make("Add", ["t", "shift"], ["a"]),
        one("ReduceMean", "a", axes=[1, 2], keepdims=0),
        shift=real(1, 1, 1, OLD),
    )


def two_branches():
    nodes = body("row") + [
        make("MatMul", ["row", "w"], ["m"]),
        make("Gemm", ["row", "v", "b"], ["g"], transB=1),
        one("Add", "m", "g"),
    ]
    return nodes, {"w": real(MAPS, OLD), "v": real(OLD, MAPS), "b": real(OLD)}


def tests():
    for op in "Identity", "Dropout", "Flatten", "Softmax", "LogSoftmax", "Sigmoid":
        yield op.lower(), gemm(one(op, "s"))
    yield "cast", gemm(one("Cast", "s", to=single))
    yield "reshape", gemm(one("Reshape", "s", "to"), to=ints(-1, OLD))
    yield "reshape_point", gemm(one("Reshape", "s", "to"), to=ints(0, OLD, 1, 1))
    yield "unsqueeze", gemm(one("Unsqueeze", "s", "at"), at=ints(2, 3))
    there_and_back = (
        make("Transpose", ["s"], ["t"], perm=[1, 0]),
        one("Transpose", "t", perm=[1, 0]),
    )
    yield "transpose_twice", gemm(*there_and_back)
    yield "softmax_in_pieces", softmax_in_pieces()
    norm = {n: abs(real(OLD)) + 0.5 for n in ("scale", "shift", "mean", "var")}
    yield "batch_norm", gemm(one("BatchNormalization", "s", *norm), **norm)
    yield "temperature", gemm(one("Div", "s", "two"), two=numpy.float32(2))
    w = real(OLD, MAPS)
    yield "weight_cast", moved_weight("Cast", w.astype("f2"), 1, to=single)
    yield "weight_transposed", moved_weight("Transpose", w, 0, perm=[1, 0])
    yield "weight_identity", moved_weight("Identity", w, 1)
    yield "matmul", matmul(one("Identity", "m"))
    yield "matmul_add", matmul(one("Add", "b", "m"), b=real(1, OLD))
    yield "matmul_cast_add", matmul(
        make("Cast", ["m"], ["m1"], to=single), one("Add", "m1", "b"), b=real(OLD)
    )
    yield "two_branches", two_branches()
    yield "conv_pooled", conv(one("GlobalAveragePool", "s"))
    yield "conv_mean", conv(one("ReduceMean", "s", axes=[2, 3], keepdims=0))
    yield "conv_point", conv(one("Identity", "s"), end="pooled")
    yield "conv_squeezed", conv(one("Squeeze", "s", "at"), end="pooled", at=ints(2, 3))
    yield "conv_reshaped", conv(one("Reshape", "s", "to"), end="pooled", to=ints(-1, OLD))
    yield "channels_last", channels_last()


def several():
    """Feature maps first, as backbones give them, then logits and probabilities."""
    nodes, given = gemm(one("Softmax", "s"))
    return nodes, given, ["c", "s", "y"]


TRAINED = {"k", "w", "v", "b", "scale", "shift"}


def count(given, classes):
    total = 0
    for name, array in given.items():
        if name in TRAINED:
            sizes = [classes if n == OLD else n for n in array.shape]
            total += int(numpy.prod(sizes))
    return total


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "heads"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    onnxruntime.set_default_logger_severity(3)
    lines = []
    for name, (nodes, given) in tests():
        given = {"k": real(MAPS, 1, 3, 3)} | given
        x = real(2, 1, 8, 8)
        test = (name, 13, nodes, x, given, ["y"], {"free": [0]})
        model = model_of(test)
        (folder / f"{name}.onnx").write_bytes(model)
        session = onnxruntime.InferenceSession(model)
        assert session.run(None, {"x": x})[0].size == 2 * OLD
        lines.append(f"{name} {count(given, OLD)} {count(given, NEW)}")
    (folder / "list.txt").write_text("\n".join(lines) + "\n")
    nodes, given, outputs = several()
    given = {"k": real(MAPS, 1, 3, 3)} | given
    test = ("several", 13, nodes, real(2, 1, 8, 8), given, outputs, {"free": [0]})
    (folder / "several_outputs.onnx").write_bytes(model_of(test))


if __name__ == "__main__":
    main()
