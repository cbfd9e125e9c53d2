"""Networks of Keras of every make, their layers, and that nothing is left behind in them.

Run by test_keras.py in one process for each backend.
"""

import random

import numpy as np
import pytest
import torch

import heatlens
from heatlens.errors import (
    InvalidArgument,
    NoSpatialLayer,
    UnknownName,
    UnsupportedMethod,
)
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import ClassIndex, OutputFunction
from tests.models.keras_process.keras_networks import (
    backend,
    bare_gradient,
    convolutional,
    numpy,
    of_class,
    pixels,
    randomised,
    relative,
)

TIGHT = 1e-5
pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


def nested():
    import keras

    inside = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(6, 3, padding="same", strides=2, activation="relu", name="conv"),
            keras.layers.Conv2D(8, 3, padding="same", strides=4, activation="relu", name="deep"),
        ],
        name="backbone",
    )
    inputs = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(inside(inputs))
    top = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, name="scores")], name="top")
    return randomised(keras.Model(inputs, top(pooled), name="whole"))


def subclassed():
    import keras

    class Block(keras.layers.Layer):
        def __init__(self, filters, strides, **settings):
            super().__init__(**settings)
            self.convolution = keras.layers.Conv2D(
                filters, 3, padding="same", strides=strides, name="convolution"
            )
            self.norm = keras.layers.BatchNormalization(name="norm")

        def call(self, inputs):
            return keras.ops.relu(self.norm(self.convolution(inputs)))

    class Network(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.head = keras.layers.Dense(4, name="head")
            self.one = Block(6, 2, name="one")
            self.two = Block(8, 4, name="two")

        def call(self, inputs):
            features = self.two(self.one(inputs))
            return self.head(keras.ops.mean(features, (1, 2)))

    network = Network()
    network(np.zeros((1, 32, 32, 3), np.float32))
    return randomised(network)


@pytest.mark.parametrize("make", [nested, subclassed, convolutional])
def test_every_make_of_network(make):
    network, batch = make(), pixels(2, 32, 32, 3)
    found = heatlens.attribute(network, batch, "gradient", 2)
    assert relative(found, bare_gradient(network, batch, of_class(2))) < TIGHT
    names = as_model(network).layers()
    assert len(set(names)) == len(names)
    heat = heatlens.attribute(network, batch, "gradcam", 2)
    assert heat.shape == (2, 4, 4, 1)


def test_layers_inside_others_have_both_names():
    names = as_model(nested()).layers()
    assert names == (
        "backbone/conv", "backbone/deep", "backbone", "pool", "top/scores", "top",
    )  # fmt: skip
    network, batch = nested(), torch.from_numpy(pixels(2, 32, 32, 3)).permute(0, 3, 1, 2)
    seen = as_model(network).activations(batch, ["backbone/deep", "backbone", "top"])
    torch.testing.assert_close(seen["backbone/deep"], seen["backbone"])
    torch.testing.assert_close(seen["top"], as_model(network).predict(batch))
    assert {"one/convolution", "one/norm", "two"} < set(as_model(subclassed()).layers())
    with pytest.raises(UnknownName, match="backbone/deep"):
        as_model(network).activations(batch, ["backbone/deap"])


@pytest.mark.skipif("backend() == 'tensorflow'")  # whose CPU kernels know channels last alone
def test_channels_first():
    network = convolutional(data_format="channels_first")
    model = as_model(network)
    assert model.contract.layout == "NCHW"
    assert model.contract.input_size == (32, 32)
    batch = pixels(2, 3, 32, 32)
    found = heatlens.attribute(network, batch, "gradient", 2)
    assert relative(found, bare_gradient(network, batch, of_class(2))) < TIGHT
    assert heatlens.attribute(network, batch, "gradcam", 2).shape == (2, 1, 4, 4)


@pytest.mark.parametrize("by_name", [True, False])
def test_several_inputs(by_name):
    import keras

    picture, age = keras.Input((16, 16, 3), name="picture"), keras.Input((2,), name="age")
    pooled = keras.layers.GlobalAveragePooling2D()(
        keras.layers.Conv2D(4, 3, activation="tanh")(picture)
    )
    joined = keras.layers.Concatenate()([pooled, age])
    inputs = {"picture": picture, "age": age} if by_name else [picture, age]
    network = randomised(keras.Model(inputs, keras.layers.Dense(3)(joined)))
    model = as_model(network)
    assert set(model.inputs()) == {"picture", "age"}
    assert (model.contract.layout, model.contract.input_size) == ("NHWC", (16, 16))
    batch, years = pixels(2, 16, 16, 3), pixels(1, 2, seed=3)
    canonical = torch.from_numpy(batch).permute(0, 3, 1, 2)
    with pytest.raises(InvalidArgument, match="hold age"):
        model.predict(canonical)
    held = model.holding({"age": years})
    both = {"picture": batch, "age": np.repeat(years, 2, 0)}
    expected = numpy(network(both if by_name else [both["picture"], both["age"]], training=False))
    assert relative(held.predict(canonical), expected) < TIGHT
    small = 1e-2 * pixels(2, 16, 16, 3, seed=8)
    moved = held.predict(canonical + torch.from_numpy(small).permute(0, 3, 1, 2))
    slope = held.input_gradient(canonical, ClassIndex(1)).permute(0, 2, 3, 1).numpy()
    linear = (slope * small).sum((1, 2, 3))
    np.testing.assert_allclose((moved.numpy() - expected)[:, 1], linear, atol=3e-3)
    with pytest.raises(UnknownName, match="age"):
        model.holding({"aged": years})


def test_several_outputs():
    import keras

    inputs = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(inputs))
    kind = keras.layers.Dense(3, name="kind", activation="softmax")(pooled)
    box = keras.layers.Dense(4, name="box")(pooled)
    listed = randomised(keras.Model(inputs, [kind, box]))
    named = keras.Model(inputs, {"kind": kind, "box": box})
    batch = torch.from_numpy(pixels(2, 16, 16, 3)).permute(0, 3, 1, 2)
    expected = numpy(named(batch.permute(0, 2, 3, 1).contiguous().numpy())["box"])
    for network, output in ((listed, "box"), (listed, 1), (named, "box")):
        found = load_model(network, output=output).predict(batch)
        assert relative(found, expected) < TIGHT
    model = load_model(listed)
    assert model.predict(batch).shape == (2, 3)
    twin = model.with_random_head(batch, ClassIndex(0), 0)
    assert relative(twin.predict(batch), model.predict(batch)) > 0.01
    with pytest.raises(InvalidArgument, match="returns box, kind; say with output="):
        load_model(named).predict(batch)
    with pytest.raises(UnknownName, match="box"):
        load_model(listed, output="bax")
    twin = load_model(listed, output="box").with_random_head(batch, ClassIndex(0), 0)
    assert relative(twin.predict(batch), expected) > 0.1


def test_frames_of_a_recurrent_network():
    import keras

    network = keras.Sequential(
        [
            keras.Input((10, 6)),
            keras.layers.TimeDistributed(keras.layers.Dense(5), name="each"),
            keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True), name="both"),
            keras.layers.LSTM(4, return_sequences=True, name="memory"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(3),
        ]
    )
    batch = pixels(2, 10, 6)
    model = as_model(network)
    assert model.contract.layout == "NTC"
    names = ("each", "both/forward_gru", "both/backward_gru", "both", "memory")
    assert model.layers()[:5] == names
    found = heatlens.attribute(network, batch, "gradient", 1)
    assert relative(found, bare_gradient(network, batch, of_class(1))) < TIGHT
    slope = model.layer_gradient(torch.from_numpy(batch).transpose(1, 2), "memory", ClassIndex(1))[
        1
    ]
    assert slope.shape == (2, 10, 4)


def test_volumes():
    import keras

    network = randomised(
        keras.Sequential(
            [
                keras.Input((8, 12, 12, 1)),
                keras.layers.Conv3D(4, 3, activation="relu"),
                keras.layers.GlobalAveragePooling3D(),
                keras.layers.Dense(2),
            ]
        )
    )
    assert as_model(network).contract.layout == "NDHWC"
    assert load_model(network, layout="NTHWC").contract.axes == "THW"
    batch = pixels(1, 8, 12, 12, 1)
    found = heatlens.attribute(network, batch, "gradient", 1)
    assert relative(found, bare_gradient(network, batch, of_class(1))) < TIGHT


def test_the_head_is_drawn_anew_elsewhere():
    for make in (convolutional, nested, subclassed):
        network = make()
        batch = torch.from_numpy(pixels(2, 32, 32, 3)).permute(0, 3, 1, 2)
        model = as_model(network)
        before = model.predict(batch)
        twin = model.with_random_head(batch, ClassIndex(0), 7)
        assert not torch.allclose(twin.predict(batch), before, atol=1e-3)
        torch.testing.assert_close(model.predict(batch), before)
        again = model.with_random_head(batch, ClassIndex(0), 7).predict(batch)
        torch.testing.assert_close(twin.predict(batch), again)


def snapshot(network):
    parts = [network, *network._flatten_layers(include_self=False)]
    state = [
        [(id(part), sorted(vars(part)), part.trainable, part.built) for part in parts],
        [len(part._inbound_nodes) for part in parts],
        [variable.numpy().tobytes() if hasattr(variable, "numpy") else
         numpy(variable.value).tobytes() for variable in network.variables],
        random.getstate(), np.random.get_state()[1].tobytes(),  # noqa: NPY002 torch.get_rng_state().tolist(),
        len(network.losses), torch.get_num_threads(),
    ]  # fmt: skip
    if backend() == "torch":
        state.append([(item.grad is None, item.requires_grad) for item in network.parameters()])
        state.append(network.training)
    return state


def test_no_trace_is_left():
    import keras

    inputs = keras.Input((32, 32, 3))
    features = keras.layers.Conv2D(
        8, 3, strides=4, activity_regularizer="l2", kernel_regularizer="l2", name="conv"
    )(keras.layers.GaussianNoise(1.0)(inputs))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.BatchNormalization()(features))
    network = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dropout(0.5)(pooled)))
    batch = pixels(2, 32, 32, 3)
    before = snapshot(network)

    def fails(output):
        raise ZeroDivisionError("on purpose")

    for method in ("gradient", "gradcam", "smoothgrad", "scorecam"):
        heatlens.attribute(network, batch, method, 1, **(
            {"samples": 2} if method == "smoothgrad" else {}
        ))  # fmt: skip
    model = as_model(network)
    canonical = torch.from_numpy(batch).permute(0, 3, 1, 2)
    model.with_random_head(canonical, ClassIndex(0), 0).predict(canonical)
    for work in (
        model.input_gradient,
        lambda *given: model.layer_gradient(given[0], "conv", given[1]),
    ):
        with pytest.raises((InvalidArgument, ZeroDivisionError)):
            work(canonical, OutputFunction(fails))
    after = snapshot(network)
    for one, other in zip(before, after):
        assert one == other


def test_a_network_that_decides_in_python_runs_uncompiled():
    import keras

    class Deciding(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = keras.layers.Dense(2)

        def call(self, inputs):
            pooled = keras.ops.mean(inputs, (1, 2))
            if float(keras.ops.sum(pooled)) > 0:
                pooled = 2 * pooled
            return self.head(pooled)

    network = Deciding()
    batch = np.abs(pixels(2, 8, 8, 3))
    network(batch)
    if backend() == "jax":
        with pytest.raises(InvalidArgument, match=r"raised (Attribute|Concretization)"):
            heatlens.attribute(network, batch, "gradient", 1)
        return
    found = heatlens.attribute(network, batch, "gradient", 1)
    kernel = numpy(network.head.kernel)[:, 1]
    np.testing.assert_allclose(found, np.broadcast_to(2 * kernel / 64, found.shape), rtol=1e-5)


def test_networks_that_cannot_be_explained():
    import keras

    with pytest.raises(InvalidArgument, match=r"has no weights yet: call it once"):
        as_model(keras.Sequential([keras.layers.Dense(2)]))
    fixed = keras.Sequential([keras.Input(batch_shape=(4, 8, 8, 3)), keras.layers.Flatten()])
    with pytest.raises(InvalidArgument, match="exactly 4 rows"):
        as_model(fixed)
    with pytest.raises(InvalidArgument, match=r"takes \(any, 32, 32, 3\).*got \(2, 16, 16, 3\)"):
        heatlens.attribute(convolutional(), pixels(2, 16, 16, 3), "gradient", 0)
    with pytest.raises(InvalidArgument, match=r"expected \(N, H, W, C\)"):
        heatlens.attribute(convolutional(), pixels(2, 32, 32), "gradient", 0)
    with pytest.raises(InvalidArgument, match=r"takes 4 axes"):
        load_model(convolutional(), layout="NTHWC")
    ends_in_relu = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="relu")])
    with pytest.raises(InvalidArgument, match="not in a softmax"):
        load_model(ends_in_relu, output="logits")
    with pytest.raises(InvalidArgument, match="subclassed"):
        load_model(subclassed(), output="logits")


def test_a_network_without_a_spatial_layer():
    import keras

    network = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    with pytest.raises(NoSpatialLayer, match="no layer whose cells"):
        heatlens.attribute(network, pixels(1, 8, 8, 3), "gradcam", 0)
    assert heatlens.attribute(network, pixels(1, 8, 8, 3), "gradient", 0).shape == (1, 8, 8, 3)


def test_whole_numbers_have_no_gradient():
    import keras

    network = keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            keras.layers.Embedding(20, 4, name="words"),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(2),
        ]
    )
    model = as_model(network)
    assert "gradient" not in model.capabilities
    words = np.arange(14).reshape(2, 7) % 20
    canonical = torch.from_numpy(words).float()[:, None]
    assert relative(model.predict(canonical), numpy(network(words))) < TIGHT
    assert model.layer_gradient(canonical, "words", ClassIndex(1))[1].shape == (2, 7, 4)
    with pytest.raises(UnsupportedMethod, match="gradient"):
        heatlens.attribute(network, canonical[:, 0], "gradient", 1)


def test_explain_hides_the_layout():
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    heat = heatlens.explain(convolutional(), picture, "gradcam", 1)
    assert heat.values.shape == (40, 60)
    assert np.isfinite(heat.values[heat.valid] if heat.valid is not None else heat.values).all()


def test_attributes_of_layers_that_were_changed():
    import keras

    network = randomised(
        keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                keras.layers.LeakyReLU(negative_slope=0.1),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(4),
            ]
        )
    )
    batch, engine = pixels(2, 8, 8, 3), as_model(network).engine
    heatlens.attribute(network, batch, "gradient", 2)
    kept = engine._current()
    heatlens.attribute(network, batch, "gradient", 1)
    assert engine._current() is kept
    network.layers[0].negative_slope = 3.0
    found = heatlens.attribute(network, batch, "gradient", 2)
    assert relative(found, bare_gradient(network, batch, of_class(2))) < TIGHT
    network.layers[-1].enable_lora(2)
    network.layers[-1].lora_kernel_b.assign(np.ones((2, 4)))
    found = heatlens.attribute(network, batch, "gradient", 2)
    assert relative(found, bare_gradient(network, batch, of_class(2))) < TIGHT


def test_bytes_do_not_wrap_around():
    import keras

    inputs = keras.Input((4, 4, 3), dtype="uint8")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1.0)(inputs))
    model = as_model(keras.Model(inputs, pooled))
    for value, expected in ((255.6, 255), (257.0, 255), (-1.0, 0), (2.6, 3)):
        found = model.predict(torch.full((1, 3, 4, 4), value))
        torch.testing.assert_close(found, torch.full((1, 3), float(expected)))
