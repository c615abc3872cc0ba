#!/usr/bin/env python3
"""Writes tests/fixtures/onnx: tests in the layout of ONNX's backend tests, of
what its versions changed, with the outputs of ONNX Runtime.

    make_fixtures_onnx.py [FOLDER]

The Python that runs this needs numpy, ml_dtypes, onnx and onnxruntime.
"""

import pathlib
import shutil
import sys

import ml_dtypes
import numpy
import onnx
import onnxruntime
from onnx import helper, numpy_helper

RANDOM = numpy.random.default_rng(5)
FLOAT = onnx.TensorProto.FLOAT


def real(*shape):
    return RANDOM.standard_normal(shape).astype("f")


def ints(*numbers):
    return numpy.array(numbers, "i8")


def floats(*numbers):
    return numpy.array(numbers, "f")


def node(name, opset, op, x, *constants, outputs=1, **attributes):
    """A test of one node: x, then initialisers ("" for what is left out)."""
    inputs = ["x"] + [f"c{i}" if c is not None else "" for i, c in enumerate(constants)]
    given = {f"c{i}": c for i, c in enumerate(constants) if c is not None}
    names = ["y"] + [f"y{i}" for i in range(1, outputs)]
    nodes = [helper.make_node(op, inputs, names, **attributes)]
    return name, opset, nodes, x, given, names, {}


def graph(name, opset, nodes, x, given, **options):
    return name, opset, nodes, x, given, ["y"], options


def counting(test):
    """Its other outputs are whole numbers."""
    test[6]["whole"] = test[5][1:]
    return test


def chain(x, channels):
    """What exporters write for x.view(x.size(0), -1), and a linear layer."""
    make = helper.make_node
    nodes = [
        make("Shape", ["x"], ["s"]),
        make("Gather", ["s", "zero"], ["n"], axis=0),
        make("Unsqueeze", ["n"], ["n1"], axes=[0]),
        make("Concat", ["n1", "rest"], ["to"], axis=0),
        make("Reshape", ["x", "to"], ["f"]),
        make("Gemm", ["f", "w", "b"], ["y"], transB=1),
    ]
    given = {
        "zero": numpy.array(0, "i8"),
        "rest": ints(-1),
        "w": real(3, channels),
        "b": real(3),
    }
    return nodes, given


def network(opset):
    """What a small network is made of, at one opset."""
    make = helper.make_node
    nodes = [
        make("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        make("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"]),
        make("Relu", ["n"], ["r"]),
        make("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        make("AveragePool", ["r"], ["q"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Concat", ["p", "q"], ["a"], axis=1),
        make("Transpose", ["a"], ["t"], perm=[0, 2, 3, 1]),
        make("Shape", ["t"], ["n1"], start=0, end=1),
        make("Concat", ["n1", "rest"], ["to"], axis=0),
        make("Reshape", ["t", "to"], ["f"], allowzero=1),
        make("Gemm", ["f", "l", "k"], ["g"], transB=1),
        make("Clip", ["g", "low", "high"], ["h"]),
        make("Dropout", ["h"], ["d"]),
        make("Cast", ["d"], ["e"], to=FLOAT),
        make("LogSoftmax", ["e"], ["y"], axis=-1),
    ]
    given = {"w": real(4, 3, 3, 3), "l": real(5, 32), "k": real(5)}
    given |= {"b": real(4), "s": real(4), "m": real(4), "v": abs(real(4)) + 0.5}
    given |= {"rest": ints(-1), "low": numpy.float32(-2), "high": numpy.float32(2)}
    return graph(f"network_{opset}", opset, nodes, real(2, 3, 4, 5), given, free=[0])


def wide(kind, dtype):
    """A network in another width from end to end: here it is f32."""
    make = helper.make_node
    nodes = [
        make("Cast", ["x"], ["i"], to=FLOAT),
        make("Cast", ["i"], ["j"], to=helper.np_dtype_to_tensor_dtype(dtype)),
        make("Gemm", ["j", "w"], ["c"]),
        make("Relu", ["c"], ["y"]),
    ]
    given = {"w": (real(5, 3) * 4).round().astype(dtype)}
    x = (real(2, 5) * 4).round().astype(dtype)
    return graph(f"network_{kind}", 13, nodes, x, given)


def computed(x):
    """Attributes as dynamo writes them before its optimiser has seen them."""
    make = helper.make_node
    nodes = [
        make("CastLike", ["half", "x"], ["high"]),
        make("CastLike", ["zero", "x"], ["low"]),
        make("Clip", ["x", "low", "high"], ["c"]),
        make("Reshape", ["last", "flat"], ["axes"], allowzero=0),
        make("ReduceMean", ["c", "axes"], ["y"], noop_with_empty_axes=0),
    ]
    given = {"zero": numpy.float32(0), "half": numpy.float32(0.5)}
    given |= {"last": ints(-1, -2), "flat": ints(-1)}
    return graph("attributes_20_computed", 20, nodes, x, given, free=[0])


def antialiased(image):
    """What an image becomes that takes in all of a larger one."""
    how = [("linear", floats(1, 1, 0.4, 0.5), None, {}),
           ("linear_outside", None, ints(1, 2, 4, 3), {"exclude_outside": 1}),
           ("cubic", None, ints(1, 2, 12, 4), {}),
           ("cubic_corners", None, ints(1, 2, 3, 5),
            {"coordinate_transformation_mode": "align_corners"})]
    for name, scales, sizes, others in how:
        yield node(f"resize_19_antialias_{name}", 19, "Resize", image, None, scales,
                   sizes, mode=name.partition("_")[0], antialias=1, **others)


def padded(image):
    """What exporters write to make height and width multiples of 4, whatever they
    are."""
    make = helper.make_node
    nodes = [
        make("Shape", ["x"], ["s"], start=2),
        make("Mod", ["s", "four"], ["over"]),
        make("Sub", ["four", "over"], ["under"]),
        make("Mod", ["under", "four"], ["ends"]),
        make("Concat", ["none", "ends"], ["pads"], axis=0),
        make("Cast", ["half"], ["value"], to=FLOAT),
        make("Pad", ["x", "pads", "value"], ["y"]),
    ]
    given = {"four": ints(4), "none": ints(0, 0, 0, 0, 0, 0),
             "half": numpy.float64(0.5)}
    return graph("pad_15_multiple", 15, nodes, image, given, free=[0, 2, 3])


def padded_axes(image):
    """A border whose sizes are computed, of dimensions that are not."""
    make = helper.make_node
    nodes = [
        make("Shape", ["x"], ["w"], start=3),
        make("Sub", ["eight", "w"], ["end"]),
        make("Concat", ["none", "end"], ["pads"], axis=0),
        make("Pad", ["x", "pads", "", "last"], ["y"]),
    ]
    given = {"eight": ints(8), "none": ints(0), "last": ints(-1)}
    return graph("pad_18_axes_computed", 18, nodes, image, given, free=[0, 3])


def unpooled(image):
    """SegNet's way down and up."""
    make = helper.make_node
    nodes = [
        make("MaxPool", ["x"], ["p", "i"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Shape", ["x"], ["size"]),
        make("MaxUnpool", ["p", "i", "size"], ["y"], kernel_shape=[2, 2],
             strides=[2, 2]),
    ]
    return graph("max_unpool_13_size", 13, nodes, image[..., :4], {}, free=[0, 2, 3])


def halved(image):
    """What exporters write for halves of as many channels as there are."""
    make = helper.make_node
    nodes = [
        make("Shape", ["x"], ["c"], start=1, end=2),
        make("Div", ["c", "two"], ["first"]),
        make("Sub", ["c", "first"], ["second"]),
        make("Concat", ["first", "second"], ["sizes"], axis=0),
        make("Split", ["x", "sizes"], ["a", "b"], axis=1),
        make("Concat", ["b", "a"], ["y"], axis=1),
    ]
    return graph("split_15_computed", 15, nodes, image, {"two": ints(2)}, free=[0])


def places(image):
    """Where each column is, as one more channel: CoordConv's."""
    make = helper.make_node
    nodes = [
        make("Shape", ["x"], ["s"]),
        make("Gather", ["s", "three"], ["w"]),
        make("Range", ["zero", "w", "one"], ["columns"]),
        make("Cast", ["columns"], ["real"], to=FLOAT),
        make("Slice", ["s", "zeros", "ones"], ["batch"]),
        make("Slice", ["s", "twos", "fours"], ["size"]),
        make("Concat", ["batch", "ones", "size"], ["shape"], axis=0),
        make("Expand", ["real", "shape"], ["map"]),
        make("Concat", ["x", "map"], ["y"], axis=1),
    ]
    given = {"zero": numpy.int64(0), "one": numpy.int64(1), "three": numpy.int64(3)}
    given |= {"zeros": ints(0), "ones": ints(1), "twos": ints(2), "fours": ints(4)}
    return graph("range_13_columns", 13, nodes, image, given, free=[0, 2, 3])


def newest():
    """The newest opset that ONNX Runtime runs."""
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    for opset in range(onnx.defs.onnx_opset_version(), 0, -1):
        try:
            session_of(model_of(graph("relu", opset, nodes, real(1), {})))
            return opset
        except Exception:  # it has a kind of its own for each reason
            continue
    return 0


def newer():
    """What opsets since 20 changed, as far as ONNX Runtime runs it, and a small
    network at each of them."""
    x, image = real(2, 3, 4), real(2, 4, 4, 5)
    weight = real(4, 2, 3, 3)
    for opset in range(20, newest() + 1):
        yield network(opset)
    yield node("gelu_20", 20, "Gelu", x)
    yield node("gelu_20_tanh", 20, "Gelu", x, approximate="tanh")
    yield node("reduce_max_20", 20, "ReduceMax", x, ints(1))
    yield node("reduce_min_20", 20, "ReduceMin", x, ints(-1), keepdims=0)
    yield node("group_normalization_21", 21, "GroupNormalization", image, real(4),
               real(4), num_groups=2)
    yield node("pad_21_axes", 21, "Pad", image, ints(1, 0, 0, 2), None, ints(3, 2),
               mode="wrap")
    yield node("squeeze_21", 21, "Squeeze", real(2, 1, 3), ints(-2))
    yield node("unsqueeze_21", 21, "Unsqueeze", x, ints(0, -1))
    yield node("flatten_21", 21, "Flatten", image, axis=-2)
    yield node("conv_22_groups", 22, "Conv", image, weight, group=2,
               auto_pad="SAME_UPPER", strides=[2, 1])
    yield node("conv_transpose_22", 22, "ConvTranspose", image, weight, group=2,
               strides=[2, 2], output_padding=[1, 0])
    yield node("average_pool_22", 22, "AveragePool", image, kernel_shape=[3, 3],
               strides=[2, 2], ceil_mode=1, count_include_pad=1, pads=[1, 1, 1, 1])
    yield node("max_pool_22", 22, "MaxPool", image, kernel_shape=[3, 2],
               dilations=[1, 2], ceil_mode=1)
    yield node("lp_pool_22", 22, "LpPool", image, kernel_shape=[2, 2], p=2)
    yield node("hard_sigmoid_22", 22, "HardSigmoid", x, alpha=0.25)
    yield node("dropout_22", 22, "Dropout", x, numpy.float32(0.5))
    yield computed(image)
    yield node("instance_normalization_22", 22, "InstanceNormalization", image,
               real(4), real(4), epsilon=1e-3)
    yield from antialiased(real(1, 2, 9, 11))
    yield padded(image)
    yield padded_axes(image)
    yield places(image)
    yield node("mean_variance_13", 13, "MeanVarianceNormalization", image)
    yield node("mean_variance_13_axes", 13, "MeanVarianceNormalization", image,
               axes=[1, 2])
    yield node("lp_normalization_7", 7, "LpNormalization", image, axis=1)
    yield node("lp_normalization_22", 22, "LpNormalization", x, p=1)
    yield node("hardmax_11", 11, "Hardmax", x, axis=1)
    yield node("hardmax_13", 13, "Hardmax", x)
    yield counting(node("top_k_9", 9, "TopK", x, outputs=2, k=2, axis=1))
    yield counting(node("top_k_11", 11, "TopK", x, ints(3), outputs=2, largest=0))
    yield unpooled(image)
    yield node("mod_13_fmod", 13, "Mod", x, real(3, 1), fmod=1)
    yield halved(real(2, 5, 3, 2))


def cast(kind, dtype):
    """Weights of another width, as numbers and as a file's."""
    make = helper.make_node
    nodes = [make("Cast", ["w"], ["v"], to=FLOAT), make("Conv", ["x", "v"], ["y"])]
    given = {"w": (real(2, 3, 2, 2) * 4).round().astype(dtype)}
    return graph(f"weights_{kind}", 13, nodes, real(1, 3, 4, 4), given)


def function():
    """A function of the model's own, called twice with other attributes."""
    make = helper.make_node
    slope = make("LeakyRelu", ["r"], ["v"])
    slope.attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope"))
    slope.attribute[0].type = onnx.AttributeProto.FLOAT
    block = helper.make_function(
        "local",
        "Block",
        ["u", "w"],
        ["v"],
        [make("Add", ["u", "w"], ["r"]), slope],
        [helper.make_opsetid("", 15)],
        ["slope"],
    )
    nodes = [
        make("Block", ["x", "w"], ["h"], domain="local", slope=0.25),
        make("Block", ["h", "w"], ["y"], domain="local", slope=0.5),
    ]
    return graph("function", 15, nodes, real(2, 3), {"w": real(3)}, functions=[block])


def tests():
    x, image = real(2, 3, 4), real(2, 3, 4, 5)
    norm = [real(3), real(3), real(3), abs(real(3)) + 0.5]
    for op in "Softmax", "LogSoftmax":
        yield node(f"{op.lower()}_7", 7, op, x)
        yield node(f"{op.lower()}_11_axis_0", 11, op, x, axis=0)
        yield node(f"{op.lower()}_11_axis_2", 11, op, x, axis=-1)
        yield node(f"{op.lower()}_13", 13, op, x)
        yield node(f"{op.lower()}_13_axis_1", 13, op, x, axis=1)
    yield node("clip_7", 7, "Clip", x, min=-0.5, max=0.5)
    yield node("clip_10_open", 10, "Clip", x, min=0.25)
    yield node("clip_11", 11, "Clip", x, numpy.float32(-0.5), numpy.float32(0.5))
    yield node("clip_13_no_min", 13, "Clip", x, None, numpy.float32(0.5))
    for opset in 7, 9, 14, 15:
        yield node(
            f"batch_normalization_{opset}", opset, "BatchNormalization", image, *norm
        )
    yield node("dropout_7", 7, "Dropout", x, ratio=0.3)
    yield node("dropout_10", 10, "Dropout", x, ratio=0.3)
    yield node("dropout_12", 12, "Dropout", x, numpy.float32(0.3))
    yield node(
        "dropout_13_training_false",
        13,
        "Dropout",
        x,
        numpy.float32(0.3),
        numpy.array(False),
    )
    yield node(
        "upsample_7", 7, "Upsample", image, mode="nearest", scales=[1.0, 1.0, 2.0, 3.0]
    )
    yield node("upsample_9", 9, "Upsample", image, floats(1, 1, 2, 2), mode="linear")
    yield node("resize_10", 10, "Resize", image, floats(1, 1, 2, 2), mode="nearest")
    # Up to opset 10 nearest rounds up where an axis becomes smaller.
    for name, scales in ("smaller", (0.6, 0.7)), ("mixed", (0.6, 1.5)):
        yield node(f"resize_10_{name}", 10, "Resize", image,
                   floats(1, 1, *scales), mode="nearest")
    yield node(
        "resize_11", 11, "Resize", image, floats(), floats(1, 1, 2, 2), mode="linear"
    )
    yield node(
        "resize_11_sizes",
        11,
        "Resize",
        image,
        floats(),
        floats(),
        ints(2, 3, 7, 6),
        mode="cubic",
        coordinate_transformation_mode="align_corners",
    )
    yield node(
        "resize_13",
        13,
        "Resize",
        image,
        None,
        floats(1, 1, 0.5, 1.5),
        mode="nearest",
        nearest_mode="floor",
    )
    yield node(
        "resize_18_axes",
        18,
        "Resize",
        image,
        None,
        None,
        ints(6, 7),
        mode="linear",
        axes=[2, 3],
    )
    yield node("pad_7", 7, "Pad", image, pads=[0, 0, 1, 2, 0, 0, 0, 1], value=0.5)
    yield node(
        "pad_11", 11, "Pad", image, ints(0, 0, 1, 2, 0, 0, 0, 1), numpy.float32(0.5)
    )
    yield node(
        "pad_13_reflect", 13, "Pad", image, ints(0, 0, 1, 2, 0, 0, 0, 1), mode="reflect"
    )
    yield node(
        "pad_18_axes",
        18,
        "Pad",
        image,
        ints(1, 2, 0, 1),
        None,
        ints(-2, 3),
        mode="edge",
    )
    one = real(2, 1, 3, 1)
    yield node("squeeze_7", 7, "Squeeze", one, axes=[1])
    yield node("squeeze_7_all", 7, "Squeeze", one)
    yield node("squeeze_11_negative", 11, "Squeeze", one, axes=[-1])
    yield node("squeeze_13", 13, "Squeeze", one, ints(1, 3))
    yield node("unsqueeze_7", 7, "Unsqueeze", x, axes=[0, 2])
    yield node("unsqueeze_13", 13, "Unsqueeze", x, ints(-1))
    yield node("split_7", 7, "Split", image, outputs=2, axis=2)
    yield node("split_11_sizes", 11, "Split", image, outputs=2, axis=-1, split=[2, 3])
    yield node("split_13", 13, "Split", image, ints(1, 2), outputs=2, axis=1)
    yield node("split_18", 18, "Split", image, outputs=2, axis=3, num_outputs=2)
    yield node("slice_7", 7, "Slice", image, starts=[1, 0], ends=[9, -1], axes=[2, 3])
    yield node(
        "slice_10", 10, "Slice", image, ints(3, 0), ints(0, 5), ints(2, 3), ints(-1, 2)
    )
    yield node("flatten_7", 7, "Flatten", image, axis=2)
    yield node("flatten_11_negative", 11, "Flatten", image, axis=-1)
    yield node(
        "gemm_7", 7, "Gemm", real(2, 3), real(3, 4), real(1, 4), alpha=0.5, beta=2.0
    )
    yield node("gemm_11_no_c", 11, "Gemm", real(2, 3), real(3, 4))
    yield node(
        "average_pool_7",
        7,
        "AveragePool",
        image,
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
    )
    yield node(
        "average_pool_10_ceil",
        10,
        "AveragePool",
        image,
        kernel_shape=[2, 2],
        strides=[2, 2],
        ceil_mode=1,
    )
    yield node(
        "average_pool_11_auto_pad",
        11,
        "AveragePool",
        image,
        kernel_shape=[2, 2],
        auto_pad="SAME_UPPER",
    )
    yield node(
        "average_pool_19_dilated",
        19,
        "AveragePool",
        image,
        kernel_shape=[2, 2],
        dilations=[2, 2],
    )
    yield node("max_pool_8", 8, "MaxPool", image, kernel_shape=[2, 2])
    yield node(
        "max_pool_10_dilated",
        10,
        "MaxPool",
        image,
        kernel_shape=[2, 2],
        dilations=[2, 2],
        ceil_mode=1,
    )
    yield node("reshape_7", 7, "Reshape", image, ints(0, -1, 5))
    yield node("reshape_14", 14, "Reshape", image, ints(0, 12, -1), allowzero=0)
    yield node("reduce_mean_7", 7, "ReduceMean", image, axes=[2, 3])
    yield node("reduce_mean_11_all", 11, "ReduceMean", image, keepdims=0)
    yield node("reduce_mean_13", 13, "ReduceMean", image, axes=[-1], keepdims=0)
    yield node("reduce_mean_18", 18, "ReduceMean", image, ints(2, 3))
    yield node("reduce_sum_11", 11, "ReduceSum", image, axes=[1])
    yield node("reduce_sum_13", 13, "ReduceSum", image, ints(1), keepdims=0)
    yield node("hard_swish_14", 14, "HardSwish", x)
    yield node("leaky_relu_7", 7, "LeakyRelu", x)
    yield node("elu_7", 7, "Elu", x)
    nodes, given = chain(x, 12)
    yield graph("view_11_dynamic", 11, nodes, x, given, free=[0])
    conv = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("GlobalAveragePool", ["c"], ["y"]),
    ]
    yield graph(
        "size_13_dynamic", 13, conv, image, {"w": real(2, 3, 2, 2)}, free=[0, 2, 3]
    )
    yield graph(
        "inputs_7_initialisers", 7, conv, image, {"w": real(2, 3, 2, 2)}, declared=True
    )
    yield cast("float16", "f2")
    yield cast("double", "f8")
    yield function()
    yield cast("bfloat16", ml_dtypes.bfloat16)
    yield wide("float16", numpy.dtype("f2"))
    yield wide("double", numpy.dtype("f8"))
    for test in newer():
        yield test


def model_of(test):
    name, opset, nodes, x, given, names, options = test
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    free = options.get("free", [])
    shape = [f"d{i}" if i in free else n for i, n in enumerate(x.shape)]
    inputs = [helper.make_tensor_value_info("x", kind, shape)]
    given = {k: numpy_helper.from_array(numpy.asarray(v), k) for k, v in given.items()}
    if options.get("declared"):
        inputs += [
            helper.make_tensor_value_info(k, v.data_type, v.dims)
            for k, v in given.items()
        ]
    whole = options.get("whole", [])
    kinds = {name: onnx.TensorProto.INT64 for name in whole}
    outputs = [
        helper.make_tensor_value_info(n, kinds.get(n, kind), None) for n in names
    ]
    body = helper.make_graph(nodes, name, inputs, outputs, list(given.values()))
    functions = options.get("functions", [])
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(f.domain, 1) for f in functions]
    model = helper.make_model(body, opset_imports=opsets, functions=functions)
    model.ir_version = 3 if options.get("declared") else 8
    model.producer_name = ""
    return model.SerializeToString()


def session_of(bytes):
    return onnxruntime.InferenceSession(bytes, providers=["CPUExecutionProvider"])


def write(folder, test):
    name, x, names = test[0], test[3], test[5]
    bytes = model_of(test)
    session = session_of(bytes)
    data = folder / name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / name / "model.onnx").write_bytes(bytes)
    for stem, arrays in ("input", [x]), ("output", session.run(names, {"x": x})):
        for i, array in enumerate(arrays):
            tensor = numpy_helper.from_array(
                array, "x" if stem == "input" else names[i]
            )
            (data / f"{stem}_{i}.pb").write_bytes(tensor.SerializeToString())


def main():
    default = pathlib.Path(__file__).parent.parent / "tests" / "fixtures" / "onnx"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    shutil.rmtree(folder, ignore_errors=True)
    onnxruntime.set_default_logger_severity(3)
    for test in tests():
        write(folder, test)


if __name__ == "__main__":
    main()
