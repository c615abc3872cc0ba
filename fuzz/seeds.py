#!/usr/bin/env python3
"""fuzz/seeds.py: writes the part of fuzz/corpus that needs ONNX's own package:
small models with functions, shapes that are computed, external data."""
import os

import numpy as np
from onnx import AttributeProto, TensorProto, checker, helper, numpy_helper, save_model

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
node = helper.make_node


def value(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, numbers, kind=np.int64):
    return numpy_helper.from_array(np.array(numbers, kind), name)


def write(name, nodes, tensors=(), functions=(), x=(1, 2, 4, 4),
          opset=18, check=True):
    graph = helper.make_graph(nodes, "g", [value("x", x)],
                              [value("y", list("abcd"))], tensors)
    sets = [helper.make_opsetid("", opset)]
    if functions:
        sets.append(helper.make_opsetid("local", 1))
    model = helper.make_model(graph, opset_imports=sets, ir_version=9,
                              functions=functions)
    if check:
        checker.check_model(model)
    save_model(model, name + ".onnx")


def function(name, inputs, outputs, nodes, attributes=()):
    sets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    return helper.make_function("local", name, inputs, outputs, nodes, sets,
                                attributes)


def call(name, inputs, outputs, **attributes):
    return node(name, inputs, outputs, domain="local", **attributes)


def functions():
    leaky = node("LeakyRelu", ["r"], ["v"])
    leaky.attribute.append(AttributeProto(
        name="alpha", ref_attr_name="slope", type=AttributeProto.FLOAT))
    block = function("Block", ["u"], ["v"], [node("Relu", ["u"], ["r"]), leaky],
                     ["slope"])
    twice = function("Twice", ["u"], ["v"],
                     [call("Block", ["u"], ["m"], slope=0.25),
                      call("Block", ["m"], ["v"], slope=0.5)])
    write("function", [call("Twice", ["x"], ["h"]), call("Twice", ["h"], ["y"])],
          functions=[block, twice])
    itself = function("Itself", ["u"], ["v"], [call("Itself", ["u"], ["v"])])
    write("itself", [call("Itself", ["x"], ["y"])], functions=[itself],
          check=False)
    laughs = [function(f"L{k}", ["u"], ["v"],
                       [call(f"L{k + 1}", ["u"], ["a"]),
                        call(f"L{k + 1}", ["a"], ["v"])] if k < 5 else
                       [node("Relu", ["u"], ["v"])]) for k in range(6)]
    write("laughs", [call("L0", ["x"], ["y"])], functions=laughs, check=False)


def shapes():
    write("flat", [node("Shape", ["x"], ["s"]),
                   node("Gather", ["s", "zero"], ["n"], axis=0),
                   node("Concat", ["n", "rest"], ["d"], axis=0),
                   node("Reshape", ["x", "d"], ["y"])],
          [constant("zero", [0]), constant("rest", [-1])], x=("N", 2, 4, 4))
    write("filled", [node("Shape", ["x"], ["s"]),
                     node("ConstantOfShape", ["s"], ["c"],
                          value=constant("v", [2], np.float32)),
                     node("Expand", ["c", "wide"], ["e"]),
                     node("Tile", ["e", "times"], ["t"]),
                     node("Add", ["t", "t"], ["y"])],
          [constant("wide", [3, 1, 1, 1]), constant("times", [1, 1, 2, 1])])
    write("resized", [node("Shape", ["x"], ["s"]),
                  node("Slice", ["s", "a", "b"], ["hw"]),
                  node("Mul", ["hw", "two"], ["big"]),
                  node("Slice", ["s", "o", "a"], ["nc"]),
                  node("Concat", ["nc", "big"], ["size"], axis=0),
                  node("Resize", ["x", "", "", "size"], ["r"], mode="linear"),
                  node("Slice", ["r", "back", "far", "axes", "step"], ["y"])],
          [constant("a", [2]), constant("b", [4]), constant("o", [0]),
           constant("two", [2]), constant("back", [-1]),
           constant("far", [-(2**63)]), constant("axes", [3]),
           constant("step", [-2])])
    write("cubic", [node("Resize", ["x", "", "s"], ["y"], mode="cubic")],
          [constant("s", [1, 2, 2, 2, 1], np.float32)], x=(1, 2, 2, 2, 2))
    write("whole", [node("Shape", ["x"], ["s"]),
                    node("Sub", ["s", "s"], ["z"]),
                    node("Div", ["s", "z"], ["d"]),
                    node("Reshape", ["x", "d"], ["y"])])
    write("padded", [node("Shape", ["x"], ["s"]),
                     node("Concat", ["s", "s"], ["p"], axis=0),
                     node("Pad", ["x", "p", "v"], ["q"]),
                     node("Split", ["q"], ["y", "z"], axis=2, num_outputs=2)],
          [constant("v", 1, np.float32)])


def losses():
    """Labels of a type that they have not, an output of another shape."""
    graph = helper.make_graph(
        [node("SoftmaxCrossEntropyLoss", ["x", "l"], ["y", "p"],
              ignore_index=2, reduction="mean")], "g",
        [value("x", (3, "C", 2, 7)), value("l", (3, 2, 7))],
        [value("y", ()), value("p", (3, 5, 2, 7))])
    save_model(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
        "label.onnx")


def external():
    tensor = constant("w", np.ones((2, 2, 1, 1)), np.float32)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in (("location", "w.bin"), ("offset", "0"), ("length", "16")):
        tensor.external_data.add(key=key, value=text)
    write("external", [node("Conv", ["x", "w"], ["y"])], [tensor], check=False)


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus"))
functions()
shapes()
losses()
external()
