"""Pooling."""
import math

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

    def plain(attrs, shape, **more):
        call = F.max_pool1d if len(shape) == 3 else F.max_pool2d
        fixture.case(attrs, {"x": distinct(*shape)}, lambda x: call(x, **more))

    case("2 stride=2", (2, 3, 4, 6), 2, stride=2)
    case("3 stride=2", (1, 2, 7, 5), 3, stride=2)
    case("2x3", (1, 2, 4, 4), (2, 3), stride=1)
    case("3x2 stride=2x1 padding=1,0,2,1", (2, 2, 5, 4), (3, 2),
         padding=(1, 0, 2, 1), stride=(2, 1))
    case("2 stride=2 ceil_mode=true", (1, 2, 5, 7), 2, stride=2, ceil_mode=True)
    case("3 stride=3 padding=1 ceil_mode=true", (1, 1, 6, 7), 3, stride=3,
         padding=(1, 1, 1, 1), ceil_mode=True)
    # A last window that would begin behind the image is left out.
    plain("2 stride=3 padding=1 ceil_mode=true", (1, 2, 6, 8), kernel_size=2,
          stride=3, padding=1, ceil_mode=True)
    plain("1 stride=2 ceil_mode=true", (1, 1, 6, 5), kernel_size=1, stride=2,
          ceil_mode=True)
    plain("3x2 stride=2x3 padding=1x0 dilation=2x3 ceil_mode=true",
          (1, 2, 8, 9), kernel_size=(3, 2), stride=(2, 3), padding=(1, 0),
          dilation=(2, 3), ceil_mode=True)
    plain("3 stride=3 padding=1 ceil_mode=true", (2, 2, 7), kernel_size=3,
          stride=3, padding=1, ceil_mode=True)
    case("2x3 dilation=2x1 padding=1,1,0,2", (1, 2, 5, 4), (2, 3), stride=1,
         dilation=(2, 1), padding=(1, 1, 0, 2))
    case("3 stride=2 padding=same", (1, 2, 6, 5), 3, stride=2,
         padding=(0, 1, 1, 1))
    case("3 stride=2 padding=same_lower", (1, 2, 6, 5), 3, stride=2,
         padding=(1, 1, 0, 1))
    case("3 stride=2 padding=1,0", (2, 2, 8), 3, stride=2, padding=(0, 1, 0, 0))

    # With a rule no last window hangs over.
    case("3 stride=2 padding=same dilation=2 ceil_mode=true", (1, 2, 7, 6), 3,
         stride=2, dilation=2, padding=(2, 1, 2, 2))
    case("2 stride=2 padding=valid ceil_mode=true", (1, 2, 7, 5), 2, stride=2)

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
    # A last window that would begin behind the image is left out.
    for count in (True, False):
        word = str(count).lower()
        plain(f"2 stride=3 padding=1 ceil_mode=true count_padding={word}",
              (1, 2, 6, 8), kernel_size=2, stride=3, padding=1, ceil_mode=True,
              count_include_pad=count)
        plain(f"4 stride=3 padding=2 ceil_mode=true count_padding={word}",
              (1, 1, 5, 7), kernel_size=4, stride=3, padding=2, ceil_mode=True,
              count_include_pad=count)
        plain(f"3 stride=3 padding=1 ceil_mode=true count_padding={word}",
              (2, 2, 7), kernel_size=3, stride=3, padding=1, ceil_mode=True,
              count_include_pad=count)
    case("3x2 stride=2x1 padding=1,0,2,1", (2, 1, 5, 4), (3, 2),
         padding=(1, 0, 2, 1), stride=(2, 1))
    case("3x2 stride=2x1 padding=1,0,2,1 count_padding=true", (2, 1, 5, 4),
         (3, 2), padding=(1, 0, 2, 1), count=True, stride=(2, 1))
    case("3 stride=2 padding=same", (1, 2, 6, 5), 3, stride=2,
         padding=(0, 1, 1, 1))
    plain("3 stride=2 padding=1", (2, 2, 8), kernel_size=3, stride=2,
          padding=1, count_include_pad=False)

    # Dilation: as a convolution with equal weights, over those of ones where
    # padding does not count.
    def dilated(attrs, shape, kernel, stride, dilation, padding, count):
        def run(x):
            def add(t):
                w = torch.ones(shape[1], 1, *kernel)
                return F.conv2d(pad2(t, padding), w, None, stride, 0, dilation,
                                shape[1])
            total = add(x)
            return total / (kernel[0] * kernel[1] if count else
                            add(torch.ones_like(x)))
        fixture.case(attrs, {"x": draw(*shape)}, run)

    dilated("3x2 stride=2x1 dilation=2x3 padding=2,1,1,2", (2, 2, 6, 5),
            (3, 2), (2, 1), (2, 3), (2, 1, 1, 2), False)
    dilated("2x3 stride=1x2 dilation=3x2 padding=1 count_padding=true",
            (1, 2, 5, 6), (2, 3), (1, 2), (3, 2), (1, 1, 1, 1), True)
    dilated("3 stride=2 padding=same dilation=2 ceil_mode=true", (1, 2, 7, 6),
            (3, 3), (2, 2), (2, 2), (2, 1, 2, 2), False)
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


def binomial(size):
    return torch.tensor([math.comb(size - 1, u) for u in range(size)]).double()


def gaussian(size, sigma=1.0):
    far = torch.arange(size) - (size - 1) / 2
    return torch.exp(-far ** 2 / (2 * sigma ** 2))


def window_pool(fixture):
    def case(attrs, shape, rows, padding=NONE, stride=1):
        """rows: the numbers along H and W, or along W alone. A convolution of
        each map."""
        def run(x):
            w = rows[0] / rows[0].sum()
            for row in rows[1:]:
                w = torch.outer(w, row / row.sum())
            w = w.expand(x.shape[1], 1, *w.shape)
            if x.dim() == 3:
                return F.conv1d(F.pad(x, padding[1::2]), w, stride=stride,
                                groups=x.shape[1])
            return F.conv2d(pad2(x, padding), w, stride=stride,
                            groups=x.shape[1])
        fixture.case(attrs, {"x": draw(*shape)}, run)

    case("3 stride=2 padding=1", (2, 3, 6, 7), [binomial(3)] * 2,
         padding=(1, 1, 1, 1), stride=2)
    case("4 stride=2 padding=1,1,2,2", (1, 2, 8, 6), [binomial(4)] * 2,
         padding=(1, 1, 2, 2), stride=2)
    case("5x2", (1, 2, 6, 5), [binomial(5), binomial(2)])
    case("5 padding=same window=gaussian", (1, 2, 5, 4), [gaussian(5)] * 2,
         padding=(2, 2, 2, 2))
    case("4x3 stride=1x2 window=gaussian sigma=0.625", (2, 1, 6, 7),
         [gaussian(4, 0.625), gaussian(3, 0.625)], stride=(1, 2))
    case("2 stride=2 window=box", (2, 3, 4, 6), [torch.ones(2)] * 2, stride=2)
    case("numbers=1,-2,4,0.5", (1, 2, 5, 6),
         [torch.tensor([1, -2, 4, 0.5]).double()] * 2)
    case("1x3 numbers=1,2,3", (1, 2, 3, 6),
         [torch.ones(1).double(), torch.tensor([1, 2, 3]).double()])
    case("3 stride=2 padding=2,0", (2, 2, 8), [binomial(3)],
         padding=(0, 2, 0, 0), stride=2)


def nonzero(*shape):
    """No zeros, where |x| has a corner."""
    x = draw(*shape)
    return torch.where(x == 0, torch.tensor(0.375).double(), x)


def lp_pool(fixture):
    """PyTorch's for p = 2, else the norm of what its unfold finds."""
    def square(attrs, shape, **more):
        call = F.lp_pool1d if len(shape) == 3 else F.lp_pool2d
        fixture.case(attrs, {"x": nonzero(*shape)},
                     lambda x: call(x, 2, **more))

    def norm(attrs, shape, p, kernel, padding=NONE, stride=1, dilation=1):
        def run(x):
            n, c = x.shape[:2]
            padded = pad2(x, padding)
            # Zeros add nothing, but have no gradient of |x| to give.
            columns = F.unfold(padded.abs() ** p, kernel, dilation, 0, stride)
            y = columns.view(n, c, -1, columns.shape[2]).sum(2) ** (1 / p)
            steps = (stride, stride) if isinstance(stride, int) else stride
            gaps = (dilation, dilation) if isinstance(dilation, int) else \
                dilation
            size = [(padded.shape[2 + d] - gaps[d] * (kernel[d] - 1) - 1)
                    // steps[d] + 1 for d in range(2)]
            return y.view(n, c, *size)
        fixture.case(attrs, {"x": nonzero(*shape)}, run)

    square("2 stride=2", (2, 3, 4, 6), kernel_size=2, stride=2)
    square("3x2 stride=2x1", (1, 2, 7, 4), kernel_size=(3, 2), stride=(2, 1))
    square("3 stride=2", (2, 2, 8), kernel_size=3, stride=2)
    norm("3 stride=2 p=1", (1, 2, 5, 7), 1, (3, 3), stride=2)
    norm("2x3 p=3 padding=1,0,1,2", (2, 2, 4, 5), 3, (2, 3),
         padding=(1, 0, 1, 2))
    norm("2x3 p=4 stride=1x2 dilation=2x1 padding=1", (1, 2, 5, 6), 4, (2, 3),
         padding=(1, 1, 1, 1), stride=(1, 2), dilation=(2, 1))


def global_lp_pool(fixture):
    for attrs, p in (("", 2), ("1", 1), ("3", 3)):
        for shape in ((2, 3, 3, 2), (2, 2, 5)):
            def run(x, p=p):
                y = torch.linalg.vector_norm(x.flatten(2), p, 2)
                return y.view(*x.shape[:2], *[1] * (x.dim() - 2))
            fixture.case(attrs, {"x": nonzero(*shape)}, run)


def max_unpool(fixture):
    """Of windows that do not overlap: PyTorch's index counts through a map."""
    def case(attrs, shape, size=None, **how):
        one = len(shape) == 3
        pool = F.max_pool1d if one else F.max_pool2d
        back = F.max_unpool1d if one else F.max_unpool2d
        y, index = pool(distinct(*shape), return_indices=True, **how)
        from_all = index + torch.arange(shape[0] * shape[1]).view(
            *shape[:2], *[1] * (len(shape) - 2)) * shape[2:].numel()

        def run(x, all_):
            whole = back(x, index, output_size=shape[2:], **how)
            if size is None:
                return whole
            return pad2(whole, (0, 0, size[0] - shape[2], size[1] - shape[3]))
        fixture.case(attrs, {"x": y.detach(), "index": from_all}, run)

    case("2 2", torch.Size((2, 3, 4, 6)), kernel_size=2, stride=2)
    case("2x3 stride=2x3", torch.Size((1, 2, 4, 6)), kernel_size=(2, 3),
         stride=(2, 3))
    case("3 stride=3 padding=1", torch.Size((2, 2, 7, 4)), kernel_size=3, stride=3,
         padding=1)
    case("2 stride=2", torch.Size((2, 2, 8)), kernel_size=2, stride=2)
    case("2 2 size=2,2,5,7", torch.Size((2, 2, 4, 6)), (5, 7), kernel_size=2, stride=2)


OPERATORS = {
    "max_unpool": max_unpool,
    "lp_pool": lp_pool, "global_lp_pool": global_lp_pool,
    "window_pool": window_pool,
    "global_max_pool": global_max_pool,
    "max_pool": max_pool, "avg_pool": avg_pool,
    "weighted_avg_pool": weighted_avg_pool,
    "global_avg_pool": elementwise(
        lambda x: x.mean(tuple(range(2, x.dim())), keepdim=True),
        (2, 3, 3, 2), (2, 2, 5), (1, 3, 1, 1)),
}
