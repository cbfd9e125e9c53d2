"""Models of ONNX: maps as PyTorch's, tensors inside, rows, types, inputs and outputs."""

from __future__ import annotations

import threading

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from heatlens import attribute, explain, load_model
from heatlens.models.onnx.program import Program
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex
from tests.attribution.networks import ResidualNet, pictures, seeded

pytestmark = [
    pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def network():
    return seeded(ResidualNet())


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    """The network as `torch.onnx.export` writes it, batches of any length."""
    file = tmp_path_factory.mktemp("onnx") / "residual.onnx"
    rows = ({0: torch.export.Dim("rows")},)
    program = torch.onnx.export(
        network, (pictures(2),), dynamo=True, dynamic_shapes=rows, verbose=False
    )
    program.save(str(file))
    return file


@pytest.fixture(scope="module")
def model(path):
    return load_model(path)


def built(nodes, inputs, outputs, weights=(), notes=None):
    """A model of these nodes; inputs and outputs are (name, type, shape)."""
    graph = helper.make_graph(
        list(nodes),
        "built",
        [helper.make_tensor_value_info(*item) for item in inputs],
        [helper.make_tensor_value_info(*item) for item in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(weights).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(made, notes or {})
    return made


def mean_colour(shape=("n", 3, 8, 8), kind=TensorProto.FLOAT, notes=None, axes=(2, 3)):
    """The mean of each channel as score."""
    node = helper.make_node("ReduceMean", ["pixels"], ["scores"], axes=list(axes), keepdims=0)
    return built(
        [node], [("pixels", kind, shape)], [("scores", kind, (shape[0], None))], notes=notes
    )


# --- the same maps as PyTorch's ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("occlusion", {}),
        ("rise", {"samples": 64}),
        ("spsa", {"samples": 32}),
        ("eigencam", {}),
        ("scorecam", {}),
    ],
)
def test_maps_equal_those_of_pytorch(network, model, method, parameters):
    batch = pictures(3)
    heat = attribute(model, batch, method, [1, 2, 3], **parameters)
    expected = attribute(network, batch, method, [1, 2, 3], **parameters)
    assert (heat - expected).abs().max() < 1e-4 * expected.abs().max()


def test_explain_reads_a_picture(path):
    image = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    assert explain(str(path), image, method="rise", samples=16, target=1).values.shape == (40, 48)


def test_tensors_inside_are_layers(network, model):
    batch = pictures(3)
    assert model.capabilities == {"predict", "activations"}
    layers = model.layers()
    assert layers.index("relu") < layers.index("conv2d_3") < layers.index("relu_3")
    seen = model.activations(batch, ["conv2d_3", "relu_3"])
    expected = TorchModel(network).activations(batch, ["conv4"])["conv4"]
    torch.testing.assert_close(seen["conv2d_3"], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(seen["relu_3"], expected.relu(), rtol=1e-4, atol=1e-4)
    found = model.spatial_layer(batch)
    assert (found.name, found.layout, found.grid) == ("relu_3", "NCHW", (4, 4))


def test_random_head_is_the_same_as_in_pytorch(network, model):
    batch = pictures(2)
    before = model.predict(batch)
    twin = model.with_random_head(batch, ClassIndex(1), seed=0)
    expected = TorchModel(network).with_random_head(batch, ClassIndex(1), seed=0).predict(batch)
    torch.testing.assert_close(twin.predict(batch), expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(model.predict(batch), before)


# --- how it is given --------------------------------------------------------------------------


def test_every_way_to_give_a_model(path, model):
    batch = pictures(2)
    expected = model.predict(batch)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for given in (f"onnx:{path}", path, path.read_bytes(), onnx.load(path), session):
        other = load_model(given)
        torch.testing.assert_close(other.predict(batch), expected)
        assert other.contract.input_size == (32, 32)
        assert bool(other.layers()) is (given is not session)


def test_without_the_package_onnx_there_are_no_layers(path, monkeypatch):
    monkeypatch.setattr("heatlens.models.onnx.program.importlib.util.find_spec", lambda name: None)
    program = Program(path, "model")
    assert not program.readable
    assert program.layers("x") == ()
    assert program.with_random_head(0) is None


def test_weights_in_a_file_beside_it(tmp_path, network, model):
    proto = built(
        [helper.make_node("Conv", ["x", "w"], ["maps"], kernel_shape=[8, 8]),
         helper.make_node("Relu", ["maps"], ["open"]),
         helper.make_node("Flatten", ["open"], ["scores"])],
        [("x", TensorProto.FLOAT, ("n", 3, 8, 8))],
        [("scores", TensorProto.FLOAT, ("n", 4))],
        {"w": np.random.default_rng(0).normal(size=(4, 3, 8, 8)).astype(np.float32)},
    )  # fmt: skip
    file = tmp_path / "model.onnx"
    onnx.save(proto, file, save_as_external_data=True, location="weights.bin", size_threshold=0)
    loaded = load_model(file)
    batch = torch.randn(2, 3, 8, 8)
    expected = load_model(onnx.load(file)).predict(batch)
    torch.testing.assert_close(loaded.predict(batch), expected)
    seen = loaded.activations(batch, ["open"])["open"]
    torch.testing.assert_close(seen.flatten(1), expected)
    assert loaded.with_random_head(batch, ClassIndex(0), 0).predict(batch).shape == (2, 4)


# --- rows and types ---------------------------------------------------------------------------


def test_a_fixed_number_of_rows_is_filled_up(network):
    proto = mean_colour((4, 3, 8, 8))
    fixed = load_model(proto)
    assert fixed.engine.row_limit == 4
    for rows in (1, 4, 6):
        batch = torch.randn(rows, 3, 8, 8)
        torch.testing.assert_close(fixed.predict(batch), batch.mean((2, 3)))
    batch = torch.randn(3, 3, 8, 8)
    heat = attribute(fixed, batch, "occlusion", 1, window=4, stride=4)
    anyhow = attribute(load_model(mean_colour()), batch, "occlusion", 1, window=4, stride=4)
    torch.testing.assert_close(heat, anyhow)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(TensorProto.FLOAT16, torch.float16), (TensorProto.DOUBLE, torch.float64)],
)
def test_other_floating_types(kind, dtype):
    model = load_model(mean_colour(kind=kind))
    assert model.engine.dtype == dtype
    batch = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(
        model.predict(batch).float(), batch.mean((2, 3)), rtol=1e-2, atol=1e-2
    )


def test_an_input_of_bytes_takes_pixels():
    proto = built(
        [helper.make_node("Cast", ["x"], ["real"], to=TensorProto.FLOAT),
         helper.make_node("ReduceMean", ["real"], ["scores"], axes=[1, 2], keepdims=0)],
        [("x", TensorProto.UINT8, ("n", 8, 8, 3))],
        [("scores", TensorProto.FLOAT, ("n", 3))],
    )  # fmt: skip
    model = load_model(proto)
    contract = model.contract
    assert (contract.value_range, contract.layout) == ((0.0, 255.0), "NHWC")
    batch = torch.full((1, 3, 8, 8), 99.6)
    assert model.predict(batch).tolist() == [[100.0] * 3]
    assert model.predict(batch + 300).tolist() == [[255.0] * 3]
    white = np.full((8, 8, 3), 255, np.uint8)
    heat = explain(model, white, method="occlusion", target=0, window=4, stride=4, baseline="black")
    assert float(heat.values.max()) > 1


# --- what it tells of itself ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "layout", "size", "assumed"),
    [
        (("n", 3, 8, 8), "NCHW", (8, 8), 1),
        (("n", 8, 8, 3), "NHWC", (8, 8), 1),
        (("n", 1, "h", "w"), "NCHW", None, 2),
        (("n", 3, 8, 3), "NCHW", (8, 3), 2),
        (("n", 3, 4, 8, 8), "NCDHW", (4, 8, 8), 2),
        (("n", 4, 8, 8, 3), "NCDHW", (8, 8, 3), 2),
        (("n", 9, 8), "NTF", (8, 9), 1),
        (("n", 1, 90), "NCT", (90,), 1),
        (("n", 90), "NT", (90,), 1),
    ],
)
def test_axes_are_read_from_the_input(shape, layout, size, assumed):
    contract = load_model(mean_colour(shape, axes=(-1,))).contract
    assert (contract.layout, contract.input_size) == (layout, size)
    assert len(contract.assumed) == assumed


def test_the_callers_layout_counts():
    contract = load_model(mean_colour(("n", 5, 8, 8, 2), axes=(2, 3)), layout="NTHWC").contract
    assert (contract.layout, contract.input_size, contract.channels) == ("NTHWC", (5, 8, 8), 2)


def test_labels_are_read_from_the_notes():
    model = load_model(mean_colour(notes={"names": "{0: 'red', 1: 'green', 2: 'blue'}"}))
    assert model.contract.labels == ("red", "green", "blue")
    heat = attribute(model, torch.rand(1, 3, 8, 8), "occlusion", "green", window=8, stride=8)
    assert heat.shape == (1, 1, 8, 8)


# --- several inputs and outputs ---------------------------------------------------------------


@pytest.fixture
def scaled():
    """Two inputs, a picture and a factor of each channel; three outputs."""
    return built(
        [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
         helper.make_node("Mul", ["mean", "factor"], ["logits"]),
         helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0)],
        [("factor", TensorProto.FLOAT, ("n", 3)), ("image", TensorProto.FLOAT, ("n", 3, 8, 8))],
        [("label", TensorProto.INT64, ("n",)), ("mean", TensorProto.FLOAT, ("n", 3)),
         ("logits", TensorProto.FLOAT, ("n", 3))],
    )  # fmt: skip


def test_other_inputs_are_held(scaled):
    model = load_model(scaled)
    assert model.inputs() == ("factor", "image")
    factor = torch.tensor([[1.0, 2.0, -3.0]])
    batch = torch.rand(4, 3, 8, 8)
    held = model.holding({"factor": factor})
    torch.testing.assert_close(held.predict(batch), batch.mean((2, 3)) * factor)
    both = {"image": batch, "factor": factor.expand(4, 3)}
    heat = attribute(model, both, "occlusion", 1, input_name="image", window=8, stride=8)
    torch.testing.assert_close(heat[:, 0, 0, 0], 2 * batch.mean((2, 3))[:, 1])


def test_one_of_several_outputs(scaled):
    factor = {"factor": np.array([[1.0, 2.0, -3.0]], np.float32)}
    batch = torch.rand(2, 3, 8, 8)
    for output, expected in ((None, (1, 2, -3)), ("mean", (1, 1, 1)), (-1, (1, 2, -3))):
        model = load_model(scaled, output=output).holding(factor, "image")
        torch.testing.assert_close(
            model.predict(batch), batch.mean((2, 3)) * torch.tensor(expected)
        )


# --- no trace ---------------------------------------------------------------------------------


def test_threads_are_torchs_and_nothing_is_printed(path, capfd):
    model = load_model(path)
    options = model.engine.program.session.get_session_options()
    assert options.intra_op_num_threads == torch.get_num_threads()
    assert options.inter_op_num_threads == 1
    with pytest.raises(ValueError, match="cannot be run"):
        model.predict(torch.zeros(1, 3, 31, 32))
    assert capfd.readouterr() == ("", "")


def test_the_users_model_stays_as_it_was(path):
    proto = onnx.load(path)
    before = proto.SerializeToString(deterministic=True)
    attribute(load_model(proto), pictures(1), "scorecam", 1)
    assert proto.SerializeToString(deterministic=True) == before


def test_threads_do_not_mix(model):
    batch = pictures(4)
    expected = model.predict(batch)
    found = {}

    def work(row):
        found[row] = model.predict(batch[row : row + 1])

    threads = [threading.Thread(target=work, args=(row,)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    torch.testing.assert_close(torch.cat([found[row] for row in range(4)]), expected)
