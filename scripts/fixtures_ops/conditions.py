"""Comparisons, and what is made of them."""
import torch

from .common import draw


def compares(function):
    shapes = [((2, 3, 2, 3), (2, 3, 2, 3)), ((2, 3, 2, 3), (1, 3, 1, 1)),
              ((3, 1, 1), (2, 3, 2, 3)), ((2, 1, 3), (4, 1)), ((4, 3), ())]

    def make(fixture):
        for a, b in shapes:
            ports = {"a": draw(*a, low=-1, high=1), "b": draw(*b, low=-1, high=1)}
            fixture.fixed("", ports, lambda a, b: function(a, b).long())
            whole = {p: (t * 2).long() for p, t in ports.items()}
            fixture.fixed("", whole, lambda a, b: function(a, b).long())
        odd = {"a": torch.tensor([1.0, float("inf"), -float("inf"), 0.0, -0.0]),
               "b": torch.tensor([1.0, float("inf"), 2.0, -0.0, 1.0])}
        fixture.fixed("", odd, lambda a, b: function(a, b).long())
    return make


def joins(function):
    shapes = [((3, 4), (3, 4)), ((2, 3, 2), (3, 1)), ((4,), (2, 1))]

    def make(fixture):
        for a, b in shapes:
            ports = {"a": torch.randint(0, 2, a), "b": torch.randint(0, 2, b)}
            fixture.fixed("", ports, lambda a, b: function(a, b).long())
    return make


def negates(fixture):
    for shape in ((3, 4), (5,)):
        fixture.fixed("", {"x": torch.randint(0, 2, shape)},
                      lambda x: torch.logical_not(x).long())


OPERATORS = {
    "greater": compares(torch.gt), "less": compares(torch.lt),
    "equal": compares(torch.eq), "greater_or_equal": compares(torch.ge),
    "less_or_equal": compares(torch.le), "and": joins(torch.logical_and),
    "or": joins(torch.logical_or), "xor": joins(torch.logical_xor),
    "not": negates,
}
