"""Find the layer that a CAM is read from, and the grid of its cells, without being told.

Two looks are enough. First two rows, a picture and a copy with one corner altered, run through the
network without a graph while every layer's output is read as a grid of cells wherever its shape
allows (see `grids`). Then one row runs again, and gradients tell on which of the deepest of those
layers the output depends at all cells: in a vision transformer with a class token the patch tokens
no longer matter after the last block's first norm, with mean pooling they matter to the end.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.models.candidates import EXCLUDED, NO_EVIDENCE, Evidence, doubt
from heatlens.models.grids import Patch
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.capture import module_named
from heatlens.models.pytorch.probe import Candidate, Run, depends, survey

__all__ = ["find_spatial_layer"]

_DEEPEST = 32
"""Candidates whose gradients are looked at first."""


def find_spatial_layer(
    network: nn.Module,
    batch: Tensor,
    layer: str | None = None,
    rows: int = 2,
    *,
    axes: str = "HW",
    run: Run = lambda network, batch: network(batch),
) -> SpatialLayer:
    """The deepest layer on whose cells the output depends, or the layout of the named one.

    Args:
        network: in evaluation mode; left as it was.
        batch: (1, C, *grid); only its shape, type and device count, so that the answer does not
            depend on the picture.
        layer: name of the layer to read instead.
        rows: 1 for a network that takes one row at a time.
        axes: what the axes of the grid are.
        run: calls the network with a canonical batch.

    Returns:
        A layer with more than one cell, if possible with cells of at least 8 pixels: behind the
        last convolution or block, before the pooling and the head.

    Raises:
        NoSpatialLayer: there is none, or the named layer's output lies on no grid.
        UnknownName: no layer has that name; the message names the nearest.
        InvalidArgument: the batch is not (1, C, *grid), or the named layer did not run.

    Example:
        >>> network = nn.Sequential(
        ...     nn.Conv2d(3, 4, 8, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        ... )
        >>> found = find_spatial_layer(network, torch.zeros(1, 3, 32, 48))
        >>> found.name, found.layout, found.grid
        ('1', 'NCHW', (4, 6))
    """
    if batch.ndim != len(axes) + 2:
        raise InvalidArgument(
            f"a layer's grid is looked for with a batch (N, C, {', '.join(axes)}), got "
            f"{tuple(batch.shape)}"
        )
    # The caller may be in inference mode, whose tensors gradients cannot pass.
    with torch.inference_mode(False):
        patch = Patch.like(batch, axes)
        if layer is not None:
            return _named(network, patch, layer, rows, run)
        return _deepest(network, patch, rows, run)


def _deepest(network: nn.Module, patch: Patch, rows: int, run: Run) -> SpatialLayer:
    candidates = [
        candidate
        for candidate in survey(network, patch, run, rows=rows).candidates
        if not any(_is_adaptive_pooling(kind) for kind in candidate.kinds)
    ]
    # The deepest few nearly always suffice, and their graph is small.
    for count in (_DEEPEST, len(candidates)):
        some = candidates[-count:]
        evidence = depends(network, patch.rows[:1], [item.reading for item in some], run)
        known = any(item.cells > 0 for item in evidence.values())
        doubts = [
            _doubt(item, evidence.get(item.reading.name, NO_EVIDENCE) if known else None)
            for item in some
        ]
        least = min(doubts, default=EXCLUDED)
        if least == 0 or (len(some) == len(candidates) and least < EXCLUDED):
            deepest = max(place for place, doubt in enumerate(doubts) if doubt == least)
            return some[deepest].reading
    raise NoSpatialLayer(
        f"{type(network).__name__} has no layer whose cells lie on a grid over {patch.words}"
    )


def _doubt(candidate: Candidate, evidence: Evidence | None) -> int:
    return doubt(
        candidate.reading,
        candidate.agreement,
        known=candidate.known,
        projection=isinstance(candidate.kinds[-1], nn.Linear),
        evidence=evidence,
    )


def _named(network: nn.Module, patch: Patch, layer: str, rows: int, run: Run) -> SpatialLayer:
    module_named(network, layer)
    seen = survey(network, patch, run, only=layer, rows=rows)
    if seen.candidates:
        return seen.candidates[-1].reading
    if layer not in seen.shapes:
        raise InvalidArgument(f"layer {layer!r} did not run on this input, or returned no tensor")
    shape = seen.shapes[layer]
    if shape[:1] != (rows,):
        raise NoSpatialLayer(
            f"layer {layer!r} returns shape {shape} for a batch of {rows}: its first axis is not "
            "the batch (windows of a picture?), so its cells lie on no grid"
        )
    raise NoSpatialLayer(
        f"layer {layer!r} returns shape {shape} for a batch of {rows}: no grid of more than one "
        f"cell over {patch.words}"
    )


def _is_adaptive_pooling(module: nn.Module) -> bool:
    """Pooling to a fixed number of cells belongs to the head, even where it makes several."""
    return "adaptive" in type(module).__name__.lower()
