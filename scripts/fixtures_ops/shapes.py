"""Operators that move numbers and compute none."""
import torch

from .common import SHAPES, draw, elementwise


def flatten(fixture):
    def case(attrs, shape, axis):
        def run(x):
            rows = torch.Size(shape[:axis]).numel()
            return x.reshape(rows, -1)
        fixture.case(attrs, {"x": draw(*shape)}, run)

    case("", (2, 3, 2, 2), 1)
    case("axis=0", (2, 3, 2), 0)
    case("axis=2", (2, 3, 2, 2), 2)
    case("axis=-1", (2, 3, 4), 2)

def reshape(fixture):
    def case(attrs, shape, other):
        fixture.case(attrs, {"x": draw(*shape)}, lambda x: x.reshape(other))

    case("6,4", (2, 3, 4), (6, 4))
    case("0,-1", (2, 3, 2, 2), (2, 12))
    case("-1", (2, 3), (6,))
    case("1x2x3", (6,), (1, 2, 3))

def concat(fixture):
    def case(attrs, axis, *shapes):
        inputs = {f"x#{i + 1}": draw(*s) for i, s in enumerate(shapes)}
        fixture.case(attrs, inputs, lambda *x: torch.cat(x, axis))

    case("", 1, (2, 3, 2, 2), (2, 1, 2, 2), (2, 2, 2, 2))
    case("axis=0", 0, (2, 3), (1, 3))
    case("axis=2", 2, (1, 2, 3, 2), (1, 2, 1, 2))
    case("axis=-1", -1, (2, 2, 1), (2, 2, 3))
    case("axis=-3", 0, (1, 2, 2), (2, 2, 2), (3, 2, 2))
    case("axis=0", 0, (4,), (1,), (2,), (3,))
    case("", 1, (2, 5))


OPERATORS = {
    "concat": concat,
    "flatten": flatten, "reshape": reshape,
    "identity": elementwise(lambda x: x + 0, *SHAPES),
}
