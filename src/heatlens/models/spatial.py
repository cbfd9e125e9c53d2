"""Find the layer that a CAM is read from in a network whose inside is another framework's.

The same two looks as in PyTorch (see `heatlens.models.pytorch.spatial`): two rows that differ in
one corner tell which outputs are grids over the input; then gradients, from the deepest layer
upwards, tell on which of them the score depends at all cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from heatlens.errors import NoSpatialLayer, UnsupportedMethod
from heatlens.models.candidates import EXCLUDED, Evidence, doubt
from heatlens.models.grids import Patch, best_reading
from heatlens.models.layout import from_canonical, own_axes
from heatlens.models.protocol import SpatialLayer
from heatlens.models.targets import OutputFunction

if TYPE_CHECKING:
    from heatlens.models.backend import Backend

__all__ = ["find_spatial_layer"]

_LOOKED_AT = 24
"""Layers, from the deepest, whose gradients are looked at before the best so far is taken."""


def find_spatial_layer(model: Backend, batch: Tensor, layer: str | None = None) -> SpatialLayer:
    """The deepest layer on whose cells the output depends, or the layout of the named one.

    Args:
        model: whose engine can read layers.
        batch: (1, C, *grid); only its shape and type count.
        layer: name of the layer to read instead.

    Raises:
        NoSpatialLayer: there is none, or the named layer's output lies on no grid.
    """
    if "activations" not in model.capabilities:
        raise UnsupportedMethod(f"{model.name} cannot give activations of layers")
    patch = Patch.like(batch, own_axes(model.contract.layout))
    names = model.engine.layers() if layer is None else (layer,)
    outputs = _outputs(model, patch, names)
    readings = [
        (found, outputs[name])
        for name in outputs  # in the order in which they ran
        if (found := _reading(name, outputs[name], patch)) is not None
    ]
    if layer is not None:
        if not readings:
            shape = tuple(outputs[layer].shape[1:]) if layer in outputs else ()
            raise NoSpatialLayer(
                f"layer {layer!r} returns shape {shape} a row: no grid of more than one cell over "
                f"{patch.words}"
            )
        return readings[0][0][0]
    if not readings:
        raise NoSpatialLayer(
            f"{model.name} has no layer whose cells lie on a grid over {patch.words}"
        )
    return _deepest(model, patch, readings)


def _outputs(model: Backend, patch: Patch, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Outputs of the patch's two rows, stacked; one row at a time where the engine wants it so."""
    rows = from_canonical(patch.rows, model.contract.layout).contiguous()
    parts = rows.split(min(2, model.engine.row_limit or 2))
    seen = [model.engine.forward(part, names)[1] for part in parts]
    return {name: torch.cat([part[name] for part in seen]) for name in seen[0]}


def _reading(name: str, output: Tensor, patch: Patch) -> tuple[SpatialLayer, float] | None:
    if output.ndim < 3 or len(output) != 2 or not output.is_floating_point():
        return None
    return best_reading(name, output.shape[1:], lambda: output[1:] - output[:1], patch, ())


def _deepest(
    model: Backend, patch: Patch, readings: list[tuple[tuple[SpatialLayer, float], Tensor]]
) -> SpatialLayer:
    gradients = "layer-gradient" in model.capabilities
    best: tuple[int, SpatialLayer] | None = None
    for (reading, agreement), output in list(reversed(readings))[:_LOOKED_AT]:
        evidence = _evidence(model, patch, reading) if gradients else None
        # Maps of one size with the input's own axes are what convolutions make.
        found = doubt(
            reading,
            agreement,
            known=output.ndim == patch.rows.ndim,
            projection=False,
            evidence=evidence,
        )
        if found == 0:
            return reading
        if best is None or found < best[0]:
            best = found, reading
    if best is None or best[0] >= EXCLUDED:
        raise NoSpatialLayer(
            f"{model.name} has no layer on whose cells its output depends over {patch.words}"
        )
    return best[1]


def _evidence(model: Backend, patch: Patch, reading: SpatialLayer) -> Evidence:
    """On how many cells a random mix of outputs depends, on how many channels a single one."""

    def mixed(output: Tensor) -> Tensor:
        units = output.flatten(1)
        weights = torch.randn(units.shape[1], generator=torch.Generator().manual_seed(1))
        return units @ weights.to(units)

    def single(output: Tensor) -> Tensor:
        return output.flatten(1).amax(1)

    row = from_canonical(patch.rows[:1], model.contract.layout).contiguous()
    slopes = [
        reading.to_grid(model.engine.layer_gradient(row, reading.name, OutputFunction(score))[1])
        for score in (mixed, single)
    ]
    cells = (slopes[0] != 0).any(1).float().mean()
    channels = (slopes[1] != 0).flatten(2).any(2).sum()
    return Evidence(float(cells), int(channels))
