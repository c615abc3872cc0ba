#!/usr/bin/env python3
"""LeNet-5, training steps at batch 64: Svertka against PyTorch, eager and
compiled, on this machine, in turn.

    lenet_peers.py SVERTKA [--batch 64] [--threads N] [--rounds 5]
                           [--seconds 2] [--json]

A step is forward, cross-entropy, backward and SGD with momentum and weight
decay on random images that lie in memory, and the loss is read. Of PyTorch
the fastest of its ways is taken, found beforehand: memory format, and the
optimiser's fused form. Then come the rounds, each contestant after the other
for so many seconds. A round's figure is that of its median step, the figure
of all rounds their median, and a ratio the median of the rounds' ratios.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import torch
from torch import nn


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))


class Peer:
    """PyTorch in one of its ways."""

    def __init__(self, batch, compiled, channels_last, fused):
        self.words = [word for word, on in
                      (("channels-last", channels_last), ("fused", fused))
                      if on]
        torch.manual_seed(1)
        form = (torch.channels_last if channels_last
                else torch.contiguous_format)
        self.images = [torch.rand(batch, 1, 32, 32).mul(2).sub(1)
                       .contiguous(memory_format=form) for _ in range(8)]
        self.labels = [torch.randint(10, (batch,)) for _ in range(8)]
        model = lenet5().to(memory_format=form).train()
        weights = [p for p in model.parameters() if p.dim() > 1]
        others = [p for p in model.parameters() if p.dim() == 1]
        self.optimiser = torch.optim.SGD(
            [{"params": weights, "weight_decay": 5e-4},
             {"params": others, "weight_decay": 0.0}],
            lr=1e-3, momentum=0.9, fused=fused)

        def loss(x, y):
            return nn.functional.cross_entropy(model(x), y)

        self.loss = torch.compile(loss) if compiled else loss
        self.count = 0

    def step(self):
        i = self.count % 8
        self.count += 1
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.loss(self.images[i], self.labels[i])
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def median(self, seconds):
        """Of the time of a step, after a tenth of it for warming up."""
        end = time.perf_counter() + seconds / 10
        steps = 0
        while time.perf_counter() < end or steps < 3:
            self.step()
            steps += 1
        times, begin = [], time.perf_counter()
        while time.perf_counter() - begin < seconds or len(times) < 5:
            before = time.perf_counter()
            self.step()
            times.append(time.perf_counter() - before)
        return statistics.median(times)


def fastest(batch, compiled):
    found = []
    for channels_last in (False, True):
        for fused in (False, True):
            try:
                peer = Peer(batch, compiled, channels_last, fused)
                found.append((peer.median(0.5), peer))
            except RuntimeError:
                continue  # this version has no such way
    return min(found, key=lambda pair: pair[0])[1]


def svertka(program, args):
    command = [program, "bench", "lenet5", "--train", "--json",
               "--batch", str(args.batch), "--threads", str(args.threads),
               "--seconds", str(args.seconds)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)["milliseconds"] / 1e3


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown CPU"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int,
                        default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    names = ["Svertka", "PyTorch eager", "torch.compile"]
    print("finding PyTorch's fastest ways ...", file=sys.stderr)
    eager, compiled = fastest(args.batch, False), fastest(args.batch, True)
    runs = [lambda: svertka(args.program, args),
            lambda: eager.median(args.seconds),
            lambda: compiled.median(args.seconds)]
    rates = [[] for _ in names]
    for number in range(args.rounds):
        for rate, run in zip(rates, runs):
            rate.append(args.batch / run())
        print(f"round {number + 1}: " +
              ", ".join(f"{n} {r[-1]:.0f}" for n, r in zip(names, rates)),
              file=sys.stderr)

    ratios = [statistics.median(a / b for a, b in zip(rates[0], rate))
              for rate in rates]
    medians = [statistics.median(rate) for rate in rates]
    if args.json:
        json.dump({"cpu": cpu_name(), "threads": args.threads,
                   "batch": args.batch, "torch": torch.__version__,
                   "images_per_second": dict(zip(names, medians)),
                   "ratios": dict(zip(names[1:], ratios[1:]))},
                  sys.stdout, indent=2)
        print()
        return
    print(f"LeNet-5, training, batch {args.batch}, {args.threads} threads, "
          f"{cpu_name()}, PyTorch {torch.__version__}")
    ways = ["", *(", ".join(p.words) for p in (eager, compiled))]
    for name, median, ratio, way in zip(names, medians, ratios, ways):
        line = f"  {name:14} {median:8.0f} images/s"
        if name != names[0]:
            line += f"   Svertka / {name}: {ratio:.2f}"
        print(line + (f"   ({way})" if way else ""))


if __name__ == "__main__":
    main()
