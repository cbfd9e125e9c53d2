"""What a network of Keras says of its own input: axes, size, channels, and pixels it rescales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heatlens.models.contract import Contract
from heatlens.models.keras.network import KerasNetwork
from heatlens.models.shapes import contract_of_shape

__all__ = ["contract_of"]


def contract_of(network: KerasNetwork, layout: str | None = None) -> Contract:
    """The contract of a network; what it does not tell stands in `assumed`.

    Args:
        network: the model as a function of one of its inputs.
        layout: the caller's word on the order of axes; None: as the layers have it.

    Raises:
        InvalidArgument: the layout has another number of axes than the input.
    """
    shape = _input_shape(network)
    if network.input is None and layout is not None and len(layout) != len(shape):
        shape = (None,) * len(layout)
    return contract_of_shape(
        network.name,
        shape,
        layout,
        channels_first=_channels_first(network),
        channels=_channels(network),
        high=255.0 if _takes_bytes(network) else 1.0,
    )


def _input_shape(network: KerasNetwork) -> tuple[int | None, ...]:
    if network.input is not None:
        return tuple(network.input.shape)
    # A subclassed model knows what it was built with; of that only the channels hold for all.
    config = network.model.get_build_config() or {}
    shape = config.get("input_shape") or next(iter(config.get("shapes_dict", {}).values()), None)
    if not isinstance(shape, list | tuple) or not all(
        isinstance(side, int | None) for side in shape
    ):
        return (None,) * 4
    channel = 1 if _channels_first(network) else len(shape) - 1
    return tuple(side if axis == channel and axis else None for axis, side in enumerate(shape))


def _channels_first(network: KerasNetwork) -> bool:
    import keras

    formats = (getattr(layer, "data_format", None) for layer in network.layers.values())
    known = next((item for item in formats if item is not None), None)
    return (known or keras.config.image_data_format()) == "channels_first"


def _channels(network: KerasNetwork) -> int:
    """What the first convolution takes, else three."""
    for layer in network.layers.values():
        kernel = getattr(layer, "kernel", None)
        if kernel is not None and len(kernel.shape) >= 3:
            groups = getattr(layer, "groups", 1)
            return int(kernel.shape[-2]) * int(groups)
    return 3


def _takes_bytes(network: KerasNetwork) -> bool:
    """Whether the first layers bring pixels of 0..255 to another scale themselves."""
    import keras
    import numpy as np

    for layer in list(network.layers.values())[:4]:
        if isinstance(layer, keras.layers.Rescaling):
            scale: Any = layer.scale
            values = list(scale.values()) if isinstance(scale, Mapping) else scale
            return bool(np.max(np.abs(np.asarray(values, dtype=float))) < 0.1)
        if isinstance(layer, keras.layers.Normalization):
            mean = getattr(layer, "mean", None)
            return mean is not None and bool(np.max(keras.ops.convert_to_numpy(mean)) > 2.0)
    return False
