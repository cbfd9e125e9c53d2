"""The network in Keras, for whichever backend KERAS_BACKEND names: channels last, logits out."""

import keras
from keras import layers

from twins.weights import BLOCKS, EPSILON, channels_last, normalisation, trained


def scene_cnn() -> keras.Model:
    """A functional model from (N, 96, 96, 3) to ten logits, with the trained weights."""
    weights = trained()

    def convolved(x, kernel, norm, stride=1):
        """A convolution without bias and its normalisation."""
        array = channels_last(weights[f"{kernel}.weight"])
        if array.shape[0] > 1:
            # Keras's padding="same" is not PyTorch's where the stride is 2.
            x = layers.ZeroPadding2D(1, data_format="channels_last")(x)
        convolution = layers.Conv2D(
            array.shape[-1],
            array.shape[0],
            stride,
            use_bias=False,
            data_format="channels_last",
            name=kernel.replace(".", "_"),
        )
        normalised = layers.BatchNormalization(epsilon=EPSILON, name=norm.replace(".", "_"))
        x = normalised(convolution(x))
        convolution.set_weights([array])
        normalised.set_weights(normalisation(weights, norm))
        return x

    image = x = keras.Input((96, 96, 3), name="image")
    for part in ("stem.0", "stem.1"):
        x = layers.ReLU()(convolved(x, f"{part}.0", f"{part}.1", stride=2))
    for name, (_, stride) in BLOCKS.items():
        y = layers.ReLU()(convolved(x, f"{name}.conv1", f"{name}.norm1", stride))
        y = convolved(y, f"{name}.conv2", f"{name}.norm2")
        if f"{name}.project.0.weight" in weights:
            x = convolved(x, f"{name}.project.0", f"{name}.project.1", stride)
        x = layers.ReLU(name=name.replace(".", "_"))(layers.Add()([y, x]))
    x = layers.GlobalAveragePooling2D(data_format="channels_last", name="pool")(x)
    head = layers.Dense(10, name="head")
    logits = head(x)
    head.set_weights([weights["head.weight"].T, weights["head.bias"]])
    return keras.Model(image, logits, name="scene_cnn")
