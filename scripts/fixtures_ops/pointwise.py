"""Activations and arithmetic, element by element."""
import torch
import torch.nn.functional as F

from .common import SHAPES, draw, elementwise, two


def softmax(fixture):
    fixture.case("", {"x": draw(3, 5)}, lambda x: F.softmax(x, -1))
    fixture.case("axis=1", {"x": draw(2, 3, 2, 3)}, lambda x: F.softmax(x, 1))
    fixture.case("axis=0", {"x": draw(4, 3)}, lambda x: F.softmax(x, 0))
    fixture.case("axis=-2", {"x": draw(2, 3, 4)}, lambda x: F.softmax(x, -2))
    # As ONNX had it up to version 12.
    fixture.case("axis=1 flat=true", {"x": draw(2, 3, 1, 2)},
                 lambda x: F.softmax(x.flatten(1), 1).view_as(x))
    # Large inputs: e^900 is no double.
    fixture.case("", {"x": draw(2, 4) + torch.tensor([[900.0], [-900.0]])},
                 lambda x: F.softmax(x, -1))


OPERATORS = {
    "relu": elementwise(F.relu, *SHAPES),
    "tanh": elementwise(torch.tanh, *SHAPES, low=-5, high=5),
    "sigmoid": elementwise(torch.sigmoid, *SHAPES, low=-10, high=10),
    "softmax": softmax,
    "add": two(torch.add), "sub": two(torch.sub), "mul": two(torch.mul),
}
