"""Gradients of networks of Keras, against the bare means of the backend at work.

Run by test_keras.py in one process for each backend.
"""

import threading

import numpy as np
import pytest
import torch

import heatlens
from heatlens.errors import InvalidArgument, NeedsGradient
from heatlens.models.load import as_model, load_model
from heatlens.models.targets import ClassIndex, Difference, OutputFunction, TopK
from tests.models.keras_process.keras_networks import (
    backend,
    bare_gradient,
    convolutional,
    numpy,
    of_class,
    pixels,
    relative,
)

TIGHT = 1e-5


def canonical(batch):
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


@pytest.mark.skipif("backend() != 'tensorflow'")  # on the others see test_equality.py
def test_the_gradient_heatmap_of_the_tutorial():
    """ResNet50, the score of a class, differentiated by the picture."""
    import keras

    batch = 60 * pixels(1, 64, 64, 3)
    network = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3))
    found = heatlens.attribute(network, batch, "gradient", 281)
    assert relative(found, bare_gradient(network, batch, of_class(281))) < TIGHT


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_every_kind_of_target(activation):
    import keras

    network = convolutional(activation=activation)
    model, batch = as_model(network), pixels(3, 32, 32, 3)
    cases = [
        (ClassIndex(2), of_class(2)),
        (
            ClassIndex((0, 4, 1)),
            lambda output: output[0, 0] + output[1, 4] + output[2, 1],
        ),
        (Difference(1, 3), lambda output: keras.ops.sum(output[:, 1] - output[:, 3])),
        (TopK(5), keras.ops.sum),
        (
            OutputFunction(lambda output: output.exp().square().mean(1)),
            lambda output: keras.ops.sum(keras.ops.mean(keras.ops.exp(2 * output), 1)),
        ),
    ]
    for target, score in cases:
        if target.__class__ is TopK:
            if activation == "softmax":
                continue  # they sum to one
            target = target.fixed(model.predict(canonical(batch)))
        found = model.input_gradient(canonical(batch), target).permute(0, 2, 3, 1)
        assert relative(found, bare_gradient(network, batch, score)) < TIGHT


def test_the_gradient_of_a_unit_inside():
    import keras

    network = convolutional()
    batch = pixels(2, 32, 32, 3)
    target = OutputFunction(lambda output: output[:, 1, 2, 3], layer="second")
    part = keras.Model(network.inputs, network.get_layer("second").output)
    expected = bare_gradient(part, batch, lambda output: keras.ops.sum(output[:, 1, 2, 3]))
    found = as_model(network).input_gradient(canonical(batch), target).permute(0, 2, 3, 1)
    assert relative(found, expected) < TIGHT


@pytest.mark.parametrize("layer", ["norm", "relu", "second", "pool"])
def test_the_gradient_at_a_layer(layer):
    """The network cut in two at the layer: the lower part's output, the upper part's gradient."""
    import keras

    network = convolutional(activation="softmax")
    batch = pixels(2, 32, 32, 3)
    middle = network.get_layer(layer).output
    lower = keras.Model(network.inputs, middle)
    upper = keras.Model(middle, network.outputs[0])
    activation = numpy(lower(batch, training=False))
    expected = bare_gradient(upper, activation, of_class(3))
    found, slope = as_model(network).layer_gradient(canonical(batch), layer, ClassIndex(3))
    assert relative(found, activation) < TIGHT
    assert relative(slope, expected) < TIGHT


def test_a_layer_that_runs_twice_counts_with_its_last_run():
    import keras

    shared = keras.layers.Dense(6, activation="tanh", name="shared")
    inputs = keras.Input((6,))
    network = keras.Model(inputs, keras.ops.sum(shared(shared(inputs)) ** 2, 1, keepdims=True))
    batch = pixels(3, 6)
    model = load_model(network, layout="NT")
    found, slope = model.layer_gradient(torch.from_numpy(batch)[:, None], "shared", ClassIndex(0))
    twice = numpy(shared(shared(batch)))
    assert relative(found, twice) < TIGHT
    assert relative(slope, 2 * twice) < TIGHT


def test_logits_instead_of_probabilities():
    network, batch = convolutional(activation="softmax"), pixels(2, 32, 32, 3)
    bare = convolutional()
    assert (
        relative(load_model(network, output="logits").predict(canonical(batch)), numpy(bare(batch)))
        < TIGHT
    )
    found = heatlens.attribute(load_model(network, output="logits"), batch, "gradient", 1)
    again = heatlens.attribute(bare, batch, "gradient", 1)
    assert relative(found, again) < TIGHT
    # What needs no stripping stays.
    assert (
        relative(load_model(bare, output="logits").predict(canonical(batch)), numpy(bare(batch)))
        < TIGHT
    )


def test_a_call_does_not_run_the_python_of_the_layers_again():
    import keras

    calls = []

    class Counting(keras.layers.Layer):
        def call(self, inputs):
            calls.append(inputs.shape)
            return inputs * 1.0

    inputs = keras.Input((16, 16, 3))
    network = keras.Model(
        inputs,
        keras.layers.GlobalAveragePooling2D()(Counting()(keras.layers.Conv2D(4, 3)(inputs))),
    )
    for method in ("gradient", "gradcam"):
        heatlens.attribute(network, pixels(2, 16, 16, 3), method, 1)
        calls.clear()
        # Another batch, another class, another count, a network wrapped anew.
        for target, rows in ((0, 3 if backend() == "tensorflow" else 2), (3, 1)):
            heatlens.attribute(network, pixels(rows, 16, 16, 3, seed=5), method, target)
        eager = 2 if backend() == "torch" else 0
        assert len(calls) == eager


def test_new_weights_and_new_layers_are_seen():
    network, batch = convolutional(), pixels(2, 32, 32, 3)
    model = as_model(network)
    before = heatlens.attribute(model, batch, "gradient", 1)
    kernel = network.get_layer("head").kernel
    kernel.assign(2 * kernel.value)
    assert relative(heatlens.attribute(model, batch, "gradient", 1), 2 * before) < TIGHT
    import keras

    network.get_layer("relu").activation = keras.activations.tanh
    expected = bare_gradient(network, batch, of_class(1))
    found = model.input_gradient(canonical(batch), ClassIndex(1)).permute(0, 2, 3, 1)
    assert relative(found, expected) < TIGHT


def test_threads_get_what_one_gets():
    network = convolutional()
    model = as_model(network)
    batches = [pixels(2, 32, 32, 3, seed=seed) for seed in range(6)]

    def work(batch):
        seen = model.activations(canonical(batch), ["relu", "second"])
        return [
            seen["relu"],
            seen["second"],
            model.input_gradient(canonical(batch), ClassIndex(1)),
            model.layer_gradient(canonical(batch), "second", ClassIndex(2))[1],
        ]

    alone = [work(batch) for batch in batches]
    together = [None] * len(batches)

    def fill(place):
        together[place] = work(batches[place])

    threads = [threading.Thread(target=fill, args=(place,)) for place in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together):
        for a, b in zip(one, other):
            torch.testing.assert_close(a, b)


def test_a_row_gives_the_same_alone_and_among_others():
    """On JAX a smaller batch is filled up to a size that is compiled already."""
    network, batch = convolutional(activation="softmax"), pixels(4, 32, 32, 3)
    model = as_model(network)
    for method in ("gradient", "gradcam", "occlusion"):
        whole = heatlens.attribute(model, batch, method, 1)
        for rows in (slice(0, 3), slice(1, 3), slice(3, 4)):
            part = heatlens.attribute(model, batch[rows], method, 1)
            assert relative(part, whole[rows]) < TIGHT


def test_half_precision_inside():
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = convolutional()
    finally:
        keras.config.set_dtype_policy(before)
    batch = pixels(2, 32, 32, 3)
    found = heatlens.attribute(network, batch, "gradient", 1)
    assert found.dtype == np.float32
    full = heatlens.attribute(convolutional(), batch, "gradient", 1)
    assert relative(found, full) < 0.2


def test_a_score_without_a_way_for_gradients():
    network, batch = convolutional(), pixels(1, 32, 32, 3)
    model = as_model(network)
    with pytest.raises(NeedsGradient, match="gradients can follow"):
        model.input_gradient(canonical(batch), OutputFunction(lambda output: output.detach()[:, 0]))
    with pytest.raises(InvalidArgument, match="range"):
        model.input_gradient(canonical(batch), ClassIndex(5))


def test_memory_is_shared_and_not_copied():
    import keras

    from heatlens.models.arrays import alike, as_tensor

    array = keras.ops.convert_to_tensor(pixels(4, 64, 64, 3))
    tensor = as_tensor(array)
    assert as_tensor(array).data_ptr() == tensor.data_ptr()
    back = alike(tensor, array)
    assert type(back) is type(array)
    assert as_tensor(back).data_ptr() == tensor.data_ptr()
