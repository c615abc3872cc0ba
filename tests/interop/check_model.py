#!/usr/bin/env python3
"""Holds ONNX files against ONNX's checker and ONNX Runtime.

    check_model.py --svertka build/svertka MODEL.onnx...

Each file must pass the checker with full shape inference and load in ONNX
Runtime; on random inputs `svertka onnx-test` must then give the same outputs.
The Python that runs this needs numpy, onnx and onnxruntime.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import numpy_helper

TOLERANCE = 1e-4  # max|a-b| / max|b|

TYPES = {
    "tensor(float)": numpy.float32,
    "tensor(int64)": numpy.int64,
    "tensor(int32)": numpy.int32,
    "tensor(uint8)": numpy.uint8,
    "tensor(bool)": numpy.bool_,
}


def random_input(entry, batch, free, random):
    """Normal numbers, or small whole ones; free dimensions filled in."""
    shape = [
        size if isinstance(size, int) else batch if i == 0 else free
        for i, size in enumerate(entry.shape)
    ]
    kind = TYPES[entry.type]
    if kind is numpy.float32:
        return random.standard_normal(shape).astype(kind)
    return random.integers(0, 2, shape).astype(kind)


def save_tensor(path, array, name):
    path.write_bytes(
        numpy_helper.from_array(numpy.asarray(array), name).SerializeToString()
    )


def write_test(folder, model, session, arguments):
    """The model and one data set for each size of the batch."""
    (folder / "model.onnx").write_bytes(model.read_bytes())
    random = numpy.random.default_rng(arguments.seed)
    for number, batch in enumerate(arguments.batch):
        data = folder / f"test_data_set_{number}"
        data.mkdir()
        inputs = {
            entry.name: random_input(entry, batch, arguments.free, random)
            for entry in session.get_inputs()
        }
        names = [entry.name for entry in session.get_outputs()]
        outputs = session.run(names, inputs)
        for i, (name, array) in enumerate(inputs.items()):
            save_tensor(data / f"input_{i}.pb", array, name)
        for i, (name, array) in enumerate(zip(names, outputs)):
            save_tensor(data / f"output_{i}.pb", array, name)


def check(model, arguments):
    """The fault, or None."""
    try:
        onnx.checker.check_model(str(model), full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
    except Exception as fault:  # whatever they raise is the answer
        return str(fault).splitlines()[0]
    with tempfile.TemporaryDirectory() as folder:
        write_test(pathlib.Path(folder), model, session, arguments)
        command = [arguments.svertka, "onnx-test", "--json", folder]
        if arguments.backend:
            command += ["--backend", arguments.backend]
        run = subprocess.run(command, capture_output=True, text=True)
        if not run.stdout:
            return run.stderr.strip()
        test = json.loads(run.stdout)["tests"][0]
    if test["result"] != "pass":
        return test["reason"]
    if test["error"] > TOLERANCE:
        return f"differs by {test['error']:.3g} of the largest number"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--svertka", default="build/svertka")
    parser.add_argument("--backend", help="of svertka")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 3])
    parser.add_argument(
        "--free", type=int, default=32, help="size of other free dimensions"
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    failed = 0
    for model in arguments.models:
        fault = check(model, arguments)
        failed += fault is not None
        print(f"{'FAIL' if fault else 'ok'}  {model}{': ' + fault if fault else ''}")
    print(f"{len(arguments.models) - failed} ok, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
