"""Activations and arithmetic, element by element."""
import torch
import torch.nn.functional as F

from .common import SHAPES, distinct, draw, elementwise, two


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


def log_softmax(fixture):
    fixture.case("", {"x": draw(3, 5)}, lambda x: F.log_softmax(x, -1))
    fixture.case("axis=1", {"x": draw(2, 3, 2, 3)},
                 lambda x: F.log_softmax(x, 1))
    fixture.case("axis=0", {"x": draw(4, 3)}, lambda x: F.log_softmax(x, 0))
    fixture.case("axis=-2", {"x": draw(2, 3, 4)},
                 lambda x: F.log_softmax(x, -2))
    # As ONNX had it up to version 12.
    fixture.case("axis=1 flat=true", {"x": draw(2, 3, 1, 2)},
                 lambda x: F.log_softmax(x.flatten(1), 1).view_as(x))
    # Large inputs: e^900 is no double.
    fixture.case("", {"x": draw(2, 4) + torch.tensor([[900.0], [-900.0]])},
                 lambda x: F.log_softmax(x, -1))


def hardmax(fixture):
    def case(attrs, shape, dim, flat=False):
        def run(x):
            rows = x.flatten(dim) if flat else x
            count = rows.shape[dim]
            one = F.one_hot(rows.argmax(dim), count).double()
            return one.movedim(-1, dim).reshape(x.shape)
        fixture.fixed(attrs, {"x": distinct(*shape)}, run)

    case("", (3, 5), -1)
    case("axis=1", (2, 3, 2, 3), 1)
    case("axis=0", (4, 3), 0)
    case("axis=-2", (2, 3, 4), -2)
    case("axis=1 flat=true", (2, 3, 1, 2), 1, True)  # before opset 13
    alike = torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    fixture.fixed("", {"x": alike}, lambda x: torch.tensor([[0.0, 1.0, 0.0],
                                                            [1.0, 0.0, 0.0]]))


def mod(fixture):
    """Where no quotient is whole: there both are steep."""
    shapes = [((2, 3, 2, 3), (2, 3, 2, 3)), ((2, 3, 2, 3), (1, 3, 1, 1)),
              ((3, 1, 1), (2, 3, 2, 3)), ((2, 1, 3), (4, 1)), ((4, 3), ())]
    for attrs, function in (("", torch.remainder), ("true", torch.fmod)):
        for a, b in shapes:
            a = draw(*a, low=-4, high=4) + 0.0625
            b = (torch.randint(0, 2, b) * 2 - 1) * draw(*b, low=1, high=2)
            fixture.case(attrs, {"a": a, "b": b}, function)


def each(*makers):
    def make(fixture):
        for maker in makers:
            maker(fixture)
    return make


def with_attrs(function, *choices, low=-5, high=5):
    """function(x, **attributes), the attributes by their names here: on every
    shape with the first ones, on two with the others."""
    makers = []
    for i, more in enumerate(choices):
        attrs = " ".join(f"{name}={value}" for name, value in more.items())
        makers.append(elementwise(lambda x, more=more: function(x, **more),
                                  *SHAPES[:2 if i else None], low=low,
                                  high=high, attrs=attrs))
    return each(*makers)


def hard_sigmoid(x, alpha=0.2, beta=0.5):
    return F.hardtanh(alpha * x + beta, 0, 1)


def selu(x, alpha=None, gamma=None):
    if alpha is None:
        return F.selu(x)
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))


def prelu(fixture):
    def case(x, slope):
        """PyTorch has one slope, or one for each channel."""
        def run(x, slope):
            return F.prelu(x, slope.flatten())
        fixture.case("", {"x": draw(*x), "slope": draw(*slope)}, run)

    case((2, 3, 2, 3), (3, 1, 1))
    case((2, 3, 4), (3, 1))
    case((4, 3), (3,))
    case((2, 3, 2, 3), (1,))
    case((5,), (1,))
    # What ONNX can spread besides.
    fixture.case("", {"x": draw(2, 3, 4), "slope": draw(3, 4)},
                 lambda x, slope: torch.where(x > 0, x, slope * x))
    fixture.case("", {"x": draw(2, 3, 4), "slope": draw(2, 1, 4)},
                 lambda x, slope: torch.where(x > 0, x, slope * x))


def several(function):
    """Of any number of inputs that are brought to one shape."""
    shapes = [((2, 3, 2, 3), (2, 3, 2, 3)), ((2, 3), (2, 3), (2, 3)),
              ((4, 3), (1, 3), (4, 1), ()), ((3,), (2, 3)),
              ((1, 2, 1), (2, 1), (3, 1, 1, 4)), ((5,),)]

    def make(fixture):
        for case in shapes:
            ports = {f"x#{i}": draw(*shape) for i, shape in enumerate(case)}
            fixture.case("", ports, function)
    return make


def stacked(*x):
    return torch.stack(torch.broadcast_tensors(*x))


def away_from_zero(t):
    return torch.where(t >= 0, t + 0.5, t - 0.5)


def power(fixture):
    two(torch.pow, lambda t: t.abs() + 0.25)(fixture)
    # Of a negative number a whole power; zero to a power.
    whole = torch.tensor([2.0, 3.0, 0.0, 1.0])
    fixture.case("", {"a": draw(3, 4), "b": whole}, torch.pow, fixed=("b",))
    fixture.case("", {"a": torch.tensor([0.0, 0.0, 1.0, 2.0]),
                      "b": torch.tensor([2.0, 1.0, 0.0, 0.5])}, torch.pow)
    # Exponents of whole numbers: one for all, and spread either way.
    fixture.case("", {"a": draw(3, 4), "b": torch.tensor(3)}, torch.pow)
    for a, b in ((2, 3, 4), (3, 1)), ((3, 1), (2, 3, 4)), ((5,), (5,)):
        fixture.case("", {"a": draw(*a) + 0.0625, "b": torch.randint(-2, 4, b)},
                     torch.pow)


def real(function, low=-3, high=3):
    return elementwise(function, *SHAPES, low=low, high=high)


def positive(function):
    return elementwise(function, *SHAPES, low=1, high=6)


def stepped(function):
    """Without a gradient."""
    return elementwise(function, *SHAPES, fixed=("x",))


OPERATORS = {
    "relu": elementwise(F.relu, *SHAPES),
    "tanh": elementwise(torch.tanh, *SHAPES, low=-5, high=5),
    "sigmoid": elementwise(torch.sigmoid, *SHAPES, low=-10, high=10),
    "leaky_relu": with_attrs(
        lambda x, alpha=0.01: F.leaky_relu(x, alpha), {}, {"alpha": 0.3}),
    "elu": with_attrs(lambda x, alpha=1: F.elu(x, alpha), {}, {"alpha": 0.3}),
    "celu": with_attrs(lambda x, alpha=1: F.celu(x, alpha), {}, {"alpha": 2.5}),
    "selu": with_attrs(selu, {}, {"alpha": 2, "gamma": 0.75}),
    "gelu": with_attrs(
        lambda x, approximate="none": F.gelu(x, approximate=approximate), {},
        {"approximate": "tanh"}),
    "silu": with_attrs(lambda x, alpha=1: x * torch.sigmoid(alpha * x), {},
                       {"alpha": 1.75}),
    "mish": real(F.mish, -5, 5),
    "hard_swish": real(F.hardswish, -5, 5),
    "hard_sigmoid": with_attrs(hard_sigmoid, {}, {"alpha": 0.5, "beta": 0.25}),
    "softplus": with_attrs(F.softplus, {}, low=-30, high=30),
    "softsign": real(F.softsign),
    "thresholded_relu": with_attrs(
        lambda x, alpha=1: F.threshold(x, alpha, 0), {}, {"alpha": -0.5}),
    "clip": each(
        elementwise(F.relu6, *SHAPES, low=-3, high=9, attrs="0 6"),
        elementwise(lambda x: F.hardtanh(x, -1.5, 0.5), *SHAPES[:2],
                    attrs="min=-1.5 max=0.5"),
        elementwise(lambda x: F.threshold(x, 1, 1), *SHAPES[:2], attrs="1"),
        elementwise(lambda x: x + 0, *SHAPES[:1])),
    "prelu": prelu,
    "softmax": softmax, "log_softmax": log_softmax,
    "add": two(torch.add), "sub": two(torch.sub), "mul": two(torch.mul),
    "div": two(torch.div, away_from_zero), "mod": mod,
    "hardmax": hardmax,
    "pow": power,
    "sum": several(lambda *x: stacked(*x).sum(0)),
    "mean": several(lambda *x: stacked(*x).mean(0)),
    "min": several(lambda *x: stacked(*x).amin(0)),
    "max": several(lambda *x: stacked(*x).amax(0)),
    "exp": real(torch.exp), "log": positive(torch.log),
    "sqrt": positive(torch.sqrt), "abs": real(torch.abs),
    "neg": real(torch.neg), "erf": real(torch.erf),
    "reciprocal": positive(torch.reciprocal),
    "sin": real(torch.sin, -6, 6), "cos": real(torch.cos, -6, 6),
    "sign": stepped(torch.sign), "floor": stepped(torch.floor),
    "ceil": stepped(torch.ceil), "round": stepped(torch.round),
}
