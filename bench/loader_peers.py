#!/usr/bin/env python3
"""Images per second of the loader, beside PyTorch's DataLoader.

  python3 bench/loader_peers.py build/svertka [FOLDER] [--rounds N] [--workers N]

FOLDER has one folder of JPEG files per class; without it a set is made in a
temporary folder: 400 files with the sizes of ImageNet's photographs. Both read
the same files with the same transforms (torchvision.transforms.v2, on Pillow
images, as its recipes do), in turn, round after round. The rate per core counts
the processor time of all threads and processes; the medians and their ratio
are printed. Needs torch, torchvision, numpy and Pillow.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

EPOCHS = 4

RECIPES = {
    "train: random_resized_crop, flip": (
        ["--augment", "random_resized_crop; flip"],
        lambda v2: [v2.RandomResizedCrop(224), v2.RandomHorizontalFlip()]),
    "train: the same, color_jitter 0.4 0.4 0.4": (
        ["--augment", "random_resized_crop; flip; color_jitter 0.4 0.4 0.4"],
        lambda v2: [v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(),
                    v2.ColorJitter(0.4, 0.4, 0.4)]),
    "train: the same, rand_augment": (
        ["--augment", "random_resized_crop; flip; rand_augment"],
        lambda v2: [v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(),
                    v2.RandAugment()]),
    "evaluation: resize 256, centre crop": (
        ["--resize", "crop 0.875"],
        lambda v2: [v2.Resize(256), v2.CenterCrop(224)]),
}


def make_photos(folder, count):
    """Smooth noise of several scales with some grain."""
    import numpy as np
    from PIL import Image
    rng = np.random.default_rng(0)
    sizes = [(500, 375), (375, 500), (500, 333), (640, 480), (400, 300)]
    for i in range(count):
        width, height = sizes[i % len(sizes)]
        pixels = rng.normal(size=(height, width, 3)) * 6 + 128
        for scale in (4, 8, 16, 32, 64, 128):
            noise = rng.normal(size=(3, height * scale // 512 + 2,
                                     width * scale // 512 + 2))
            for c in range(3):
                layer = Image.fromarray(noise[c].astype("float32"))
                layer = layer.resize((width, height), Image.BICUBIC)
                pixels[..., c] += np.asarray(layer) * 120 / scale ** 0.6
        place = pathlib.Path(folder, f"class{i % 10}")
        place.mkdir(exist_ok=True)
        image = Image.fromarray(np.clip(pixels, 0, 255).astype("uint8"))
        image.save(place / f"{i}.jpg", quality=90)


def svertka(program, folder, options, workers):
    text = subprocess.run(
        [program, "data", "speed", folder, "--size", "3x224x224", "--loaders",
         str(workers), "--epochs", str(EPOCHS), "--json", *options],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    result = json.loads(text)
    return result["images_per_second"], result["images_per_second_per_core"]


def processor_time():
    return sum(u.ru_utime + u.ru_stime for u in
               map(resource.getrusage,
                   (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def pytorch(folder, recipe, workers):
    """In a process of its own. The data set is longer, not the epochs more, so
    that the workers are started once."""
    import torch
    import torchvision
    from torchvision.transforms import v2
    torch.set_num_threads(1)
    steps = RECIPES[recipe][1](v2)
    steps += [v2.ToImage(), v2.ToDtype(torch.float32, scale=True),
              v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    data = torchvision.datasets.ImageFolder(folder, v2.Compose(steps))
    data = torch.utils.data.ConcatDataset([data] * EPOCHS)
    start, processor, images = time.time(), processor_time(), 0
    loader = torch.utils.data.DataLoader(data, 64, shuffle=True,
                                         num_workers=workers)
    for batch, _ in loader:
        images += len(batch)
    del loader
    seconds, processor = time.time() - start, processor_time() - processor
    print(json.dumps([images / seconds, images / processor]))


def run_pytorch(folder, recipe, workers):
    text = subprocess.run(
        [sys.executable, __file__, "--pytorch", recipe, "--workers",
         str(workers), "-", folder],
        check=True, stdout=subprocess.PIPE).stdout
    return json.loads(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=len(
        os.sched_getaffinity(0)))
    parser.add_argument("--pytorch")
    args = parser.parse_args()
    if args.pytorch:
        return pytorch(args.folder, args.pytorch, args.workers)
    with tempfile.TemporaryDirectory() as made:
        if not args.folder:
            make_photos(made, 400)
        folder = args.folder or made
        for recipe, (options, _) in RECIPES.items():
            rows = [], []
            for _ in range(args.rounds):
                rows[0].append(svertka(args.program, folder, options,
                                       args.workers))
                rows[1].append(run_pytorch(folder, recipe, args.workers))
            wall, core = ([statistics.median(r[k] for r in side)
                           for side in rows] for k in (0, 1))
            print(f"{recipe}\n"
                  f"  images/s, {args.workers} workers: {wall[0]:.0f}, PyTorch "
                  f"{wall[1]:.0f}, ratio {wall[0] / wall[1]:.2f}\n"
                  f"  images/s per core:    {core[0]:.0f}, PyTorch "
                  f"{core[1]:.0f}, ratio {core[0] / core[1]:.2f}", flush=True)


main()
