"""`barycenter`: the mean heatmap by transport."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from heatlens.distributions.pictures import opened
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.transfer.masses import as_planes, common_size, heatmap_mass, luma, reduced, size_notes
from heatlens.transport.barycenter import barycenter_grid
from heatlens.version import __version__

__all__ = ["barycenter"]


def barycenter(
    items: Sequence[Any],
    weights: Sequence[float] | None = None,
    *,
    blur: float | None = None,
    longest: int | None = 128,
    tolerance: float = 1e-5,
    max_iterations: int = 2000,
) -> Heatmap:
    """The mean of heatmaps, or of pictures as light, in the sense of transport.

    Ten maps that each show one spot, at ten places near each other, have a mean with one spot;
    the mean of their values is a blot. The total is the weighted mean of the totals.

    Args:
        items: heatmaps without negative values, or pictures (light is mass, black has none), or
            the paths of either.
        weights: how much each counts; equal by default.
        blur: see `heatlens.transport.barycenter_grid`, in cells of the grid used.
        longest: reduce the grid, which is the first item's, to this longest side; None keeps it. A
            note tells what became of each item's pixels.
        tolerance: share of the mass that the last round may move.
        max_iterations: rounds, at most, coarser blurs included; a note says when they did not
            suffice.

    Returns:
        A heatmap on the grid used, method "wasserstein-barycenter".

    Raises:
        InvalidType: no list, or heatmaps and pictures mixed.
        InvalidArgument: nothing to average, shapes that differ, negative evidence, or none.

    Example:
        >>> left, right = np.zeros((2, 8, 8))
        >>> left[4, 1] = right[4, 5] = 1.0
        >>> maps = [Heatmap(values, Provenance("by hand")) for values in (left, right)]
        >>> barycenter(maps, blur=0.5).peak
        (4, 3)
    """
    started = time.perf_counter()
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes)):
        raise InvalidType(f"items is a {type(items).__name__}; expected a list of maps or pictures")
    if not items:
        raise InvalidArgument("there is nothing to average")
    items = [opened(item) for item in items]
    maps = isinstance(items[0], Heatmap)
    if any(isinstance(item, Heatmap) != maps for item in items):
        raise InvalidType("some items are heatmaps and some are pictures; average one kind")
    masses = [
        heatmap_mass(item, f"items[{i}]") if maps else luma(as_planes(item, f"items[{i}]"))
        for i, item in enumerate(items)
    ]
    sizes = [(m.shape[0], m.shape[1]) for m in masses]
    size = common_size(sizes, longest)
    stack = np.stack([reduced(m, size) for m in masses])
    found = barycenter_grid(
        stack,
        weights,
        blur=blur,
        mass="normalise",
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    total = float(np.average(stack.sum((1, 2)), weights=weights))
    names = [f"items[{i}]" for i in range(len(items))]
    notes = list(size_notes(sizes, size, names))
    if not found.converged:
        notes.append(
            f"not converged: the last of {found.iterations} rounds moved {found.change:.1e} of the "
            "mass"
        )
    provenance = Provenance(
        "wasserstein-barycenter",
        {"weights": None if weights is None else list(weights), "blur": found.blur},
        image=f"{len(items)} {'heatmaps' if maps else 'pictures'}",
        version=__version__,
        seconds=time.perf_counter() - started,
        info={"iterations": found.iterations, "change": found.change, "error": found.error},
        notes=tuple(notes),
    )
    return Heatmap((found.values * total).astype(np.float32), provenance, signed=False)
