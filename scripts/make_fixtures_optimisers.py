#!/usr/bin/env python3
"""Writes tests/fixtures/optimisers.h: ten steps of PyTorch's optimisers, and of
LARS by its paper's formula, on the same gradients, for tests/test_optimisers.c.

    make_fixtures_optimisers.py > tests/fixtures/optimisers.h

Needs torch and numpy. Seeded: the same versions write the same file.
"""
import numpy as np
import torch
from torch.optim import SGD, Adam, AdamW, RMSprop
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STEPS, PARAMS = 10, 7
rng = np.random.default_rng(40)
START = rng.standard_normal(PARAMS).astype(np.float32)
GRADIENTS = rng.standard_normal((STEPS, PARAMS)).astype(np.float32)


def rate(step):
    return 0.1 / (1 + step)


def array(name, values):
    words = [f"{v:.9g}" for v in np.asarray(values).reshape(-1).tolist()]
    print(f"static const float {name}[] = {{")
    for i in range(0, len(words), 6):
        print("    " + ", ".join(words[i:i + 6]) + ",")
    print("};\n")


class Layer(torch.nn.Module):
    """A weight and a bias that start alike and get the same gradients."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.from_numpy(START.copy()))
        self.bias = torch.nn.Parameter(torch.from_numpy(START.copy()))

    def numbers(self):
        return np.concatenate([self.weight.detach().numpy(),
                               self.bias.detach().numpy()])


def path(make, decay=0.0, decay_all=False, decoupled=False, clip_value=None,
         clip_norm=None, ema=None, **options):
    """The layer's numbers, or those of its average, after each step."""
    layer = Layer()
    own = 0.0 if decoupled else decay  # PyTorch's own is coupled
    optimiser = make([{"params": [layer.weight], "weight_decay": own},
                      {"params": [layer.bias],
                       "weight_decay": own if decay_all else 0.0}],
                     lr=0.1, **options)
    average = ema and AveragedModel(
        layer, multi_avg_fn=get_ema_multi_avg_fn(ema))
    told = []
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        for parameter in layer.parameters():
            parameter.grad = torch.from_numpy(GRADIENTS[step].copy())
        if clip_value:
            torch.nn.utils.clip_grad_value_(layer.parameters(), clip_value)
        if clip_norm:
            torch.nn.utils.clip_grad_norm_(layer.parameters(), clip_norm)
        if decoupled:  # as AdamW does it, for those that have none
            with torch.no_grad():
                layer.weight.mul_(1 - rate(step) * decay)
        optimiser.step()
        if average:
            average.update_parameters(layer)
        told.append((average.module if average else layer).numbers())
    return told


def lars(trust, momentum, decay):
    """You, Gitman, Ginsburg 2017, algorithm 1, in double: with the global rate
    y and for each weight
        l = trust * |w| / (|g| + decay * |w|)
        v = momentum * v + y * l * (g + decay * w)
        w = w - v
    Biases neither decay nor have a rate of their own: l = 1, decay = 0."""
    w, b = START.astype(np.float64), START.astype(np.float64)
    v, u = np.zeros(PARAMS), np.zeros(PARAMS)
    told = []
    for step in range(STEPS):
        g = GRADIENTS[step].astype(np.float64)
        norm = np.linalg.norm(w)
        local = trust * norm / (np.linalg.norm(g) + decay * norm)
        v = momentum * v + rate(step) * local * (g + decay * w)
        w = w - v
        u = momentum * u + rate(step) * g
        b = b - u
        told.append(np.concatenate([w, b]))
    return told


PATHS = {
    "sgd": path(SGD),
    "sgd_momentum": path(SGD, momentum=0.9),
    "sgd_decay": path(SGD, momentum=0.9, decay=0.1),
    "sgd_decay_all": path(SGD, momentum=0.9, decay=0.1, decay_all=True),
    "sgd_decoupled": path(SGD, momentum=0.9, decay=0.1, decoupled=True),
    "nesterov": path(SGD, momentum=0.8, nesterov=True, decay=0.02),
    "nesterov_decoupled": path(SGD, momentum=0.8, nesterov=True, decay=0.2,
                               decoupled=True),
    "rmsprop": path(RMSprop),
    "rmsprop_all": path(RMSprop, alpha=0.9, eps=1e-3, momentum=0.7,
                        decay=0.1),
    "rmsprop_decoupled": path(RMSprop, decay=0.1, decoupled=True),
    "rmsprop_centred": path(RMSprop, centered=True, alpha=0.8, eps=1e-2),
    "rmsprop_centred_momentum": path(RMSprop, centered=True, alpha=0.8,
                                     eps=1e-2, momentum=0.6, decay=0.05),
    "adam": path(Adam),
    "adam_all": path(Adam, betas=(0.8, 0.95), eps=1e-3, decay=0.1),
    "adam_decoupled": path(Adam, decay=0.1, decoupled=True),
    "adamw": path(AdamW, betas=(0.85, 0.99), decay=0.3),
    "clip_value": path(SGD, momentum=0.9, clip_value=0.6),
    "clip_norm": path(SGD, momentum=0.9, clip_norm=1.5),
    "clip_both": path(Adam, decay=0.1, clip_value=0.6, clip_norm=1.5),
    "clip_loose": path(SGD, clip_value=100.0, clip_norm=100.0),
    "ema": path(SGD, momentum=0.9, decay=0.01, ema=0.8),
    "ema_adamw": path(AdamW, decay=0.1, ema=0.999),
    "lars": lars(0.5, 0.9, 0.05),
    "lars_plain": lars(0.001, 0.0, 0.0),
}

if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_optimisers.py. */")
    print("/* clang-format off */\n")
    print(f"enum {{ STEPS = {STEPS}, PARAMS = {PARAMS} }};\n")
    array("start", START)
    array("gradients", GRADIENTS)
    for name, told in PATHS.items():
        array("path_" + name, told)
