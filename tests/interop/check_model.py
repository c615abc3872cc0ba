#!/usr/bin/env python3
"""Holds ONNX files against ONNX's checker and ONNX Runtime.

    check_model.py --svertka build/svertka MODEL.onnx...

Each file must pass the checker with full shape inference and load in ONNX
Runtime; on random inputs `svertka onnx-test` must then give the same outputs.
The Python that runs this needs numpy, onnx and onnxruntime.
"""

import argparse
import pathlib
import sys
import tempfile

import onnx

import interop


def check(model, arguments):
    """The error; raises what is wrong."""
    onnx.checker.check_model(str(model), full_check=True)
    runtime = interop.session(model, interop.processors())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "model.onnx").write_bytes(model.read_bytes())
        for number, batch in enumerate(arguments.batch):
            inputs = interop.random_inputs(
                runtime, batch, arguments.free, arguments.seed + number
            )
            outputs = interop.run_all(runtime, inputs)
            interop.write_data(folder, number, inputs, outputs)
        backend = ["--backend", arguments.backend] if arguments.backend else []
        tests = interop.onnx_test(arguments.svertka, folder, *backend)
    (test,) = tests.values()
    return interop.judge(test)


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
        try:
            print(f"ok    {model}: off by {check(model, arguments):.1e}")
        except Exception as fault:  # whatever the checker and runtimes raise
            print(f"FAIL  {model}: {str(fault).splitlines()[0]}")
            failed += 1
    print(f"{len(arguments.models) - failed} ok, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
