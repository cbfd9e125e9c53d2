"""Functions of TensorFlow and SavedModels; run by test_tensorflow.py in a process of its own."""

import gc
import sys
import weakref

import numpy as np
import pytest
import torch

import heatlens
from heatlens.errors import (
    InvalidArgument,
    InvalidType,
    NeedsGradient,
    UnsupportedMethod,
    UntrustedPickle,
    WeightsUnavailable,
)
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import ClassIndex, OutputFunction
from tests.models.keras_process.keras_networks import convolutional, pixels, relative

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


def weights():
    import tensorflow as tf

    return tf.constant(pixels(3, 4, seed=1))


def bare(function, batch, index):
    import tensorflow as tf

    leaf = tf.constant(batch)
    with tf.GradientTape() as tape:
        tape.watch(leaf)
        score = tf.reduce_sum(function(leaf)[:, index])
    return tape.gradient(score, leaf).numpy()


def test_a_compiled_function_is_traced_once_for_each_number_of_rows():
    import tensorflow as tf

    matrix, traced = weights(), []

    @tf.function
    def scores(batch):
        traced.append(batch.shape)
        return tf.reduce_mean(tf.tanh(batch) @ matrix, (1, 2))

    batch = pixels(2, 8, 8, 3)
    found = heatlens.attribute(scores, tf.constant(batch), "gradient", 2)
    assert tf.is_tensor(found)
    assert relative(found.numpy(), bare(scores, batch, 2)) < 1e-5
    model = as_model(scores)
    assert {tuple(shape) for shape in traced} == {(2, 8, 8, 3)}  # never an open number of rows
    for rows in (2, 5):
        canonical = torch.from_numpy(pixels(rows, 8, 8, 3)).permute(0, 3, 1, 2)
        model.input_gradient(canonical, ClassIndex(1))
        model.predict(canonical)
    traced.clear()
    for wrapped in (model, as_model(scores)):  # a bare function is not compiled anew
        for rows in (5, 2):
            canonical = torch.from_numpy(pixels(rows, 8, 8, 3)).permute(0, 3, 1, 2)
            wrapped.input_gradient(canonical, ClassIndex(0))
            wrapped.predict(canonical)
        assert wrapped.engine._calculus is model.engine._calculus
    assert traced == []


def test_what_was_compiled_goes_with_the_function():
    import tensorflow as tf

    matrix = weights()
    scores = tf.function(lambda batch: tf.reduce_mean(batch @ matrix, (1, 2)))
    heatlens.attribute(scores, pixels(2, 8, 8, 3), "gradient", 2)
    gone = weakref.ref(scores)
    del scores
    gc.collect()
    assert gone() is None


def test_a_plain_function_is_never_frozen():
    import tensorflow as tf

    factor, drawn = [1.0], np.random.default_rng(0)

    def scores(batch):
        result = factor[0] * tf.reduce_mean(batch, (1, 2))
        return 2 * result if batch.shape[0] == 1 else result

    model = load_model(scores, framework="tensorflow")
    one, two = (pixels(rows, 8, 8, 3) for rows in (1, 2))
    for factor[0] in (1.0, 10.0):
        for batch, times in ((one, 2), (two, 1)):
            found = heatlens.attribute(model, batch, "gradient", 1)
            np.testing.assert_allclose(found[..., 1], times * factor[0] / 64, rtol=1e-5)
    noisy = load_model(
        lambda batch: tf.reduce_mean(batch, (1, 2)) + drawn.normal(), framework="tensorflow"
    )
    canonical = torch.ones(1, 3, 8, 8)
    assert not torch.equal(noisy.predict(canonical), noisy.predict(canonical))


def test_a_function_in_float64():
    import tensorflow as tf

    matrix = tf.cast(weights(), tf.float64)

    def scores(batch):
        return tf.reduce_mean(batch @ matrix, (1, 2))

    batch = pixels(2, 8, 8, 3).astype(np.float64)
    for function in (scores, tf.function(scores)):
        with pytest.raises(InvalidArgument, match=r"computes in float64 .* input_signature="):
            heatlens.attribute(load_model(function, framework="tensorflow"), batch, "gradient", 2)
    said = tf.function(scores, input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float64)])
    assert relative(heatlens.attribute(said, batch, "gradient", 2), bare(scores, batch, 2)) < 1e-6


def test_bytes_do_not_wrap_around():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, 3], tf.uint8)])
    def scores(batch):
        return tf.reduce_mean(tf.cast(batch, tf.float32), (1, 2))

    model = as_model(scores)
    for value, expected in ((255.4, 255), (255.6, 255), (257.0, 255), (-1.0, 0), (2.6, 3)):
        found = model.predict(torch.full((1, 3, 4, 4), value))
        torch.testing.assert_close(found, torch.full((1, 3), float(expected)))


def test_a_plain_callable_with_a_decision_in_python():
    import tensorflow as tf

    matrix = weights()

    def scores(batch):
        result = tf.reduce_mean(batch @ matrix, (1, 2))
        return 2 * result if float(tf.reduce_sum(batch)) > 0 else result

    batch = np.abs(pixels(2, 8, 8, 3))
    model = load_model(scores, framework="tensorflow")
    assert model.capabilities == {"predict", "gradient"}
    found = heatlens.attribute(model, batch, "gradient", 2)
    assert relative(found, bare(scores, batch, 2)) < 1e-5
    with pytest.raises(UnsupportedMethod):
        heatlens.attribute(model, batch, "gradcam", 2)
    assert heatlens.attribute(model, batch, "occlusion", 2, window=4).shape[:3] == (2, 8, 8)


def test_a_function_with_a_signature_tells_its_input():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 8, 12], tf.float32)])
    def scores(batch):
        return tf.reduce_mean(batch, (2, 3))

    contract = as_model(scores).contract
    assert (contract.layout, contract.input_size) == ("NCHW", (8, 12))
    with pytest.raises(InvalidArgument, match="takes"):
        heatlens.attribute(scores, pixels(1, 3, 8, 8), "gradient", 0)
    fixed = tf.function(lambda batch: batch, input_signature=[tf.TensorSpec([4, 8])])
    with pytest.raises(InvalidArgument, match="exactly 4 rows"):
        as_model(fixed)
    text = tf.function(lambda batch: batch, input_signature=[tf.TensorSpec([None, 8], tf.string)])
    with pytest.raises(InvalidArgument, match="tensors of string"):
        as_model(text)


def test_functions_that_misbehave():
    import tensorflow as tf

    batch = pixels(2, 8, 8, 3)

    def raises(batch):
        raise KeyError("no such thing")

    cases = [
        (raises, InvalidArgument, r"raises' or the target raised KeyError.*\(2, 8, 8, 3\)"),
        (lambda batch: "text", InvalidType, "returned str; expected a tensor"),
        (lambda batch: tf.reduce_mean(batch, (0, 1)), InvalidArgument, "first axis must be"),
        (
            lambda batch: {"a": tf.reduce_mean(batch, 1), "b": tf.reduce_mean(batch, 2)},
            InvalidArgument,
            "returns a, b; say with output=",
        ),
        (lambda batch: tf.reduce_mean(batch, (1, 2)) * np.nan, InvalidArgument, "NaN"),
    ]
    for function, kind, words in cases:
        with pytest.raises(kind, match=words):
            heatlens.attribute(
                load_model(function, framework="tensorflow"), batch, "occlusion", 0, window=4
            )
    rounds = load_model(
        lambda batch: tf.round(tf.reduce_mean(tf.stop_gradient(batch), (1, 2))),
        framework="tensorflow",
    )
    with pytest.raises(NeedsGradient, match="gradients can follow"):
        heatlens.attribute(rounds, batch, "gradient", 0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    network = convolutional(activation="softmax")
    folder = tmp_path_factory.mktemp("saved") / "net"
    network.export(folder, verbose=False)
    return network, folder


def test_saved_models_have_gradients(saved):
    network, folder = saved
    import tensorflow as tf

    model = load_model(f"tensorflow:{folder}")
    assert (model.name, model.contract.layout) == ("tensorflow:net", "NHWC")
    assert model.contract.input_size == (32, 32)
    batch = pixels(3, 32, 32, 3)
    for loaded in (model, tf.saved_model.load(str(folder))):
        found = heatlens.attribute(loaded, batch, "gradient", 1)
        assert relative(found, heatlens.attribute(network, batch, "gradient", 1)) < 1e-5


def test_several_inputs_and_outputs_of_a_saved_model(tmp_path):
    import tensorflow as tf

    class Two(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 8, 8, 3], name="picture"),
                tf.TensorSpec([None, 3], name="age"),
            ]
        )
        def serve(self, picture, age):
            pooled = tf.reduce_mean(picture, (1, 2))
            return {"product": pooled * age, "sum": pooled + age}

    module = Two()
    tf.saved_model.save(module, str(tmp_path / "two"), signatures=module.serve)
    canonical = torch.from_numpy(pixels(2, 8, 8, 3)).permute(0, 3, 1, 2)
    model = load_model(f"tensorflow:{tmp_path}/two", output="product")
    assert set(model.inputs()) == {"picture", "age"}
    with pytest.raises(InvalidArgument, match="hold age"):
        model.predict(canonical)
    held = model.holding({"age": np.array([[1.0, 2.0, 3.0]], np.float32)})
    found = held.input_gradient(canonical, ClassIndex(2))
    torch.testing.assert_close(found[:, 2], torch.full((2, 8, 8), 3 / 64))
    with pytest.raises(InvalidArgument, match="product, sum"):
        load_model(f"tensorflow:{tmp_path}/two").holding(
            {"age": np.ones((1, 3), np.float32)}
        ).predict(canonical)


def test_a_saved_model_that_touches_files(tmp_path):
    import tensorflow as tf

    class Writing(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4])])
        def __call__(self, batch):
            tf.io.write_file(str(tmp_path / "written"), "here")
            return batch

    tf.saved_model.save(Writing(), str(tmp_path / "bad"))
    with pytest.raises(UntrustedPickle, match="WriteFile"):
        load_model(f"tensorflow:{tmp_path}/bad")
    model = load_model(f"tensorflow:{tmp_path}/bad", trust_pickle=True)
    assert model.predict(torch.ones(1, 1, 4)).tolist() == [[1.0] * 4]


def test_saved_models_reach_out_in_no_other_way(tmp_path):
    import tensorflow as tf

    (tmp_path / "number").write_text("5")
    place = str(tmp_path / "written")

    def lines(batch):
        return batch * tf.data.TextLineDataset(str(tmp_path / "number")).reduce(
            0.0, lambda total, line: total + tf.strings.to_number(line)
        )

    def prints(batch):
        tf.print("here", output_stream=f"file://{place}")
        return tf.identity(batch)

    def saves(batch):
        tf.raw_ops.SaveV2(prefix=place, tensor_names=["a"], shape_and_slices=[""], tensors=[batch])
        return tf.identity(batch)

    signature = [tf.TensorSpec([None, 4])]
    for function, operation in (
        (lines, "TextLineDataset"), (prints, "PrintV2"), (saves, "SaveV2"),
    ):  # fmt: skip
        module = tf.Module()
        module.serve = tf.function(function, input_signature=signature)
        tf.saved_model.save(module, str(tmp_path / operation), signatures=module.serve)
        with pytest.raises(UntrustedPickle, match=operation):
            load_model(f"tensorflow:{tmp_path}/{operation}")


def test_saved_models_with_tables_and_chance(tmp_path):
    import tensorflow as tf

    table = tf.lookup.KeyValueTensorInitializer([1, 2], [3.0, 4.0])
    module = tf.Module()
    module.table = tf.lookup.StaticHashTable(table, 0.0)
    module.weight, module.chance = tf.Variable(2.0), tf.random.Generator.from_seed(1)

    def serve(batch):
        tf.print("here", output_stream=sys.stderr)
        tf.debugging.assert_greater(tf.shape(batch)[0], 0)
        for _ in tf.range(2):
            batch = batch * module.weight + 0 * module.chance.uniform([]) * tf.random.uniform([])
        return batch + module.table.lookup(tf.constant(1))

    module.serve = tf.function(serve, input_signature=[tf.TensorSpec([None, 4])])
    tf.saved_model.save(module, str(tmp_path / "good"), signatures=module.serve)
    model = load_model(f"tensorflow:{tmp_path}/good")
    assert model.predict(torch.ones(1, 1, 4)).tolist() == [[7.0] * 4]


def test_folders_that_hold_no_model(tmp_path):
    with pytest.raises(WeightsUnavailable, match=r"no SavedModel at.*saved_model\.pb"):
        load_model(f"tensorflow:{tmp_path}")
    (tmp_path / "saved_model.pb").write_bytes(b"\xff\xff nonsense")
    with pytest.raises(InvalidArgument, match=r"is damaged|no SavedModel that TensorFlow"):
        load_model(f"tensorflow:{tmp_path}")


def test_the_target_may_be_any_function():
    import tensorflow as tf

    matrix = weights()
    model = load_model(lambda batch: tf.reduce_mean(batch @ matrix, (1, 2)), framework="tensorflow")
    canonical = torch.from_numpy(pixels(2, 8, 8, 3)).permute(0, 3, 1, 2)
    found = model.input_gradient(canonical, OutputFunction(lambda output: output.square().sum(1)))
    output = canonical.mean((2, 3)) @ torch.from_numpy(weights().numpy())
    expected = 2 * output @ torch.from_numpy(weights().numpy()).T / 64
    torch.testing.assert_close(found, expected[:, :, None, None].expand_as(found))
