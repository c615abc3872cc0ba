#!/usr/bin/env python3
"""Holds what PyTorch's exporters write for torchvision's networks against ONNX
Runtime: `svertka onnx-test` must give the same outputs.

    check_exports.py SVERTKA [NAME...]
        --exporter torchscript|dynamo   one generation of them; else both
        --fixed, --dynamic              one form of the batch; else both
        --unoptimised                   dynamo without its optimiser
        --opset N                       else what the exporter has as default

Each network gets random weights that keep the signal's size through its depth:
He's for convolutions and linear layers, and as running statistics those of a
random batch, mildly shaken. It is exported with a fixed batch and with a dynamic
one (some with dynamic height and width, too); dynamo as it does by default, with
the weights in a second file. A line for each file, then a summary; the exit
status is 1 if any failed. The Python that runs this needs torch, torchvision,
onnx, onnxscript and onnxruntime.
"""

import argparse
import contextlib
import io
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy
import onnxruntime
import torch
import torchvision
from onnx import numpy_helper

TOLERANCE = 1e-4  # max|a-b| / max|b|

AUXILIARY = {"aux_logits": False, "init_weights": False, "transform_input": True}

# Smaller images, of which most networks take any size, cost less time.
NETWORKS = {
    "squeezenet1_1": {},
    "squeezenet1_0": {},
    "mobilenet_v2": {},
    "mobilenet_v3_small": {},
    "mobilenet_v3_large": {},
    "shufflenet_v2_x1_0": {},
    "mnasnet1_0": {},
    "resnet18": {},
    "resnet50": {},
    "efficientnet_b0": {},
    "regnet_x_400mf": {},
    "regnet_y_400mf": {},
    "googlenet": {"options": AUXILIARY},
    "densenet121": {},
    "fcn_resnet50": {"options": {"weights_backbone": None}},
    "resnext50_32x4d": {},
    "inception_v3": {"size": 139, "options": AUXILIARY},
    "alexnet": {"size": 224},
    "vgg11": {"size": 224},
    "vgg11_bn": {"size": 224},
    "wide_resnet50_2": {},
    "efficientnet_v2_s": {},
    "vgg16": {"size": 224},
    "vgg16_bn": {"size": 224},
}
# Dynamic height and width, too: sizes that no stride divides are among them.
ANY_SIZE = {"fcn_resnet50", "resnet18", "mobilenet_v2", "squeezenet1_1"}


class Segmentation(torch.nn.Module):
    """The one output of a network that has a dictionary of them."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, image):
        return self.net(image)["out"]


def images(random, batch, *size):
    return torch.from_numpy(
        random.standard_normal((batch, 3, *size)).astype(numpy.float32)
    )


def fill(net, size, seed):
    """Weights as the head of this file says."""
    torch.manual_seed(seed)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for module in net.modules():
        if not isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            continue
        torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            torch.nn.init.normal_(module.bias, 0, 0.1)
    for norm in norms:
        torch.nn.init.uniform_(norm.weight, 0.2, 0.4)
        torch.nn.init.normal_(norm.bias, 0, 0.1)
        norm.momentum = 1.0
    net.eval()
    for norm in norms:
        norm.train()
    if norms:
        net(images(numpy.random.default_rng(seed), 4, size, size))
    for norm in norms:
        norm.eval()
        norm.running_mean += 0.1 * norm.running_var.sqrt() * torch.randn_like(
            norm.running_mean
        )
        norm.running_var *= 0.8 + 0.4 * torch.rand_like(norm.running_var)


def make(name, size, options, seed):
    net = torchvision.models.get_model(name, weights=None, **options)
    with torch.no_grad():
        fill(net, size, seed)
    return Segmentation(net).eval() if name.startswith("fcn") else net


def export(net, example, path, form, arguments):
    """form: 'fixed', 'batch' or 'size', what is dynamic."""
    axes = {"fixed": {}, "batch": {0: "batch"}}.get(
        form, {0: "batch", 2: "height", 3: "width"}
    )
    options = {"input_names": ["image"], "output_names": ["scores"]}
    if arguments.opset:
        options["opset_version"] = arguments.opset
    if arguments.exporter == "dynamo":
        options["optimize"] = not arguments.unoptimised
    if arguments.exporter == "dynamo" and axes:
        options["dynamic_shapes"] = ({i: torch.export.Dim.DYNAMIC for i in axes},)
    elif axes:
        options["dynamic_axes"] = {"image": axes, "scores": {0: "batch"}}
        if net.__class__ is Segmentation and form == "size":
            options["dynamic_axes"]["scores"] = axes
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            str(path),
            dynamo=arguments.exporter == "dynamo",
            **options,
        )


def write_data(folder, session, inputs):
    """A data set for each input, with ONNX Runtime's output."""
    for i, image in enumerate(inputs):
        data = folder / f"test_data_set_{i}"
        data.mkdir()
        (scores,) = session.run(None, {"image": image.numpy()})
        apart = numpy.abs(scores - scores.mean(axis=0)).max()
        if len(scores) > 1 and not apart > 1e-2 * numpy.abs(scores).max():
            raise ValueError("the outputs hardly depend on the image")
        for stem, array in ("input_0", image.numpy()), ("output_0", scores):
            tensor = numpy_helper.from_array(array, stem)
            (data / f"{stem}.pb").write_bytes(tensor.SerializeToString())


def run(folder, arguments, *options):
    """The error of what svertka answers; raises where it fails."""
    answer = subprocess.run(
        [
            *(arguments.svertka, "onnx-test", "--json", "--external-data"),
            *("--threads", str(arguments.threads), *options, folder),
        ],
        capture_output=True,
        text=True,
    )
    if not answer.stdout:
        raise ValueError(answer.stderr.strip())
    (test,) = json.loads(answer.stdout)["tests"]
    if test["result"] != "pass":
        raise ValueError(f"{test['result']}: {test['reason']}")
    if not test["error"] <= TOLERANCE:
        raise ValueError(f"off by {test['error']:.2g}")
    return test["error"]


def check(net, size, form, arguments):
    """One export; the line that tells how it went."""
    random = numpy.random.default_rng(arguments.seed)
    sizes = [(size, size)] * 2
    if form == "size":
        sizes = [(size, size), (size + 13, size - 8)]
    batches = [2] if form == "fixed" else [1, 3]
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = arguments.threads
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "model.onnx"
        export(net, images(random, 2, size, size), path, form, arguments)
        session = onnxruntime.InferenceSession(
            path, settings, providers=["CPUExecutionProvider"]
        )
        inputs = [images(random, b, *s) for b, s in zip(batches, sizes)]
        write_data(folder, session, inputs)
        error = run(folder, arguments)
        exact = run(folder, arguments, "--exact")
    return f"off by {error:.1e}, exact {exact:.1e}"


def forms(name, arguments):
    if not arguments.dynamic:
        yield "fixed"
    if not arguments.fixed:
        yield "size" if name in ANY_SIZE else "batch"


def check_all(name, arguments):
    """Of one network: how many files are right, how many are not."""
    right = wrong = 0
    size = NETWORKS[name].get("size", 96)
    net = make(name, size, NETWORKS[name].get("options", {}), arguments.seed)
    for exporter in arguments.exporters:
        arguments.exporter = exporter
        for form in forms(name, arguments):
            what = "fixed" if form == "fixed" else f"dynamic {form}"
            began = time.monotonic()
            try:
                answer, word = check(net, size, form, arguments), "ok  "
                right += 1
            except Exception as fault:  # whatever the exporters raise
                answer, word = str(fault).strip().split("\n")[0], "FAIL"
                wrong += 1
            took = time.monotonic() - began
            print(f"{word}  {name} {exporter}, {what}: {answer} ({took:.0f} s)",
                  flush=True)
    return right, wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("svertka")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--exporter", choices=["torchscript", "dynamo"])
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--fixed", action="store_true")
    form.add_argument("--dynamic", action="store_true")
    parser.add_argument("--unoptimised", action="store_true")
    parser.add_argument("--opset", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_intermixed_args()
    for name in arguments.names:
        if name not in NETWORKS:
            parser.error(f"{name}: there are {', '.join(NETWORKS)}")
    one = arguments.exporter
    arguments.exporters = [one] if one else ["torchscript", "dynamo"]
    torch.set_num_threads(arguments.threads)
    onnxruntime.set_default_logger_severity(3)
    logging.disable(logging.WARNING)
    right = wrong = 0
    for name in arguments.names or NETWORKS:
        counts = check_all(name, arguments)
        right, wrong = right + counts[0], wrong + counts[1]
    print(f"{right} exports of {len(arguments.names or NETWORKS)} networks agree "
          f"with ONNX Runtime, {wrong} do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
