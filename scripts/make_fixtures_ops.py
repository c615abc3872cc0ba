#!/usr/bin/env python3
"""Writes tests/fixtures/ops/<operator>.txt: what PyTorch makes of every
operator, forward and backward, in double. opcheck reads them.

    make_fixtures_ops.py [FOLDER [OPERATOR...]]      (needs PyTorch)

A file is a list of cases:

    case OPERATOR ATTRIBUTES           as `svertka op` takes them
    inference                          else as in training
    in PORT SHAPE [i64]  numbers       inputs; an absent one is not listed
    out PORT SHAPE       numbers       what must come out
    seed PORT SHAPE      numbers       dL/dout
    diff PORT SHAPE      numbers       what dL/din must be

Inputs and seeds are multiples of 1/8, so that they are exact in float, too.

The cases are in fixtures_ops/: each file there has a table OPERATORS, an
operator's name to the function that writes its cases into a Fixture.
"""
import importlib
import pkgutil
import sys

import torch

import fixtures_ops
from fixtures_ops.common import Fixture


# Where an input is NaN PyTorch's gradient is that of its own formula: 0 for what
# is clamped, NaN for all that a maximum was taken of.
NO_GRADIENT_OF_NAN = ("clip", "max", "min", "reduce_max", "reduce_min",
                      "reduce_prod")
# Its sign of NaN is 0; that of NumPy, ONNX Runtime and Svertka is NaN.
NO_NAN = ("sign",)


def operators():
    table = {}
    for part in pkgutil.iter_modules(fixtures_ops.__path__):
        module = importlib.import_module("fixtures_ops." + part.name)
        table.update(getattr(module, "OPERATORS", {}))
    return table


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "tests/fixtures/ops"
    table = operators()
    for op in sys.argv[2:] or sorted(table):
        if op not in table:
            sys.exit(f"no cases of '{op}' in scripts/fixtures_ops")
        torch.manual_seed(20)  # one operator's cases do not move another's
        fixture = Fixture(folder, op)
        table[op](fixture)
        if op not in NO_NAN:
            fixture.with_nan(op not in NO_GRADIENT_OF_NAN)


if __name__ == "__main__":
    main()
