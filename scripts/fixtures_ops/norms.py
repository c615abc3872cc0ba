"""Normalisations."""
import torch
import torch.nn.functional as F

from .common import draw


def batch_norm(fixture):
    def case(shape, attrs="", momentum=0.9, eps=1e-5, training=True):
        channels = shape[1]
        ports = {"x": draw(*shape), "scale": draw(channels),
                 "bias": draw(channels), "mean": draw(channels),
                 "var": draw(channels, low=1, high=3)}

        def run(x, scale, bias, mean, var):
            return F.batch_norm(x, mean.clone(), var.clone(), scale, bias,
                                training, 1 - momentum, eps)

        def running(x, mean, var):
            mean, var = mean.clone(), var.clone()
            F.batch_norm(x, mean, var, None, None, True, 1 - momentum, eps)
            return mean, var

        def new_mean(x, scale, bias, mean, var):
            return running(x.detach(), mean, var)[0]

        def new_var(x, scale, bias, mean, var):
            """Torch divides by one less than the number of values."""
            count = x.numel() // channels
            part = running(x.detach(), mean, var)[1] - momentum * var
            return momentum * var + part * (count - 1) / count

        also = {"new_mean": new_mean, "new_var": new_var} if training else {}
        always = training and attrs.startswith("training=true")
        fixture.case(attrs, ports, run, fixed=("mean", "var"), also=also,
                     inference=always or not training)

    case((4, 3, 3, 2))
    case((2, 3, 5))
    case((6, 4))
    case((3, 2, 2, 2), "epsilon=0.01 momentum=0.75", 0.75, 0.01)
    case((3, 2, 2, 2), "training=true momentum=0.5", 0.5)
    case((4, 3, 3, 2), training=False)
    case((2, 3, 5), "epsilon=0.1", eps=0.1, training=False)
    case((1, 4), training=False)

    # Statistics of every element: those of a batch of rows.
    ports = {"x": draw(4, 2, 3), "scale": draw(2, 3), "bias": draw(2, 3),
             "mean": draw(2, 3), "var": draw(2, 3, low=1, high=3)}
    fixture.case("spatial=false", ports, lambda x, scale, bias, mean, var:
                 F.batch_norm(x.view(4, 6), mean.flatten(), var.flatten(),
                              scale.flatten(), bias.flatten(),
                              True).view(4, 2, 3), fixed=("mean", "var"))


def dropout(fixture):
    """What does not depend on random numbers."""
    for attrs, inference in (("", True), ("ratio=0.25", True), ("0", False),
                             ("0 training=true", True)):
        fixture.case(attrs, {"x": draw(2, 3, 4)}, lambda x: x + 0,
                     also={"mask": lambda x: torch.ones(x.shape).long()},
                     inference=inference)
    fixture.case("0.5", {"x": draw(3, 5)}, lambda x: x + 0, inference=True)


def lrn(fixture):
    def case(attrs, shape, size, **more):
        def run(x):
            """Of an even window Torch takes one channel more before, ONNX one
            more after."""
            if size % 2:
                return F.local_response_norm(x, size, **more)
            return F.local_response_norm(x.flip(1), size, **more).flip(1)
        fixture.case(attrs, {"x": draw(*shape)}, run)

    case("", (2, 7, 3, 2), 5)
    case("5 alpha=0.5 beta=0.75 k=2", (2, 7, 2, 2), 5, alpha=0.5, beta=0.75,
         k=2)
    case("3 alpha=1 beta=0.5", (1, 4, 5), 3, alpha=1, beta=0.5)
    case("2 alpha=1 beta=1.5 k=0.5", (2, 5, 2, 1), 2, alpha=1, beta=1.5, k=0.5)
    case("4 alpha=2", (3, 6, 2), 4, alpha=2)
    case("9 alpha=1", (1, 3, 2, 2), 9, alpha=1)
    case("1 alpha=1", (1, 3, 2, 2), 1, alpha=1)


def layer_norm(fixture):
    def case(attrs, shape, axis, bias=True, **more):
        row = shape[axis:]
        ports = {"x": draw(*shape), "scale": draw(*row)}
        if bias:
            ports["b"] = draw(*row)

        def run(x, scale, bias=None):
            return F.layer_norm(x, row, scale, bias, **more)

        def mean(x, *params):
            return x.detach().mean(dims, keepdim=True)

        def inv_std_dev(x, *params):
            var = x.detach().var(dims, unbiased=False, keepdim=True)
            return (var + more.get("eps", 1e-5)).rsqrt()
        dims = tuple(range(axis % len(shape), len(shape)))
        fixture.case(attrs, ports, run,
                     also={"mean": mean, "inv_std_dev": inv_std_dev})

    case("", (3, 5), -1)
    case("", (2, 3, 4), -1)
    case("1 epsilon=0.1", (2, 3, 2, 2), 1, eps=0.1)
    case("axis=-2 bias=false", (2, 3, 4), -2, bias=False)
    case("0", (3, 4), 0)


def rms_norm(fixture):
    for attrs, shape, axis, eps in (("", (3, 5), -1, 1e-5),
                                    ("1 epsilon=0.1", (2, 3, 2, 2), 1, 0.1),
                                    ("axis=-2", (2, 3, 4), -2, 1e-5),
                                    ("0", (3, 4), 0, 1e-5)):
        row = shape[axis:]
        fixture.case(attrs, {"x": draw(*shape), "scale": draw(*row)},
                     lambda x, scale, row=row, eps=eps:
                     F.rms_norm(x, row, scale, eps))


def instance_norm(fixture):
    def case(attrs, shape, **more):
        c = shape[1]
        fixture.case(attrs, {"x": draw(*shape), "scale": draw(c),
                             "bias": draw(c)},
                     lambda x, scale, bias: F.instance_norm(
                         x, None, None, scale, bias, **more))

    case("", (2, 3, 3, 2))
    case("", (2, 2, 5))
    case("epsilon=0.1", (1, 3, 2, 2), eps=0.1)


def group_norm(fixture):
    def case(attrs, shape, groups, **more):
        c = shape[1]
        fixture.case(attrs, {"x": draw(*shape), "scale": draw(c),
                             "bias": draw(c)},
                     lambda x, scale, bias: F.group_norm(
                         x, groups, scale, bias, **more))

    case("2", (2, 4, 3, 2), 2)
    case("3 epsilon=0.1", (2, 6, 5), 3, eps=0.1)
    case("1", (1, 3, 2, 2), 1)
    case("groups=4", (2, 4, 2, 2), 4)
    fixture.case("2 by_group=true", {"x": draw(2, 4, 3, 2), "scale": draw(2),
                                     "bias": draw(2)},
                 lambda x, scale, bias: F.group_norm(
                     x, 2, scale.repeat_interleave(2),
                     bias.repeat_interleave(2)))


def mean_variance_norm(fixture):
    for attrs, shape, axes in (("", (2, 3, 4, 2), (0, 2, 3)),
                               ("1,2", (2, 3, 4), (1, 2)),
                               ("axes=-1", (3, 5), (1,)),
                               ("axes=0,-2", (2, 3, 4), (0, 1)),
                               ("0,1", (3, 2), (0, 1))):
        def run(x, axes=axes):
            centred = x - x.mean(axes, keepdim=True)
            variance = (centred * centred).mean(axes, keepdim=True)
            return centred / (variance.sqrt() + 1e-9)
        fixture.case(attrs, {"x": draw(*shape)}, run)


def lp_norm(fixture):
    for attrs, shape, p, axis in (("", (3, 5), 2, -1), ("1", (3, 5), 1, -1),
                                  ("axis=1", (2, 3, 4, 2), 2, 1),
                                  ("p=1 axis=0", (4, 3), 1, 0),
                                  ("2 -2", (2, 3, 4), 2, -2)):
        fixture.case(attrs, {"x": draw(*shape)},
                     lambda x, p=p, axis=axis: F.normalize(x, p, axis))
    nothing = torch.tensor([[0.0, 0.0], [3.0, -4.0]])
    fixture.fixed("", {"x": nothing}, lambda x: F.normalize(x, 2, -1))


OPERATORS = {"rms_norm": rms_norm, "mean_variance_norm": mean_variance_norm, "lp_norm": lp_norm,
             "layer_norm": layer_norm, "instance_norm": instance_norm,
             "group_norm": group_norm, "lrn": lrn, "batch_norm": batch_norm,
             "dropout": dropout}
