"""The cases of a fixture, and what draws their numbers."""
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def draw(*shape, low=-2, high=2):
    """Multiples of 1/8, some of them alike."""
    return torch.randint(8 * low, 8 * high + 1, shape).double() / 8


def distinct(*shape):
    """Multiples of 1/8, no two alike: where the greatest one matters."""
    count = torch.Size(shape).numel()
    return ((torch.randperm(count) - count // 2) / 8.0).double().view(shape)


def number(value):
    return "0" if value == 0 else f"{value:.9g}"


def block(word, port, tensor, file):
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    integer = " i64" if tensor.dtype == torch.int64 else ""
    file.write(f"{word} {port.split('#')[0]} {shape}{integer}\n")
    line = ""
    for value in tensor.flatten().tolist():
        text = number(value)
        if len(line) + len(text) > 78:
            file.write(line + "\n")
            line = ""
        line += " " + text
    file.write(line + "\n")


class Fixture:
    def __init__(self, folder, op):
        self.op = op
        self.first = None  # of the small cases: what with_nan repeats
        path = os.path.join(folder, op + ".txt")
        self.file = open(path, "w", encoding="ascii")
        self.file.write("# Made by scripts/make_fixtures_ops.py with PyTorch "
                        f"{torch.__version__.split('+')[0]}.\n")

    def case(self, attrs, inputs, function, out=("y",), fixed=(), also=None,
             inference=False):
        """inputs: {port: tensor}; no gradient of those named in `fixed`. A port
        that repeats is x, x#2, x#3, ...
        out: the ports of what the function returns.
        also: {port: function} of outputs without a gradient.
        inference: what the operator does outside of training."""
        if not self.first and sum(t.numel() for t in inputs.values()) <= 100:
            self.first = (attrs, {p: t.detach() for p, t in inputs.items()},
                          function, out, fixed, also, inference)
        self.file.write(f"\ncase {self.op} {attrs}".rstrip() + "\n")
        if inference:
            self.file.write("inference\n")
        wanted = [p for p, t in inputs.items()
                  if t.is_floating_point() and p not in fixed]
        for port in wanted:
            inputs[port].requires_grad_()
        results = function(*inputs.values())
        if len(out) == 1:
            results = (results,)
        seeds = [draw(*y.shape) if y.dim() else torch.tensor(0.75)
                 for y in results]
        grads = torch.autograd.grad(results, [inputs[p] for p in wanted],
                                    seeds) if wanted else []
        for port, tensor in inputs.items():
            block("in", port, tensor.detach(), self.file)
        for port, y, seed in zip(out, results, seeds):
            block("out", port, y.detach(), self.file)
            block("seed", port, seed, self.file)
        for port, other in (also or {}).items():
            block("out", port, other(*inputs.values()), self.file)
        for port, grad in zip(wanted, grads):
            block("diff", port, grad, self.file)


    def with_nan(self, gradient):
        """The first case again, with NaN in one element of each real input.
        Without `gradient`: PyTorch's has no meaning there."""
        if not self.first:
            return
        attrs, given, function, out, fixed, also, inference = self.first
        for port, tensor in given.items():
            if not tensor.is_floating_point() or not tensor.numel():
                continue
            inputs = {p: t.clone() for p, t in given.items()}
            inputs[port].view(-1)[tensor.numel() // 2] = float("nan")
            self.case(attrs, inputs, function, out,
                      fixed if gradient else tuple(inputs), also, inference)

    def fixed(self, attrs, inputs, function, out=("y",)):
        """A case without gradients."""
        self.file.write(f"\ncase {self.op} {attrs}".rstrip() + "\n")
        results = function(*inputs.values())
        if len(out) == 1:
            results = (results,)
        for port, tensor in inputs.items():
            block("in", port, tensor, self.file)
        for port, y in zip(out, results):
            block("out", port, y, self.file)


def pad2(x, padding, value=0.0):
    """padding: top, left, bottom, right."""
    top, left, bottom, right = padding
    return F.pad(x, (left, right, top, bottom), value=value)


NONE = (0, 0, 0, 0)
SHAPES = [(3, 7), (2, 3, 2, 3), (5,), (2, 2, 3)]


def elementwise(function, *shapes, low=-3, high=3, attrs="", fixed=()):
    def make(fixture):
        for shape in shapes:
            x = draw(*shape, low=low, high=high)
            fixture.case(attrs, {"x": x}, function, fixed=fixed)
    return make


def two(function, move=lambda t: t):
    """Of two inputs that are brought to one shape."""
    shapes = [((2, 3, 2, 3), (2, 3, 2, 3)), ((2, 3, 2, 3), (1, 3, 1, 1)),
              ((3, 1, 1), (2, 3, 2, 3)), ((2, 1, 3), (4, 1)), ((4, 3), ()),
              ((5,), (5,))]

    def make(fixture):
        for a, b in shapes:
            ports = {"a": move(draw(*a)), "b": move(draw(*b))}
            fixture.case("", ports, function)
    return make
