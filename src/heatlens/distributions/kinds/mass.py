"""Mass on a grid: how much light or evidence lies where."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.area import area_sums
from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Raw, Source, luma, name_of, opacity, whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image

__all__ = ["LONGEST_SIDE", "PARTS", "UNITS", "evidence", "grid_for", "light", "mass"]

LONGEST_SIDE = 64
"""Cells along the longer side. A pixel's mass moves by at most half the diagonal of a cell, less
than .8 % of the picture's diagonal, and an exact transport takes a fraction of a second."""

PARTS = ("positive", "negative")
UNITS = ("diagonal", "pixels", "mm")

Floats = npt.NDArray[np.float64]
Rows = Callable[[slice], Floats]


@register(
    "mass", unit="fractions of the diagonal, pixels of the grid, or mm", takes="images, heatmaps"
)
def mass(
    source: Source,
    *,
    grid: tuple[int, int] | None = None,
    side: int = LONGEST_SIDE,
    unit: str = "diagonal",
    part: str | None = None,
    invert: bool = False,
    aspect: float | None = None,
) -> Distribution:
    """Spread light (a picture's luma) or evidence (a heatmap's values) over the cells of a grid.

    A picture's mass is its luma above black in units of its range, 0..1 a pixel, times its
    opacity. An array (H, W) is taken as masses already. A heatmap's mass is its values; a map with
    negative values has two parts, evidence for and against, and `part` says which one is meant.
    Pixels that are not `valid` have no mass.

    A large picture is reduced by exact sums over areas; the total stays the same.

    Args:
        source: a flat picture or heatmap, or an array (H, W).
        grid: height and width of the grid, in cells.
        side: without `grid`: cells along the longer side. Smaller pictures keep their own grid.
        unit: "diagonal": positions in fractions of the picture's diagonal, whatever its size;
            "pixels": of the grid, as (row, column), the only one for a map of frequency by time;
            "mm": where the picture knows its spacing.
        part: "positive" or "negative" (whose sign is turned).
        invert: let dark count instead of light: 1 - luma. Pictures only.
        aspect: height / width of the frame that the picture is stretched to; None: its own.

    Returns:
        Cell centres (h w, 2) as (y, x), row by row, weighted by mass; cells may have none.

    Raises:
        InvalidArgument: no mass at all, a negative value where no part is named, a volume, or a
            map along one axis.

    Example:
        >>> found = mass(Raw(np.array([[0, 1], [3, 0]])), unit="pixels")
        >>> found.weights.tolist(), found.points[2].tolist(), found.unit
        ([0.0, 1.0, 3.0, 0.0], [1.0, 0.0], 'pixels of the 2 x 2 grid')
    """
    if part is not None and part not in PARTS:
        raise InvalidArgument(f"part is {part!r}; it can be 'positive' or 'negative'")
    if unit not in UNITS:
        raise InvalidArgument(f"unit is {unit!r}; it can be {', '.join(map(repr, UNITS))}")
    if isinstance(source, Image):
        if part is not None:
            raise InvalidArgument("a picture has no parts of opposite sign; leave `part` out")
        rows_of, notes = light(whole(source, "mass"), invert)
    else:
        if invert:
            raise InvalidArgument("invert= is for pictures; of a map take part='negative'")
        if isinstance(source, Heatmap) and source.axes == "FT" and unit != "pixels":
            raise InvalidArgument(
                "a heatmap with axes 'FT' has Hz along one axis and seconds along the other, and "
                f"no unit={unit!r} spans both; unit='pixels' counts the cells of its grid"
            )
        rows_of, notes = evidence(source, part), ()
    size = source.size
    cells = grid_for(size, side) if grid is None else _checked_grid(grid)
    weights = area_sums(rows_of, size, cells)
    if not weights.any():
        raise InvalidArgument(_nothing(source, part, invert))
    if cells != size:
        notes += (_regridded(size, cells),)
    points, steps, words = _positions(source, cells, unit, aspect)
    frame = steps[0] * cells[0] / (steps[1] * cells[1])
    if unit != "mm" and abs(frame * size[1] / size[0] - 1) > 5e-3:
        notes += (f"{_size(size)} pixels were stretched to a frame {frame:.3g} as high as wide",)
    return Distribution(
        weights.ravel(),
        points,
        words,
        "mass",
        name_of(source),
        grid=cells,
        info={"size": size, "step": steps, "unit": unit, "aspect": aspect},
        notes=notes,
    )


def grid_for(size: tuple[int, int], side: int = LONGEST_SIDE) -> tuple[int, int]:
    """A grid of the picture's shape with at most `side` cells along the longer side.

    Example:
        >>> grid_for((3000, 4000)), grid_for((8, 8))
        ((48, 64), (8, 8))
    """
    most = checked_bins(side, "side")
    longest = max(size)
    if longest <= most:
        return size
    height, width = (max(1, round(n * most / longest)) for n in size)
    return height, width


def _checked_grid(grid: Any) -> tuple[int, int]:
    try:
        height, width = grid
    except (TypeError, ValueError):
        raise InvalidArgument(f"grid is {grid!r}; it is (height, width) in cells") from None
    return checked_bins(height, "grid[0]"), checked_bins(width, "grid[1]")


def light(image: Image, invert: bool) -> tuple[Rows, tuple[str, ...]]:
    """The mass of some rows of a picture, 0..1 a pixel, and what has to be said of it."""
    low, high = image.value_range
    seen = opacity(image)
    ends = float(image.pixels.min()), float(image.pixels.max())
    notes: tuple[str, ...] = ()
    if ends[0] < low or ends[1] > high:
        notes = (f"values beyond {low:g}..{high:g} count as black or white",)

    def rows_of(rows: slice) -> Floats:
        light = luma(image, rows)
        light -= low
        light /= high - low
        np.clip(light, 0, 1, out=light)
        if invert:
            np.subtract(1, light, out=light)
        if seen is not None:
            light *= seen[rows]
        return light

    return rows_of, notes


def evidence(source: Heatmap | Raw, part: str | None) -> Rows:
    """The mass of some rows of a map or of an array."""
    values = source.values
    if isinstance(source, Heatmap):
        _check_flat(source)
    else:
        _check_raw(values)
    valid = source.valid if isinstance(source, Heatmap) else None
    seen = values if valid is None else np.where(valid, values, 0)
    if part is None and seen.min() < 0:
        y, x = (int(i) for i in np.unravel_index(int(np.argmin(seen)), seen.shape))
        raise InvalidArgument(
            f"the value at [{y}, {x}] is {seen[y, x]:g}: a mass cannot be negative; pass "
            "part='positive' (evidence for) or part='negative' (evidence against)"
        )
    sign = -1 if part == "negative" else 1

    def rows_of(rows: slice) -> Floats:
        return np.maximum(sign * seen[rows].astype(np.float64), 0)

    return rows_of


def _check_flat(heatmap: Heatmap) -> None:
    if len(heatmap.axes) == 3:
        raise InvalidArgument(
            f"a heatmap with axes {heatmap.axes!r} has to be taken apart first, one slice or frame "
            "at a time"
        )
    if len(heatmap.axes) == 1:
        raise InvalidArgument(
            f"a heatmap with axes {heatmap.axes!r} lies along one axis, and mass is spread over a "
            "flat grid: give its values to heatlens.transport as masses of points on a line"
        )


def _check_raw(values: npt.NDArray[Any]) -> None:
    if values.dtype.kind not in "fiub":
        raise InvalidType(f"the array has type {values.dtype}; masses are real numbers")
    if 0 in values.shape:
        raise InvalidArgument(f"the array is empty (shape {values.shape})")
    if not np.isfinite(values).all():
        y, x = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise InvalidArgument(f"the value at [{y}, {x}] is {values[y, x]}: masses are finite")


def _nothing(source: Source, part: str | None, invert: bool) -> str:
    if isinstance(source, Image):
        shade = "white" if invert else "black"
        return f"the picture is {shade} everywhere: it has no mass; invert={not invert} counts it"
    what = f"{part} evidence" if part else "evidence"
    where = "the map" if isinstance(source, Heatmap) else "the array"
    return f"{where} has no {what}: there is no mass to compare"


def _regridded(size: tuple[int, int], cells: tuple[int, int]) -> str:
    if cells[0] <= size[0] and cells[1] <= size[1]:
        return f"{_size(size)} pixels were reduced to {_size(cells)} cells by sums of areas"
    return f"{_size(size)} pixels were spread over {_size(cells)} cells by shares of areas"


def _positions(
    source: Source, cells: tuple[int, int], unit: str, aspect: float | None
) -> tuple[Floats, tuple[float, float], str]:
    """Cell centres, the steps between rows and columns, and the unit."""
    height, width = cells
    if unit == "pixels":
        steps, first = (1.0, 1.0), 0.0
        sound = isinstance(source, Heatmap) and source.axes == "FT"
        what = "frequency-by-time cells" if sound else "pixels"
        words = f"{what} of the {_size(cells)} grid"
    elif unit == "mm":
        spacing = source.spacing if isinstance(source, Image) else None
        if spacing is None:
            raise InvalidArgument("the picture has no spacing in mm; unit='diagonal' needs none")
        steps = (source.size[0] * spacing[-2] / height, source.size[1] * spacing[-1] / width)
        first, words = 0.5, "mm"
    else:
        ratio = source.size[0] / source.size[1] if aspect is None else _checked_aspect(aspect)
        diagonal = math.hypot(ratio, 1.0)
        steps = (ratio / diagonal / height, 1 / diagonal / width)
        first, words = 0.5, "fractions of the diagonal"
    y, x = ((np.arange(n) + first) * step for n, step in zip(cells, steps, strict=True))
    return np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 2), steps, words


def _checked_aspect(aspect: float) -> float:
    if not (np.isfinite(aspect) and aspect > 0):
        raise InvalidArgument(f"aspect is {aspect}; height / width is finite and above 0")
    return float(aspect)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
