#!/usr/bin/env python3
"""Writes tests/fixtures/init.h: the fans that PyTorch's initialisers work with,
for tests/test_initialisers.c.

    make_fixtures_init.py > tests/fixtures/init.h

Needs torch.
"""
from torch import nn
from torch.nn.init import _calculate_fan_in_and_fan_out

LAYERS = [nn.Linear(5, 7), nn.Conv2d(6, 4, (3, 2)), nn.Conv2d(8, 12, 3, groups=4),
          nn.Conv2d(10, 10, 5, groups=10), nn.Conv1d(3, 8, 7),
          nn.ConvTranspose2d(6, 4, 3), nn.ConvTranspose2d(6, 8, 2, groups=2)]

if __name__ == "__main__":
    print("/* Made by scripts/make_fixtures_init.py. */")
    print("/* clang-format off */\n")
    print("static const struct {\n"
          "  int rank;\n  int64_t dim[4];\n  double fan_in, fan_out;\n"
          "} fans[] = {")
    for layer in LAYERS:
        shape = list(layer.weight.shape)
        fan_in, fan_out = _calculate_fan_in_and_fan_out(layer.weight)
        sizes = ", ".join(map(str, shape + [0] * (4 - len(shape))))
        print(f"    {{{len(shape)}, {{{sizes}}}, {fan_in}, {fan_out}}}, "
              f"/* {type(layer).__name__} */")
    print("};")
