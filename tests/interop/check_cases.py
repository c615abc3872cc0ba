#!/usr/bin/env python3
"""ONNX's backend tests of operators, as the installed onnx generates them: `svertka
onnx-test` must fail none, and refuse none that is not on a list.

    check_cases.py SVERTKA [--write]

Every case of every operator at its newest opset, and those of functions expanded
to their nodes, too; and the models of PyTorch's operators that the package holds.
They run on the default kernels, with --exact and on the reference; those that pass
are loaded, saved and run by ONNX Runtime, too. Inputs that a file needs as constants
(the condition of an If, say), which onnx-test takes from the test, are made such
before. What is refused is on cases_unsupported.txt, which --write writes anew:

    operator NAME       there is none, or not at that opset
    domain NAME         likewise
    type NAME           of a tensor
    not a tensor        a sequence, say, or what may be absent
    case NAME: REASON   anything else, a case of an operator that there is
    rounded NAME: HOW   not refused: every step of it was rounded to 16 bits where
                        f32 computes; outputs as near as these have digits, and
                        those of ONNX Runtime, which computes the saved file in
                        f32, as near as ever

With another onnx than the one of requirements.txt, whose list it is, refusals
that are not on it are told and are no fault. The Python that runs this needs
numpy, onnx and onnxruntime.
"""

import argparse
import pathlib
import re
import shutil
import sys
import tempfile
import warnings

import numpy
import onnx
import onnx.backend.test
from onnx import numpy_helper

import interop

HERE = pathlib.Path(__file__).parent
LIST = HERE / "cases_unsupported.txt"
DATA = pathlib.Path(onnx.backend.test.__file__).parent / "data"
PARTS = ["pytorch-converted", "pytorch-operator", "simple"]
KERNELS = {"default": [], "exact": ["--exact"], "reference": ["--backend", "ref"]}

HEADER = """\
# What `svertka onnx-test` refuses of the tests that onnx {} generates:
# tests/interop/check_cases.py says how this is read, and writes it.
"""

# What a refusal is listed as, by what it says.
LINES = [
    (r"\((\w+)\): operator is not supported at opset", "operator {}"),
    (r"domain '([\w.]+)' is not supported", "domain {}"),
    (r"data type (\w+) is not supported", "type {}"),
    (r"is (not a tensor)$", "{}"),
]

# An input that `convert` wants as a constant.
NEEDED = re.compile(r"its (?:condition is the )?input '([^']+)'")

# Where f32 differs from steps that were all rounded: that much of the largest.
DIGITS = {onnx.TensorProto.FLOAT16: 2.0**-10, onnx.TensorProto.BFLOAT16: 2.0**-7}


# What differs elsewhere, and why. One that does not is a fault.
ELSEWHERE = {
    "averagepool_2d_ceil_last_window_starts_on_pad":
        "before opset 22 ONNX counts a window that begins behind the image",
    "maxpool_2d_ceil_output_size_reduce_by_one": "likewise",
    "maxunpool_export_with_output_shape":
        "ONNX Runtime counts through output_shape, not what the window makes",
    "resize_downsample_scales_cubic_align_corners":
        "ONNX Runtime takes the last element of the rounded size for the corner",
    "resize_downsample_scales_linear_align_corners": "likewise",
}


def pinned():
    """The version of onnx whose list it is."""
    text = (HERE / "requirements.txt").read_text()
    return re.search(r"^onnx==(\S+)", text, re.MULTILINE).group(1)


def write_case(case, folder):
    """What is no tensor is left out: it is refused by its type."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())
    graph = case.model.graph
    for number, (inputs, outputs) in enumerate(case.data_sets):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        for stem, values, entries in (
            ("input", inputs, graph.input),
            ("output", outputs, graph.output),
        ):
            for i, (value, entry) in enumerate(zip(values, entries)):
                if not entry.type.HasField("tensor_type"):
                    continue
                if not isinstance(value, onnx.TensorProto):
                    value = numpy_helper.from_array(
                        numpy.asarray(value), entry.name
                    )
                (data / f"{stem}_{i}.pb").write_bytes(value.SerializeToString())


def write_cases(folder):
    """node/NAME and the package's own files; how many of the first."""
    numpy.random.seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 1 / 0 is one of the tests
        from onnx.backend.test.case import node

        cases = node.collect_testcases()
    for case in cases:
        write_case(case, folder / "node" / case.name)
    for part in PARTS:
        shutil.copytree(DATA / part, folder / part)
    return len(cases)


def line_of(name, reason):
    for pattern, line in LINES:
        found = re.search(pattern, reason)
        if found:
            return line.format(found.group(1))
    return f"case {name}: {reason}"


def only_rounded(folder, reason):
    """A failure of 16-bit numbers in their last digit."""
    found = re.search(r"differs by (\S+); its largest element is (\S+)$", reason)
    if not found:
        return False
    graph = onnx.load(folder / "model.onnx").graph
    kinds = [entry.type.tensor_type.elem_type for entry in graph.output]
    digits = min(DIGITS.get(kind, 0) for kind in kinds)
    return float(found.group(1)) <= digits * float(found.group(2))


def key(line):
    """Reasons may be put better."""
    return line.partition(":")[0]


def listed():
    lines = LIST.read_text().splitlines() if LIST.exists() else []
    return {key(line) for line in lines if line and line[0] != "#"}


def run_all(program, folder):
    """Faults; what is refused, as lines with the cases of each; a count."""
    faults, refused, passed = [], {}, {}
    for kernels, words in KERNELS.items():
        tests = interop.onnx_test(program, folder, "--threads", 1, *words)
        passed[kernels] = set()
        for path, test in tests.items():
            name = str(pathlib.Path(path).relative_to(folder))
            if test["result"] == "pass":
                passed[kernels].add(name)
            elif test["result"] == "unsupported":
                line = line_of(name, test["reason"].replace(f"{folder}/", ""))
                refused.setdefault(line, set()).add(name)
            elif only_rounded(folder / name, test["reason"]):
                line = f"rounded {name}: {test['reason']}"
                refused.setdefault(line, set()).add(name)
            else:
                faults.append(f"{name}, {kernels} kernels: {test['reason']}")
    for kernels in KERNELS:
        for name in passed["default"] ^ passed[kernels]:
            faults.append(f"{name}: default and {kernels} kernels differ")
    return faults, refused, sorted(passed["default"])


# ---- Saved, and run elsewhere ----


def tensors(data, stem, entries):
    """By name, as far as there are files."""
    found = {}
    for i, entry in enumerate(entries):
        path = data / f"{stem}_{i}.pb"
        if path.exists():
            found[entry.name] = numpy_helper.to_array(onnx.load_tensor(path))
    return found


def is_near(got, expected):
    """As onnx-test has it; numbers of 16 bits up to their digits."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(expected.dtype)
    a, b = got.astype("f8"), expected.astype("f8")
    largest = abs(b[numpy.isfinite(b)]).max(initial=0)
    allowed = 1e-7 + max(1e-4, DIGITS.get(kind, 0)) * largest
    with numpy.errstate(invalid="ignore"):
        return a.shape == b.shape and numpy.allclose(a, b, 1e-3, allowed, True)


def with_constant(folder, model, name, values):
    """The input becomes a constant of a copy of the model: its path; None if it
    is no input of the test."""
    proto = onnx.load(model)
    graph = proto.graph
    for i, entry in enumerate(graph.input):
        if entry.name == name and name in values:
            graph.initializer.append(numpy_helper.from_array(values[name], name))
            del graph.input[i]
            copy = folder / "constant.onnx"
            onnx.save(proto, copy)
            return copy
    return None


def save(program, folder):
    """The saved file in ONNX Runtime, and what to feed it."""
    saved = folder / "saved.onnx"
    model = folder / "model.onnx"
    graph = onnx.load(model).graph
    values = tensors(folder / "test_data_set_0", "input", graph.input)
    while not saved.exists():
        try:
            interop.svertka(program, "convert", model, saved)
        except interop.Fault as fault:
            needed = NEEDED.search(str(fault))
            model = needed and with_constant(folder, model, needed.group(1), values)
            if not model:
                raise
    interop.check_file(saved)
    runtime = interop.session(saved)
    feeds = {
        entry.name: values[entry.name].astype(interop.TYPES[entry.type])
        for entry in runtime.get_inputs()
    }
    return runtime, feeds


def check_saved(program, folder):
    runtime, feeds = save(program, folder)
    outputs = interop.run_all(runtime, feeds)
    graph = onnx.load(folder / "model.onnx").graph
    expected = tensors(folder / "test_data_set_0", "output", graph.output)
    for name, array in expected.items():
        if not is_near(outputs[name], array):
            raise interop.Fault(f"{name} is not what the test expects")


def check_rounded(program, folder):
    """What svertka computes of the saved file is what ONNX Runtime does in f32."""
    runtime, feeds = save(program, folder)
    test = folder / "f32"
    test.mkdir()
    shutil.copy(folder / "saved.onnx", test / "model.onnx")
    interop.write_data(test, 0, feeds, interop.run_all(runtime, feeds))
    for words in KERNELS.values():
        tests = interop.onnx_test(program, test, "--threads", 1, *words)
        interop.judge(*tests.values())


def check_all_saved(program, folder, names, rounded):
    """Faults, and how many agree."""
    faults, agree = [], 0
    for name in [*names, *rounded]:
        other = ELSEWHERE.get(name.partition("/test_")[2])
        check = check_rounded if name in rounded else check_saved
        try:
            check(program, folder / name)
            agree += 1
            if other:
                faults.append(f"{name} differs nowhere")
        except Exception as fault:  # whatever ONNX Runtime raises
            if not other:
                faults.append(f"{name}, saved: {str(fault).strip().splitlines()[0]}")
    return faults, agree


def rounded_cases(refused):
    return {
        case
        for line, cases in refused.items()
        if line.startswith("rounded ")
        for case in cases
    }


def compare(refused, same):
    """Refusals that are not on the list: how many faults."""
    known, keys = listed(), {key(line) for line in refused}
    new = [line for line in sorted(refused) if key(line) not in known]
    for line in new:
        print(f"{'FAIL  ' if same else 'new:  '}{line} is not on {LIST.name}")
    gone = sorted(known - keys)
    if gone and same:
        print(f"{len(gone)} lines of {LIST.name} are refused no more "
              f"(check_cases.py --write): {', '.join(gone[:8])}")
    return len(new) if same else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("svertka")
    parser.add_argument("--write", action="store_true", help="the list anew")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        count = write_cases(folder)
        faults, refused, passed = run_all(arguments.svertka, folder)
        rounded = rounded_cases(refused)
        wrong, saved = check_all_saved(arguments.svertka, folder, passed, rounded)
        faults += wrong
    for fault in faults:
        print(f"FAIL  {fault}")
    if arguments.write:
        lines = {key(line): line for line in sorted(refused, reverse=True)}
        LIST.write_text(
            HEADER.format(onnx.__version__)
            + "".join(f"{line}\n" for line in sorted(lines.values()))
        )
    same = onnx.__version__ == pinned()
    if not same:
        print(f"onnx {onnx.__version__} is installed, {LIST.name} is of {pinned()}: "
              "what is refused and not on it is told, and no fault")
    failed = len(faults) + compare(refused, same)
    others = {case for cases in refused.values() for case in cases} - rounded
    reasons = {key(line) for line in refused if not line.startswith("rounded ")}
    print(f"onnx {onnx.__version__}, opset {onnx.defs.onnx_opset_version()}: "
          f"{len(passed)} tests pass on all kernels ({count} generated), "
          f"{len(rounded)} up to 16 bits, {len(others)} are refused for "
          f"{len(reasons)} reasons; saved, {saved} agree with ONNX Runtime; "
          f"{failed} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
