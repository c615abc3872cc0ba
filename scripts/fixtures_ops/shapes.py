"""Operators that move numbers and compute none."""
import torch
import torch.nn.functional as F

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


def moved(cases):
    """cases: attributes, shape, function."""
    def make(fixture):
        for attrs, shape, function in cases:
            fixture.case(attrs, {"x": draw(*shape)}, function)
    return make


def gather(fixture):
    def case(attrs, axis, shape, index):
        index = torch.tensor(index)

        def run(x, i):
            size = x.shape[axis]
            i = torch.where(i < 0, i + size, i)
            part = x.index_select(axis, i.flatten())
            at = axis % x.dim()
            return part.reshape(x.shape[:at] + i.shape + x.shape[at + 1:])
        fixture.case(attrs, {"x": draw(*shape), "index": index}, run)

    case("", 0, (4, 3), [3, 0, 0])
    case("axis=1", 1, (2, 4, 3), [[1, -1], [2, 1]])
    case("axis=-1", -1, (2, 3), [-3, 2, 2, 0])
    case("axis=1", 1, (2, 3, 2), 2)


def counted(function):
    """No gradient flows: what a tensor's shape says."""
    def make(fixture):
        for attrs, shape in [("", (2, 3, 4)), ("", (5,)), ("", ())]:
            fixture.fixed(attrs, {"x": draw(*shape)}, function)
    return make


def shape_of(fixture):
    counted(lambda x: torch.tensor(x.shape, dtype=torch.int64))(fixture)
    for attrs, part in [("1", slice(1, None)), ("0 -1", slice(0, -1)),
                        ("-1", slice(-1, None)), ("start=1 end=2", slice(1, 2)),
                        ("-9 9", slice(0, 9))]:
        fixture.fixed(attrs, {"x": draw(2, 3, 4)},
                      lambda x, p=part: torch.tensor(x.shape[p]))


def space_to_depth(x, block):
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // block, block, w // block, block)
    x = x.permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, c * block * block, h // block, w // block)


def depth_to_space(x, block):
    n, c, h, w = x.shape
    x = x.reshape(n, block, block, c // block // block, h, w)
    x = x.permute(0, 3, 4, 1, 5, 2)
    return x.reshape(n, c // block // block, h * block, w * block)


def split(fixture):
    def case(attrs, shape, sizes, axis):
        fixture.case(attrs, {"x": draw(*shape)},
                     lambda x: torch.split(x, sizes, axis),
                     out=[f"y#{i + 1}" for i in range(len(sizes))])

    case("", (2, 4, 3), (2, 2), 1)
    case("3", (1, 6, 2), (2, 2, 2), 1)
    case("3 axis=-1", (2, 7), (3, 3, 1), 1)
    case("sizes=1,4 axis=0", (5, 2), (1, 4), 0)
    case("sizes=2,1,3 axis=1", (2, 6, 2), (2, 1, 3), 1)


def resize(fixture):
    def case(attrs, shape, **how):
        fixture.case(attrs, {"x": draw(*shape)},
                     lambda x: F.interpolate(x, **how))

    nearest = " coordinates=asymmetric rounding=floor"
    half = " coordinates=pytorch_half_pixel"
    corners = " coordinates=align_corners"
    case("2" + nearest, (2, 2, 2, 3), scale_factor=2)
    case("sizes=5x2" + nearest, (1, 2, 3, 4), size=(5, 2))
    case("sizes=3x7" + nearest, (1, 1, 5, 3), size=(3, 7))
    case("sizes=5x4 rounding=round_prefer_ceil", (1, 2, 2, 3),
         size=(5, 4), mode="nearest-exact")
    case("scales=3" + nearest, (1, 2, 4), scale_factor=3)
    for mode, torch_mode in (("linear", "bilinear"), ("cubic", "bicubic")):
        case("2 " + mode + half, (2, 2, 3, 2), scale_factor=2,
             mode=torch_mode)
        case(f"sizes=5x7 mode={mode}" + half, (1, 2, 4, 3), size=(5, 7),
             mode=torch_mode)
        case(f"sizes=2x3 mode={mode}", (1, 1, 5, 7), size=(2, 3),
             mode=torch_mode)
        case(f"sizes=5x7 mode={mode}" + corners, (1, 2, 3, 4), size=(5, 7),
             mode=torch_mode, align_corners=True)
        case(f"0.5,1.5 {mode}", (1, 2, 4, 4), scale_factor=(0.5, 1.5),
             mode=torch_mode)
    case("sizes=5 mode=linear" + half, (1, 2, 3), size=5, mode="linear")
    case("sizes=2,3,4 axes=2,3,4 mode=linear", (1, 1, 3, 2, 3),
         size=(2, 3, 4), mode="trilinear")
    case("sizes=3x2 mode=linear" + corners, (1, 2, 1, 1), size=(3, 2),
         mode="bilinear", align_corners=True)
    # PyTorch's weights are those inside, its cubic another than elsewhere.
    wide = " exclude_outside=true antialias=true"
    for size, shape in (("3x4", (1, 2, 7, 9)), ("2x9", (2, 1, 11, 4)),
                        ("1x5", (1, 1, 6, 5))):
        sides = tuple(map(int, size.split("x")))
        case(f"sizes={size} mode=linear" + wide, shape, size=sides,
             mode="bilinear", antialias=True)
        case(f"sizes={size} mode=cubic cubic=-0.5" + wide, shape, size=sides,
             mode="bicubic", antialias=True)
    # Whole numbers that a quotient of two rounded ones may miss.
    case("0.33333334" + nearest, (1, 1, 3, 9), scale_factor=1 / 3)
    case("0.6" + nearest, (1, 1, 2, 15), scale_factor=0.6)
    fixture.case("sizes=29 coordinates=align_corners rounding=floor",
                 {"x": draw(1, 2, 7)},
                 lambda x: x[..., [o * 6 // 28 for o in range(29)]])


def cast(fixture):
    fixture.case("f32", {"x": draw(2, 3)}, lambda x: x + 0)
    fixture.case("type=f64", {"x": draw(2, 3)}, lambda x: x + 0)
    for word, kind in (("i64", torch.int64), ("i32", torch.int32),
                       ("bool", torch.bool), ("i8", torch.int8)):
        fixture.fixed(word, {"x": draw(3, 4)},
                      lambda x, k=kind: x.to(k).to(torch.int64))
    fixture.fixed("f32", {"x": torch.tensor([[-3, 0], [1, 2]])},
                  lambda x: x.double())


def cast_like(fixture):
    fixture.case("", {"x": draw(2, 3), "like": draw(4)}, lambda x, like: x + 0,
                 fixed=("like",))
    whole, truth = torch.tensor([5, 7]), torch.tensor([[1]])
    fixture.fixed("", {"x": draw(3, 4), "like": whole},
                  lambda x, like: x.to(torch.int64))
    fixture.fixed("", {"x": truth, "like": draw(2)}, lambda x, like: x.double())


def where(fixture):
    for c, a, b in [((2, 3), (2, 3), (2, 3)), ((3,), (2, 3), ()),
                    ((2, 1, 3), (4, 1), (2, 1, 1)), ((), (2,), (2,)),
                    ((4, 3), (1, 3), (4, 1))]:
        fixture.case("", {"condition": torch.randint(0, 2, c), "a": draw(*a),
                          "b": draw(*b)},
                     lambda c, a, b: torch.where(c != 0, a, b))


def constant_of_shape(fixture):
    for attrs, shape, value, kind in [("", [2, 3], 0, torch.float64),
                                      ("0.5", [4], 0.5, torch.float64),
                                      ("-3 i64", [2, 1, 2], -3, torch.int64),
                                      ("1 bool", [3], 1, torch.int64)]:
        fixture.fixed(attrs, {"shape": torch.tensor(shape)},
                      lambda s, v=value, k=kind: torch.full(tuple(s), v, dtype=k))


def range_of(fixture):
    for numbers in ((0, 5, 1), (10, 4, -2), (3, 4, 5), (-3, 8, 4),
                    (1.0, 2.5, 0.375)):
        start, limit, delta = map(torch.tensor, numbers)
        fixture.fixed("", {"start": start, "limit": limit, "delta": delta},
                      lambda *t: torch.arange(*(n.item() for n in t)))


TRANSPOSE = [
    ("", (2, 3, 4), lambda x: x.permute(2, 1, 0)),
    ("0,2,3,1", (2, 3, 2, 4), lambda x: x.permute(0, 2, 3, 1)),
    ("0,2,1,3,4", (2, 2, 3, 2, 2), lambda x: x.permute(0, 2, 1, 3, 4)),
    ("1x0", (3, 4), lambda x: x.permute(1, 0)),
    ("-1,0,1", (2, 3, 4), lambda x: x.permute(2, 0, 1)),
    ("", (5,), lambda x: x + 0),
]
SLICE = [
    ("1,0 3,2", (4, 5), lambda x: x[1:3, 0:2]),
    ("starts=1 ends=9223372036854775807 axes=2", (2, 2, 4),
     lambda x: x[:, :, 1:]),
    ("starts=-3 ends=-1 axes=-1", (2, 5), lambda x: x[:, -3:-1]),
    ("starts=0 ends=9 axes=1 steps=2", (2, 5, 2), lambda x: x[:, ::2]),
    ("starts=-1 ends=-99 axes=1 steps=-1", (2, 4), lambda x: x.flip(1)),
    ("starts=8,3 ends=0,0 axes=0,1 steps=-2,-2", (5, 4),
     lambda x: x.flip(0)[0:4:2].flip(1)[:, 0:3:2]),
    ("starts=1,1 ends=3,3 axes=2,3", (2, 2, 3, 4),
     lambda x: x[:, :, 1:3, 1:3]),
]
SQUEEZE = [
    ("", (1, 3, 1, 2), lambda x: x.squeeze()),
    ("axes=0", (1, 3, 1, 2), lambda x: x.squeeze(0)),
    ("axes=-2,0", (1, 3, 1, 2), lambda x: x.squeeze(2).squeeze(0)),
    ("", (1, 1), lambda x: x.squeeze()),
]
UNSQUEEZE = [
    ("0", (3, 2), lambda x: x[None]),
    ("axes=2,0", (3, 2), lambda x: x[None, :, None]),
    ("-1", (3,), lambda x: x[:, None]),
    ("1,-1", (3,), lambda x: x[:, None, None].permute(0, 1, 2)),
]
EXPAND = [
    ("2,3,4", (3, 1), lambda x: x.expand(2, 3, 4)),
    ("1,1", (2, 3), lambda x: x + 0),
    ("3,1,1,4", (2, 1, 4), lambda x: x.expand(3, 2, 1, 4)),
    ("5", (1,), lambda x: x.expand(5)),
    ("2,2", (), lambda x: x.expand(2, 2)),
]
TILE = [
    ("2,3", (2, 3), lambda x: x.repeat(2, 3)),
    ("1,2,1,2", (2, 1, 2, 3), lambda x: x.repeat(1, 2, 1, 2)),
    ("4", (3,), lambda x: x.repeat(4)),
]
SPACE_TO_DEPTH = [
    ("2", (2, 3, 4, 2), lambda x: space_to_depth(x, 2)),
    ("3", (1, 1, 3, 6), lambda x: space_to_depth(x, 3)),
    ("block=1", (1, 2, 2, 2), lambda x: x + 0),
    ("2 CRD", (2, 3, 4, 6), lambda x: F.pixel_unshuffle(x, 2)),
    ("block=3 mode=CRD", (1, 2, 3, 3), lambda x: F.pixel_unshuffle(x, 3)),
]
DEPTH_TO_SPACE = [
    ("2", (2, 8, 2, 3), lambda x: depth_to_space(x, 2)),
    ("2 CRD", (2, 8, 2, 3), lambda x: F.pixel_shuffle(x, 2)),
    ("block=3 mode=CRD", (1, 9, 2, 1), lambda x: F.pixel_shuffle(x, 3)),
    ("3", (1, 9, 1, 2), lambda x: depth_to_space(x, 3)),
]


OPERATORS = {
    "concat": concat, "cast": cast, "cast_like": cast_like, "constant_of_shape": constant_of_shape, "range": range_of, "gather": gather, "where": where, "resize": resize, "split": split, "shape": shape_of,
    "transpose": moved(TRANSPOSE), "slice": moved(SLICE),
    "squeeze": moved(SQUEEZE), "unsqueeze": moved(UNSQUEEZE),
    "expand": moved(EXPAND), "tile": moved(TILE),
    "space_to_depth": moved(SPACE_TO_DEPTH),
    "depth_to_space": moved(DEPTH_TO_SPACE),
    "size": counted(lambda x: torch.tensor(x.numel())),
    "flatten": flatten, "reshape": reshape,
    "identity": elementwise(lambda x: x + 0, *SHAPES),
}
