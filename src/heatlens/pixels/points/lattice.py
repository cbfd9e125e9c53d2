"""The lattice that coordinates were rounded to: whole pixels, half pixels, every other pixel.

Rounded points pile up in places one step apart. A rule that looks at how rough a density is takes
the piles for structure, unless it counts them in cells of that step.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["lattice_of"]

Floats = npt.NDArray[np.float64]

_LEAST, _PLACES = 0.9, 3
"""Share of the points that lie on a lattice, and places that they take at least."""

_OFF = 1e-3
"""Share of the step by which a point on the lattice may be off: the rounding of float32."""

_TRIED = 8


def lattice_of(places: Floats) -> tuple[float, float] | None:
    """Step and one place of the widest lattice on which at least 90% of the points lie.

    The step is among the commonest gaps between neighbouring places, or what divides them.

    Args:
        places: (n,), along one axis.

    Returns:
        (step, start), or None: no lattice, fewer than three places, or as many places as points.

    Example:
        >>> lattice_of(np.array([0.5, 2.5, 2.5, 4.5, 8.5, 8.5, 8.5, 2.5, 4.5, 8.5]))
        (2.0, 0.5)
        >>> lattice_of(np.random.default_rng(0).random(99)) is None
        True
    """
    values, counts = np.unique(places, return_counts=True)
    if not _PLACES <= len(values) < len(places):
        return None
    span = float(values[-1] - values[0])
    gaps = np.diff(values)
    gaps = gaps[gaps > 1e-9 * span]  # the same place, written in two ways
    _, index, often = np.unique(
        np.rint(gaps / (1e-7 * span)), return_inverse=True, return_counts=True
    )
    commonest = np.argsort(-often, kind="stable")[:_TRIED]
    steps = [float(np.median(gaps[index == kind])) for kind in commonest]
    steps.append(_divisor(steps))
    steps += [span / round(span / step) for step in steps if step > 0]  # from the farthest places
    found: tuple[float, float] | None = None
    for step in sorted({step for step in steps if step > 0}, reverse=True):
        start = _common_place(values, counts, step)
        turns = (values - start) / step
        on = np.abs(turns - np.rint(turns)) < _OFF
        taken = len(np.unique(np.rint(turns[on])))
        if counts[on].sum() >= _LEAST * len(places) and taken >= _PLACES:
            found = step, start
            break
    return found


def _common_place(values: Floats, counts: npt.NDArray[np.intp], step: float) -> float:
    """A place whose remainder by the step most points share."""
    phase = np.mod(values, step) / step
    cell = np.rint(phase / _OFF).astype(np.intp) % round(1 / _OFF)
    return float(values[cell == np.bincount(cell, counts).argmax()][0])


def _divisor(steps: list[float]) -> float:
    """The greatest number that all are multiples of, to 1% of the least; 0 if there is none."""
    tolerance = 0.01 * min(steps)
    found = 0.0
    for step in steps:
        while step > tolerance:
            found, step = step, math.remainder(found, step)
            step = abs(step)
    return found
