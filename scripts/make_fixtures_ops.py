#!/usr/bin/env python3
"""Writes tests/fixtures/ops/<operator>.txt: what PyTorch makes of every
operator, forward and backward, in double. opcheck reads them.

    make_fixtures_ops.py [FOLDER]      (needs PyTorch)

A file is a list of cases:

    case OPERATOR ATTRIBUTES           as `svertka op` takes them
    in PORT SHAPE [i64]  numbers       inputs; an absent one is not listed
    out PORT SHAPE       numbers       what must come out
    seed PORT SHAPE      numbers       dL/dout
    diff PORT SHAPE      numbers       what dL/din must be

Inputs and seeds are multiples of 1/8, so that they are exact in float, too.
"""
import os
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(20)
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
    file.write(f"{word} {port} {shape}{integer}\n")
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
        path = os.path.join(folder, op + ".txt")
        self.file = open(path, "w", encoding="ascii")
        self.file.write("# Made by scripts/make_fixtures_ops.py with PyTorch "
                        f"{torch.__version__.split('+')[0]}.\n")

    def case(self, attrs, inputs, function, out=("y",), fixed=(), also=None):
        """inputs: {port: tensor}; no gradient of those named in `fixed`.
        out: the ports of what the function returns.
        also: {port: function} of outputs without a gradient."""
        self.file.write(f"\ncase {self.op} {attrs}".rstrip() + "\n")
        wanted = [p for p, t in inputs.items()
                  if t.is_floating_point() and p not in fixed]
        for port in wanted:
            inputs[port].requires_grad_()
        results = function(*inputs.values())
        if len(out) == 1:
            results = (results,)
        seeds = [draw(*y.shape) if y.dim() else torch.tensor(0.75)
                 for y in results]
        grads = torch.autograd.grad(results, [inputs[p] for p in wanted], seeds)
        for port, tensor in inputs.items():
            block("in", port, tensor.detach(), self.file)
        for port, y, seed in zip(out, results, seeds):
            block("out", port, y.detach(), self.file)
            block("seed", port, seed, self.file)
        for port, other in (also or {}).items():
            block("out", port, other(*inputs.values()), self.file)
        for port, grad in zip(wanted, grads):
            block("diff", port, grad, self.file)


def pad2(x, padding, value=0.0):
    """padding: top, left, bottom, right."""
    top, left, bottom, right = padding
    return F.pad(x, (left, right, top, bottom), value=value)


NONE = (0, 0, 0, 0)


def conv(fixture):
    def case(attrs, x, w, bias=True, padding=NONE, mode="constant", **more):
        ports = {"x": draw(*x), "w": draw(*w)}
        if bias:
            ports["b"] = draw(w[0])

        def run(x, w, b=None):
            call = F.conv1d if x.dim() == 3 else F.conv2d
            if x.dim() == 3:
                x = F.pad(x, padding[1::2])
            else:
                x = pad2(x, padding)
            return call(x, w, b, **more)
        fixture.case(attrs, ports, run)

    case("3 3x3", (2, 2, 5, 4), (3, 2, 3, 3))
    case("4 1x1 bias=false", (2, 3, 2, 3), (4, 3, 1, 1), bias=False)
    case("2 3x2 stride=2x1 padding=1,0,2,1", (2, 3, 5, 4), (2, 3, 3, 2),
         padding=(1, 0, 2, 1), stride=(2, 1))
    case("3 2x3 dilation=2x1 padding=1,2,0,3", (1, 2, 5, 4), (3, 2, 2, 3),
         padding=(1, 2, 0, 3), dilation=(2, 1))
    case("4 3x1 group=2 padding=1", (2, 4, 3, 4), (4, 2, 3, 1), groups=2,
         padding=(1, 1, 1, 1))
    case("6 2x2 group=3 stride=2 dilation=2", (1, 3, 6, 5), (6, 1, 2, 2),
         groups=3, stride=2, dilation=2)
    case("3 3x3 group=3 padding=same", (2, 3, 4, 3), (3, 1, 3, 3), groups=3,
         padding=(1, 1, 1, 1))
    case("2 4x2 padding=same", (1, 2, 5, 4), (2, 2, 4, 2),
         padding=(1, 0, 2, 1))
    case("2 4x2 padding=same_lower", (1, 2, 5, 4), (2, 2, 4, 2),
         padding=(2, 1, 1, 0))
    case("2 3x3 padding=same stride=2", (1, 1, 6, 5), (2, 1, 3, 3),
         padding=(0, 1, 1, 1), stride=2)
    case("2 3x2 padding=full dilation=1x2", (1, 1, 3, 3), (2, 1, 3, 2),
         padding=(2, 2, 2, 2), dilation=(1, 2))
    case("2 3x3 padding=valid stride=3x2", (1, 1, 7, 6), (2, 1, 3, 3),
         stride=(3, 2))
    # The last rows and columns are not reached by any window.
    case("1 2x2 stride=3", (1, 2, 7, 6), (1, 2, 2, 2), stride=3)
    case("3 3 stride=2 padding=2,1", (2, 2, 7), (3, 2, 3), padding=(0, 2, 0, 1),
         stride=2)
    case("2 3 dilation=2 group=2", (1, 2, 7), (2, 1, 3), dilation=2, groups=2)


def pad(fixture):
    def case(attrs, shape, sides, mode, value=0.0):
        top, left, bottom, right = sides

        def run(x):
            order = (left, right, top, bottom)
            if x.dim() == 3:
                order = (left, right)
            if mode != "constant":
                return F.pad(x, order, mode=mode)
            return F.pad(x, order, value=value)
        fixture.case(attrs, {"x": draw(*shape)}, run)

    case("1,2,0,3", (2, 2, 3, 2), (1, 2, 0, 3), "constant")
    case("2,0,1,1 value=-1.5", (1, 3, 2, 3), (2, 0, 1, 1), "constant", -1.5)
    case("2,1,0,3 edge", (2, 1, 3, 2), (2, 1, 0, 3), "replicate")
    case("2,1,1,3 reflect", (1, 2, 3, 4), (2, 1, 1, 3), "reflect")
    case("1,3,3,2 wrap", (1, 2, 3, 4), (1, 3, 3, 2), "circular")
    case("0,2,1,0 wrap", (2, 1, 2, 2), (0, 2, 1, 0), "circular")
    case("2 edge", (1, 1, 2, 3), (2, 2, 2, 2), "replicate")
    case("1x2 reflect", (1, 2, 2, 3), (1, 2, 1, 2), "reflect")
    case("-1,1,0,-1", (1, 2, 3, 3), (-1, 1, 0, -1), "constant")
    case("2,1 reflect", (1, 2, 4), (0, 2, 0, 1), "reflect")
    fixture.case("0,1,0,0,0,0,2,1 value=0.5", {"x": draw(1, 2, 2, 2)},
                 lambda x: F.pad(x, (0, 1, 0, 2, 1, 0, 0, 0), value=0.5))
    fixture.case("1,0,1,2 axes=1,3", {"x": draw(1, 2, 2, 2)},
                 lambda x: F.pad(x, (0, 2, 0, 0, 1, 1)))


def linear(fixture):
    def run(x, w, b=None):
        return F.linear(x, w, b)

    fixture.case("4", {"x": draw(3, 5), "w": draw(4, 5), "b": draw(4)},
                 run)
    fixture.case("3 bias=false", {"x": draw(2, 7), "w": draw(3, 7)},
                 run)
    fixture.case("1", {"x": draw(1, 3), "w": draw(1, 3), "b": draw(1)},
                 run)
    # The rest of ONNX's Gemm.
    fixture.case("4 transpose_x=true transpose_w=false alpha=0.5 beta=-2",
                 {"x": draw(3, 2), "w": draw(3, 4), "b": draw(1, 4)},
                 lambda x, w, b: 0.5 * x.T @ w - 2 * b)
    fixture.case("3 transpose_x=true beta=0.25",
                 {"x": draw(4, 2), "w": draw(3, 4), "b": draw(2, 1)},
                 lambda x, w, b: x.T @ w.T + 0.25 * b)
    fixture.case("3 transpose_w=false alpha=-1.5",
                 {"x": draw(2, 4), "w": draw(4, 3), "b": draw()},
                 lambda x, w, b: -1.5 * x @ w + b)


def max_pool(fixture):
    def case(attrs, shape, kernel, padding=NONE, **more):
        def run(x):
            if x.dim() == 3:
                x = F.pad(x, padding[1::2], value=float("-inf"))
                return F.max_pool1d(x, kernel, **more)
            return F.max_pool2d(pad2(x, padding, float("-inf")), kernel, **more)
        fixture.case(attrs, {"x": distinct(*shape)}, run)

    case("2 stride=2", (2, 3, 4, 6), 2, stride=2)
    case("3 stride=2", (1, 2, 7, 5), 3, stride=2)
    case("2x3", (1, 2, 4, 4), (2, 3), stride=1)
    case("3x2 stride=2x1 padding=1,0,2,1", (2, 2, 5, 4), (3, 2),
         padding=(1, 0, 2, 1), stride=(2, 1))
    case("2 stride=2 ceil_mode=true", (1, 2, 5, 7), 2, stride=2, ceil_mode=True)
    case("3 stride=3 padding=1 ceil_mode=true", (1, 1, 6, 7), 3, stride=3,
         padding=(1, 1, 1, 1), ceil_mode=True)
    case("2x3 dilation=2x1 padding=1,1,0,2", (1, 2, 5, 4), (2, 3), stride=1,
         dilation=(2, 1), padding=(1, 1, 0, 2))
    case("3 stride=2 padding=same", (1, 2, 6, 5), 3, stride=2,
         padding=(0, 1, 1, 1))
    case("3 stride=2 padding=same_lower", (1, 2, 6, 5), 3, stride=2,
         padding=(1, 1, 0, 1))
    case("3 stride=2 padding=1,0", (2, 2, 8), 3, stride=2, padding=(0, 1, 0, 0))

    def index(x):
        """Torch counts within a map, ONNX through the whole tensor."""
        at = F.max_pool2d(x, 2, stride=(2, 1), return_indices=True)[1]
        maps = torch.arange(x.shape[0] * x.shape[1]).view(*x.shape[:2], 1, 1)
        return at + maps * x.shape[2] * x.shape[3]
    fixture.case("2 stride=2x1", {"x": distinct(2, 2, 4, 3)},
                 lambda x: F.max_pool2d(x, 2, stride=(2, 1)),
                 also={"index": index})

    # Where several are alike the first of them gets the gradient.
    fixture.case("2x2", {"x": draw(1, 1, 5, 5, low=0, high=1)},
                 lambda x: F.max_pool2d(x, 2, stride=1))


def avg_pool(fixture):
    def case(attrs, shape, kernel, padding=NONE, count=False, **more):
        """Asymmetric padding: the sum of a window, divided by what counts."""
        def run(x):
            ones = torch.ones_like(x)
            padded, mask = (pad2(t, padding) for t in (x, ones))
            if count:
                mask = torch.ones_like(padded)
            pool = {"divisor_override": 1, **more}
            total = F.avg_pool2d(padded, kernel, **pool)
            return total / F.avg_pool2d(mask, kernel, **pool)
        fixture.case(attrs, {"x": draw(*shape)}, run)

    def plain(attrs, shape, **more):
        call = F.avg_pool1d if len(shape) == 3 else F.avg_pool2d
        fixture.case(attrs, {"x": draw(*shape)}, lambda x: call(x, **more))

    plain("2 stride=2", (2, 3, 4, 6), kernel_size=2, stride=2)
    plain("3x2 stride=2x1", (1, 2, 7, 4), kernel_size=(3, 2), stride=(2, 1))
    plain("3 padding=1 count_padding=true", (1, 2, 4, 3), kernel_size=3,
          stride=1, padding=1, count_include_pad=True)
    plain("3 padding=1 count_padding=false", (1, 2, 4, 3), kernel_size=3,
          stride=1, padding=1, count_include_pad=False)
    plain("3 stride=2 ceil_mode=true", (1, 2, 6, 8), kernel_size=3, stride=2,
          ceil_mode=True)
    plain("3 stride=2 padding=1 ceil_mode=true count_padding=true",
          (1, 2, 6, 5), kernel_size=3, stride=2, padding=1, ceil_mode=True,
          count_include_pad=True)
    plain("3 stride=2 padding=1 ceil_mode=true count_padding=false",
          (1, 2, 6, 5), kernel_size=3, stride=2, padding=1, ceil_mode=True,
          count_include_pad=False)
    case("3x2 stride=2x1 padding=1,0,2,1", (2, 1, 5, 4), (3, 2),
         padding=(1, 0, 2, 1), stride=(2, 1))
    case("3x2 stride=2x1 padding=1,0,2,1 count_padding=true", (2, 1, 5, 4),
         (3, 2), padding=(1, 0, 2, 1), count=True, stride=(2, 1))
    case("3 stride=2 padding=same", (1, 2, 6, 5), 3, stride=2,
         padding=(0, 1, 1, 1))
    plain("3 stride=2 padding=1", (2, 2, 8), kernel_size=3, stride=2,
          padding=1, count_include_pad=False)

    # Dilation: as a convolution with equal weights.
    fixture.case("2x3 dilation=2x1 stride=1x2", {"x": draw(1, 2, 5, 6)},
                 lambda x: F.conv2d(x, torch.full((2, 1, 2, 3), 1 / 6), None,
                                    (1, 2), 0, (2, 1), 2))


def weighted_avg_pool(fixture):
    def case(attrs, shape, **more):
        def run(x, a, b):
            return (F.avg_pool2d(x, **more) * a.view(-1, 1, 1)
                    + b.view(-1, 1, 1))
        channels = shape[1]
        fixture.case(attrs, {"x": draw(*shape), "a": draw(channels, 1, 1, 1),
                             "b": draw(channels)}, run)

    case("2 stride=2", (2, 3, 4, 6), kernel_size=2, stride=2)
    case("3x2 stride=2x1", (1, 2, 7, 4), kernel_size=(3, 2), stride=(2, 1))


def elementwise(function, *shapes, low=-3, high=3):
    def make(fixture):
        for shape in shapes:
            fixture.case("", {"x": draw(*shape, low=low, high=high)}, function)
    return make


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


def two(function):
    """Of two inputs that are brought to one shape."""
    shapes = [((2, 3, 2, 3), (2, 3, 2, 3)), ((2, 3, 2, 3), (1, 3, 1, 1)),
              ((3, 1, 1), (2, 3, 2, 3)), ((2, 1, 3), (4, 1)), ((4, 3), ()),
              ((5,), (5,))]

    def make(fixture):
        for a, b in shapes:
            fixture.case("", {"a": draw(*a), "b": draw(*b)}, function)
    return make


def cross_entropy(fixture):
    def case(attrs, x, label, weight=None, log_prob=False, **more):
        ports = {"x": x, "label": label}
        if weight is not None:
            ports["weights"] = weight

        def run(x, label, weight=None):
            loss = F.cross_entropy(x, label, weight, **more)
            return (loss, F.log_softmax(x, 1)) if log_prob else loss
        fixture.case(attrs, ports, run, fixed=("weights",),
                     out=("loss", "log_prob") if log_prob else ("loss",))

    def labels(*shape, classes):
        return torch.randint(0, classes, shape)

    case("", draw(4, 5), labels(4, classes=5))
    case("", draw(1, 3), labels(1, classes=3))
    case("", draw(3, 4) + 300 * draw(3, 4), labels(3, classes=4))
    case("ignore_index=1", draw(4, 3), torch.tensor([1, 0, 2, 1]),
         ignore_index=1)
    case("ignore_index=-100", draw(3, 3), torch.tensor([-100, 0, 2]),
         ignore_index=-100)
    case("", draw(4, 3), labels(4, classes=3), draw(3, low=1, high=4))
    case("ignore_index=0", draw(5, 3), torch.tensor([2, 0, 1, 1, 0]),
         draw(3, low=1, high=4), ignore_index=0)
    case("reduction=sum", draw(3, 4), labels(3, classes=4), reduction="sum")
    case("reduction=none", draw(3, 4), labels(3, classes=4), reduction="none")
    case("", draw(2, 3, 2, 2), labels(2, 2, 2, classes=3))
    case("ignore_index=2", draw(2, 3, 2, 2), labels(2, 2, 2, classes=3),
         draw(3, low=1, high=4), ignore_index=2)
    case("", draw(3, 4), labels(3, classes=4), log_prob=True)
    case("ignore_index=1", draw(2, 3, 2), torch.tensor([[1, 0], [2, 1]]),
         draw(3, low=1, high=4), log_prob=True, ignore_index=1)


def squared_error(fixture):
    def case(attrs, shape, **more):
        fixture.case(attrs, {"x": draw(*shape), "target": draw(*shape)},
                     lambda x, target: F.mse_loss(x, target, **more),
                     fixed=("target",), out=("loss",))

    case("", (3, 4))
    case("", (2, 3, 2, 2))
    case("reduction=sum", (2, 3), reduction="sum")
    case("reduction=none", (2, 3), reduction="none")


SHAPES = [(3, 7), (2, 3, 2, 3), (5,), (2, 2, 3)]
OPERATORS = {
    "conv": conv, "pad": pad, "linear": linear, "max_pool": max_pool,
    "avg_pool": avg_pool, "weighted_avg_pool": weighted_avg_pool,
    "relu": elementwise(F.relu, *SHAPES),
    "tanh": elementwise(torch.tanh, *SHAPES, low=-5, high=5),
    "sigmoid": elementwise(torch.sigmoid, *SHAPES, low=-10, high=10),
    "softmax": softmax, "flatten": flatten, "reshape": reshape,
    "identity": elementwise(lambda x: x + 0, *SHAPES),
    "global_avg_pool": elementwise(
        lambda x: x.mean(tuple(range(2, x.dim())), keepdim=True),
        (2, 3, 3, 2), (2, 2, 5), (1, 3, 1, 1)),
    "add": two(torch.add), "sub": two(torch.sub), "mul": two(torch.mul),
    "cross_entropy": cross_entropy, "squared_error": squared_error,
}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "tests/fixtures/ops"
    for op, make in OPERATORS.items():
        torch.manual_seed(20)  # one operator's cases do not move another's
        make(Fixture(folder, op))


if __name__ == "__main__":
    main()
