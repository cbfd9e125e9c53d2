"""How much a layer looks like the one that a CAM should be read from, whatever the framework."""

from __future__ import annotations

from dataclasses import dataclass

from heatlens.models.protocol import SpatialLayer

__all__ = ["EXCLUDED", "NO_EVIDENCE", "Evidence", "doubt"]

_LEAST_STRIDE, _MOST_STRIDE = 8.0, 72.0
_NEARLY_ALL, _SOME = 0.9, 0.3
_LEAST_AGREEMENT = 0.1
EXCLUDED = 1000
"""The doubt of a layer on most of whose cells nothing depends."""


@dataclass(frozen=True)
class Evidence:
    """How the network's output depends on a layer.

    Attributes:
        cells: share of the layer's cells that the output depends on.
        channels: number of channels that a single unit of the output depends on.
    """

    cells: float
    channels: int


NO_EVIDENCE = Evidence(cells=0.0, channels=0)


def doubt(
    reading: SpatialLayer,
    agreement: float,
    *,
    known: bool,
    projection: bool,
    evidence: Evidence | None,
) -> int:
    """How little a layer looks like the one wanted; 0 is the very thing.

    Args:
        reading: its grid.
        agreement: see `heatlens.models.grids.best_reading`.
        known: whether convolutions make such a grid.
        projection: whether it is a linear map of tokens (queries, keys, values); the block's own
            input, its norm, is what people look at.
        evidence: how the score depends on it; None if that cannot be known for any layer (the
            gradients do not flow, or a head of zeros hides them).
    """
    found = 0
    if evidence is not None:
        if evidence.cells < _SOME:
            return EXCLUDED
        found += 32 * (evidence.cells < _NEARLY_ALL)
        # One channel for one class: these are the logits themselves, or a mask of attention.
        found += 16 * (evidence.channels < 2)
    strides = reading.stride[-2:]
    found += 8 * (min(strides) < _LEAST_STRIDE) + 4 * (max(strides) > _MOST_STRIDE)
    # A deep network blurs a change over all cells; a grid that no convolution made must show it.
    return found + 2 * (agreement < _LEAST_AGREEMENT and not known) + projection
