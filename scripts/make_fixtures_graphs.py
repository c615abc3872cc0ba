#!/usr/bin/env python3
"""Writes tests/fixtures/graphs: tests in the layout of ONNX's backend tests, of
what exporters and tools write around the layers: branches, whole numbers, an LRN
in pieces, joined models; with the outputs of ONNX Runtime, or, where it lacks an
operator, of ONNX's own reference.

    make_fixtures_graphs.py [FOLDER]

The Python that runs this needs numpy, onnx and onnxruntime.
"""

import pathlib
import shutil
import sys

import numpy
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

RANDOM = numpy.random.default_rng(12)
FLOAT = onnx.TensorProto.FLOAT
make = helper.make_node


def real(*shape):
    return RANDOM.standard_normal(shape).astype("f")


def ints(*numbers, kind="i8"):
    return numpy.array(numbers, kind)


class Graph:
    """Nodes over the inputs x, x1, ... and the constants that they need."""

    def __init__(self, name, opset, *inputs, free=()):
        self.name, self.opset, self.free = name, opset, free
        self.inputs = {f"x{i}" if i else "x": a for i, a in enumerate(inputs)}
        self.nodes, self.given, self.outputs = [], {}, ["y"]
        self.kinds = {}  # of outputs that are not float
        self.opsets = [("", opset)]

    def const(self, array, name=None):
        name = name or f"c{len(self.given)}"
        self.given[name] = numpy.asarray(array)
        return name

    def add(self, op, inputs, output=None, **attributes):
        output = output or f"t{len(self.nodes)}"
        outputs = output if isinstance(output, list) else [output]
        self.nodes.append(make(op, inputs, outputs, **attributes))
        return outputs[0]

    def size(self, of, axis):
        """x.size(axis), as PyTorch's exporters write it."""
        shape = self.add("Shape", [of])
        return self.add("Gather", [shape, self.const(numpy.int64(axis))])

    def model(self):
        inputs = []
        for name, array in self.inputs.items():
            dims = [f"d{i}" if i in self.free else n for i, n in enumerate(array.shape)]
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            inputs.append(helper.make_tensor_value_info(name, kind, dims))
        outputs = [
            helper.make_tensor_value_info(name, self.kinds.get(name, FLOAT), None)
            for name in self.outputs
        ]
        tensors = [numpy_helper.from_array(a, name) for name, a in self.given.items()]
        body = helper.make_graph(self.nodes, self.name, inputs, outputs, tensors)
        opsets = [helper.make_opsetid(*pair) for pair in self.opsets]
        model = helper.make_model(body, opset_imports=opsets)
        model.ir_version = 8
        model.producer_name = ""
        return model


def branch(name, nodes, output, tensors=()):
    """A graph without inputs, as If has them."""
    outputs = [onnx.ValueInfoProto(name=output)]
    return helper.make_graph(nodes, name, [], outputs, list(tensors))


# ---- If ----


def either(g, condition, yes, no, output="y"):
    g.add("If", [condition], output, then_branch=yes, else_branch=no)
    return output


def squeezed(name, free, channels):
    """Left out if it is 1: how PyTorch writes x.squeeze(1)."""
    g = Graph(name, 13, real(2, channels, 3, 3), free=free)
    one = g.const(ints(1))
    size = g.size("x", 1)
    equal = g.add("Equal", [size, g.const(numpy.int64(1))])
    left = make("Squeeze", ["x", one], ["s"]) if channels == 1 else make("Neg", ["x"], ["s"])
    yes = branch("yes", [left], "s")
    no = branch("no", [make("Identity", ["x"], ["s"])], "s")
    g.add("Relu", [either(g, equal, yes, no, "z")], "y")
    return g


def constant(name, holds):
    """Of a constant, with weights and names of its own; the other one is wrong."""
    g = Graph(name, 13, real(2, 3))
    w, v = (numpy_helper.from_array(real(3, 4), "w") for _ in range(2))
    right = branch("right", [make("MatMul", ["x", "w"], ["a"])], "a", [w])
    wrong = branch("wrong", [make("MatMul", ["x", "w"], ["a"])], "a", [v])
    pair = (right, wrong) if holds else (wrong, right)
    either(g, g.const(numpy.array(holds)), *pair)
    return g


def nested(name):
    """A branch in a branch, both with names of the graph and of each other."""
    g = Graph(name, 13, real(1, 3, 4, 4))
    yes, no = g.const(numpy.array([True])), g.const(numpy.array([False]))
    k = g.const(numpy.float32(3), "k")
    deep = branch("deep", [make("Mul", ["a", k], ["b"])], "b")
    other = branch("other", [make("Neg", ["a"], ["b"])], "b")
    inner = make("If", [no], ["c"], then_branch=other, else_branch=deep)
    outer = branch("outer", [make("Abs", ["x"], ["a"]), inner], "c")
    idle = branch("idle", [make("Identity", ["x"], ["a"])], "a")
    z = either(g, yes, outer, idle, "z")
    g.add("Add", [z, "x"], "y")
    return g


def chained(name):
    """The condition of one comes out of the other, which has two outputs."""
    g = Graph(name, 13, real(2, 1, 3))
    equal = g.add("Equal", [g.size("x", 1), g.const(numpy.int64(1))])
    one = g.const(ints(1))
    yes = branch("yes", [make("Squeeze", ["x", one], ["s"])], "s")
    no = branch("no", [make("Identity", ["x"], ["s"])], "s")
    z = either(g, equal, yes, no, "z")
    rank = g.add("Size", [g.add("Shape", [z])])
    two = g.add("Equal", [rank, g.const(numpy.int64(2))])
    yes = branch("yes", [make("Relu", [z], ["s"])], "s")
    no = branch("no", [make("Neg", [z], ["s"])], "s")
    either(g, two, yes, no)
    return g


# ---- LRN in pieces ----


def lrn(name, size, form, before=None, free=()):
    """As the exporters of PyTorch write LocalResponseNorm(size)."""
    x = abs(real(2, 6, 4, 3))
    g = Graph(name, 18, x, free=free)
    n, c, h, _ = x.shape
    before = size // 2 if before is None else before
    after = size - 1 - before
    square = g.add("Mul", ["x", "x"])
    if form == "unsqueeze":
        wide = g.add("Unsqueeze", [square, g.const(ints(1))])
    elif free:
        sizes = [g.size("x", i) for i in range(3)]
        axis = g.const(ints(0))
        parts = [g.add("Unsqueeze", [s, axis]) for s in sizes]
        parts.insert(1, g.const(ints(1)))
        to = g.add("Concat", parts + [g.const(ints(-1))], axis=0)
        wide = g.add("Reshape", [square, to])
    else:
        wide = g.add("Reshape", [square, g.const(ints(n, 1, c, h, -1))])
    pads = {}
    if form == "pool pads":
        pads = {"pads": [before, 0, 0, after, 0, 0]}
    else:
        wide = g.add(
            "Pad", [wide, g.const(ints(0, 0, before, 0, 0, 0, 0, after, 0, 0))]
        )
    mean = g.add(
        "AveragePool",
        [wide],
        kernel_shape=[size, 1, 1],
        strides=[1, 1, 1],
        count_include_pad=1,
        **pads,
    )
    mean = g.add("Squeeze", [mean, g.const(ints(1))])
    if form == "reshape" and not free:
        mean = g.add("Reshape", [mean, g.const(ints(*x.shape))])
    scaled = g.add("Mul", [mean, g.const(numpy.float32(0.3))])
    damped = g.add("Add", [scaled, g.const(numpy.float32(2))])
    power = g.add("Pow", [damped, g.const(numpy.float32(0.75))])
    g.add("Div", ["x", power], "y")
    return g


# ---- Other things around the layers ----


def twice(name, domains):
    """The same opset, listed for each of the models that were joined."""
    g = Graph(name, 13, real(2, 3))
    g.opsets = [(domain, 13) for domain in domains]
    g.add("Relu", ["x"], "y")
    return g


def normed(name, opset):
    """Five outputs: the batch's own statistics, as opset 14 says by a word."""
    g = Graph(name, opset, real(2, 3, 4, 4))
    given = [abs(real(3)) + 0.5, real(3), real(3), abs(real(3)) + 0.5]
    inputs = ["x"] + [g.const(a) for a in given]
    more = {"training_mode": 1} if opset >= 14 else {}
    outputs = ["y", "m2", "v2"] + ([] if more else ["m3", "v3"])
    g.add("BatchNormalization", inputs, outputs, **more)
    return g


def volume(name, op, **attributes):
    """A pooling over N C D H W that does nothing along some axes."""
    g = Graph(name, 19, real(2, 3, 5, 4, 6))
    g.add(op, ["x"], "y", **attributes)
    return g


# ---- Whole numbers ----

WIDE = 2**62 + 12345  # twice that wraps around
NUMBERS = {
    "i8": ints(7, -7, 7, -7, WIDE, -WIDE, 2**53 + 1, 0, 6, -6),
    "i4": ints(7, -7, 7, -7, 2**30 + 5, -(2**30) - 5, 65537, 0, 6, -6, kind="i4"),
}
OTHERS = {
    "i8": ints(2, 2, -2, -2, WIDE, WIDE, 2**53, 5, 3, 3),
    "i4": ints(2, 2, -2, -2, 2**30, 2**30, 65537, 5, 3, 3, kind="i4"),
}


def whole(name, op, kind, *constants, inputs=2, bools=False, out=None, **attributes):
    """One node of whole numbers, which are inputs: nothing is known before."""
    given = [NUMBERS[kind].reshape(2, 5), OTHERS[kind].reshape(2, 5)][:inputs]
    g = Graph(f"whole_{name}_{kind}", 18, *given)
    names = list(g.inputs) + [g.const(c) for c in constants]
    g.add(op, names, "y", **attributes)
    kind = numpy.dtype("?" if bools else out or kind)
    g.kinds["y"] = helper.np_dtype_to_tensor_dtype(kind)
    return g


def wholes():
    for kind in "i8", "i4":
        for op in "Add", "Sub", "Mul", "Div", "Mod", "Min", "Max":
            yield whole(op.lower(), op, kind)
        for op in "Neg", "Abs", "Sign":
            yield whole(op.lower(), op, kind, inputs=1)
        for op in "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual":
            yield whole(op.lower(), op, kind, bools=True)
        low, high = numpy.array(-6, kind), numpy.array(100, kind)
        yield whole("clip", "Clip", kind, low, high, inputs=1)
        yield whole("pow", "Pow", kind, numpy.array(3, kind), inputs=1)
        yield whole("reduce_sum", "ReduceSum", kind, ints(1), inputs=1)
        yield whole("reduce_max", "ReduceMax", kind, ints(0), inputs=1, keepdims=0)
        yield whole("reduce_min", "ReduceMin", kind, inputs=1)
        yield whole("argmax", "ArgMax", kind, inputs=1, axis=1, out="i8")
    yield whole("relu", "Relu", "i4", inputs=1)
    yield whole("reduce_mean", "ReduceMean", "i4", ints(1), inputs=1)
    yield whole("fmod", "Mod", "i4", fmod=1)
    yield whole("to_float", "Cast", "i8", inputs=1, to=FLOAT, out="f")
    yield whole("to_i32", "Cast", "i8", inputs=1, to=6, out="i4")
    g = Graph("whole_between", 18, 4 * real(2, 6))
    x = g.add("Cast", ["x"], to=7)
    third = g.add("Div", [x, g.const(ints(3))])
    rest = g.add("Sub", [x, g.add("Mul", [third, g.const(ints(3))])])
    small = g.add("Less", [rest, g.const(ints(0))])
    picked = g.add("Where", [small, third, rest])
    taken = g.add("Gather", [picked, g.const(ints(3, 0, 5))], axis=1)
    both = g.add("Concat", [taken, g.add("Abs", [x])], axis=1)
    g.add("Cast", [both], "y", to=FLOAT)
    yield g


# ---- Batches ----


def empty(name, *layers):
    """No image at all, where the batch is free."""
    g = Graph(f"empty_{name}", 13, numpy.zeros((0, 3, 8, 8), "f"), free=(0,))
    at = "x"
    for op, constants, attributes in layers:
        at = g.add(op, [at] + [g.const(c) for c in constants], **attributes)
    g.add("Identity", [at], "y")
    return g


def empties():
    conv = ("Conv", [real(4, 3, 3, 3), real(4)], {"pads": [1, 1, 1, 1]})
    norm = [abs(real(4)) + 0.5, real(4), real(4), abs(real(4)) + 0.5]
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    gemm = ("Gemm", [real(64, 10), real(10)], {})
    flat = ("Flatten", [], {})
    yield empty("plain", conv, ("Relu", [], {}), ("MaxPool", [], pool), flat, gemm)
    yield empty(
        "norm", conv, ("BatchNormalization", norm, {}), ("AveragePool", [], pool),
        ("LRN", [], {"size": 3}), flat, gemm, ("Softmax", [], {}),
    )
    yield empty(
        "gap", conv, ("GlobalAveragePool", [], {}), flat, ("Add", [real(4)], {}),
        ("Sigmoid", [], {}), ("MatMul", [real(4, 2)], {}),
    )
    yield empty("mean", conv, ("ReduceMean", [], {"axes": [2, 3], "keepdims": 0}))
    yield empty("moved", ("Transpose", [], {"perm": [0, 2, 3, 1]}), ("Tanh", [], {}))
    yield empty(
        "resized", conv,
        ("Resize", [numpy.zeros(0, "f"), numpy.array([1, 1, 2, 2], "f")], {}),
        ("Pad", [ints(0, 0, 1, 1, 0, 0, 1, 1)], {}), ("Clip", [], {}),
    )


def unmoved():
    """An Unsqueeze that is given no axes."""
    g = Graph("empty_unsqueeze", 13, numpy.arange(6, dtype="f").reshape(2, 3) - 2)
    u = g.add("Unsqueeze", [g.add("Relu", ["x"]), g.const(ints())])
    g.add("Neg", [u], "y")
    return g


def fixed():
    """One network for a batch of 1, of 4, of 7 and for any, as PyTorch has it; and
    of pixels as they are, which it prepares itself."""
    given = real(4, 1, 5, 5), real(10, 144) / 12, real(10)
    for batch in 1, 4, 7, None:
        x = numpy.zeros((batch or 1, 1, 28, 28), "f")
        g = Graph(str(batch or "free"), 13, x, free=() if batch else (0,))
        w, v, b = (g.const(a) for a in given)
        c = g.add("Relu", [g.add("Conv", ["x", w], strides=[4, 4])])
        f = g.add("Reshape", [c, g.const(ints(batch or 0, -1))])
        g.add("Gemm", [f, v, b], "y", transB=1)
        yield g
    g = Graph("bytes", 13, numpy.zeros((1, 1, 28, 28), "u1"), free=(0,))
    w, v, b = (g.const(a) for a in given)
    x = g.add("Div", [g.add("Cast", ["x"], to=FLOAT), g.const(numpy.float32(255))])
    x = g.add("Sub", [x, g.const(numpy.float32(0.3))])
    x = g.add("Div", [x, g.const(numpy.float32(0.4))])
    c = g.add("Relu", [g.add("Conv", [x, w], strides=[4, 4])])
    g.add("Gemm", [g.add("Flatten", [c]), v, b], "y", transB=1)
    yield g


def tests():
    yield squeezed("if_size_one", (0, 2, 3), 1)
    yield squeezed("if_size_three", (0,), 3)
    yield constant("if_true", True)
    yield constant("if_false", False)
    yield nested("if_nested")
    yield chained("if_chained")
    yield lrn("lrn_5_reshape", 5, "reshape")
    yield lrn("lrn_3_unsqueeze", 3, "unsqueeze")
    yield lrn("lrn_5_pool_pads", 5, "pool pads")
    yield lrn("lrn_5_free", 5, "reshape", free=(0, 2, 3))
    yield lrn("lrn_4_reshape", 4, "reshape")
    yield lrn("lrn_4_forward", 4, "unsqueeze", before=1)
    yield lrn("lrn_5_aside", 5, "unsqueeze", before=1)
    yield twice("opset_twice", ["", ""])
    yield twice("opset_twice_named", ["", "ai.onnx"])
    yield normed("norm_9_five_outputs", 9)
    yield normed("norm_7_five_outputs", 7)
    yield normed("norm_14_training", 14)
    yield volume(
        "volume_depth", "AveragePool", kernel_shape=[3, 1, 1], strides=[2, 1, 1],
        pads=[1, 0, 0, 0, 0, 0],
    )
    yield volume(
        "volume_images", "AveragePool", kernel_shape=[1, 2, 3], strides=[1, 2, 1],
        count_include_pad=1, pads=[0, 1, 0, 0, 0, 1],
    )
    yield volume("volume_max", "MaxPool", kernel_shape=[2, 1, 1])
    yield from wholes()
    yield from empties()
    yield unmoved()


# ---- What is refused, with words of the message ----


def sized():
    g = squeezed("sized", (0, 1), 1)
    return g, "depends on a size that is free"


def numbered():
    g = Graph("numbered", 13, real(2, 3))
    total = g.add("ReduceSum", ["x"], keepdims=0)
    positive = g.add("Greater", [total, g.const(numpy.float32(0))])
    yes = branch("yes", [make("Relu", ["x"], ["a"])], "a")
    no = branch("no", [make("Neg", ["x"], ["a"])], "a")
    either(g, positive, yes, no)
    return g, "depends on numbers of the run"


def limited():
    """Only images of less than 64 pixels show that it depends on them."""
    g = Graph("limited", 13, real(1, 1, 8, 8), free=(2, 3))
    cut = [g.const(ints(n)) for n in (0, 64, 2)]
    part = g.add("Slice", ["x", *cut])
    equal = g.add("Equal", [g.size(part, 2), g.const(numpy.int64(64))])
    yes = branch("yes", [make("Relu", ["x"], ["a"])], "a")
    no = branch("no", [make("Neg", ["x"], ["a"])], "a")
    either(g, equal, yes, no)
    return g, "depends on a size that is free"


def circular():
    g = Graph("circular", 13, real(2, 3))
    g.add("Size", ["y"], "n")
    g.add("Equal", ["n", g.const(numpy.int64(6))], "c")
    yes = branch("yes", [make("Relu", ["x"], ["a"])], "a")
    either(g, "c", yes, yes)
    return g, "its condition is computed from its own output"


def halved():
    g = Graph("halved", 13, real(2, 3))
    yes = branch("yes", [make("Relu", ["x"], ["a"])], "a")
    g.add("If", [g.const(numpy.array(False))], "y", then_branch=yes)
    return g, "one of its branches is missing"


def saved_mean():
    g = normed("saved_mean", 9)
    g.outputs = ["y", "m3"]
    return g, "output 3, 'm3', is not supported"


def opsets():
    g = twice("opsets", ["", "ai.onnx"])
    g.opsets[1] = ("ai.onnx", 14)
    return g, "made for opset 13 and for opset 14"


def cube():
    g = volume("cube", "AveragePool", kernel_shape=[2, 2, 2])
    return g, "expected N C H W or N C W"


def by_zero():
    g = Graph("by_zero", 13, real(1, 6))
    shape = g.add("Shape", ["x"])
    g.add("Div", [shape, g.const(ints(1, 0))], "quotient")
    g.add("Reshape", ["x", "quotient"], "y")
    return g, "element 1: a division by zero"


REFUSED = [sized, numbered, limited, circular, halved, saved_mean, opsets, cube, by_zero]


def answer(bytes, inputs):
    try:
        session = onnxruntime.InferenceSession(
            bytes, providers=["CPUExecutionProvider"]
        )
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        session = ReferenceEvaluator(onnx.load_from_string(bytes))
    return session.run(None, inputs)


def write(folder, test):
    bytes = test.model().SerializeToString()
    data = folder / test.name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / test.name / "model.onnx").write_bytes(bytes)
    given = list(test.inputs.items())
    made = list(zip(test.outputs, answer(bytes, test.inputs)))
    for stem, pairs in ("input", given), ("output", made):
        for i, (name, array) in enumerate(pairs):
            tensor = numpy_helper.from_array(numpy.asarray(array), name)
            (data / f"{stem}_{i}.pb").write_bytes(tensor.SerializeToString())


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "graphs"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    shutil.rmtree(folder, ignore_errors=True)
    onnxruntime.set_default_logger_severity(4)
    for test in tests():
        write(folder, test)
    (folder / "fixed").mkdir()
    for test in fixed():
        path = folder / "fixed" / f"{test.name}.onnx"
        path.write_bytes(test.model().SerializeToString())
    refused = folder / "refused"
    refused.mkdir()
    lines = []
    for test, words in (make_one() for make_one in REFUSED):
        (refused / f"{test.name}.onnx").write_bytes(test.model().SerializeToString())
        lines.append(f"{test.name} {words}\n")
    (refused / "words.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()
