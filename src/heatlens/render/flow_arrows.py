"""From the thousands of arcs of a transport plan to as many arrows as a person can read.

Arcs that start in one block of the grid and end in one block are drawn as one arrow, from the
mean of their starts to the mean of their ends. The blocks are as fine as they can be while a given
number of arrows still shows a given share of the mass that moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Arcs", "Arrows", "alike_below", "arcs_of", "draw_arrows", "gathered"]

Floats = npt.NDArray[np.float64]

_BLOCKS = (0.0, 1 / 40, 1 / 28, 1 / 20, 1 / 14, 1 / 10, 1 / 7, 1 / 5)
"""Sides of a block in units of the frame's longer side; 0 leaves every arc as it is."""

_WIDEST, _THINNEST, _HALO, _EDGE = 5.5, 1.4, 1.8, 0.3
"""In points: the widest arrow, the thinnest, what is white around it, and its dark edge."""


@dataclass(frozen=True, eq=False)
class Arcs:
    """The entries of a plan that are not zero.

    Attributes:
        rows: index of the point where each starts (k,).
        columns: index of the point where it ends (k,).
        masses: what it carries (k,), above zero.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    masses: Floats


@dataclass(frozen=True, eq=False)
class Arrows:
    """What is drawn of a plan.

    Attributes:
        starts: (row, column) of each arrow (k, 2), in cells, the heaviest first.
        ends: where they arrive (k, 2).
        masses: what each carries (k,).
        distances: how far its mass goes on average (k,), in the unit of the distances.
        shown: share of the moved mass that the arrows carry.
        side: side of the blocks in whole cells; 0 if every arrow is one arc.
    """

    starts: Floats
    ends: Floats
    masses: Floats
    distances: Floats
    shown: float
    side: int


def arcs_of(plan: Any, shape: tuple[int, int]) -> Arcs:
    """The arcs of a plan (n, m), sparse or dense.

    Raises:
        InvalidType: not a matrix of real numbers.
        InvalidArgument: another shape, or an entry that is negative, NaN or infinite.

    Example:
        >>> arcs_of([[0.0, 0.5], [0.0, 0.5]], (2, 2)).rows.tolist()
        [0, 1]
    """
    from scipy import sparse

    if not sparse.issparse(plan):
        plan = np.asarray(plan)
        if plan.dtype.kind not in "fiub" or plan.ndim != 2:
            raise InvalidType(
                f"the plan is {plan.dtype} of shape {plan.shape}; a matrix of masses is meant, "
                "dense or of scipy.sparse"
            )
    plan = sparse.coo_array(plan)
    if plan.shape != shape:
        raise InvalidArgument(
            f"the plan has shape {plan.shape}; there are {shape[0]} points to start from and "
            f"{shape[1]} to arrive at"
        )
    masses = np.asarray(plan.data, np.float64)
    rows, columns = (np.asarray(index, np.intp) for index in plan.coords)
    bad = ~(np.isfinite(masses) & (masses >= 0))
    if bad.any():
        k = int(np.argmax(bad))
        raise InvalidArgument(
            f"plan[{rows[k]}, {columns[k]}] is {masses[k]:g}; a plan holds masses, finite and not "
            "negative"
        )
    there = masses > 0
    return Arcs(rows[there], columns[there], masses[there])


def gathered(
    starts: Floats,
    ends: Floats,
    masses: Floats,
    distances: Floats,
    longest: int,
    *,
    most: int,
    share: float,
) -> Arrows:
    """At most `most` arrows for the arcs that move.

    Args:
        starts: (row, column) of each arc (k, 2), in cells from the upper left corner.
        ends: where each arrives (k, 2).
        masses: what each carries (k,).
        distances: how far (k,); 0 for what stays.
        longest: the longer side of the grid, in cells.
        most: how many arrows are drawn at most.
        share: the share of the moved mass that is meant to be shown, above 0 and up to 1.

    Returns:
        The heaviest arrows; as few as show `share` with the finest blocks that can.
    """
    if most < 1 or not 0 < share <= 1:
        raise InvalidArgument(
            f"most is {most} and share is {share:g}; at least one arrow and a share in 0..1"
        )
    moved = distances > 0
    starts, ends, masses = starts[moved], ends[moved], masses[moved]
    total = float(masses.sum())
    if not total:
        nothing = np.zeros((0, 2))
        return Arrows(nothing, nothing, np.zeros(0), np.zeros(0), 1.0, 0)
    best: Arrows | None = None
    for side in dict.fromkeys(round(part * longest) for part in _BLOCKS):
        found = _merged(starts, ends, masses, distances[moved], side, most, share * total)
        if best is None or found.shown > best.shown:
            best = found
        if found.shown >= share * (1 - 1e-12):
            return found
    assert best is not None  # there is at least one size of block
    return best


def _merged(
    starts: Floats,
    ends: Floats,
    masses: Floats,
    distances: Floats,
    side: int,
    most: int,
    enough: float,
) -> Arrows:
    """One arrow for all arcs between the same two blocks; the heaviest ones."""
    if side > 1:
        blocks = np.floor(np.hstack([starts, ends]) / side).astype(np.int64)
        _, label = np.unique(blocks, axis=0, return_inverse=True)
    else:
        label = np.arange(len(masses))
    label = label.ravel()
    carried: Floats = np.bincount(label, masses).astype(np.float64)

    def mean(values: Floats) -> Floats:
        return np.bincount(label, masses * values) / carried

    order = np.argsort(-carried, kind="stable")
    needed = int(np.searchsorted(np.cumsum(carried[order]), enough * (1 - 1e-12))) + 1
    kept = order[: min(needed, most)]
    where = [np.stack([mean(p[:, 0]), mean(p[:, 1])], axis=1)[kept] for p in (starts, ends)]
    shown = float(carried[kept].sum() / masses.sum())
    return Arrows(
        where[0], where[1], carried[kept], mean(distances)[kept], shown, side if side > 1 else 0
    )


def alike_below(masses: Floats, widest: float = _WIDEST) -> float:
    """The mass below which all arrows are drawn alike, as wide as the thinnest.

    Example:
        >>> round(alike_below(np.array([1.0, 0.1])), 3)
        0.255
    """
    return float(masses.max(initial=0.0)) * _THINNEST / widest


def draw_arrows(
    axes: Axes,
    starts: Floats,
    ends: Floats,
    masses: Floats,
    colours: npt.NDArray[Any],
    widest: float = _WIDEST,
) -> None:
    """Draw arrows whose width is their mass, legible on bright and on dark ground.

    Args:
        axes: as `draw_panel` leaves them, in whose data the points are.
        starts: (row, column) (k, 2), in the data of the axes.
        ends: (row, column) (k, 2).
        masses: (k,); the heaviest is `widest` points wide.
        colours: sRGB in 0..1 (k, 3).
        widest: width of the heaviest arrow, in points.
    """
    from matplotlib.collections import PolyCollection

    if not len(masses):
        return
    left, right = axes.get_xlim()
    inches = axes.get_window_extent().width / axes.figure.dpi
    point = abs(right - left) / (72 * inches)  # data units
    widths = np.maximum(widest * masses / masses.max(), _THINNEST) * point
    # Long ones lie below, so that they do not cover what is short.
    order = np.argsort(-np.linalg.norm(ends - starts, axis=1), kind="stable")
    shapes, faces, edges = [], [], []
    for k in order:  # each with its halo right below it, so that arrows that cross stay apart
        shapes += [_outline(starts[k], ends[k], widths[k], point)] * 2
        faces += [(1.0, 1.0, 1.0, 0.85), (*colours[k], 1.0)]
        edges += [(1.0, 1.0, 1.0, 0.85), (0.1, 0.1, 0.1, 1.0)]
    axes.add_collection(
        PolyCollection(
            shapes,
            facecolors=faces,
            edgecolors=edges,
            linewidths=[_HALO, _EDGE] * len(order),
            joinstyle="round",
            label="arrows",
            clip_on=False,
        ),
        autolim=False,
    )


def _outline(start: Floats, end: Floats, width: float, point: float) -> Floats:
    """The seven corners (x, y) of an arrow; its tip lies on `end`."""
    along = end - start
    length = float(np.linalg.norm(along))
    along = along / length
    across = np.array([-along[1], along[0]])
    head = min(1.5 * width + 4.0 * point, 0.65 * length)
    barb = max(0.55 * head, min(0.5 * width + 1.2 * point, 0.8 * head))
    half = min(width / 2, 0.7 * barb)
    neck = end - head * along
    corners = [
        start + 0.7 * half * across,
        neck + half * across,
        neck + barb * across,
        end,
        neck - barb * across,
        neck - half * across,
        start - 0.7 * half * across,
    ]
    return np.asarray(corners)[:, ::-1]
