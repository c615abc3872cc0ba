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


OPERATORS = {"lrn": lrn, "batch_norm": batch_norm, "dropout": dropout}
