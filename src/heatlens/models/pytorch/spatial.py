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
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.capture import module_named
from heatlens.models.pytorch.grids import Patch
from heatlens.models.pytorch.probe import Candidate, Evidence, depends, survey

__all__ = ["find_spatial_layer"]

_LEAST_STRIDE, _MOST_STRIDE = 8.0, 72.0
_DEEPEST = 32
"""Candidates whose gradients are looked at first."""
_NEARLY_ALL, _SOME = 0.9, 0.3
_LEAST_AGREEMENT = 0.1
_EXCLUDED = 1000
_NONE = Evidence(cells=0.0, channels=0)


def find_spatial_layer(
    network: nn.Module, batch: Tensor, layer: str | None = None, rows: int = 2
) -> SpatialLayer:
    """The deepest layer on whose cells the output depends, or the layout of the named one.

    Args:
        network: in evaluation mode; left as it was.
        batch: (1, C, H, W); only its shape, type and device count, so that the answer does not
            depend on the picture.
        layer: name of the layer to read instead.
        rows: 1 for a network that takes one row at a time.

    Returns:
        A layer with more than one cell, if possible with cells of at least 8 pixels: behind the
        last convolution or block, before the pooling and the head.

    Raises:
        NoSpatialLayer: there is none, or the named layer's output lies on no grid.
        UnknownName: no layer has that name; the message names the nearest.
        InvalidArgument: the batch is not (1, C, H, W), or the named layer did not run.

    Example:
        >>> network = nn.Sequential(
        ...     nn.Conv2d(3, 4, 8, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        ... )
        >>> found = find_spatial_layer(network, torch.zeros(1, 3, 32, 48))
        >>> found.name, found.layout, found.grid
        ('1', 'NCHW', (4, 6))
    """
    if batch.ndim != 4:
        raise InvalidArgument(
            f"a layer's grid is looked for with a batch (N, C, H, W), got {tuple(batch.shape)}"
        )
    # The caller may be in inference mode, whose tensors gradients cannot pass.
    with torch.inference_mode(False):
        patch = Patch.like(batch)
        if layer is not None:
            return _named(network, patch, layer, rows)
        return _deepest(network, patch, rows)


def _deepest(network: nn.Module, patch: Patch, rows: int) -> SpatialLayer:
    candidates = [
        candidate
        for candidate in survey(network, patch, rows=rows).candidates
        if not any(_is_adaptive_pooling(kind) for kind in candidate.kinds)
    ]
    # The deepest few nearly always suffice, and their graph is small.
    for count in (_DEEPEST, len(candidates)):
        some = candidates[-count:]
        evidence = depends(network, patch.rows[:1], [item.reading for item in some])
        known = any(item.cells > 0 for item in evidence.values())
        doubts = [
            _doubt(item, evidence.get(item.reading.name, _NONE) if known else None) for item in some
        ]
        least = min(doubts, default=_EXCLUDED)
        if least == 0 or (len(some) == len(candidates) and least < _EXCLUDED):
            deepest = max(place for place, doubt in enumerate(doubts) if doubt == least)
            return some[deepest].reading
    raise NoSpatialLayer(
        f"{type(network).__name__} has no layer whose cells lie on a grid over a picture of "
        f"{patch.size[0]} x {patch.size[1]} pixels"
    )


def _doubt(candidate: Candidate, evidence: Evidence | None) -> int:
    """How little a candidate looks like the layer wanted; 0 is the very thing.

    Args:
        candidate: a tensor on a grid.
        evidence: how the score depends on it; None if that cannot be known for any layer (the
            gradients do not flow, or a head of zeros hides them).
    """
    doubt = 0
    if evidence is not None:
        if evidence.cells < _SOME:
            return _EXCLUDED
        doubt += 32 * (evidence.cells < _NEARLY_ALL)
        # One channel for one class: these are the logits themselves, or a mask of attention.
        doubt += 16 * (evidence.channels < 2)
    strides = candidate.reading.stride
    doubt += 8 * (min(strides) < _LEAST_STRIDE) + 4 * (max(strides) > _MOST_STRIDE)
    # A deep network blurs a change over all cells; a grid that no convolution made must show it.
    doubt += 2 * (candidate.agreement < _LEAST_AGREEMENT and not candidate.known)
    # Queries, keys and values: the block's own input, its norm, is what people look at.
    return doubt + isinstance(candidate.kinds[-1], nn.Linear)


def _named(network: nn.Module, patch: Patch, layer: str, rows: int) -> SpatialLayer:
    module_named(network, layer)
    seen = survey(network, patch, only=layer, rows=rows)
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
        f"layer {layer!r} returns shape {shape} for a batch of {rows} pictures of "
        f"{patch.size[0]} x {patch.size[1]} pixels: no grid of more than one cell over the picture"
    )


def _is_adaptive_pooling(module: nn.Module) -> bool:
    """Pooling to a fixed number of cells belongs to the head, even where it makes several."""
    return "adaptive" in type(module).__name__.lower()
