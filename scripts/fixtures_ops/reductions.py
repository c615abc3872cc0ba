"""Reductions along axes, and products of matrices."""
import torch

from .common import distinct, draw


def reduction(function, low=-2, numbers=draw):
    """function(x, axes, keepdim)"""
    cases = [("", (2, 3, 4), (0, 1, 2), True),
             ("1", (2, 3, 2, 2), (1,), True),
             ("0,2 keepdims=false", (2, 3, 4), (0, 2), False),
             ("-1 keepdims=false", (3, 5), (1,), False),
             ("axes=1,-1", (2, 3, 4), (1, 2), True),
             ("keepdims=false", (2, 3), (0, 1), False)]

    def make(fixture):
        for attrs, shape, axes, keep in cases:
            if numbers is draw:
                x = draw(*shape, low=low)
            else:
                x = numbers(*shape)
            fixture.case(attrs, {"x": x}, lambda x, axes=axes, keep=keep:
                         function(x, axes, keep))
        if low < 0:
            fixture.case("noop=true", {"x": draw(2, 3, low=1)},
                         lambda x: function(x.unsqueeze(2), (2,), False))
    return make


def product(x, axes, keep):
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, axis, keep)
    return x


def arg(function):
    """Of equal numbers Torch says nothing: there are none, or the wanted one is
    found by hand."""
    def make(fixture):
        def case(attrs, x, result):
            fixture.file.write(f"\ncase {fixture.op} {attrs}".rstrip() + "\n")
            from .common import block
            block("in", "x", x, fixture.file)
            block("out", "y", result, fixture.file)
        x = distinct(2, 3, 4)
        case("", x, function(x, 0, True))
        case("1 keepdims=false", x, function(x, 1, False))
        case("-1", x, function(x, 2, True))
        x = torch.tensor([[2.0, 3, 2, 3, 2], [1, 1, 1, 1, 1]])
        first = function(x + torch.arange(5) * (
            -0.01 if fixture.op == "argmax" else 0.01), 1, True)
        last = function(x + torch.arange(5) * (
            0.01 if fixture.op == "argmax" else -0.01), 1, True)
        case("1", x, first)
        case("1 last=true", x, last)
    return make


def matmul(fixture):
    for a, b in (((3, 4), (4, 2)), ((2, 3, 4), (2, 4, 2)),
                 ((2, 1, 3, 4), (3, 4, 2)), ((4,), (4, 2)), ((3, 4), (4,)),
                 ((4,), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)),
                 ((2, 3, 4), (4, 5))):
        fixture.case("", {"a": draw(*a), "b": draw(*b)}, torch.matmul)


def top_k(fixture):
    for attrs, shape, k, dim, largest in (
            ("", (3, 5), 1, -1, True), ("3", (2, 7), 3, -1, True),
            ("k=2 axis=1", (2, 4, 3, 2), 2, 1, True),
            ("4 axis=0 largest=false", (6, 3), 4, 0, False),
            ("5 -1", (2, 5), 5, -1, True)):
        def run(x, k=k, dim=dim, largest=largest):
            return torch.topk(x, k, dim, largest)[0]

        def where(x, k=k, dim=dim, largest=largest):
            return torch.topk(x.detach(), k, dim, largest)[1]
        fixture.case(attrs, {"x": distinct(*shape)}, run, also={"index": where})
    alike = torch.tensor([[1.0, 3.0, 2.0, 3.0, 3.0]])
    fixture.fixed("4", {"x": alike}, lambda x: (
        torch.tensor([[3.0, 3.0, 3.0, 2.0]]), torch.tensor([[1, 3, 4, 2]])),
        out=("y", "index"))
    some = torch.tensor([[2.0, torch.nan, 1.0, 3.0]])
    fixture.fixed("2 largest=false", {"x": some},
                  lambda x: torch.topk(x, 2, largest=False),
                  out=("y", "index"))


OPERATORS = {
    "top_k": top_k,
    "reduce_sum": reduction(lambda x, d, k: x.sum(d, k)),
    "reduce_mean": reduction(lambda x, d, k: x.mean(d, k)),
    "reduce_max": reduction(lambda x, d, k: x.amax(d, k)),
    "reduce_min": reduction(lambda x, d, k: x.amin(d, k)),
    "reduce_prod": reduction(product),
    "reduce_l1": reduction(lambda x, d, k: x.abs().sum(d, k)),
    "reduce_l2": reduction(lambda x, d, k: torch.linalg.vector_norm(
        x, 2, d, k)),
    "reduce_sum_square": reduction(lambda x, d, k: (x * x).sum(d, k)),
    "reduce_log_sum": reduction(lambda x, d, k: x.sum(d, k).log(), low=1),
    "reduce_log_sum_exp": reduction(lambda x, d, k: x.logsumexp(d, k)),
    "argmax": arg(torch.argmax), "argmin": arg(torch.argmin),
    "matmul": matmul,
}
