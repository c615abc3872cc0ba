#!/usr/bin/env python3
"""Photographs prepared by svertka and by torchvision: at every pixel within
1/255, and within 0.1/255 on average.

    check_photographs.py PREPARE [--count N] FILE...

PREPARE is build/tests/prepare. Files that Pillow cannot open as RGB, or with
transparent pixels, are left out: svertka puts white behind them. Needs
torchvision. Photographs are in Debian's mate-backgrounds and in the wheels of
scikit-image and scikit-learn."""

import argparse
import pathlib
import subprocess
import sys

import numpy
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode

Image.MAX_IMAGE_PIXELS = None
BICUBIC = {"interpolation": InterpolationMode.BICUBIC}
WAYS = [
    ("3x224x224", "crop 0.875", [transforms.Resize(256), transforms.CenterCrop(224)]),
    ("3x224x224", "crop 0.875 bicubic",
     [transforms.Resize(256, **BICUBIC), transforms.CenterCrop(224)]),
    ("3x224x224", "stretch", [transforms.Resize((224, 224))]),
    ("3x96x160", "stretch bicubic", [transforms.Resize((96, 160), **BICUBIC)]),
]


def opaque(path):
    with Image.open(path) as image:
        return image.mode in ("RGB", "L", "P") and "transparency" not in image.info


def prepared(program, size, resize, path):
    shape = [int(number) for number in size.split("x")]
    run = subprocess.run([program, size, resize, path], capture_output=True)
    if run.returncode:
        sys.exit(run.stderr.decode())
    return numpy.frombuffer(run.stdout, "<f4").reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    files = [path for path in options.files if opaque(path)][: options.count]
    if len(files) < options.count:
        sys.exit(f"{len(files)} photographs, expected {options.count}")
    failed = False
    for size, resize, steps in WAYS:
        most, means, equal = 0.0, [], 0
        for path in files:
            way = transforms.Compose(steps + [transforms.ToTensor()])
            with Image.open(path) as image:
                wanted = way(image.convert("RGB")).numpy()
            error = 255 * abs(prepared(options.program, size, resize, path) - wanted)
            most, equal = max(most, error.max()), equal + (error.max() < 1e-3)
            means.append(error.mean())
            if error.max() > 1.001 or error.mean() > 0.1:
                print(f"{path}: {resize}: {error.max():.2f}, mean {error.mean():.3f}")
                failed = True
        print(f"{len(files)} photographs, {size} {resize}: at most {most:.2f} of 255, "
              f"mean {numpy.mean(means):.5f}, {equal} the same at every pixel")
    sys.exit(failed)


if __name__ == "__main__":
    main()
