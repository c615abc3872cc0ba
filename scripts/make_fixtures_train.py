#!/usr/bin/env python3
"""Writes tests/fixtures/train.h: what PyTorch's optimisers give,
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


if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_train.py. */")
    print("/* clang-format off */\n")
    print(f"enum {{ SGD_STEPS = {STEPS}, SGD_PARAMS = {PARAMS} }};\n")
    generator = np.random.default_rng(20)
    optimisers(generator)
