#!/usr/bin/env python3
"""Writes tests/fixtures/scores: small networks with every kind of end, and in
expected.txt what ONNX Runtime makes of one image; test_scores reads it.

    make_fixtures_scores.py [FOLDER]

Needs numpy, onnx and onnxruntime. The image is 1 x 1 x 4 x 4, element i being
(16 i mod 256) / 255. A line of expected.txt has the file's name, what its output
is and the probabilities: the output itself, or the softmax of logits and
log-probabilities. Where nothing is known of the output the line ends in
"unknown".
"""
import pathlib
import sys
import zlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

CLASSES, SIDE = 3, 4
IMAGE = (np.arange(SIDE * SIDE) * 16 % 256 / 255).astype(np.float32)
IMAGE = IMAGE.reshape(1, 1, SIDE, SIDE)


class Net:
    """Nodes one after the other; `at` is the last value."""

    def __init__(self, opset=17):
        self.opset, self.nodes, self.tensors, self.at = opset, [], [], "x"
        self.out_type, self.out_rank = TensorProto.FLOAT, 2
        self.rng = None

    def draw(self, *shape):
        return (self.rng.standard_normal(shape) * 0.6).astype(np.float32)

    def tensor(self, array, name=None):
        name = name or f"t{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def number(self, value):
        return self.tensor(np.array(value, dtype=np.float32))

    def ints(self, *values):
        return self.tensor(np.array(values, dtype=np.int64))

    def node(self, op, *inputs, outputs=1, **attrs):
        """The value; the inputs are names, the last value if there are none."""
        names = [f"n{len(self.nodes)}_{k}" for k in range(outputs)]
        inputs = list(inputs) or [self.at]
        self.nodes.append(helper.make_node(op, inputs, names, **attrs))
        self.at = names[0]
        return names[0] if outputs == 1 else names

    def logits(self, classes=CLASSES):
        flat = self.node("Flatten", "x")
        weight = self.tensor(self.draw(SIDE * SIDE, classes))
        return self.node("Gemm", flat, weight, self.tensor(self.draw(classes)))

    def maps(self, classes=CLASSES):
        weight = self.tensor(self.draw(classes, 1, 3, 3))
        return self.node("Conv", "x", weight, self.tensor(self.draw(classes)),
                         pads=[1, 1, 1, 1])

    def model(self):
        shape = [f"d{i}" for i in range(self.out_rank)]
        self.nodes[-1].output[0] = "y"
        graph = helper.make_graph(
            self.nodes, "scores",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT,
                                           ["N", 1, SIDE, SIDE])],
            [helper.make_tensor_value_info("y", self.out_type, shape)],
            self.tensors)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


cases = {}


def case(kind, opset=17, **options):
    def add(build):
        net = Net(opset)
        net.rng = np.random.default_rng(zlib.crc32(build.__name__.encode()))
        for key, value in options.items():
            setattr(net, key, value)
        build(net)
        cases[build.__name__] = (kind, net.model())
        return build
    return add


# ---- Logits ----

@case("logits")
def linear(n):
    n.logits()


@case("logits")
def linear_moved(n):
    n.logits()
    n.node("Reshape", n.at, n.ints(-1, CLASSES, 1, 1))
    n.node("Identity")
    n.node("Squeeze", n.at, n.ints(2, 3))


@case("logits")
def conv_pooled(n):
    n.maps()
    n.node("Relu")
    n.node("GlobalAveragePool")
    n.node("Flatten")


@case("logits")
def matmul_add(n):
    n.node("Flatten")
    n.node("MatMul", n.at, n.tensor(n.draw(SIDE * SIDE, CLASSES)))
    n.node("Add", n.at, n.tensor(n.draw(CLASSES)))


@case("logits")
def linear_scaled(n):
    n.logits()
    n.node("Div", n.at, n.number(1.7))
    n.node("Clip", n.at, n.number(-30), n.number(30))


@case("logits")
def gated(n):
    z = n.logits()
    n.node("Mul", z, n.node("Sigmoid", n.logits()))


@case("logits")
def summed_maps(n):
    n.maps()
    n.node("Relu")
    n.node("ReduceSum", n.at, n.ints(2, 3), keepdims=0)


# ---- Probabilities ----

def softmax_then(name, *steps, **options):
    def build(n):
        n.logits()
        n.node("Softmax", axis=-1)
        for step in steps:
            step(n)
    build.__name__ = name
    case("probabilities", **options)(build)


softmax_then("softmax")
softmax_then("softmax_identity", lambda n: n.node("Identity"))
softmax_then("softmax_cast", lambda n: n.node("Cast", to=TensorProto.FLOAT16),
             lambda n: n.node("Cast", to=TensorProto.FLOAT))
softmax_then("softmax_reshape",
             lambda n: n.node("Reshape", n.at, n.ints(-1, CLASSES)))
softmax_then("softmax_flatten", lambda n: n.node("Flatten"))
softmax_then("softmax_unsqueeze",
             lambda n: n.node("Unsqueeze", n.at, n.ints(2, 3)), out_rank=4)
softmax_then("softmax_dropout", lambda n: n.node("Dropout"))
softmax_then("softmax_clip",
             lambda n: n.node("Clip", n.at, n.number(1e-7), n.number(1)))
softmax_then("softmax_relu", lambda n: n.node("Relu"))
softmax_then("softmax_guard", lambda n: n.node("Add", n.at, n.number(1e-8)))
softmax_then("softmax_percent_and_back",
             lambda n: n.node("Mul", n.at, n.number(100)),
             lambda n: n.node("Div", n.at, n.number(100)))
softmax_then("softmax_of_softmax", lambda n: n.node("Softmax", axis=-1))
softmax_then("softmax_log_exp", lambda n: n.node("Log"), lambda n: n.node("Exp"))


@case("probabilities", opset=11, out_rank=4)
def softmax_old_maps(n):
    """Before opset 13 all dimensions from the axis on sum to 1 together."""
    n.logits()
    n.node("Reshape", n.at, n.ints(-1, CLASSES, 1, 1))
    n.node("Softmax", axis=1)


@case("probabilities")
def softmax_transposed(n):
    n.logits()
    n.node("Transpose", perm=[1, 0])
    n.node("Softmax", axis=0)
    n.node("Transpose", perm=[1, 0])


@case("probabilities")
def softmax_nhwc(n):
    """Over the last dimension, then back to N x C x 1 x 1."""
    n.maps()
    n.node("GlobalAveragePool")
    n.node("Transpose", perm=[0, 2, 3, 1])
    n.node("Softmax", axis=-1)
    n.node("Transpose", perm=[0, 3, 1, 2])
    n.node("Flatten")


@case("probabilities")
def softmax_temperature(n):
    n.logits()
    n.node("Div", n.at, n.number(2.5))
    n.node("Softmax", axis=1)


@case("probabilities")
def log_softmax_exp(n):
    n.logits()
    n.node("LogSoftmax", axis=-1)
    n.node("Exp")


@case("probabilities")
def exp_sum_div(n):
    e = n.node("Exp", n.logits())
    n.node("Div", e, n.node("ReduceSum", e, n.ints(1)))


@case("probabilities")
def exp_max_sum_div(n):
    z = n.logits()
    e = n.node("Exp", n.node("Sub", z, n.node("ReduceMax", z, axes=[1])))
    n.node("Div", e, n.node("ReduceSum", e, n.ints(-1)))


@case("probabilities")
def exp_reciprocal(n):
    e = n.node("Exp", n.logits())
    n.node("Mul", e, n.node("Reciprocal", n.node("ReduceSum", e, n.ints(1))))


@case("probabilities")
def exp_log_sum_exp(n):
    z = n.logits()
    n.node("Exp", n.node("Sub", z, n.node("ReduceLogSumExp", z, axes=[1])))


@case("probabilities")
def relu_normalised(n):
    r = n.node("Relu", n.node("Add", n.logits(), n.number(2)))
    n.node("Div", r, n.node("Add", n.node("ReduceSum", r, n.ints(1)),
                            n.number(1e-6)))


@case("probabilities")
def sigmoid_normalised(n):
    s = n.node("Sigmoid", n.logits())
    n.node("LpNormalization", s, axis=1, p=1)


@case("probabilities")
def mean_of_softmaxes(n):
    a = n.node("Softmax", n.logits(), axis=-1)
    b = n.node("Softmax", n.logits(), axis=-1)
    n.node("Mean", a, b)


@case("probabilities")
def half_of_sum(n):
    a = n.node("Softmax", n.logits(), axis=-1)
    b = n.node("Softmax", n.logits(), axis=-1)
    n.node("Mul", n.node("Add", a, b), n.number(0.5))


@case("probabilities")
def stacked_mean(n):
    parts = [n.node("Unsqueeze", n.node("Softmax", n.logits(), axis=-1),
                    n.ints(0)) for _ in range(3)]
    n.node("Concat", *parts, axis=0)
    n.node("ReduceMean", n.at, axes=[0], keepdims=0)


@case("probabilities")
def pooled_softmax(n):
    n.maps()
    n.node("Softmax", axis=1)
    n.node("GlobalAveragePool")
    n.node("Flatten")


# ---- Log-probabilities ----

@case("log-probabilities")
def log_softmax(n):
    n.logits()
    n.node("LogSoftmax", axis=-1)
    n.node("Identity")


@case("log-probabilities")
def log_of_softmax(n):
    n.logits()
    n.node("Softmax", axis=-1)
    n.node("Log")


@case("log-probabilities")
def sub_log_sum_exp(n):
    z = n.logits()
    e = n.node("ReduceSum", n.node("Exp", z), n.ints(1))
    n.node("Sub", z, n.node("Log", e))


# ---- Independent probabilities ----

@case("independent")
def sigmoid(n):
    n.logits()
    n.node("Sigmoid")


@case("independent")
def sigmoid_by_hand(n):
    """1 / (1 + e^-x)"""
    e = n.node("Exp", n.node("Neg", n.logits()))
    n.node("Div", n.number(1), n.node("Add", e, n.number(1)))


@case("independent")
def sigmoid_reciprocal(n):
    e = n.node("Exp", n.node("Mul", n.logits(), n.number(-1)))
    n.node("Reciprocal", n.node("Add", n.number(1), e))


@case("independent")
def sigmoid_to_minus_one(n):
    e = n.node("Exp", n.node("Neg", n.logits()))
    n.node("Pow", n.node("Add", e, n.number(1)), n.number(-1))


@case("independent")
def sigmoid_of_powers(n):
    """e^x / (1 + e^x)"""
    e = n.node("Exp", n.logits())
    n.node("Div", e, n.node("Add", e, n.number(1)))


@case("independent")
def sigmoid_times_power(n):
    e = n.node("Pow", n.number(np.e), n.logits())
    n.node("Mul", n.node("Reciprocal", n.node("Add", e, n.number(1))), e)


@case("independent")
def sigmoid_of_tanh(n):
    """(1 + tanh(x / 2)) / 2"""
    n.node("Tanh", n.node("Mul", n.logits(), n.number(0.5)))
    n.node("Mul", n.node("Add", n.at, n.number(1)), n.number(0.5))


@case("independent")
def sigmoid_of_half_tanh(n):
    n.node("Tanh", n.node("Mul", n.logits(), n.number(0.5)))
    n.node("Add", n.node("Mul", n.at, n.number(0.5)), n.number(0.5))


@case("unknown")
def tanh(n):
    n.node("Tanh", n.logits())


@case("unknown")
def powers_plus_two(n):
    e = n.node("Exp", n.node("Neg", n.logits()))
    n.node("Div", n.number(1), n.node("Add", e, n.number(2)))


@case("probabilities")
def powers_of_two(n):
    e = n.node("Pow", n.number(2), n.logits())
    n.node("Mul", e, n.node("Pow", n.node("ReduceSum", e, n.ints(1)),
                            n.number(-1)))


@case("independent")
def sigmoid_moved(n):
    n.logits()
    n.node("Sigmoid")
    n.node("Unsqueeze", n.at, n.ints(2))
    n.node("Clip", n.at, n.number(0), n.number(1))
    n.node("Squeeze", n.at, n.ints(2))


@case("independent")
def sigmoid_alone(n):
    """One number: the probability of class 1, not 0."""
    n.logits(1)
    n.node("Sigmoid")


# ---- Nobody knows ----

@case("unknown")
def percent(n):
    n.logits()
    n.node("Softmax", axis=-1)
    n.node("Mul", n.at, n.number(100))


@case("unknown")
def percent_vector(n):
    n.logits()
    n.node("Softmax", axis=-1)
    n.node("Mul", n.at, n.tensor(np.full(CLASSES, 100, np.float32)))


@case("unknown")
def mapped_softmax(n):
    n.logits()
    n.node("Softmax", axis=-1)
    n.node("MatMul", n.at, n.tensor(100 * np.eye(CLASSES, dtype=np.float32)))


@case("unknown")
def sum_of_softmaxes(n):
    a = n.node("Softmax", n.logits(), axis=-1)
    n.node("Add", a, n.node("Softmax", n.logits(), axis=-1))


@case("unknown")
def softmax_over_batch(n):
    n.logits()
    n.node("Softmax", axis=0)


@case("unknown", opset=11)
def softmax_of_all(n):
    n.logits()
    n.node("Softmax", axis=0)


@case("unknown", out_rank=4)
def softmax_over_width(n):
    n.maps()
    n.node("Softmax", axis=-1)


@case("unknown")
def exp_over_batch(n):
    e = n.node("Exp", n.logits())
    n.node("Div", e, n.node("ReduceSum", e, n.ints(0)))


@case("unknown")
def exp_alone(n):
    n.logits()
    n.node("Exp")


@case("unknown")
def hard_max(n):
    n.logits()
    n.node("Hardmax", axis=-1)


@case("unknown", out_type=TensorProto.INT64)
def arg_max(n):
    n.logits()
    n.node("ArgMax", axis=1, keepdims=1)


@case("unknown")
def arg_max_cast(n):
    n.logits()
    n.node("ArgMax", axis=1, keepdims=1)
    n.node("Cast", to=TensorProto.FLOAT)


@case("unknown")
def whole_logits(n):
    n.logits()
    n.node("Cast", to=TensorProto.INT32)
    n.node("Cast", to=TensorProto.FLOAT)


@case("unknown")
def distances(n):
    z = n.logits()
    n.node("Mul", z, z)


@case("unknown")
def tanh(n):
    n.logits()
    n.node("Tanh")


@case("unknown")
def negative_log(n):
    n.logits()
    n.node("LogSoftmax", axis=-1)
    n.node("Neg")


@case("unknown")
def clipped_to_one(n):
    n.logits()
    n.node("Clip", n.at, n.number(0), n.number(1))


@case("unknown")
def softmax_cut(n):
    n.logits(CLASSES + 1)
    n.node("Softmax", axis=-1)
    n.node("Slice", n.at, n.ints(0), n.ints(CLASSES), n.ints(1))


@case("unknown")
def mean_of_logs(n):
    a = n.node("LogSoftmax", n.logits(), axis=-1)
    b = n.node("LogSoftmax", n.logits(), axis=-1)
    n.node("Mean", a, b)


def softmax_of(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def expected(kind, model):
    if kind == "unknown":
        return []
    session = onnxruntime.InferenceSession(model.SerializeToString())
    y = session.run(None, {"x": IMAGE})[0].astype(np.float64).ravel()
    if kind in ("logits", "log-probabilities"):
        return softmax_of(y)
    return y if y.size > 1 else [1 - y[0], y[0]]


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          "tests/fixtures/scores")
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, (kind, model) in sorted(cases.items()):
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        numbers = " ".join(f"{p:.8g}" for p in expected(kind, model))
        lines.append(f"{name} {kind} {numbers}".rstrip())
    (folder / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
