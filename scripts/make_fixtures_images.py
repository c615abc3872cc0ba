#!/usr/bin/env python3
"""Images in every format that Svertka reads, and what Pillow makes of them.

  python3 scripts/make_fixtures_images.py tests/fixtures/images

writes small files and expected.txt, a line each:
  file NAME WIDTH HEIGHT CHANNELS HEX      the pixels, turned as EXIF says
  resize WIDTH HEIGHT CHANNELS SIZE TEXT... = HEX
                                           of the pattern below, as
                                           svertka.image.resize = TEXT
Needs Pillow 12 or older (13 resizes in another order where the sides shrink
unequally), torchvision and numpy.
"""
import io
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps
from torchvision.transforms import functional as F

WIDTH, HEIGHT = 11, 7


def pattern(width, height, channels):
    """Pixel (x, y) of channel c: (37 x + 59 y + 83 c + x y) mod 256."""
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    pixels = ((37 * x + 59 * y + 83 * c + x * y) % 256).astype("uint8")
    return Image.fromarray(pixels if channels == 3 else pixels[..., 0])


def over_white(image):
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def files():
    colour, grey = pattern(WIDTH, HEIGHT, 3), pattern(WIDTH, HEIGHT, 1)
    alpha = colour.copy()
    alpha.putalpha(grey)
    palette = colour.quantize(16)
    bits = grey.convert("1")
    yield "colour.webp", colour, dict(lossless=True)
    yield "lossy.webp", colour, dict(quality=80)
    yield "alpha.webp", alpha, dict(lossless=True, exact=True)
    yield "moving.webp", colour, dict(save_all=True, lossless=True,
                                      append_images=[grey.convert("RGB")])
    yield "palette.gif", palette, {}
    yield "interlaced.gif", palette, dict(interlace=1)
    yield "moving.gif", palette, dict(save_all=True,
                                      append_images=[grey.quantize(16)])
    yield "colour.bmp", colour, {}
    yield "palette.bmp", palette, {}
    yield "bits.bmp", bits, {}
    yield "colour.tif", colour, {}
    yield "grey.tif", grey, {}
    yield "lzw.tif", colour, dict(compression="tiff_lzw")
    yield "deflate.tif", colour, dict(compression="tiff_adobe_deflate")
    yield "packbits.tif", colour, dict(compression="packbits")
    yield "group4.tif", bits, dict(compression="group4")
    yield "cmyk.tif", colour.convert("CMYK"), {}
    yield "progressive.jpg", colour, dict(progressive=True)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"turned{orientation}.jpg", grey, dict(exif=exif)
        if orientation == 6:
            yield "turned6.png", grey, dict(exif=exif)
            yield "turned6.webp", colour, dict(exif=exif, lossless=True)
            yield "turned6.tif", grey, dict(tiffinfo={0x112: 6})


def expected(name, data):
    """Grey stays grey, but of BMP, whose grey is a palette like others."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode in ("RGBA", "PA") or "transparency" in image.info:
        image = over_white(image)
    grey = image.mode in ("1", "L") and not name.endswith(".bmp")
    return image.convert("L" if grey else "RGB")


RESIZES = [(61, 47, 3, 16, "crop 0.875"), (47, 61, 1, 16, "crop"),
           (61, 47, 3, 16, "stretch"), (9, 8, 3, 16, "stretch bicubic"),
           (90, 31, 3, 14, "crop 0.875 bicubic"), (16, 16, 1, 16, "crop 0.5"),
           (31, 90, 3, 12, "crop bilinear"), (200, 160, 1, 9, "crop 0.9")]


def resized(width, height, channels, size, text):
    image = pattern(width, height, channels)
    words = text.split()
    filter_ = (F.InterpolationMode.BICUBIC if words[-1] == "bicubic" else
               F.InterpolationMode.BILINEAR)
    if words[0] == "stretch":
        return F.resize(image, (size, size), filter_)
    crop = float(words[1]) if len(words) > 1 and words[1][0] == "0" else 1
    image = F.resize(image, int(size / crop + 0.5), filter_)
    return F.center_crop(image, size)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, image, options in files():
        image.save(folder / name, **options)
        pixels = np.asarray(expected(name, (folder / name).read_bytes()))
        height, width = pixels.shape[:2]
        channels = pixels.shape[2] if pixels.ndim == 3 else 1
        lines.append(f"file {name} {width} {height} {channels} "
                     f"{pixels.tobytes().hex()}")
    for case in RESIZES:
        pixels = np.asarray(resized(*case))
        lines.append("resize {} {} {} {} {} = ".format(*case) +
                     pixels.tobytes().hex())
    (folder / "expected.txt").write_text("\n".join(lines) + "\n")


main(sys.argv[1])
