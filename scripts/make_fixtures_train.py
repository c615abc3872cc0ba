#!/usr/bin/env python3
"""Writes tests/fixtures/train.h: what PyTorch's optimisers and schedules give,
for tests/test_train.c.

    make_fixtures_train.py > tests/fixtures/train.h

Needs torch and numpy. Seeded: the same versions write the same
file.
"""
import numpy as np
import torch

STEPS, PARAMS = 10, 7


def array(kind, name, values):
    flat = np.asarray(values).reshape(-1)
    form = "{:d}" if kind == "int64_t" else "{:.9g}"
    words = [form.format(v) for v in flat.tolist()]
    print(f"static const {kind} {name}[] = {{")
    for i in range(0, len(words), 6):
        print("    " + ", ".join(words[i:i + 6]) + ",")
    print("};\n")


def optimisers(rng):
    start = rng.standard_normal(PARAMS).astype(np.float32)
    gradients = rng.standard_normal((STEPS, PARAMS)).astype(np.float32)
    array("float", "sgd_start", start)
    array("float", "sgd_gradients", gradients)
    rows = [("plain", dict(momentum=0.0), 0.0),
            ("momentum", dict(momentum=0.9), 0.0),
            ("decay", dict(momentum=0.9), 0.01),
            ("nesterov", dict(momentum=0.8, nesterov=True), 0.02)]
    for name, options, decay in rows:
        weight = torch.nn.Parameter(torch.from_numpy(start.copy()))
        bias = torch.nn.Parameter(torch.from_numpy(start.copy()))
        sgd = torch.optim.SGD([{"params": [weight], "weight_decay": decay},
                               {"params": [bias], "weight_decay": 0.0}],
                              lr=0.1, **options)
        path = []
        for step in range(STEPS):
            for parameter in (weight, bias):
                parameter.grad = torch.from_numpy(gradients[step].copy())
            sgd.param_groups[0]["lr"] = sgd.param_groups[1]["lr"] = \
                0.1 / (1 + step)
            sgd.step()
            path.append(np.concatenate([weight.detach().numpy(),
                                        bias.detach().numpy()]))
        array("float", f"sgd_{name}", path)


def schedules():
    epochs, per_epoch = 6, 5

    def rates(make):
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)],
                                    lr=0.3)
        schedule, every = make(optimiser)
        given = []
        for step in range(epochs * per_epoch):
            given.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            if (step + 1) % every == 0:
                schedule.step()
        return given

    steps = epochs * per_epoch
    lr = torch.optim.lr_scheduler
    array("double", "schedule_step",
          rates(lambda o: (lr.StepLR(o, 2, 0.5), per_epoch)))
    array("double", "schedule_cosine",
          rates(lambda o: (lr.CosineAnnealingLR(o, steps), 1)))

    def warm(o):
        # (t + 1) / W during the W steps of two epochs.
        w = 2 * per_epoch
        rise = lr.LinearLR(o, 1 / w, 1.0, w - 1)
        fall = lr.CosineAnnealingLR(o, steps - w, eta_min=0.3 * 0.1)
        return lr.SequentialLR(o, [rise, fall], [w]), 1

    array("double", "schedule_warm", rates(warm))


if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_train.py. */")
    print("/* clang-format off */\n")
    print(f"enum {{ SGD_STEPS = {STEPS}, SGD_PARAMS = {PARAMS} }};\n")
    generator = np.random.default_rng(20)
    optimisers(generator)
    schedules()
