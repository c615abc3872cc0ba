"""Pooling."""
import torch
import torch.nn.functional as F

from .common import NONE, distinct, draw, elementwise, pad2


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


def global_max_pool(fixture):
    def largest(x):
        return x.flatten(2).max(2).values.view(*x.shape[:2],
                                               *[1] * (x.dim() - 2))
    for shape in ((2, 3, 3, 2), (2, 2, 5), (1, 3, 1, 1)):
        fixture.case("", {"x": distinct(*shape)}, largest)


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


OPERATORS = {
    "global_max_pool": global_max_pool,
    "max_pool": max_pool, "avg_pool": avg_pool,
    "weighted_avg_pool": weighted_avg_pool,
    "global_avg_pool": elementwise(
        lambda x: x.mean(tuple(range(2, x.dim())), keepdim=True),
        (2, 3, 3, 2), (2, 2, 5), (1, 3, 1, 1)),
}
