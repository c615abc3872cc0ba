#!/usr/bin/env python3
"""Writes tests/fixtures/zoo_outputs.txt: what torchvision's networks answer
with weights that both sides make by themselves; test_zoo_outputs reads it.

    make_fixtures_zoo.py SVERTKA > tests/fixtures/zoo_outputs.txt

Needs torch, torchvision and onnx. SVERTKA is the program, asked for the names
of its parameters. A number of a tensor called NAME is drawn from splitmix64
with the FNV-1a hash of NAME as its key:

    v_i = 2 u_i - 1, u_i the upper 24 bits of splitmix64(key + i)
    weight: v sqrt(6 / fan_in)   bias, mean: 0.1 v   scale, var: 1 + 0.2 v
    image: v

    scores MODEL C H W    then the scores of one image, 16 classes
    pixels MODEL C H W S  the same for a class per pixel: the scores of every
                          S-th row's every S-th pixel, class by class
    step MODEL N C H W    then the loss of a batch with the labels i mod 16 and,
                          for each parameter, NAME NORM DOT: its gradient's
                          norm, and its product with the numbers of "along
                          NAME". Dropout is off; auxiliary classifiers, where
                          there are any, take part.
"""
import os
import subprocess
import sys
import tempfile
import types

import numpy as np
import onnx
import torch
import torchvision.models as zoo
import torchvision.models.segmentation as dense

CLASSES = 16
AUXILIARY = 0.5  # the weight of fcn_resnet's second loss
AUXILIARIES = 0.3  # of GoogLeNet's two
U64 = np.uint64


def hash_text(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return value


def draw(name, shape):
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = U64(hash_text(name)) + np.arange(1, count + 1, dtype=U64) * \
            U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z ^= z >> U64(31)
    u = (z >> U64(40)).astype(np.float64) / 2**24
    return (2 * u - 1).reshape(shape)


def numbers(name, shape):
    v, kind = draw(name, shape), name.rsplit(".", 1)[1]
    if kind == "weight":
        return v * np.sqrt(6 / np.prod(shape[1:]))
    return 1 + 0.2 * v if kind in ("scale", "var") else 0.1 * v


def our_names(svertka, model):
    """The parameters of the network, in its own order, with their shapes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        subprocess.run([svertka, "convert", model, path], check=True,
                       stdout=subprocess.DEVNULL)
        graph = onnx.load(path).graph
    return [(t.name, tuple(t.dims)) for t in graph.initializer
            if t.name.rsplit(".", 1)[-1] in
            ("weight", "bias", "scale", "mean", "var")]


def translated(torch_name, norms):
    layer, kind = torch_name.rsplit(".", 1)
    kind = {"running_mean": "mean", "running_var": "var"}.get(kind, kind)
    return layer + "." + ("scale" if kind == "weight" and layer in norms
                          else kind)


def fill(module, ours):
    """Gives every tensor the numbers of its counterpart: by name where the
    names are alike, else by order. Returns {torch's name: ours}."""
    norms = {n for n, m in module.named_modules()
             if isinstance(m, torch.nn.BatchNorm2d)}
    tensors = [(n, t) for n, t in module.state_dict().items()
               if not n.endswith("num_batches_tracked")]
    wanted = [translated(n, norms) for n, _ in tensors]
    if set(wanted) != {n for n, _ in ours}:
        wanted = [n for n, _ in ours]
    shapes, pairs = dict(ours), {}
    assert len(tensors) == len(wanted), (len(tensors), len(wanted))
    for (name, tensor), our in zip(tensors, wanted):
        assert tuple(tensor.shape) == shapes[our], (name, our)
        tensor.copy_(torch.from_numpy(numbers(our, shapes[our])).float())
        pairs[name] = our
    return pairs


def write(values):
    for i in range(0, len(values), 6):
        print(" " + " ".join(f"{v:.9g}" for v in values[i:i + 6]))


def make_net(make, model):
    net = make(num_classes=CLASSES, weights=None, **EXTRA.get(make, {}))
    if "hidden=" in model:  # fewer numbers to draw
        hidden = int(model.split("hidden=")[1])
        for i, sizes in ((0, (512 * 49, hidden)), (3, (hidden, hidden)),
                         (6, (hidden, CLASSES))):
            net.classifier[i] = torch.nn.Linear(*sizes)
    return net


def scores(svertka, model, make, side):
    net = make_net(make, model).eval()
    text = f"{model},classes={CLASSES},size={side}"
    fill(net, our_names(svertka, text))
    image = torch.from_numpy(draw("image", (1, 3, side, side)).astype("f4"))
    with torch.no_grad():
        out = net.double()(image.double())[0]
    print(f"scores {text} 3 {side} {side}")
    write(out.tolist())
    print(model, side, float(out.abs().max()), file=sys.stderr)


def pixels(svertka, model, make, side, stride):
    net = make_net(make, model).eval()
    text = f"{model},classes={CLASSES},size={side}"
    fill(net, our_names(svertka, text))
    image = torch.from_numpy(draw("image", (1, 3, side, side)).astype("f4"))
    with torch.no_grad():
        out = net.double()(image.double())["out"][0, :, ::stride, ::stride]
    print(f"pixels {text} 3 {side} {side} {stride}")
    write(out.flatten().tolist())
    print(model, side, float(out.abs().max()), file=sys.stderr)


def auxiliary_names(make):
    """The heads that a model file does not hold."""
    if make == googlenet_with_auxiliaries:
        return [name for i, maps in (("aux1", 512), ("aux2", 528)) for name in
                [(f"{i}.conv.conv.weight", (128, maps, 1, 1)),
                 (f"{i}.fc1.weight", (1024, 128)), (f"{i}.fc1.bias", (1024,)),
                 (f"{i}.fc2.weight", (CLASSES, 1024)),
                 (f"{i}.fc2.bias", (CLASSES,))] +
                [(f"{i}.conv.bn.{kind}", (128,))
                 for kind in ("scale", "bias", "mean", "var")]]
    if make != fcn_with_auxiliary:
        return []
    maps = 1024
    return [("aux.conv1.weight", (maps // 4, maps, 3, 3))] + \
        [(f"aux.bn1.{kind}", (maps // 4,))
         for kind in ("scale", "bias", "mean", "var")] + \
        [("aux.conv2.weight", (CLASSES, maps // 4, 1, 1)),
         ("aux.conv2.bias", (CLASSES,))]


def loss_of(out, labels):
    """The loss, and what is minimised."""
    cross_entropy = torch.nn.functional.cross_entropy
    if isinstance(out, zoo.GoogLeNetOutputs):
        loss = cross_entropy(out.logits, labels)
        return loss, loss + AUXILIARIES * (
            cross_entropy(out.aux_logits1, labels) +
            cross_entropy(out.aux_logits2, labels))
    if not isinstance(out, dict):
        return (cross_entropy(out, labels),) * 2
    shape = out["out"][:, 0].shape
    labels = (torch.arange(shape.numel()) % CLASSES).reshape(shape)
    loss = cross_entropy(out["out"], labels)
    return loss, loss + AUXILIARY * cross_entropy(out["aux"], labels)


def step(svertka, model, make, side, batch):
    net = make_net(make, model)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    text = f"{model},classes={CLASSES},size={side}"
    ours = our_names(svertka, text) + auxiliary_names(make)
    pairs = fill(net, ours)
    net = net.double().train()
    images = torch.from_numpy(
        draw("image", (batch, 3, side, side)).astype("f4")).double()
    labels = torch.arange(batch) % CLASSES
    loss, total = loss_of(net(images), labels)
    total.backward()
    print(f"step {text} {batch} 3 {side} {side}")
    write([loss.item()])
    for name, parameter in net.named_parameters():
        grad, our = parameter.grad.numpy(), pairs[name]
        along = draw("along " + our, grad.shape)
        print(f" {our} {np.linalg.norm(grad):.9g} {(grad * along).sum():.9g}")
    print("end")
    print(model, "step", loss.item(), file=sys.stderr)


def paper_auxiliary(self, x):
    """The paper's pooling; torchvision's makes 4x4 of any map."""
    x = self.conv(torch.nn.functional.avg_pool2d(x, 5, 3)).flatten(1)
    return self.fc2(torch.relu(self.fc1(x)))


def googlenet_with_auxiliaries(**options):
    net = zoo.googlenet(aux_logits=True, init_weights=False,
                        transform_input=False, **options)
    for head in (net.aux1, net.aux2):
        head.fc1 = torch.nn.Linear(128, 1024)
        head.forward = types.MethodType(paper_auxiliary, head)
    return net


def fcn_with_auxiliary(**options):
    return dense.fcn_resnet50(aux_loss=True, weights_backbone=None, **options)


EXTRA = {dense.fcn_resnet50: {"aux_loss": False, "weights_backbone": None},
         dense.fcn_resnet101: {"aux_loss": False, "weights_backbone": None},
         zoo.googlenet: {"aux_logits": False, "init_weights": False,
                         "transform_input": False},
         zoo.inception_v3: {"aux_logits": False, "init_weights": False,
                            "transform_input": False}}

NETWORKS = [
    ("alexnet:form=one", zoo.alexnet, 224),
    ("vgg:config=A,hidden=64", zoo.vgg11, 224),
    ("vgg:config=A,norm=true,hidden=64", zoo.vgg11_bn, 224),
    ("vgg:config=B,hidden=64", zoo.vgg13, 224),
    ("vgg:config=B,norm=true,hidden=64", zoo.vgg13_bn, 224),
    ("vgg:config=D,hidden=64", zoo.vgg16, 224),
    ("vgg:config=D,norm=true,hidden=64", zoo.vgg16_bn, 224),
    ("vgg:config=E,hidden=64", zoo.vgg19, 224),
    ("vgg:config=E,norm=true,hidden=64", zoo.vgg19_bn, 224),
    ("googlenet:auxiliary=false", zoo.googlenet, 96),
    ("inception_v3:auxiliary=false", zoo.inception_v3, 139),
    ("resnet:depth=18", zoo.resnet18, 64),
    ("resnet:depth=34", zoo.resnet34, 64),
    ("resnet:depth=50", zoo.resnet50, 64),
    ("resnet:depth=101", zoo.resnet101, 64),
    ("resnet:depth=152", zoo.resnet152, 64),
    ("resnext:depth=50", zoo.resnext50_32x4d, 64),
    ("resnext:depth=101,group_width=8", zoo.resnext101_32x8d, 64),
    ("resnext:depth=101,cardinality=64", zoo.resnext101_64x4d, 64),
    ("wide_resnet:depth=50", zoo.wide_resnet50_2, 64),
    ("wide_resnet:depth=101", zoo.wide_resnet101_2, 64),
    ("densenet:depth=121", zoo.densenet121, 64),
    ("densenet:depth=161", zoo.densenet161, 64),
    ("densenet:depth=169", zoo.densenet169, 64),
    ("densenet:depth=201", zoo.densenet201, 64),
    ("squeezenet:version=1.0", zoo.squeezenet1_0, 64),
    ("squeezenet:version=1.1", zoo.squeezenet1_1, 64),
    ("mobilenet_v2:width=1", zoo.mobilenet_v2, 64),
    ("shufflenet_v2:width=0.5", zoo.shufflenet_v2_x0_5, 64),
    ("shufflenet_v2:width=1", zoo.shufflenet_v2_x1_0, 64),
    ("shufflenet_v2:width=1.5", zoo.shufflenet_v2_x1_5, 64),
    ("shufflenet_v2:width=2", zoo.shufflenet_v2_x2_0, 64),
    ("efficientnet:dropout=0", zoo.efficientnet_b0, 64),
    ("efficientnet:depth=1.1", zoo.efficientnet_b1, 64),
    ("efficientnet:width=1.1,depth=1.2", zoo.efficientnet_b2, 64),
    ("efficientnet:width=1.2,depth=1.4", zoo.efficientnet_b3, 64),
    ("efficientnet:width=1.4,depth=1.8", zoo.efficientnet_b4, 64),
]

PIXELS = [
    ("fcn_resnet:depth=50,auxiliary=false", dense.fcn_resnet50, 64, 21),
    ("fcn_resnet:depth=101,auxiliary=false", dense.fcn_resnet101, 64, 21),
]

STEPS = [
    ("resnet:depth=18", zoo.resnet18, 64, 4),
    ("googlenet:dropout=0", googlenet_with_auxiliaries, 96, 4),
    ("densenet:depth=121", zoo.densenet121, 64, 4),
    ("squeezenet:version=1.1,dropout=0", zoo.squeezenet1_1, 64, 4),
    ("fcn_resnet:depth=50,dropout=0", fcn_with_auxiliary, 24, 2),
]


def main():
    svertka = sys.argv[1]
    torch.manual_seed(1)
    print("# Made by scripts/make_fixtures_zoo.py with torchvision "
          f"{__import__('torchvision').__version__.split('+')[0]}, PyTorch "
          f"{torch.__version__.split('+')[0]}.")
    for row in NETWORKS:
        scores(svertka, *row)
    for row in PIXELS:
        pixels(svertka, *row)
    for row in STEPS:
        step(svertka, *row)


if __name__ == "__main__":
    main()
