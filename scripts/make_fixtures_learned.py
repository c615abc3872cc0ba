#!/usr/bin/env python3
"""Writes tests/fixtures/learned: networks whose parameters do not lie where a layer
reads them. Something moves them (Cast, Transpose, Reshape, Unsqueeze, ...), or what
they are added to; nodes compute them; or all numbers are Constants. Each is a test in
the layout of ONNX's backend tests, with the outputs of ONNX Runtime. roles.txt has a
line for each: its name, and how many elements of the file are weights, biases, scales
and statistics.

    make_fixtures_learned.py [FOLDER]

The Python that runs this needs numpy, ml_dtypes, onnx and onnxruntime.
"""

import pathlib
import shutil
import sys

import numpy
import onnxruntime
from make_fixtures_onnx import floats, graph, ints, real, write
from onnx import TensorProto, helper, numpy_helper

make = helper.make_node
half, single, whole = TensorProto.FLOAT16, TensorProto.FLOAT, TensorProto.INT64


def constant(name, array):
    return make("Constant", [], [name], value=numpy_helper.from_array(array, name))


def between(op, opset=13, given=None, **attributes):
    """MatMul, something that moves nothing or back and forth, Add."""
    nodes = [make("MatMul", ["x", "w"], ["m"])]
    nodes += [make(op, ["m"] + list(given or {}), ["c"], **attributes)]
    nodes += [make("Add", ["c", "b"], ["y"])]
    given = {"w": real(6, 3), "b": real(3)} | (given or {})
    return graph(f"between_{op.lower()}", opset, nodes, real(2, 6), given), (18, 3, 0, 0)


def summed():
    nodes = [make("MatMul", ["x", "w"], ["m"]), make("Sum", ["b", "m"], ["y"])]
    given = {"w": real(6, 3), "b": real(3)}
    return graph("summed", 13, nodes, real(2, 6), given), (18, 3, 0, 0)


def nhwc(x=None):
    """A convolution, a head and biases of 1 x 1 x 1 x C, as Keras exports them."""
    x = real(2, 6, 6, 1) if x is None else x
    nodes = [
        make("Cast", ["x"], ["x1"], to=single),
        make("Transpose", ["x1"], ["x2"], perm=[0, 3, 1, 2]),
        make("Conv", ["x2", "k"], ["c"]),
        make("Transpose", ["c"], ["c1"], perm=[0, 2, 3, 1]),
        make("Cast", ["c1"], ["c2"], to=single),
        make("Add", ["c2", "kb"], ["c3"]),
        make("Relu", ["c3"], ["r"]),
        make("Transpose", ["r"], ["r1"], perm=[0, 3, 1, 2]),
        make("MaxPool", ["r1"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Transpose", ["p"], ["p1"], perm=[0, 2, 3, 1]),
        make("Reshape", ["p1", "to"], ["f"]),
        make("MatMul", ["f", "w"], ["m"]),
        make("Cast", ["m"], ["m1"], to=single),
        make("Add", ["m1", "b"], ["s"]),
        make("Softmax", ["s"], ["y"], axis=-1),
    ]
    given = {"k": real(4, 1, 3, 3), "kb": real(1, 1, 1, 4), "to": ints(-1, 16)}
    given |= {"w": real(16, 5), "b": real(5)}
    return graph("nhwc", 13, nodes, x, given, free=[0]), (36 + 80, 4 + 5, 0, 0)


def moved():
    """Every parameter of a Conv, a BatchNormalization and a Gemm is moved."""
    nodes = [
        make("Transpose", ["k"], ["k1"], perm=[3, 2, 0, 1]),
        make("Reshape", ["kb", "four"], ["kb1"]),
        make("Conv", ["x", "k1", "kb1"], ["c"]),
        make("Cast", ["scale"], ["scale1"], to=single),
        make("Identity", ["shift"], ["shift1"]),
        make("Squeeze", ["mean", "first"], ["mean1"]),
        make("Flatten", ["var"], ["var1"], axis=0),
        make("Reshape", ["var1", "four"], ["var2"]),
        make("BatchNormalization", ["c", "scale1", "shift1", "mean1", "var2"], ["n"]),
        make("Flatten", ["n"], ["f"]),
        make("Cast", ["w"], ["w1"], to=single),
        make("Transpose", ["w1"], ["w2"], perm=[1, 0]),
        make("Unsqueeze", ["b", "first"], ["b1"]),
        make("Gemm", ["f", "w2", "b1"], ["y"]),
    ]
    given = {"k": real(3, 3, 2, 4), "kb": real(2, 2), "four": ints(4), "first": ints(0)}
    given |= {"scale": real(4).astype("f2"), "shift": real(4), "mean": real(1, 4)}
    given |= {"var": abs(real(4)) + 1, "w": real(3, 16).astype("f2"), "b": real(3)}
    test = graph("moved", 13, nodes, real(1, 2, 4, 4), given)
    return test, (72 + 48, 4 + 4 + 3, 4, 8)


def scaled():
    """A batch normalisation written as Mul and Add; a constant after an activation."""
    nodes = [
        make("Conv", ["x", "k"], ["c"]),
        make("Mul", ["scale", "c"], ["s"]),
        make("Sub", ["s", "shift"], ["t"]),
        make("Relu", ["t"], ["r"]),
        make("Mul", ["r", "six"], ["y"]),
    ]
    given = {"k": real(4, 2, 3, 3), "scale": real(4, 1, 1), "shift": real(4, 1, 1)}
    given |= {"six": real(1, 4, 1, 1)}
    return graph("scaled", 13, nodes, real(1, 2, 4, 4), given), (72, 4, 4, 0)


def normed():
    """As Caffe has it: a batch normalisation, then a scale and a shift."""
    nodes = [
        make("BatchNormalization", ["x", "one", "zero", "mean", "var"], ["n"]),
        make("Unsqueeze", ["scale", "last"], ["scale1"]),
        make("Mul", ["n", "scale1"], ["s"]),
        make("Unsqueeze", ["shift", "last"], ["shift1"]),
        make("Add", ["s", "shift1"], ["y"]),
    ]
    given = {"one": numpy.ones(3, "f"), "zero": numpy.zeros(3, "f"), "mean": real(3)}
    given |= {"var": abs(real(3)) + 1, "scale": real(3), "shift": real(3)}
    given |= {"last": ints(1, 2)}
    return graph("normed", 13, nodes, real(1, 3, 4, 4), given), (0, 6, 6, 6)


def normalised():
    """A weight as direction and length."""
    nodes = [
        make("ReduceL2", ["v"], ["length"], axes=[1, 2, 3]),
        make("Div", ["v", "length"], ["u"]),
        make("Mul", ["u", "g"], ["k"]),
        make("Conv", ["x", "k"], ["y"]),
    ]
    given = {"v": real(4, 2, 3, 3), "g": abs(real(4, 1, 1, 1))}
    return graph("normalised", 13, nodes, real(1, 2, 4, 4), given), (72, 0, 0, 0)


def single_output():
    """A bias of one number."""
    nodes = [
        make("MatMul", ["x", "w"], ["m"]),
        make("Add", ["m", "b"], ["s"]),
        make("Mul", ["s", "two"], ["t"]),
        make("Sigmoid", ["t"], ["y"]),
    ]
    given = {"w": real(6, 1), "b": real(1), "two": numpy.float32(2)}
    return graph("single_output", 13, nodes, real(2, 6), given), (6, 1, 0, 0)


def slopes():
    nodes = [
        make("Conv", ["x", "k"], ["c"]),
        make("Unsqueeze", ["slope", "last"], ["slope1"]),
        make("PRelu", ["c", "slope1"], ["y"]),
    ]
    given = {"k": real(4, 2, 3, 3), "slope": abs(real(4)), "last": ints(1, 2)}
    return graph("slopes", 13, nodes, real(1, 2, 4, 4), given), (72, 0, 4, 0)


def shared():
    """One weight, and it transposed: a tied autoencoder."""
    nodes = [
        make("MatMul", ["x", "w"], ["m"]),
        make("Add", ["m", "b"], ["h"]),
        make("Tanh", ["h"], ["t"]),
        make("Transpose", ["w"], ["v"], perm=[1, 0]),
        make("MatMul", ["t", "v"], ["u"]),
        make("Add", ["u", "d"], ["y"]),
    ]
    given = {"w": real(6, 3), "b": real(3), "d": real(6)}
    return graph("shared", 13, nodes, real(2, 6), given), (18, 9, 0, 0)


def masked():
    """A weight that another layer has, too, less what a mask takes out of it."""
    nodes = [
        make("MatMul", ["x", "w"], ["h"]),
        make("Mul", ["w", "mask"], ["v"]),
        make("MatMul", ["h", "v"], ["y"]),
    ]
    given = {"w": real(4, 4), "mask": numpy.eye(4, dtype="f")}
    return graph("masked", 13, nodes, real(2, 4), given), (16, 0, 0, 0)


def zeros():
    """Before training: one tensor of zeros for everything that is zero."""
    nodes = [
        make("Conv", ["x", "k"], ["c"]),
        make("Cast", ["one"], ["scale"], to=single),
        make("Cast", ["zero"], ["shift"], to=single),
        make("Cast", ["zero"], ["mean"], to=single),
        make("Cast", ["one"], ["var"], to=single),
        make("BatchNormalization", ["c", "scale", "shift", "mean", "var"], ["y"]),
    ]
    given = {"k": real(4, 2, 3, 3)}
    given |= {"one": numpy.ones(4, "f"), "zero": numpy.zeros(4, "f")}
    return graph("zeros", 13, nodes, real(1, 2, 4, 4), given), (72, 4, 4, 8)


def computed():
    """Of ConstantOfShape, Range, and arithmetic on them."""
    value = numpy_helper.from_array(floats(0.25))
    nodes = [
        make("Range", ["start", "end", "step"], ["r"]),
        make("Mul", ["r", "small"], ["r1"]),
        make("Reshape", ["r1", "kernel"], ["k"]),
        make("ConstantOfShape", ["four"], ["kb"], value=value),
        make("Conv", ["x", "k", "kb"], ["c"]),
        make("ConstantOfShape", ["four"], ["scale"], value=value),
        make("Add", ["scale", "kb"], ["scale1"]),
        make("ConstantOfShape", ["four"], ["zero"]),
        make("Exp", ["zero"], ["var"]),
        make("BatchNormalization", ["c", "scale1", "kb", "zero", "var"], ["n"]),
        make("Flatten", ["n"], ["f"]),
        make("Range", ["first", "last", "one"], ["i"]),
        make("Cast", ["i"], ["i1"], to=single),
        make("Div", ["i1", "forty"], ["i2"]),
        make("Sin", ["i2"], ["i3"]),
        make("Reshape", ["i3", "matrix"], ["w"]),
        make("MatMul", ["f", "w"], ["m"]),
        make("Expand", ["half", "three"], ["b"]),
        make("Add", ["m", "b"], ["y"]),
    ]
    number = {"start": -0.5, "end": 71.5, "step": 1.0, "small": 0.01, "forty": 40.0}
    given = {name: numpy.float32(n) for name, n in number.items()}
    given |= {"first": numpy.int64(0), "last": numpy.int64(48), "one": numpy.int64(1)}
    given |= {"kernel": ints(4, 2, 3, 3), "four": ints(4), "matrix": ints(16, 3)}
    given |= {"half": floats(0.5), "three": ints(3)}
    test = graph("computed", 13, nodes, real(1, 2, 4, 4), given)
    return test, (72 + 48, 4 + 4 + 3, 4, 8)


def sized_by_weight():
    """A bias as long as another layer's weight: that is read for its size alone."""
    nodes = [
        make("Conv", ["x", "k"], ["c"]),
        make("Shape", ["k"], ["size"]),
        make("ConstantOfShape", ["size"], ["like"], value=numpy_helper.from_array(floats(0.1))),
        make("Reshape", ["like", "square"], ["k2"]),
        make("Conv", ["c", "k2"], ["y"]),
    ]
    given = {"k": real(2, 2, 3, 3), "square": ints(2, 2, 3, 3)}
    return graph("sized_by_weight", 13, nodes, real(1, 2, 6, 6), given), (72, 0, 0, 0)


def quantised():
    """Whole numbers, scaled: a weight that was stored in 8 bits."""
    nodes = [
        make("Cast", ["q"], ["q1"], to=single),
        make("Sub", ["q1", "zero"], ["q2"]),
        make("Mul", ["q2", "scale"], ["k"]),
        make("Conv", ["x", "k"], ["y"]),
    ]
    given = {"q": numpy.arange(72).reshape(4, 2, 3, 3).astype("i1")}
    given |= {"zero": numpy.float32(36), "scale": abs(real(4, 1, 1, 1))}
    return graph("quantised", 13, nodes, real(1, 2, 4, 4), given), (72, 0, 0, 0)


def constants():
    """No initialisers: all parameters are Constants, as PaddlePaddle's are."""
    nodes = [
        constant("k", real(4, 2, 3, 3)),
        constant("kb", real(1, 4, 1, 1)),
        constant("w", real(16, 3)),
        constant("b", real(3)),
        make("Conv", ["x", "k"], ["c"]),
        make("Add", ["c", "kb"], ["c1"]),
        make("Flatten", ["c1"], ["f"]),
        make("MatMul", ["f", "w"], ["m"]),
        make("Add", ["m", "b"], ["y"]),
    ]
    return graph("constants", 13, nodes, real(1, 2, 4, 4), {}), (72 + 48, 7, 0, 0)


def tests():
    yield between("Cast", to=single)
    yield between("Dropout")
    yield between("Identity")
    yield between("Reshape", given={"to": ints(-1, 3)})
    yield between("Squeeze", given={"axes": numpy.array([], "i8")})
    yield between("Sum")
    yield summed()
    yield nhwc()
    yield moved()
    yield scaled()
    yield normed()
    yield slopes()
    yield normalised()
    yield single_output()
    yield shared()
    yield masked()
    yield zeros()
    yield computed()
    yield sized_by_weight()
    yield quantised()
    yield constants()


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "learned"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    shutil.rmtree(folder, ignore_errors=True)
    onnxruntime.set_default_logger_severity(3)
    lines = []
    for test, counts in tests():
        write(folder, test)
        lines.append(" ".join([test[0], *map(str, counts)]))
    (folder / "roles.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
