"""Convolutions, dense layers, padding."""
import torch
import torch.nn.functional as F

from .common import NONE, draw, pad2


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
    # Half of what is missing on each side, which depends on size, stride and
    # reach; nothing where the windows already meet the end.
    case("2 3x3 padding=same dilation=2", (1, 2, 6, 5), (2, 2, 3, 3),
         padding=(2, 2, 2, 2), dilation=2)
    case("2 2x3 padding=same_lower stride=2 dilation=2x1", (1, 2, 7, 6),
         (2, 2, 2, 3), padding=(1, 1, 1, 0), stride=2, dilation=(2, 1))
    case("2 1x2 padding=same stride=3", (1, 2, 7, 7), (2, 2, 1, 2),
         padding=(0, 0, 0, 1), stride=3)


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


def conv_transpose(fixture):
    def case(attrs, x, w, bias=True, **how):
        inputs = {"x": draw(*x), "w": draw(*w)}
        if bias:
            inputs["b"] = draw(w[1] * how.get("groups", 1))
        run = F.conv_transpose1d if len(x) == 3 else F.conv_transpose2d
        fixture.case(attrs, inputs, lambda *t: run(*t, **how))

    case("", (1, 1, 3, 3), (1, 2, 3, 3))
    case("stride=2 padding=1", (2, 2, 3, 2), (2, 3, 3, 3), stride=2, padding=1)
    case("stride=2 padding=1 output_padding=1", (1, 2, 3, 3), (2, 1, 3, 3),
         stride=2, padding=1, output_padding=1)
    case("stride=2,3 output_padding=0,1 dilation=2,1 bias=false", (1, 2, 2, 3),
         (2, 2, 2, 3), bias=False, stride=(2, 3), output_padding=(0, 1),
         dilation=(2, 1))
    case("stride=2 padding=1 group=2", (2, 4, 2, 3), (4, 3, 4, 4), stride=2,
         padding=1, groups=2)
    case("stride=2 padding=1 group=3 bias=false", (1, 3, 3, 2), (3, 1, 4, 4),
         bias=False, stride=2, padding=1, groups=3)
    case("stride=2 padding=1", (2, 2, 4), (2, 3, 3), stride=2, padding=1)
    # What is left of stride * (size - 1) + kernel is what PyTorch's padding
    # says: 2 * 2 + 4 = 8, cut to 6.
    case("stride=2 padding=same", (1, 2, 3, 3), (2, 1, 4, 4), stride=2,
         padding=1)
    case("stride=2 output_shape=6x8", (1, 1, 3, 4), (1, 2, 4, 4), stride=2,
         padding=1)
    case("padding=full", (1, 2, 4, 5), (2, 2, 2, 3), padding=(1, 2))
    # 2 * 2 + 1 = 5 is less than 6: what is missing is added.
    case("stride=2 padding=same", (1, 2, 3, 3), (2, 1, 1, 1), stride=2,
         output_padding=1)
    case("stride=2 padding=same_lower dilation=2", (1, 2, 3, 4), (2, 1, 2, 2),
         stride=2, dilation=2, padding=1, output_padding=1)


OPERATORS = {
    "conv_transpose": conv_transpose,"conv": conv, "pad": pad, "linear": linear}
