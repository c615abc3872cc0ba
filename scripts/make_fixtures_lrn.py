#!/usr/bin/env python3
"""Writes tests/fixtures/lrn: a small network with local response normalisations,
as both of PyTorch's exporters write it. Weights are PyTorch's own, seed 0.

usage: make_fixtures_lrn.py [FOLDER]    needs torch, onnx, onnxscript
"""

import pathlib
import sys

import torch
from torch import nn


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),
        nn.LocalResponseNorm(5, alpha=0.5, beta=0.75, k=1), nn.MaxPool2d(2),
        nn.Conv2d(8, 6, 3), nn.ReLU(),
        nn.LocalResponseNorm(3, alpha=1.0, beta=0.5, k=2),
        nn.Flatten(), nn.Linear(6 * 4 * 4, 10))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/fixtures/lrn")
    folder.mkdir(parents=True, exist_ok=True)
    net = network().eval()
    image = torch.zeros(2, 1, 28, 28)
    torch.onnx.export(net, (image,), folder / "torchscript.onnx", dynamo=False,
                      input_names=["image"], output_names=["scores"],
                      dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}})
    batch = torch.export.Dim("N", min=1)
    torch.onnx.export(net, (image,), folder / "dynamo.onnx", dynamo=True,
                      input_names=["image"], output_names=["scores"],
                      dynamic_shapes=({0: batch},), external_data=False)


if __name__ == "__main__":
    main()
