#!/usr/bin/env python3
"""Every operator, saved as a model of one layer: ONNX's checker, and the same
outputs in ONNX Runtime as svertka gives and as its fixtures say.

    check_operators.py SVERTKA [OPERATOR...]

The cases are those of tests/fixtures/ops, made with PyTorch. Each is written as
a network in text and saved by `svertka convert`. Parameters have the fixture's
numbers where a text can hold them, and random ones else. An operator without a
case, or one whose cases are all left out, is a fault. The Python that runs this
needs numpy, onnx and onnxruntime.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil
import sys
import tempfile

import numpy
import onnx

import interop

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "ops"
STATE = {"weight", "bias", "scale", "statistic", "constant"}
LONGEST = 200  # bytes of an initialiser's text

# Inputs that are true or false in ONNX.
TRUTHS = {("and", "a"), ("and", "b"), ("or", "a"), ("or", "b"), ("xor", "a"),
          ("xor", "b"), ("not", "x"), ("where", "condition")}

# Inputs that must be known before a run.
FIXED = {("constant_of_shape", "shape"), ("range", "start"), ("range", "limit"),
         ("range", "delta")}

# Otherwise in training: their fixtures are, unless they say inference.
TRAINED = {"batch_norm", "dropout"}


# Cases that others refuse: operator, words of its attributes, of the fault, why.
# One that passes does not belong here.
REFUSED = [
    ("avg_pool", "ceil_mode=true", "shape differ",
     "before opset 22 ONNX counts a window that begins behind the image; "
     "PyTorch, ONNX Runtime and svertka do not"),
    ("max_pool", "ceil_mode=true", "shape differ", "likewise"),
    ("batch_norm", "spatial=false", "spatial cannot be expressed",
     "ONNX has no such thing since opset 9: svertka refuses to save it"),
    ("max_unpool", "size=2,2,5,7", "differs",
     "ONNX's tests count through what the window makes, ONNX Runtime through "
     "output_shape"),
    ("lrn", "", "NumDimensions() == 4", "ONNX Runtime takes images alone"),
    ("lrn", "", "size_ % 2 == 1", "ONNX Runtime takes odd sizes alone"),
]


@dataclasses.dataclass
class Tensor:
    port: str
    shape: str
    type: str
    numbers: list = dataclasses.field(default_factory=list)

    def array(self):
        shape = [] if self.shape == "scalar" else self.shape.split("x")
        kind = numpy.int64 if self.type else numpy.float64
        return numpy.array(self.numbers, kind).reshape([int(n) for n in shape])


@dataclasses.dataclass
class Case:
    where: str
    op: str
    attributes: str
    inference: bool = False
    inputs: list = dataclasses.field(default_factory=list)
    outputs: list = dataclasses.field(default_factory=list)
    exact: bool = True  # its parameters have the fixture's numbers


def read_cases(path):
    """Of a file; tests/opcheck_fixtures.c says how it is written."""
    cases, numbers = [], []
    for line, text in enumerate(path.read_text().splitlines(), 1):
        words = text.partition("#")[0].split()
        if not words:
            continue
        if not words[0][0].isalpha() or words[0] in ("inf", "nan"):
            numbers.extend(float(word) for word in words)
            continue
        if words[0] == "case":
            where = f"{path.name}:{line}"
            cases.append(Case(where, words[1], " ".join(words[2:])))
        elif words[0] == "inference":
            cases[-1].inference = True
        else:
            tensor = Tensor(words[1], words[2], "".join(words[3:]))
            numbers = tensor.numbers
            if words[0] in ("in", "out"):
                getattr(cases[-1], words[0] + "puts").append(tensor)
    return cases


def holds_nan(case):
    """Kernels of other runtimes hide or spread NaN, each in its own way."""
    tensors = case.inputs + case.outputs
    return any(numpy.isnan(number) for t in tensors for number in t.numbers)


def initialiser(case, tensor):
    words = ",".join(f"{number:.9g}" for number in tensor.numbers)
    if len(words) < LONGEST:
        return f"numbers {words}"
    case.exact = False
    return "uniform 0.5 1.5" if tensor.port == "var" else "normal 0.5"


def declaration(case, tensor, name, port):
    """The statement that makes an input of the operator."""
    if (case.op, tensor.port) in FIXED:
        text = f'"{initialiser(case, tensor)}"'
        kind = tensor.type or "f32"
        return f"{name} = parameter {tensor.shape} role=constant type={kind} init={text}"
    if port["role"] in STATE:
        text = initialiser(case, tensor)
        return f'{name} = parameter {tensor.shape} role={port["role"]} init="{text}"'
    if port["role"] == "label":
        return f"{name} = label {tensor.shape} batch=none"
    kind = "bool" if (case.op, tensor.port) in TRUTHS else tensor.type or "f32"
    return f"{name} = input {tensor.shape} batch=none type={kind}"


def network(case, op):
    """A text of one layer, and what its inputs are fed."""
    lines, given, feeds = [], [], {}
    ports = {port["name"]: port for port in op["inputs"]}
    for port in ports.values():
        tensors = [t for t in case.inputs if t.port == port["name"]]
        for i, tensor in enumerate(tensors):
            name = f"in_{port['name']}_{i}"
            lines.append(declaration(case, tensor, name, port))
            given.append(name)
            if " = parameter " not in lines[-1]:
                feeds[name] = tensor.array()
        if not tensors:
            given.append("-")
    while given[-1] == "-":
        given.pop()
    made, ends = [], []
    for port in op["outputs"]:
        count = sum(t.port == port["name"] for t in case.outputs)
        wanted = count and not (port["optional"] and case.op in TRAINED)
        if not wanted and (port["optional"] or port["variadic"]):
            made.append("-")
            continue
        for i in range(max(count, 1)):
            name = f"out_{port['name']}_{i}"
            made.append(name)
            ends.append(f"output({name}) {name}")
    while made[-1] == "-":
        made.pop()
    call = f"{', '.join(made)} = {case.op}({', '.join(given)}) {case.attributes}"
    return "\n".join([*lines, call, *ends]) + "\n", feeds


def feed(runtime, feeds):
    """The fixture's numbers in the types of the file."""
    return {
        entry.name: feeds[entry.name].astype(interop.TYPES[entry.type])
        for entry in runtime.get_inputs()
    }


def check_fixture(case, outputs):
    """What the fixture knows of the outputs."""
    if not case.exact or (case.op in TRAINED and not case.inference):
        return 0.0
    expected, counts = {}, {}
    for tensor in case.outputs:
        i = counts.get(tensor.port, 0)
        counts[tensor.port] = i + 1
        expected[f"out_{tensor.port}_{i}"] = tensor.array()
    return interop.agree("ONNX Runtime, the fixture", outputs, expected)


def save(case, op, folder, arguments):
    """The model in `folder`, with its data and ONNX Runtime's outputs."""
    folder.mkdir()
    text, feeds = network(case, op)
    (folder / "net.txt").write_text(text)
    model = folder / "model.onnx"
    interop.svertka(arguments.svertka, "convert", folder / "net.txt", model)
    proto = interop.check_file(model)
    onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    runtime = interop.session(model)
    inputs = feed(runtime, feeds)
    outputs = interop.run_all(runtime, inputs)
    interop.write_data(folder, 0, inputs, outputs)
    return check_fixture(case, outputs)


class Report:
    def __init__(self):
        self.passed, self.worst, self.failed = {}, {}, 0
        self.refused = {}

    def fault(self, case, words):
        for row in REFUSED:
            if row[0] == case.op and row[1] in case.attributes and row[2] in words:
                self.refused[row] = self.refused.get(row, 0) + 1
                return
        self.failed += 1
        print(f"FAIL  {case.where}: {case.op} {case.attributes}: {words}")

    def good(self, case, error):
        self.passed[case.op] = self.passed.get(case.op, 0) + 1
        self.worst[case.op] = max(self.worst.get(case.op, 0), error)


def check_all(cases, operators, arguments, report):
    saved = {}
    with tempfile.TemporaryDirectory() as name:
        for i, case in enumerate(cases):
            if holds_nan(case):
                continue
            folder = pathlib.Path(name) / f"case_{i:04}"
            try:
                error = save(case, operators[case.op], folder, arguments)
                saved[str(folder)] = case, error
            except Exception as fault:  # whatever the runtimes raise
                report.fault(case, str(fault).strip().splitlines()[0])
                shutil.rmtree(folder, ignore_errors=True)
        if not saved:
            return
        tests = interop.onnx_test(arguments.svertka, name, "--threads", 1)
    for path, (case, error) in saved.items():
        try:
            report.good(case, max(error, interop.judge(tests[path])))
        except interop.Fault as fault:
            report.fault(case, str(fault))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("svertka")
    parser.add_argument("names", nargs="*", metavar="OPERATOR")
    arguments = parser.parse_args()
    listed = json.loads(interop.svertka(arguments.svertka, "ops", "--json"))
    operators = {op["name"]: op for op in listed}
    names = arguments.names or list(operators)
    cases = [
        case
        for path in sorted(FIXTURES.glob("*.txt"))
        for case in read_cases(path)
        if case.op in names
    ]
    report = Report()
    check_all(cases, operators, arguments, report)
    for name in names:
        if name not in report.passed:
            print(f"FAIL  {name}: no case of it passes")
            report.failed += 1
    for row, count in report.refused.items():
        print(f"refused: {row[0]} {row[1]} ({count}): {row[3]}")
    for row in REFUSED:
        if row[0] in names and row not in report.refused:
            print(f"FAIL  {row[0]} {row[1]}: is refused by nobody")
            report.failed += 1
    print(f"{len(report.passed)} operators in {sum(report.passed.values())} "
          f"models agree, off by {max(report.worst.values(), default=0):.1e} at "
          f"most; {report.failed} do not")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
