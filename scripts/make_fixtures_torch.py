#!/usr/bin/env python3
"""Writes tests/fixtures/torch_names.txt: for each network of torchvision that
the zoo has, the number of its tensors and a hash of their names.

  python scripts/make_fixtures_torch.py >tests/fixtures/torch_names.txt

Needs torchvision. The hash is FNV-1a, 64 bits, of the sorted names, each with a
line break; num_batches_tracked is left out."""

import torch
import torchvision

NAMES = """alexnet densenet121 densenet161 densenet169 densenet201
efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4
efficientnet_b5 efficientnet_b6 efficientnet_b7 fcn_resnet50 fcn_resnet101
googlenet inception_v3 mobilenet_v2 resnet18 resnet34 resnet50 resnet101
resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d shufflenet_v2_x0_5
shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0 squeezenet1_0
squeezenet1_1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
wide_resnet50_2 wide_resnet101_2""".split()


def make(name):
    if name.startswith("fcn"):
        make_one = getattr(torchvision.models.segmentation, name)
        return make_one(weights=None, weights_backbone=None, aux_loss=True)
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return getattr(torchvision.models, name)(weights=None, **extra)


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


print(f"# torchvision {torchvision.__version__.split('+')[0]}")
for name in NAMES:
    with torch.device("meta"):
        tensors = make(name).state_dict()
    names = sorted(key for key in tensors if not key.endswith("num_batches_tracked"))
    digest = fnv("".join(f"{key}\n" for key in names).encode())
    print(f"{name} {len(names)} {digest:016x}")
