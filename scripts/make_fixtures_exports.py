#!/usr/bin/env python3
"""Writes tests/fixtures/exports: what PyTorch's exporters write for torchvision's
networks with fewer channels, without their weights, and in outputs.txt what ONNX
Runtime answers; test_onnx_exports reads it.

    make_fixtures_exports.py [FOLDER [NAME...]]

Needs torch, torchvision, onnx, onnxscript and onnxruntime. A float tensor of the
file that has dimensions loses its numbers; both sides draw them by its name, as
make_fixtures_zoo.py does:

    two dimensions or more    v sqrt(6 / fan_in)
    NAME.weight, ..._var      1 + 0.2 v, scale and variance of a normalisation
    others                    0.1 v
    the image                 v of "image"

A line of outputs.txt has the file's name, the image's dimensions, a colon and the
output's; then follow at most 64 of its numbers, evenly spread.
"""
import contextlib
import io
import logging
import math
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from make_fixtures_zoo import draw, write
from onnx import numpy_helper
from torchvision.models import efficientnet, mobilenetv3, regnet

CLASSES, MOST = 10, 64
zoo = torchvision.models


def fewer(count, times):
    """Channels, but those of images and classes, that many times fewer."""
    if count in (3, CLASSES):
        return count
    assert count % times == 0, count
    return count // times


@contextlib.contextmanager
def thin(times):
    """Layers that are made meanwhile have that many times fewer channels."""
    layers = torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.Linear
    before = [layer.__init__ for layer in layers]

    def patched(layer, init):
        def conv(self, in_channels, out_channels, *args, groups=1, **options):
            ins, outs = fewer(in_channels, times), fewer(out_channels, times)
            init(self, ins, outs, *args, groups=math.gcd(groups, ins), **options)

        def norm(self, num_features, *args, **options):
            init(self, fewer(num_features, times), *args, **options)

        def linear(self, in_features, out_features, *args, **options):
            ins, outs = fewer(in_features, times), fewer(out_features, times)
            init(self, ins, outs, *args, **options)

        return dict(zip(layers, (conv, norm, linear)))[layer]

    try:
        for layer, init in zip(layers, before):
            layer.__init__ = patched(layer, init)
        yield
    finally:
        for layer, init in zip(layers, before):
            layer.__init__ = init


class Segmentation(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.net = zoo.segmentation.fcn_resnet50(
            weights=None, weights_backbone=None, num_classes=CLASSES
        )

    def forward(self, image):
        return self.net(image)["out"]


def inception(make):
    return make(
        num_classes=CLASSES,
        aux_logits=False,
        init_weights=False,
        transform_input=True,
    )


def resnet(block, depths, **options):
    return zoo.ResNet(block, depths, num_classes=CLASSES, **options)


def make_regnet(**options):
    blocks = regnet.BlockParams.from_init_params(
        depth=6, w_0=16, w_a=11, w_m=2.5, group_width=8, **options
    )
    return zoo.RegNet(blocks, num_classes=CLASSES, stem_width=8)


def make_mobilenet_v3():
    settings, last = mobilenetv3._mobilenet_v3_conf(
        "mobilenet_v3_small", width_mult=0.25
    )
    return zoo.MobileNetV3(settings, last // 8, num_classes=CLASSES)


def make_efficientnet():
    settings, _ = efficientnet._efficientnet_conf(
        "efficientnet_b0", width_mult=0.25, depth_mult=0.4
    )
    return zoo.EfficientNet(settings, 0.2, num_classes=CLASSES)


BASIC, DEEP = torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck

# Name: how much thinner, the image's sides, what makes it, TorchScript's opset.
NETWORKS = {
    "alexnet": (8, (224, 224), lambda: zoo.alexnet(num_classes=CLASSES), 9),
    "vgg11": (8, (224, 224), lambda: zoo.vgg11(num_classes=CLASSES), 11),
    "resnet18": (8, (61, 40), lambda: resnet(BASIC, [2, 2, 2, 2]), 13),
    "resnet50": (8, (64, 64), lambda: resnet(DEEP, [2, 1, 1, 1]), 9),
    "resnext50": (
        8,
        (64, 64),
        lambda: resnet(DEEP, [1, 1, 1, 1], groups=32, width_per_group=4),
        17,
    ),
    "wide_resnet50": (
        8,
        (64, 64),
        lambda: resnet(DEEP, [1, 1, 1, 1], width_per_group=128),
        None,
    ),
    "googlenet": (8, (64, 64), lambda: inception(zoo.googlenet), 10),
    "inception_v3": (16, (80, 80), lambda: inception(zoo.inception_v3), 12),
    "densenet": (
        1,
        (64, 64),
        lambda: zoo.DenseNet(4, (2, 3, 2, 2), 8, num_classes=CLASSES),
        9,
    ),
    "squeezenet1_0": (8, (64, 64), lambda: zoo.squeezenet1_0(num_classes=CLASSES), 9),
    "mobilenet_v2": (
        1,
        (64, 64),
        lambda: zoo.mobilenet_v2(width_mult=0.1, num_classes=CLASSES),
        10,
    ),
    "mobilenet_v3": (1, (64, 64), make_mobilenet_v3, 11),
    "shufflenet_v2": (
        1,
        (64, 64),
        lambda: zoo.ShuffleNetV2([2, 2, 1], [8, 8, 16, 32, 32], CLASSES),
        9,
    ),
    "mnasnet": (1, (64, 64), lambda: zoo.MNASNet(0.25, CLASSES), 15),
    "efficientnet": (1, (64, 64), make_efficientnet, 14),
    "regnet_x": (1, (64, 64), lambda: make_regnet(), 16),
    "regnet_y": (1, (64, 64), lambda: make_regnet(se_ratio=0.25), 18),
    "fcn_resnet50": (8, (45, 38), Segmentation, 11),
}
# Dynamic height and width, too.
ANY_SIZE = {"fcn_resnet50", "resnet18"}
# Not even the batch is dynamic.
FIXED = {"alexnet", "mobilenet_v2"}
# Also what dynamo writes before its optimiser folds batch normalisations.
UNOPTIMISED = {"resnet18"}


def export(net, name, exporter, sides, opset):
    axes = {0: "batch", 2: "height", 3: "width"}
    axes = axes if name in ANY_SIZE else {0: "batch"}
    axes = {} if name in FIXED else axes
    example = torch.randn(2, 3, *sides)
    options = {"input_names": ["image"], "output_names": ["scores"]}
    if exporter == "torchscript":
        file = io.BytesIO()
        if axes:
            outputs = axes if name.startswith("fcn") else {0: "batch"}
            options["dynamic_axes"] = {"image": axes, "scores": outputs}
        torch.onnx.export(
            net, (example,), file, dynamo=False, opset_version=opset, **options
        )
        return onnx.load_from_string(file.getvalue())
    if axes:
        options["dynamic_shapes"] = ({i: torch.export.Dim.DYNAMIC for i in axes},)
    options["optimize"] = exporter == "dynamo"
    return torch.onnx.export(net, (example,), dynamo=True, **options).model_proto


def exporters(name):
    yield from ("torchscript", "dynamo")
    if name in UNOPTIMISED:
        yield "unoptimised"


def is_weight(tensor):
    return tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 0


def numbers(name, shape):
    v = draw(name, shape)
    if len(shape) > 1:
        return v * np.sqrt(6 / np.prod(shape[1:]))
    return 1 + 0.2 * v if name.endswith((".weight", "_var")) else 0.1 * v


def strip(model):
    """Texts about where a node comes from, and what inference finds anew."""
    graph = model.graph
    for part in [model, graph, *graph.node, *graph.initializer, *graph.input]:
        for field in "doc_string", "metadata_props":
            if hasattr(part, field):
                part.ClearField(field)
    del graph.value_info[:]


def empty(model):
    for tensor in filter(is_weight, model.graph.initializer):
        for field in "raw_data", "float_data":
            tensor.ClearField(field)


def fill(model):
    for tensor in filter(is_weight, model.graph.initializer):
        array = numbers(tensor.name, tuple(tensor.dims)).astype("f4")
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def answer(model, batch, sides):
    image = draw("image", (batch, 3, *sides)).astype("f4")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (scores,) = session.run(None, {"image": image})
    apart = np.abs(scores - scores.mean(axis=0)).max() / np.abs(scores).max()
    assert apart > 1e-3, "the outputs hardly depend on the image"
    return image, scores


def write_one(folder, name, exporter):
    times, sides, make, opset = NETWORKS[name]
    torch.manual_seed(1)
    with thin(times):
        net = make().eval()
    model = export(net, name, exporter, sides, opset)
    strip(model)
    fill(model)
    image, scores = answer(model, 2, sides)
    empty(model)
    bytes = model.SerializeToString()
    (folder / f"{name}_{exporter}.onnx").write_bytes(bytes)
    shape = " ".join(map(str, image.shape)), " ".join(map(str, scores.shape))
    print(f"{name}_{exporter} {shape[0]} : {shape[1]}")
    flat = scores.reshape(-1)
    write(flat[:: -(-flat.size // MOST)].tolist())
    opset = model.opset_import[0].version
    print(name, exporter, "opset", opset, len(bytes), "bytes", file=sys.stderr)


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "exports"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(3)
    torch.set_num_threads(1)
    with open(folder / "outputs.txt", "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(
            "# Made by scripts/make_fixtures_exports.py with torchvision "
            f"{torchvision.__version__.split('+')[0]}, PyTorch "
            f"{torch.__version__.split('+')[0]}, ONNX Runtime "
            f"{onnxruntime.__version__}.",
            file=file,
        )
        for name in sys.argv[2:] or NETWORKS:
            for exporter in exporters(name):
                with contextlib.redirect_stdout(io.StringIO()) as text:
                    write_one(folder, name, exporter)
                lines = text.getvalue().splitlines()
                start = [l.startswith(f"{name}_{exporter} ") for l in lines]
                print(*lines[start.index(True) :], sep="\n", file=file, flush=True)


if __name__ == "__main__":
    main()
