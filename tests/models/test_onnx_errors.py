"""Models of ONNX that cannot be used: each error says what was given and what helps."""

from __future__ import annotations

import importlib.util

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from heatlens import attribute, load_model
from heatlens.errors import (
    InvalidArgument,
    MissingDependency,
    NeedsGradient,
    UnknownName,
    UnsupportedMethod,
    WeightsUnavailable,
)

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


def model_of(
    operator="Relu",
    taken=TensorProto.FLOAT,
    given=TensorProto.FLOAT,
    shape=("n", 3, 8, 8),
    opset=17,
    **attributes,
):
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], **attributes)],
        "one",
        [helper.make_tensor_value_info("x", taken, shape)],
        [helper.make_tensor_value_info("y", given, None)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def test_no_file(tmp_path):
    with pytest.raises(WeightsUnavailable, match="there is no file"):
        load_model(tmp_path / "absent.onnx")


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x08\x08\x12\x07pytorch"])
def test_a_damaged_file(tmp_path, content):
    file = tmp_path / "damaged.onnx"
    file.write_bytes(content)
    with pytest.raises(InvalidArgument, match=r"damaged\.onnx' is no ONNX model, or a damaged one"):
        load_model(file)


def test_a_file_that_ends_too_early(tmp_path):
    whole = model_of().SerializeToString()
    with pytest.raises(InvalidArgument, match=r"file of \d+ bytes (is no ONNX model|.*cannot run)"):
        load_model(whole[: len(whole) // 2])


def test_an_operator_that_nobody_knows():
    with pytest.raises(InvalidArgument, match=r"does not know an operator.*older opset"):
        load_model(model_of("Frobnicate"))


def test_an_opset_of_the_future():
    with pytest.raises(InvalidArgument, match=r"does not know an operator.*older opset"):
        load_model(model_of(opset=9999))


def test_weights_whose_file_is_missing(tmp_path):
    weight = numpy_helper.from_array(np.zeros((2, 3, 8, 8), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weight],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = tmp_path / "model.onnx"
    onnx.save(proto, file, save_as_external_data=True, location="weights.bin", size_threshold=0)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(InvalidArgument, match="keeps its weights in another file"):
        load_model(file)


def test_weights_given_as_well(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(model_of().SerializeToString())
    with pytest.raises(InvalidArgument, match="carries its weights"):
        load_model(file, weights=False)


def test_nothing_floating_goes_in_or_comes_out():
    with pytest.raises(InvalidArgument, match=r"takes x \(tensor\(int64\)\)"):
        load_model(model_of("Abs", TensorProto.INT64, TensorProto.INT64, ("n", 9)))
    with pytest.raises(InvalidArgument, match=r"returns y \(tensor\(int64\)\).*floating"):
        load_model(model_of("ArgMax", given=TensorProto.INT64))


def test_a_shape_that_it_does_not_take():
    model = load_model(model_of())
    with pytest.raises(InvalidArgument, match=r"'x' of shape \(n, 3, 8, 8\).*\(1, 3, 8, 9\)"):
        model.predict(torch.zeros(1, 3, 8, 9))


def test_unknown_names():
    with pytest.raises(UnknownName, match="unknown output 'z'"):
        load_model(model_of(), output="z")
    with pytest.raises(InvalidArgument, match="has 1 outputs"):
        load_model(model_of(), output=3)
    model = load_model(model_of())
    with pytest.raises(UnknownName, match="unknown layer"):
        model.activations(torch.zeros(1, 3, 8, 8), ["w"])
    with pytest.raises(UnknownName, match="unknown input 'text'"):
        model.holding({"text": torch.zeros(1, 2)}, "x")


def test_an_input_that_was_not_given():
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "z"], ["y"])],
        "sum",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", 3, 8, 8)) for name in "xz"],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(InvalidArgument, match="takes x, z, and only 'x' is given"):
        load_model(proto).predict(torch.zeros(1, 3, 8, 8))


def test_gradients_are_refused_with_what_works():
    with pytest.raises(NeedsGradient, match=r"methods that work: .*occlusion.*rise"):
        attribute(load_model(model_of("GlobalAveragePool")), torch.rand(1, 3, 8, 8), "gradient", 0)


def test_layers_that_only_the_package_onnx_can_read(monkeypatch):
    file = model_of("GlobalAveragePool").SerializeToString()
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "onnx" else found(name)
    )
    with pytest.raises(UnsupportedMethod, match=r"activations.*pip install 'heatlens\[onnx\]'"):
        attribute(load_model(file), torch.rand(1, 3, 8, 8), "eigencam", 0)
    with pytest.raises(NeedsGradient) as refused:
        attribute(load_model(file), torch.rand(1, 3, 8, 8), "gradient", 0)
    assert "pip install" not in str(refused.value)


def test_a_device_where_it_is_not():
    with pytest.raises(InvalidArgument, match="device is 'cuda', but one runs on cpu"):
        load_model(model_of(), device="cuda")
    assert load_model(model_of(), device="cpu").device.type == "cpu"


def test_onnxruntime_is_not_installed(tmp_path, monkeypatch):
    file = tmp_path / "model.onnx"
    file.write_bytes(model_of().SerializeToString())
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(MissingDependency, match=r"heatlens\[onnx\]"):
        load_model(file)


def test_another_number_of_rows_than_went_in():
    shape = numpy_helper.from_array(np.array([-1, 6]), "shape")
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "shape"], ["y"])],
        "rows",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 1, 4, 6))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [shape],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(InvalidArgument, match=r"'y' of shape \(8, 6\) for a batch of 2; the first"):
        load_model(proto).predict(torch.rand(2, 1, 4, 6))
    proto.graph.node[0].op_type = "ReduceSum"
    proto.graph.node[0].input[:] = ["x"]
    proto.graph.node[0].attribute.append(helper.make_attribute("keepdims", 0))
    with pytest.raises(InvalidArgument, match=r"'y' of shape \(\) for a batch of 2"):
        load_model(proto).predict(torch.rand(2, 1, 4, 6))
