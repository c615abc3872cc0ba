#!/usr/bin/env python3
"""PNGs of every depth, colour type and chunk that says how samples are meant,
and what Pillow makes of them.

  python3 scripts/make_fixtures_png.py tests/fixtures/images

writes small files and expected_png.txt, a line each:
  file NAME WIDTH HEIGHT CHANNELS HEX   Pillow's convert("L") or ("RGB"), over
                                        white where something is transparent; of
                                        16 bits of grey the upper 8, which Pillow
                                        takes of colours, too (its "I;16" to "L"
                                        saturates)
Needs Pillow and numpy.
"""
import pathlib
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 9, 5
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}

random = np.random.default_rng(0)


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data +
            struct.pack(">I", zlib.crc32(kind + data)))


def png(depth, colour, *extra):
    row = (WIDTH * depth * SAMPLES[colour] + 7) // 8
    rows = random.integers(0, 256, (HEIGHT, row), dtype=np.uint8)
    pixels = b"".join(b"\0" + line.tobytes() for line in rows)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(extra) +
            chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def colours(count):
    return chunk(b"PLTE", random.integers(0, 256, 3 * count,
                                          dtype=np.uint8).tobytes())


def gamma(value):
    return chunk(b"gAMA", struct.pack(">I", value))


def profile():
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    return chunk(b"iCCP", b"xyz\0\0" + zlib.compress(icc))


def files():
    primaries = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000,
                            15000, 6000)
    for depth in (1, 2, 4, 8, 16):
        yield f"grey{depth}.png", png(depth, GREY)
    for depth in (1, 2, 4, 8):
        yield f"palette{depth}.png", png(depth, PALETTE, colours(2**depth))
    for depth in (8, 16):
        yield f"rgb{depth}.png", png(depth, RGB)
        yield f"grey_alpha{depth}.png", png(depth, GREY_ALPHA)
        yield f"rgb_alpha{depth}.png", png(depth, RGB_ALPHA)
    for value in (22000, 45455, 100000, 220000):
        yield f"gamma{value}.png", png(8, RGB, gamma(value))
    yield "gamma_grey.png", png(8, GREY, gamma(100000))
    yield "gamma_grey4.png", png(4, GREY, gamma(100000))
    yield "gamma_rgb16.png", png(16, RGB, gamma(100000))
    yield "gamma_palette.png", png(4, PALETTE, gamma(100000), colours(16))
    yield "gamma_alpha.png", png(8, RGB_ALPHA, gamma(100000))
    yield "srgb.png", png(8, RGB, chunk(b"sRGB", b"\0"), gamma(45455))
    yield "chrm.png", png(8, RGB, chunk(b"cHRM", primaries), gamma(100000))
    yield "iccp.png", png(8, RGB, profile())
    yield "sbit.png", png(8, RGB, chunk(b"sBIT", bytes([5, 6, 5])))
    yield "sbit_grey.png", png(8, GREY, chunk(b"sBIT", bytes([3])))
    yield "background.png", png(8, RGB, chunk(b"bKGD", bytes([0, 9] * 3)))
    clear = chunk(b"tRNS", bytes([0, 128, 255, 64]))
    yield "clear_palette.png", png(2, PALETTE, colours(4), clear)


def expected(path):
    image = Image.open(path)
    if image.mode == "I;16":
        return (np.asarray(image) >> 8).astype("uint8")
    grey = image.mode in ("1", "L") or path.name.startswith("grey")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
        image = image.convert("RGB")
        return np.asarray(image)[..., 0] if grey else np.asarray(image)
    return np.asarray(image.convert("L" if grey else "RGB"))


def main(folder):
    folder = pathlib.Path(folder)
    lines = []
    for name, data in files():
        (folder / name).write_bytes(data)
        pixels = expected(folder / name)
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        lines.append(f"file {name} {WIDTH} {HEIGHT} {channels} "
                     f"{pixels.tobytes().hex()}")
    (folder / "expected_png.txt").write_text("\n".join(lines) + "\n")


main(sys.argv[1])
