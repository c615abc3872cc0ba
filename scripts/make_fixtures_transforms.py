#!/usr/bin/env python3
"""What torchvision's transforms make of a small image.

  python3 scripts/make_fixtures_transforms.py tests/fixtures/transforms

writes pixels.png, images of one size below each other, and pixels.txt, a line
for each: the name of the function and its arguments. The first is the image
itself. Needs torch, torchvision, numpy and Pillow.
"""
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F

WIDTH, HEIGHT = 23, 16
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR


def picture():
    """Smooth colours, a bright disc and some noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(3).integers(0, 40, (HEIGHT, WIDTH, 3))
    disc = ((x - 14) ** 2 + (y - 7) ** 2 < 25)[..., None] * [60, 10, -50]
    base = np.stack([40 + 6 * x, 180 - 7 * y, 30 + 3 * x + 5 * y], -1)
    pixels = np.clip(base + disc + noise, 12, 240).astype("uint8")
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def affine(image, angle, right, down, scale, shear_x, shear_y, filter):
    return F.affine(image, angle, [right, down], scale, [shear_x, shear_y],
                    interpolation=filter)


def corner_shear(image, shear_x, shear_y):
    return F.affine(image, 0, [0, 0], 1, [shear_x, shear_y], NEAREST,
                    center=[0, 0])


def crop(image, x, y, width, height):
    return F.resized_crop(image, y, x, height, width, [HEIGHT, WIDTH],
                          antialias=True)


def rows(image):
    yield "none", [], image
    for f in (0.0, 0.6, 1.4, 3.0):
        yield "brightness", [f], F.adjust_brightness(image, f)
        yield "contrast", [f], F.adjust_contrast(image, f)
        yield "saturation", [f], F.adjust_saturation(image, f)
        yield "sharpness", [f], F.adjust_sharpness(image, f)
    for f in (-0.5, -0.2, 0.05, 0.3, 0.5):
        yield "hue", [f], F.adjust_hue(image, f)
    yield "grey", [], F.rgb_to_grayscale(image, num_output_channels=3)
    for bits in (1, 4, 7):
        yield "posterize", [bits], F.posterize(image, bits)
    for threshold in (0, 128, 200.5):
        yield "solarize", [threshold], F.solarize(image, threshold)
    yield "invert", [], F.invert(image)
    yield "autocontrast", [], F.autocontrast(image)
    yield "equalize", [], F.equalize(image)
    for size, sigma in ((3, 0.8), (5, 2), (9, 0.3), (7, 1.5)):
        yield "blur", [size, sigma], F.gaussian_blur(image, size, sigma)
    for angle in (10.3, -33.7, 135.2):
        yield "rotate", [angle, 0], F.rotate(image, angle, NEAREST)
        yield "rotate", [angle, 1], F.rotate(image, angle, BILINEAR)
    for numbers in ((21.3, 3, -2, 1.3, 7.1, 0), (-5.7, 0, 4, 0.71, -11.3, 6.2)):
        for i, filter in enumerate((NEAREST, BILINEAR)):
            yield "affine", [*numbers, i], affine(image, *numbers, filter)
    for shears in ((9.3, 0), (0, -14.7)):
        yield "corner", [*shears], corner_shear(image, *shears)
    yield "flip", [0], F.horizontal_flip(image)
    yield "flip", [1], F.vertical_flip(image)
    for box in ((0, 0, WIDTH, HEIGHT), (3, 2, 11, 9), (5, 0, 18, 16), (20, 3, 2, 1)):
        yield "crop", [*box], crop(image, *box)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lines, pixels = [], []
    for name, numbers, image in rows(picture()):
        assert image.shape == (3, HEIGHT, WIDTH) and image.dtype == torch.uint8
        lines.append(" ".join([name, *map(str, numbers)]))
        pixels.append(image.permute(1, 2, 0).numpy())
    Image.fromarray(np.concatenate(pixels)).save(folder / "pixels.png",
                                                 optimize=True)
    (folder / "pixels.txt").write_text("\n".join(lines) + "\n")


main(sys.argv[1])
