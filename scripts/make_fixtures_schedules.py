#!/usr/bin/env python3
"""Writes tests/fixtures/schedules.h: the rates that PyTorch's schedulers give
over a whole training, for tests/test_schedules.c.

    make_fixtures_schedules.py > tests/fixtures/schedules.h

Needs torch. The same version writes the same file.
"""
import torch
from torch.optim import lr_scheduler as lr

EPOCHS, PER_EPOCH, RATE = 12, 5, 0.3
STEPS = EPOCHS * PER_EPOCH
WARM = 2 * PER_EPOCH
# Falls, stays, rises, falls by less than 0.01 %, falls again.
LOSSES = [2.3, 1.7, 1.8, 1.9, 1.69999, 1.2, 1.25, 1.2, 1.21, 1.3, 1.4, 1.1]


def array(name, values):
    words = ["{:.17g}".format(v) for v in values]
    print(f"static const double {name}[] = {{")
    for i in range(0, len(words), 4):
        print("    " + ", ".join(words[i:i + 4]) + ",")
    print("};\n")


def rates(name, make, every=1, losses=None):
    """`every`: the steps after which the scheduler steps."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE,
                                momentum=0.9)
    schedule = make(optimiser)
    given = []
    for step in range(STEPS):
        given.append(float(optimiser.param_groups[0]["lr"]))
        optimiser.step()
        if (step + 1) % every == 0:
            schedule.step(*([losses[step // every]] if losses else []))
    array("schedule_" + name, given)


def rise(o):
    # (t + 1) / WARM during the WARM steps of two epochs.
    return lr.LinearLR(o, 1 / WARM, 1.0, WARM - 1)


def then_cosine(o):
    fall = lr.CosineAnnealingLR(o, STEPS - WARM, eta_min=RATE * 0.1)
    return lr.SequentialLR(o, [rise(o), fall], [WARM])


if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_schedules.py. */")
    print("/* clang-format off */\n")
    print(f"enum {{ SCHEDULE_EPOCHS = {EPOCHS}, SCHEDULE_PER_EPOCH = "
          f"{PER_EPOCH} }};\n")
    array("schedule_rate", [RATE])
    array("schedule_losses", LOSSES)
    rates("step", lambda o: lr.StepLR(o, 2, 0.5), PER_EPOCH)
    rates("multistep", lambda o: lr.MultiStepLR(o, [3, 4, 9], 0.2), PER_EPOCH)
    rates("exponential", lambda o: lr.ExponentialLR(o, 0.8), PER_EPOCH)
    rates("cosine", lambda o: lr.CosineAnnealingLR(o, STEPS))
    rates("warm_cosine", then_cosine)
    rates("warm_step", lambda o: lr.ChainedScheduler(
        [rise(o), lr.StepLR(o, PER_EPOCH, 0.7)]))
    rates("onecycle", lambda o: lr.OneCycleLR(o, RATE, STEPS))
    rates("onecycle_early", lambda o: lr.OneCycleLR(
        o, RATE, epochs=EPOCHS, steps_per_epoch=PER_EPOCH, pct_start=0.13,
        div_factor=10, final_div_factor=50))
    for name, options in (
            ("plateau", dict(factor=0.5, patience=1)),
            ("plateau_least", dict(factor=0.1, patience=0, min_lr=0.02 * RATE)),
            ("plateau_usual", dict())):
        rates(name, lambda o: lr.ReduceLROnPlateau(o, **options), PER_EPOCH,
              LOSSES)
