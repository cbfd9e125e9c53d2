"""Which pixels can reach a unit at all: the receptive field by architecture.

A NaN that goes into a network comes out wherever its pixel has a way to, whatever the weights:
NaN * 0 = NaN. A strip of the input from one border to row e is filled with it; the unit turns NaN
if the strip holds a row of its field, so bisection over e finds each of the four edges. Nothing is
assumed about the layers, and padding, strides, dilations, branches and global pooling are all in
it. For these the converse holds too, and the box is the field. It does not behind a mask that is
added before a softmax (causal attention, shifted windows), since NaN - inf = NaN: there the box is
an upper bound, which `heatlens.features.activations.measured_field.fills` notices. For a chain of convolutions and poolings with kernels k_l and strides s_l

    r = 1 + sum_l (k_l - 1) prod_{j<l} s_j                    (pixels, where no border cuts)

Araujo, Norris, Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill 2019,
eq. 2. A network in which an operation swallows NaN (a maximum that prefers numbers) is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from heatlens.errors import UnsupportedMethod
from heatlens.features.activations.reading import Reading
from heatlens.models.backend import Backend
from heatlens.models.layout import from_canonical
from heatlens.models.protocol import Model

__all__ = ["Box", "fields"]

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels of the model's input; the last two are beyond the box."""

_Strip = tuple[int, bool, int]
"""Axis, whether it starts at the near border, and the pixel at which it ends or starts."""


def fields(
    model: Model,
    row: Tensor,
    reading: Reading,
    cells: Sequence[tuple[int, ...]],
    channel: int | None = None,
) -> list[Box]:
    """The receptive field of each of some cells of a layer, by architecture.

    Args:
        model: one whose layers can be read.
        row: (1, C, h, w), finite, as the model takes it.
        reading: of the layer.
        cells: (row, column) in the layer's grid; () for a layer without one.
        channel: that of one channel alone, where branches differ; None joins all.

    Returns:
        One box per cell, which holds the field. Forward passes: at most 4 log2(size) for each different row and column.

    Raises:
        UnsupportedMethod: NaN does not come through this network.
    """
    sizes = (int(row.shape[2]), int(row.shape[3]))
    _check_passes(model, row, reading, channel)
    low = {(cell, axis, near): 0 for cell in cells for axis in (0, 1) for near in (True, False)}
    high = {key: sizes[key[1]] for key in low}
    while open_edges := [key for key in low if high[key] - low[key] > 1]:
        strips: dict[_Strip, None] = {}
        for key in open_edges:
            strips[key[1], key[2], (low[key] + high[key]) // 2] = None
        reached = dict(
            zip(strips, _reached(model, row, reading, channel, list(strips)), strict=True)
        )
        for key in open_edges:
            cell, axis, near = key
            middle = (low[key] + high[key]) // 2
            # [0, e) reaches the unit from some e on; [e, size) up to some e.
            if bool(reached[axis, near, middle][cell]) == near:
                high[key] = middle
            else:
                low[key] = middle
    found = [
        (
            high[cell, 0, True] - 1,
            high[cell, 1, True] - 1,
            low[cell, 0, False] + 1,
            low[cell, 1, False] + 1,
        )
        for cell in cells
    ]
    if any(top >= bottom or left >= right for top, left, bottom, right in found):
        raise _swallowed(model, reading)
    return found


def _check_passes(model: Model, row: Tensor, reading: Reading, channel: int | None) -> None:
    untouched = _nan(_outputs(model, row, reading), channel)[0]
    if bool(untouched.any()):
        raise UnsupportedMethod(
            f"layer {reading.layer!r} of {model.name} is NaN without any NaN in the input"
        )
    [everywhere] = _reached(model, row, reading, channel, [(0, False, 0)])
    if not bool(everywhere.all()):
        raise _swallowed(model, reading)


def _swallowed(model: Model, reading: Reading) -> UnsupportedMethod:
    return UnsupportedMethod(
        f"an operation before layer {reading.layer!r} of {model.name} turns NaN into numbers, so "
        "that which pixels reach a unit cannot be followed"
    )


def _reached(
    model: Model, row: Tensor, reading: Reading, channel: int | None, strips: Sequence[_Strip]
) -> list[Tensor]:
    """For each strip of NaN which cells of the layer it reaches, bool (*grid)."""
    found: list[Tensor] = []
    size = max(1, model.rows(row, gradient=False, wanted=len(strips)))
    for start in range(0, len(strips), size):
        some = strips[start : start + size]
        rows = row.repeat(len(some), 1, 1, 1)
        for k, (axis, near, edge) in enumerate(some):
            along = rows[k].movedim(1 + axis, 0)
            (along[:edge] if near else along[edge:]).fill_(torch.nan)
        found += _nan(_outputs(model, rows, reading), channel).unbind(0)
    return found


def _nan(units: Tensor, channel: int | None) -> Tensor:
    """Where (N, channels, *grid) is NaN, in one channel or in any: bool (N, *grid)."""
    there = torch.isnan(units)
    return there.any(1) if channel is None else there[:, channel]


def _outputs(model: Model, rows: Tensor, reading: Reading) -> Tensor:
    """What the layer says, (N, channels, *grid); the primitives for people refuse NaN."""
    if isinstance(model, Backend):
        own = from_canonical(rows, model.contract.layout).contiguous()
        return reading.units(model.engine.forward(own, (reading.layer,))[1][reading.layer])
    with torch.no_grad():
        return reading.units(model.traced(rows, [reading.layer])[reading.layer])
