"""What the checks share: a file held against ONNX's checker, ONNX Runtime,
OpenVINO and svertka."""

import json
import os
import pathlib
import subprocess

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper

TOLERANCE = 1e-4  # max|a-b| / max|b|

# What svertka writes: an opset and the IR version that belongs to it.
VERSIONS = {17: 8, 19: 9}

TYPES = {
    "tensor(float)": numpy.float32,
    "tensor(double)": numpy.float64,
    "tensor(int64)": numpy.int64,
    "tensor(int32)": numpy.int32,
    "tensor(int8)": numpy.int8,
    "tensor(uint8)": numpy.uint8,
    "tensor(bool)": numpy.bool_,
}


class Fault(Exception):
    """A line that says what is wrong."""


def processors():
    return len(os.sched_getaffinity(0))


def svertka(program, *words):
    """What it prints on stdout; Fault with its message if it fails."""
    run = subprocess.run(
        [str(word) for word in (program, *words)], capture_output=True, text=True
    )
    if run.returncode and not run.stdout:
        raise Fault(run.stderr.strip().splitlines()[-1])
    return run.stdout


def check_file(path):
    """ONNX's checker with strict shape inference, versions, names."""
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if list(opsets) != [""] or VERSIONS.get(opsets[""]) != model.ir_version:
        raise Fault(f"opsets {opsets} in IR version {model.ir_version}")
    names = [node.name for node in model.graph.node]
    if not all(names) or len(set(names)) < len(names):
        raise Fault("nodes without a name of their own")
    for entry in model.graph.output:
        if not entry.type.tensor_type.HasField("shape"):
            raise Fault(f"output {entry.name} has no shape")
    return model


def session(path, threads=1):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # faults are raised, too
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )


def random_inputs(runtime, batch, free, seed):
    """Normal numbers, or small whole ones; free dimensions filled in."""
    random = numpy.random.default_rng(seed)
    inputs = {}
    for entry in runtime.get_inputs():
        shape = [
            size if isinstance(size, int) else batch if i == 0 else free
            for i, size in enumerate(entry.shape)
        ]
        kind = TYPES[entry.type]
        if kind is numpy.float32:
            inputs[entry.name] = random.standard_normal(shape).astype(kind)
        else:
            inputs[entry.name] = random.integers(0, 2, shape).astype(kind)
    return inputs


def run_all(runtime, inputs):
    """All outputs by name."""
    names = [entry.name for entry in runtime.get_outputs()]
    return dict(zip(names, runtime.run(names, inputs)))


def write_data(folder, number, inputs, outputs):
    """A data set in the layout of ONNX's backend tests."""
    data = pathlib.Path(folder) / f"test_data_set_{number}"
    data.mkdir()
    for stem, arrays in ("input", inputs), ("output", outputs):
        for i, (name, array) in enumerate(arrays.items()):
            tensor = numpy_helper.from_array(numpy.asarray(array), name)
            (data / f"{stem}_{i}.pb").write_bytes(tensor.SerializeToString())


def distance(got, expected):
    """max|a-b| / max|b|; infinite where one is finite and the other is not."""
    a = numpy.asarray(got, numpy.float64)
    b = numpy.asarray(expected, numpy.float64)
    if a.shape != b.shape:
        raise Fault(f"shape {a.shape} where {b.shape} is expected")
    same = (a == b) | (numpy.isnan(a) & numpy.isnan(b))
    if same.all():
        return 0.0
    with numpy.errstate(invalid="ignore"):
        apart = numpy.abs(a - b)[~same]
    if not numpy.isfinite(apart).all():
        return numpy.inf
    finite = numpy.abs(b[numpy.isfinite(b)])
    return float(apart.max() / max(finite.max(initial=0), 1e-30))


def agree(who, got, expected):
    """The largest distance of outputs that both have; Fault beyond TOLERANCE."""
    worst = 0.0
    if not set(expected) & set(got):
        raise Fault(f"{who}: has no output of the same name")
    for name, array in expected.items():
        if name not in got:
            continue
        apart = distance(got[name], array)
        if not apart <= TOLERANCE:
            raise Fault(f"{who}: {name} differs by {apart:.2g}")
        worst = max(worst, apart)
    return worst


def onnx_test(program, folder, *words):
    """Results of `svertka onnx-test` by the path of the test."""
    text = svertka(program, "onnx-test", "--json", *words, folder)
    return {test["test"]: test for test in json.loads(text)["tests"]}


def judge(test):
    """The error of one of them; Fault unless it passed within TOLERANCE."""
    if test["result"] != "pass":
        raise Fault(f"svertka: {test['result']}: {test['reason']}")
    if not test["error"] <= TOLERANCE:
        raise Fault(f"svertka: differs by {test['error']:.2g}")
    return test["error"]


def openvino_outputs(path, inputs, threads=1):
    """The same by OpenVINO, in f32."""
    import openvino

    compiled = openvino.Core().compile_model(
        str(path),
        "CPU",
        {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads},
    )
    results = compiled(inputs)
    return {port.get_any_name(): results[port] for port in compiled.outputs}
