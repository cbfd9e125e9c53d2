"""What class activation maps stand on: a layer's activation and gradient on its grid of cells."""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.attribution.method import METHODS, Attribution
from heatlens.errors import NoSpatialLayer
from heatlens.models.protocol import Model, SpatialLayer
from heatlens.models.targets import Target

__all__ = ["activation", "activation_and_gradient", "cell_axes", "class_map", "place_of"]


def place_of(model: Model, batch: Tensor, layer: str | None) -> SpatialLayer:
    """The layer to read, by name or found.

    Raises:
        NoSpatialLayer: there is none; the message lists the methods that work without.
    """
    try:
        return model.spatial_layer(batch, layer)
    except NoSpatialLayer as error:
        able = [
            method.name
            for method in METHODS.values()
            if method.level == "pixel" and method.needs <= model.capabilities
        ]
        raise NoSpatialLayer(
            f"{error}; methods that work without one: {', '.join(able) or 'none'}"
        ) from error


def activation(
    model: Model, batch: Tensor, layer: str | None, precision: str
) -> tuple[Tensor, SpatialLayer]:
    """The layer's output (N, K, *cells), by one forward pass, and where it is from."""
    place = place_of(model, batch, layer)
    output = model.at(precision).activations(batch, [place.name])[place.name]
    return place.to_grid(output), place


def activation_and_gradient(
    model: Model, batch: Tensor, target: Target, layer: str | None, precision: str
) -> tuple[Tensor, Tensor, SpatialLayer]:
    """The layer's output and the gradient of the target's score with respect to it.

    One forward pass, and one backward pass that ends at the layer.

    Returns:
        A and dF/dA, both (N, K, *cells), and where they are from.
    """
    place = place_of(model, batch, layer)
    output, slope = model.at(precision).layer_gradient(batch, place.name, target)
    return place.to_grid(output), place.to_grid(slope), place


def cell_axes(A: Tensor) -> tuple[int, ...]:
    """The axes of (N, K, *cells) that are cells."""
    return tuple(range(2, A.ndim))


def class_map(cells: Tensor, place: SpatialLayer, relu: bool, **info: Tensor) -> Attribution:
    """A map (N, *cells) as the result of a method; `relu` keeps the positive part alone."""
    values = (cells.clamp(min=0) if relu else cells).unsqueeze(1)
    return Attribution(
        values.contiguous(memory_format=torch.contiguous_format),
        info={"layer": place.name, "grid": place.grid, "stride": place.stride, **info},
    )
