"""Losses."""
import torch
import torch.nn.functional as F

from .common import draw


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
    case("smoothing=0.125", draw(4, 5), labels(4, classes=5),
         label_smoothing=0.125)
    case("smoothing=1", draw(2, 3), labels(2, classes=3), label_smoothing=1.0)
    case("smoothing=0.25 reduction=sum", draw(3, 4), labels(3, classes=4),
         reduction="sum", label_smoothing=0.25)
    case("smoothing=0.25 reduction=none ignore_index=1", draw(4, 3),
         torch.tensor([1, 0, 2, 1]), draw(3, low=1, high=4), reduction="none",
         ignore_index=1, label_smoothing=0.25)
    case("smoothing=0.5 ignore_index=2", draw(2, 3, 2, 2),
         labels(2, 2, 2, classes=3), draw(3, low=1, high=4), ignore_index=2,
         label_smoothing=0.5)
    case("smoothing=0.125", draw(2, 3, 2), labels(2, 2, classes=3),
         draw(3, low=1, high=4), log_prob=True, label_smoothing=0.125)


def squared_error(fixture):
    def case(attrs, shape, **more):
        fixture.case(attrs, {"x": draw(*shape), "target": draw(*shape)},
                     lambda x, target: F.mse_loss(x, target, **more),
                     fixed=("target",), out=("loss",))

    case("", (3, 4))
    case("", (2, 3, 2, 2))
    case("reduction=sum", (2, 3), reduction="sum")
    case("reduction=none", (2, 3), reduction="none")


OPERATORS = {"cross_entropy": cross_entropy, "squared_error": squared_error}
