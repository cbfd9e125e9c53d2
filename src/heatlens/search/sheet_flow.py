"""What moves from the query to a hit, as far as it can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.render.flow import colour_flow, histogram_flow, place_flow
from heatlens.search.sheet import Answer, Shown, distance_of, pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["flow"]

Floats = npt.NDArray[np.float64]

Frame = tuple[tuple[int, int], tuple[float, float]]

_SWATCHES, _ARROWS = 24, 40
_SAME = 1e-9


def flow(answer: Answer, hit: Shown) -> Figure | None:
    """The cheapest way from the query's signature to the hit's; the number is that of the search.

    Returns:
        A figure that pyplot does not know of; None for a kind whose points are neither colours,
        places nor grey levels, and for signatures that are equal.
    """
    sides = [_masses(one) for one in (answer.query, hit)]
    if hit.distance <= _SAME or sides[0][1].shape[1] != sides[1][1].shape[1]:
        return None
    words: dict[str, Any] = {
        "names": ("query", _short(hit.name)),
        "title": f"W1 = {distance_of(answer, hit)}",
    }
    (a, x), (b, y) = sides
    if answer.kind == "histogram":
        return histogram_flow(x[:, 0], a, y[:, 0], b, unit=answer.unit, **words)
    if answer.kind in ("signature", "signature-position"):
        first, second = pixels(answer.query), pixels(hit)
        if first is not None and second is not None:
            words["pictures"] = (first, second)
        return colour_flow(x, a, y, b, _plan(a, x, b, y), most=_SWATCHES, **words)
    if answer.kind == "mass":
        return _places(answer, hit, sides, words)
    return None


def _places(
    answer: Answer, hit: Shown, sides: Sequence[tuple[Floats, Floats]], words: dict[str, Any]
) -> Figure | None:
    first, second = _frame(answer, answer.query), _frame(answer, hit)
    if first is None or second is None:
        return None
    (a, x), (b, y) = sides
    half = 0.5 if answer.parameters.get("unit") == "pixels" else 0.0
    pictures = [
        _drawn(one, masses, places + half, frame)
        for one, (masses, places), frame in zip(
            (answer.query, hit), sides, (first, second), strict=True
        )
    ]
    return place_flow(
        pictures[0],
        pictures[1],
        _plan(a, x, b, y),
        first[0],
        second_grid=second[0],
        frame=first[1],
        second_frame=second[1],
        points=(x + half, y + half),
        unit=answer.unit,
        most=_ARROWS,
        **words,
    )


def _frame(answer: Answer, shown: Shown) -> Frame | None:
    """Cells of a picture's grid, and its height and width in the unit; None if nobody knows."""
    grid, unit = answer.parameters.get("grid"), answer.parameters.get("unit", "diagonal")
    aspect = answer.parameters.get("aspect")
    if grid is not None and unit == "pixels":
        return (int(grid[0]), int(grid[1])), (float(grid[0]), float(grid[1]))
    thumbnail = pixels(shown)
    if aspect is None and thumbnail is not None:
        aspect = thumbnail.shape[0] / thumbnail.shape[1]
    if unit != "diagonal" or aspect is None:
        return None
    wide = 1 / float(np.hypot(aspect, 1.0))
    frame = (float(aspect) * wide, wide)
    if grid is not None:
        return (int(grid[0]), int(grid[1])), frame
    steps = [_step(coordinates) for coordinates in np.asarray(shown.points, np.float64).T]
    cells = [
        max(1, round(side / step)) if step else 1 for side, step in zip(frame, steps, strict=True)
    ]
    return (cells[0], cells[1]), frame


def _step(coordinates: Floats) -> float:
    """Between neighbouring cells: the least gap; cells without mass are not stored."""
    gaps = np.diff(np.unique(coordinates))
    gaps = gaps[gaps > 1e-5]
    return float(gaps.min()) if len(gaps) else 0.0


def _drawn(shown: Shown, masses: Floats, places: Floats, frame: Frame) -> npt.NDArray[np.uint8]:
    """The thumbnail, or where there is none the mass itself in grey."""
    there = pixels(shown)
    if there is not None:
        return there
    grid, sides = frame
    cells = np.clip((places / sides * grid).astype(np.intp), 0, np.array(grid) - 1)
    summed = np.bincount(cells[:, 0] * grid[1] + cells[:, 1], masses, grid[0] * grid[1])
    grey = np.rint(255 * summed / summed.max()).astype(np.uint8)
    return grey.reshape(grid)


def _masses(shown: Shown) -> tuple[Floats, Floats]:
    weights = np.asarray(shown.weights, np.float64)
    return weights / weights.sum(), np.asarray(shown.points, np.float64)


def _plan(a: Floats, x: Floats, b: Floats, y: Floats) -> Any:
    from heatlens.transport import emd

    return emd(a, b, x=x, y=y, mass="normalise").plan


def _short(name: str, most: int = 28) -> str:
    """The end of a name tells more than its beginning."""
    return name if len(name) <= most else f"…{name[-most:]}"
