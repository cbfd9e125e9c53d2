"""The layer that CAMs are read from in each family of keras.applications.

What is expected is the tensor that the network's own global pooling takes. Run by test_keras.py.
"""

import pytest

import heatlens
from heatlens.models.load import load_model
from tests.models.keras_process.keras_networks import pixels

QUICK = {
    "DenseNet121": 64,
    "EfficientNetB0": 64,
    "MobileNetV2": 64,
    "ResNet50": 64,
    "VGG16": 64,
}
SLOW = {
    "ConvNeXtTiny": 64,
    "EfficientNetV2B0": 64,
    "InceptionResNetV2": 128,
    "InceptionV3": 128,
    "MobileNet": 64,
    "MobileNetV3Large": 64,
    "ResNet50V2": 64,
    "VGG19": 64,
    "Xception": 96,
}


def before_the_pooling(network):
    """The output of the network's last feature maps, by the graph that Keras keeps."""
    import keras

    for kind in (keras.layers.GlobalAveragePooling2D, keras.layers.Flatten):
        found = [layer for layer in network.layers if isinstance(layer, kind)]
        if found:
            return found[-1].input
    raise AssertionError("no pooling")


@pytest.mark.parametrize(
    ("name", "side"),
    [*QUICK.items(), *(pytest.param(*item, marks=pytest.mark.slow) for item in SLOW.items())],
)
def test_the_layer_is_found(name, side):
    model = load_model(f"keras:{name}", weights=False, input_size=side)
    network = model.origin
    found = heatlens.attribute(model, pixels(1, side, side, 3), "gradcam", 1, full=True)
    expected = before_the_pooling(network)
    layer = next(item for item in network.operations if item.name == found.info["layer"])
    print(name, found.info["layer"], expected.shape)
    assert layer.output.shape[1:3] == found.values.shape[1:3]
    assert found.values.shape[1] * found.values.shape[2] > 1
    assert accepted(layer.output, expected)


def accepted(output, expected):
    """The tensor itself, or one on its grid from which it comes without another convolution."""
    if output is expected:
        return True
    operation = expected._keras_history.operation
    while True:
        made = operation.input
        if isinstance(made, list) or "conv" in type(operation).__name__.lower():
            return False
        if made is output:
            return True
        operation = made._keras_history.operation
