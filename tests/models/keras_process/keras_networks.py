"""Small networks of Keras, and gradients taken the way that each backend's own users do."""

import numpy as np


def backend():
    import keras

    return keras.backend.backend()


def numpy(array):
    import keras

    return keras.ops.convert_to_numpy(array)


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def convolutional(classes=5, channels=3, side=32, data_format="channels_last", activation=None):
    """Two convolutions, batch norm, dropout, and a head."""
    import keras

    shape = (side, side, channels) if data_format == "channels_last" else (channels, side, side)
    axis = -1 if data_format == "channels_last" else 1
    place = {"data_format": data_format}
    return randomised(
        keras.Sequential(
            [
                keras.Input(shape),
                keras.layers.Conv2D(8, 3, padding="same", strides=2, name="first", **place),
                keras.layers.BatchNormalization(axis=axis, name="norm"),
                keras.layers.Activation("relu", name="relu"),
                keras.layers.Dropout(0.5, name="dropout"),
                keras.layers.Conv2D(
                    12, 3, padding="same", strides=4, activation="relu", name="second", **place
                ),
                keras.layers.GlobalAveragePooling2D(name="pool", **place),
                keras.layers.Dense(classes, activation=activation, name="head"),
            ],
            name="small",
        )
    )


def randomised(model, seed=1):
    """Every weight drawn by NumPy, so that it is the same on every backend."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        drawn = generator.normal(size=variable.shape) * 0.4
        if "variance" in variable.path:
            drawn = 0.5 + drawn**2
        variable.assign(drawn.astype(np.float32))
    return model


def bare_gradient(model, batch, score):
    """d(sum of scores) / d(batch) by the backend's own means; `score` is keras.ops on the output."""
    import keras

    if backend() == "tensorflow":
        import tensorflow as tf

        leaf = tf.constant(batch)
        with tf.GradientTape() as tape:
            tape.watch(leaf)
            total = score(model(leaf, training=False))
        return numpy(tape.gradient(total, leaf))
    if backend() == "jax":
        import jax

        def total(leaf):
            return score(model(leaf, training=False))

        return numpy(jax.jit(jax.grad(total))(batch))
    import torch

    leaf = torch.tensor(batch, requires_grad=True)
    (gradient,) = torch.autograd.grad(score(model(leaf, training=False)), leaf)
    return keras.ops.convert_to_numpy(gradient)


def of_class(index):
    import keras

    return lambda output: keras.ops.sum(output[:, index])


def relative(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 0
    return float(np.abs(found - expected).max() / np.abs(expected).max())
