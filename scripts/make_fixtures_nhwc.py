#!/usr/bin/env python3
"""Writes tests/fixtures/nhwc: small classifiers of images N x H x W x C, as networks
of Keras and TensorFlow are exported, and expected.txt: a line for each with its name,
height, width, channels and ONNX Runtime's probabilities for the image whose pixel
(y, x, c) is (31 y + 17 x + 71 c) mod 256, divided by 255.

    make_fixtures_nhwc.py [FOLDER]

The Python that runs this needs numpy, onnx and onnxruntime.
"""

import pathlib
import shutil
import sys

import numpy
import onnxruntime
from make_fixtures_onnx import floats, ints, model_of, real
from onnx import TensorProto, helper

make = helper.make_node
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]
HEIGHT, WIDTH, CLASSES = 8, 10, 4


def layer(x, y, channels):
    """A convolution between Transposes, its bias and activation with channels last."""
    nodes = [
        make("Transpose", [x], [f"{y}.a"], perm=FIRST),
        make("Conv", [f"{y}.a", f"{y}.k"], [f"{y}.b"], pads=[1, 1, 0, 0]),
        make("Transpose", [f"{y}.b"], [f"{y}.c"], perm=LAST),
        make("Cast", [f"{y}.c"], [f"{y}.d"], to=TensorProto.FLOAT),
        make("Add", [f"{y}.bias", f"{y}.d"], [f"{y}.e"]),
        make("Relu", [f"{y}.e"], [y]),
    ]
    return nodes, {f"{y}.k": real(6, channels, 3, 3), f"{y}.bias": real(1, 1, 1, 6)}


def head(x, features):
    nodes = [
        make("MatMul", [x, "w"], ["m"]),
        make("Add", ["m", "b"], ["s"]),
        make("Softmax", ["s"], ["y"], axis=-1),
    ]
    return nodes, {"w": 0.3 * real(features, CLASSES), "b": real(CLASSES)}


def flattened(channels):
    """The row has the channels of a position side by side."""
    body, given = layer("x", "r", channels)
    size = (HEIGHT - 1) * (WIDTH - 1) * 6
    end, more = head("f", size)
    nodes = body + [make("Reshape", ["r", "to"], ["f"])] + end
    return nodes, given | more | {"to": ints(-1, size)}


def pooled(keepdims):
    """A scale of each channel at the image; a mean over height and width."""
    body, given = layer("x1", "r", 3)
    end, more = head("f", 6)
    nodes = [make("Mul", ["x", "scale"], ["x1"])] + body
    nodes += [make("ReduceMean", ["r"], ["p"], axes=[1, 2], keepdims=keepdims)]
    nodes += [make("Flatten" if keepdims else "Identity", ["p"], ["f"])] + end
    return nodes, given | more | {"scale": floats(0.5, 1.5, -1)}


def joined():
    """Two branches, side by side along the last dimension."""
    body, given = layer("x", "r", 3)
    other, more = layer("x", "q", 3)
    end, rest = head("f", 12)
    nodes = body + other + [make("Concat", ["r", "q"], ["j"], axis=-1)]
    nodes += [make("ReduceMax", ["j"], ["f"], axes=[-3, -2], keepdims=0)] + end
    return nodes, given | more | rest


def dense():
    """Nothing but its shape tells that the channels are last."""
    end, given = head("f", HEIGHT * WIDTH * 3)
    return [make("Flatten", ["x"], ["f"])] + end, given


def tests():
    yield "flattened_grey", 1, flattened(1), [0]
    yield "flattened", 3, flattened(3), [0]
    yield "pooled", 3, pooled(0), [0, 1, 2]
    yield "pooled_kept", 3, pooled(1), [0]
    yield "joined", 3, joined(), []
    yield "dense", 3, dense(), [0]


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "nhwc"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    onnxruntime.set_default_logger_severity(3)
    lines = []
    for name, channels, (nodes, given), free in tests():
        y, x, c = numpy.indices((HEIGHT, WIDTH, channels))
        image = ((31 * y + 17 * x + 71 * c) % 256 / 255).astype("f")[None]
        model = model_of((name, 13, nodes, image, given, ["y"], {"free": free}))
        (folder / f"{name}.onnx").write_bytes(model)
        told = onnxruntime.InferenceSession(model).run(None, {"x": image})[0][0]
        numbers = " ".join(f"{p:.7g}" for p in told)
        lines.append(f"{name} {HEIGHT} {WIDTH} {channels} {numbers}")
    (folder / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
