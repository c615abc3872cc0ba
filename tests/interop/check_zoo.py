#!/usr/bin/env python3
"""Every architecture of the zoo, saved: ONNX's checker, the same outputs in
ONNX Runtime, and in OpenVINO for some; folded, the same again.

    check_zoo.py SVERTKA [NAME...]

Each architecture as it is by default, but for linear layers of thousands of
outputs, and each of its forms (every word that a parameter takes, every switch
turned) with fewer maps. A NAME is an architecture, or one with parameters as
`svertka zoo` has them. After saving, batch normalisations get statistics that
matter, and what goes into a softmax becomes an output, too: probabilities of an
untrained network are all alike. The Python that runs this needs numpy, onnx and
onnxruntime, and openvino unless --no-openvino is given.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys
import tempfile
import time

import numpy
import onnx
from onnx import numpy_helper

import interop

# Images that are large enough for the network and small enough for a test.
SIZES = {"fcn": 64, "fcn_resnet": 96, "unet": 96, "fcn_small": 64}
# Fewer maps for forms of what has no parameter for it: smaller images.
SMALL = {"densenet": 64, "googlenet": 96, "inception_v3": 139, "resnext": 64,
         "wide_resnet": 64, "shufflenet_v2": 96, "squeezenet": 96, "nin": None}
# Outputs of linear layers: by default these hold most of the numbers of all
# networks, and would take most of the time.
HIDDEN = dict.fromkeys(["alexnet", "fcn", "vgg", "zfnet"], 512)
# What a word needs besides.
WITH = {"fcn_small:form=paper": "window=7"}
# With an eighth of their maps these say nothing.
WIDE = {"squeezenet"}
# Besides those: free sizes, blocks of another kind, deeper ones.
MORE = ["resnet:depth=18", "fcn_small:size=0", "resnet:depth=18,size=0,width=0.25",
        "unet:depth=2,maps=8,size=0", "resnet_small:depth=32",
        "densenet_small:depth=40", "lenet5:dropout=0.5"]
# What OpenVINO runs, too.
OPENVINO = {"lenet5", "mlp", "resnet:depth=18", "squeezenet", "mobilenet_v2",
            "shufflenet_v2", "densenet_small", "googlenet", "inception_small",
            "efficientnet", "resnet_small", "wrn", "fcn_small:size=64",
            "unet:size=96"}
LOUD = 16  # scores
LARGE = 100 << 20  # bytes of a file that is run once


def default_of(name):
    rows = {"hidden": HIDDEN.get(name), "size": SIZES.get(name)}
    words = [f"{row}={number}" for row, number in rows.items() if number]
    return f"{name}:{','.join(words)}" if words else name


def forms_of(architecture):
    """Each word that is not the default, in a network of few numbers."""
    name = architecture["name"]
    rows = {row["name"]: row for row in architecture["parameters"]}
    few = []
    if rows.get("width", {}).get("type") == "float" and name not in WIDE:
        few.append("width=0.125")
    if rows.get("hidden", {}).get("type") == "int":
        few.append("hidden=32")
    if "maps" in rows:
        few.append("maps=8")
    size = SMALL.get(name, SIZES.get(name))
    if size:
        few.append(f"size={size}")
    for row in rows.values():
        words = row.get("choices", [])
        if row["type"] == "bool":
            words = ["true", "false"]
        for word in words:
            if word != row["default"]:
                form = f"{name}:{row['name']}={word}"
                also = [WITH[form]] if form in WITH else []
                yield ",".join([form, *also, *few])


def specifications(program, names):
    listed = json.loads(interop.svertka(program, "zoo", "--json"))
    for architecture in listed:
        if names and architecture["name"] not in names:
            continue
        yield default_of(architecture["name"])
        yield from forms_of(architecture)
    yield from (name for name in names if ":" in name)
    if not names:
        yield from MORE


# ---- A file that shows more ----


def shake(graph, seed):
    """Statistics as training leaves them, not zeros and ones."""
    random = numpy.random.default_rng(seed)
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "BatchNormalization":
            continue
        for i, name in enumerate(node.input[1:]):
            old = numpy_helper.to_array(tensors[name])
            drawn = random.uniform(0.8, 1.2, old.shape)
            new = old * drawn if i in (0, 3) else old + 0.1 * (drawn - 1)
            kept = numpy_helper.from_array(new.astype(numpy.float32), name)
            tensors[name].CopyFrom(kept)


def show_scores(graph):
    """What goes into the softmax of an output is an output: names of both."""
    ends = {entry.name: entry for entry in graph.output}
    scores = {}
    for node in graph.node:
        if node.op_type != "Softmax" or node.output[0] not in ends:
            continue
        entry = onnx.ValueInfoProto()
        entry.CopyFrom(ends[node.output[0]])
        entry.name = node.input[0]
        graph.output.append(entry)
        scores[node.output[0]] = node.input[0]
    return scores


def hide_loud(graph, scores, outputs):
    """Probabilities of scores so large that a rounding of them shows are no
    outputs; whether there are such."""
    loud = [p for p, s in scores.items() if numpy.abs(outputs[s]).max() > LOUD]
    kept = [entry for entry in graph.output if entry.name not in loud]
    del graph.output[:]
    graph.output.extend(kept)
    return bool(loud)


# ---- A check ----

def check_telling(outputs):
    """Numbers that are all alike would hide a wrong layer."""
    for name, array in outputs.items():
        if not numpy.isfinite(array).all() or numpy.ptp(array) == 0:
            raise interop.Fault(f"the numbers of {name} tell nothing")


def check_folded(model, inputs, outputs, folder, arguments):
    folded = folder / "folded.onnx"
    interop.svertka(arguments.svertka, "convert", model, folded, "--fold")
    proto = interop.check_file(folded)
    left = {node.op_type for node in proto.graph.node} & {"Dropout", "Identity"}
    if left:
        raise interop.Fault(f"folded: there is still {', '.join(left)}")
    del proto
    got = interop.run_all(interop.session(folded), inputs)
    return interop.agree("folded", got, outputs)


def check(text, arguments):
    """The largest error of all that ran it."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        saved, test = folder / "saved.onnx", folder / "test"
        test.mkdir()
        interop.svertka(arguments.svertka, "convert", text, saved)
        proto = interop.check_file(saved)
        saved.unlink()
        shake(proto.graph, arguments.seed)
        scores = show_scores(proto.graph)
        model = test / "model.onnx"
        onnx.save(proto, model)
        runtime = interop.session(model)
        inputs = interop.random_inputs(runtime, 1, 64, 0)
        if hide_loud(proto.graph, scores, interop.run_all(runtime, inputs)):
            onnx.save(proto, model)
            runtime = interop.session(model)
        large = proto.ByteSize() > LARGE
        del proto
        errors = []
        for number, batch in enumerate([1] if large else [1, 3]):
            inputs = interop.random_inputs(runtime, batch, 64, number)
            outputs = interop.run_all(runtime, inputs)
            check_telling(outputs)
            interop.write_data(test, number, inputs, outputs)
        del runtime
        errors.append(check_folded(model, inputs, outputs, folder, arguments))
        if text in OPENVINO and arguments.openvino:
            got = interop.openvino_outputs(model, inputs)
            errors.append(interop.agree("OpenVINO", got, outputs))
        tests = interop.onnx_test(arguments.svertka, test, "--threads", 1)
        errors.extend(interop.judge(result) for result in tests.values())
    return max(errors)


def tell(text, arguments):
    """A line; whether it is well."""
    began = time.monotonic()
    try:
        words, good = f"off by {check(text, arguments):.1e}", True
    except Exception as fault:  # whatever the runtimes raise
        words, good = str(fault).strip().splitlines()[0], False
    print(f"{'ok   ' if good else 'FAIL '} {text}: {words} "
          f"({time.monotonic() - began:.1f} s)", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("svertka")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--no-openvino", dest="openvino", action="store_false")
    parser.add_argument("--jobs", type=int, default=interop.processors())
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    texts = list(specifications(arguments.svertka, arguments.names))
    if not texts:
        parser.error("no such architecture")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda text: tell(text, arguments), texts))
    also = len(OPENVINO & set(texts)) if arguments.openvino else 0
    print(f"{sum(results)} networks of the zoo agree, {also} of them in OpenVINO, "
          f"too; {len(results) - sum(results)} do not")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
