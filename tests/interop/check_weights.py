#!/usr/bin/env python3
"""Weights of torchvision's networks, in both directions: a file that PyTorch
writes from random weights gives a model with the same outputs, and what svertka
writes loads strictly and is the same to the bit.

    check_weights.py SVERTKA [NAME...]

Needs torch, torchvision and onnxruntime. Safetensors files are written and read
here: the format is a header and the values."""

import json
import pathlib
import struct
import sys
import tempfile

import numpy
import onnxruntime
import torch
import torchvision

import interop

NAMES = """alexnet vgg11_bn vgg16 resnet18 resnet50 resnext50_32x4d
wide_resnet50_2 densenet121 googlenet inception_v3 squeezenet1_0 squeezenet1_1
mobilenet_v2 shufflenet_v2_x1_0 efficientnet_b0 efficientnet_b5
fcn_resnet50""".split()
DTYPES = {torch.float32: "F32", torch.int64: "I64"}
TYPES = {"F32": "<f4", "I64": "<i8"}
SMALL = {"inception_v3": 299, "efficientnet_b5": 456, "fcn_resnet50": 520}


def make(name, auxiliary):
    if name.startswith("fcn"):
        builder = getattr(torchvision.models.segmentation, name)
        return builder(weights=None, weights_backbone=None, aux_loss=auxiliary)
    extra = {}
    if name in ("googlenet", "inception_v3"):
        extra = {"init_weights": True, "transform_input": False}
        extra["aux_logits"] = auxiliary
    return getattr(torchvision.models, name)(weights=None, **extra)


def save(tensors, path):
    header, parts, offset = {}, [], 0
    for key in sorted(tensors):
        data = tensors[key].contiguous().numpy().tobytes()
        header[key] = {
            "dtype": DTYPES[tensors[key].dtype],
            "shape": list(tensors[key].shape),
            "data_offsets": [offset, offset + len(data)],
        }
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    start, tensors = 8 + length, {}
    for key, entry in json.loads(data[8:start]).items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[start + begin : start + end],
                                  TYPES[entry["dtype"]])
        tensors[key] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def randomise(network, image):
    """Statistics that matter, and logits that no softmax saturates."""
    for key, value in network.state_dict().items():
        if key.endswith("running_mean"):
            value.normal_(0, 0.1)
        if key.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    linear = [m for m in network.modules() if isinstance(m, torch.nn.Linear)]
    spread = output(network, image).std()
    for layer in linear[-1:]:
        layer.weight.data /= spread
        layer.bias.data /= spread


def output(network, image):
    with torch.no_grad():
        result = network(image)
    return result["out"] if isinstance(result, dict) else result


def check(program, name, work):
    weights, model, back = work / "w.safetensors", work / "w.onnx", work / "b"
    torch.manual_seed(1)
    network = make(name, True).eval()
    side = SMALL.get(name, 224)
    image = torch.randn(1, 3, side, side)
    randomise(network, image)
    save(network.state_dict(), weights)
    interop.svertka(program, "zoo", "import", name, weights, "-o", model, "--force")
    interop.svertka(program, "zoo", "export", model, back, "--force")
    again, loaded = make(name, False).eval(), load(back)
    again.load_state_dict(loaded, strict=True)
    for key, value in network.state_dict().items():
        if key in loaded and not key.endswith("num_batches_tracked"):
            if not torch.equal(value, loaded[key]):
                raise interop.Fault(f"{key} differs")
    session = onnxruntime.InferenceSession(str(model))
    wanted = output(network, image).softmax(1).numpy()
    (found,) = session.run(None, {session.get_inputs()[0].name: image.numpy()})
    error = abs(found - wanted).max() / abs(wanted).max()
    if not error < interop.TOLERANCE:
        raise interop.Fault(f"outputs differ by {error:.1e}")
    return error


def main():
    program, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:] or NAMES
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                error = check(program, name, pathlib.Path(folder))
                print(f"weights of {name}: the same, outputs within {error:.0e}")
            except interop.Fault as fault:
                print(f"FAILED: weights of {name}: {fault}")
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
