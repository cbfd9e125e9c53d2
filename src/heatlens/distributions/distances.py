"""The usual distances side by side, on the same two things as Wasserstein."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from heatlens.distributions.area import area_sums
from heatlens.distributions.comparison import Comparison
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.mass import PARTS, evidence, grid_for, light
from heatlens.distributions.measure import MEASURES, Floats, Grids, Measure
from heatlens.distributions.pair import common_frame
from heatlens.distributions.pictures import Source, hidden, opened, whole
from heatlens.distributions.wasserstein import wasserstein
from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image

__all__ = ["Distance", "distances", "grids"]

_WASSERSTEIN = "wasserstein"
_LARGEST = 1 << 22


@dataclass(frozen=True)
class Distance:
    """One row of the table.

    Attributes:
        name: "wasserstein", "euclidean", "cosine", "kl", "js", "chi-square" or "ssim".
        value: the number; infinite for KL where the second has nothing and the first has some.
        unit: what it is measured in.
        meaning: one line on what it says.
        equal: its value where both are the same (1 for SSIM, which is a similarity, else 0).
        notes: sentences a reader has to know.
    """

    name: str
    value: float
    unit: str
    meaning: str
    equal: float = 0.0
    notes: tuple[str, ...] = ()


def distances(
    a: Any, b: Any, names: Iterable[str] | None = None, **parameters: Any
) -> tuple[Distance, ...]:
    """Wasserstein beside Euclid, cosine, KL, Jensen-Shannon, chi-square and SSIM.

    Pictures are taken by their luma in units of their range (black 0, white 1), arrays (H, W) and
    heatmaps by their values. KL, Jensen-Shannon and chi-square compare shares of the total; in
    signed maps both signs count as places apart. Sources of different size, and pictures of more
    than 4 million pixels, are brought to one grid by means over areas, and the notes say so;
    Wasserstein has a grid of its own.

    Args:
        a: an `Image`, a `Heatmap`, an array or a path.
        b: likewise; both are pictures, or both are maps.
        names: which, in order; None: all.
        **parameters: of `wasserstein` (`on=`, `p=`, `side=`, ...).

    Raises:
        UnknownName: no such distance.
        InvalidArgument: what one of them cannot use, such as a map without evidence.

    Example:
        >>> import numpy as np
        >>> a, b = np.zeros((2, 12, 12))
        >>> a[2, 2], b[2, 3] = 1, 1
        >>> for row in distances(a, b, ["wasserstein", "euclidean", "kl", "js"], unit="pixels"):
        ...     print(row.name, round(row.value, 3), row.unit)
        wasserstein 1.0 pixels of the 12 x 12 grid
        euclidean 1.414 units of value
        kl inf nats
        js 0.693 nats
    """
    wanted = [_WASSERSTEIN, *MEASURES] if names is None else list(names)
    for name in wanted:
        if name != _WASSERSTEIN and name not in MEASURES:
            raise UnknownName("distance", name, [_WASSERSTEIN, *MEASURES])
    first, second = opened(a, raw=True), opened(b, raw=True)
    both: Grids | None = None
    notes: tuple[str, ...] = ()
    rows = []
    for name in wanted:
        if name == _WASSERSTEIN:
            rows.append(_carried(first, second, parameters))
            continue
        measure = MEASURES[name]
        if both is None:
            both, notes = grids(first, second)
        if name == "ssim" and names is None and min(both.a.shape) < 11:
            continue  # too small for its window; asked for by name it is an error
        value = measure.function(both)
        unit = _unit(measure, both) if isinstance(first, Image) else measure.unit
        rows.append(Distance(name, value, unit, measure.meaning, measure.equal, notes))
    return tuple(rows)


def _carried(a: Source, b: Source, parameters: dict[str, Any]) -> Distance:
    found: Comparison = wasserstein(a, b, **{**parameters, "plan": True})
    meaning = "How far mass has to be carried on average; places know their neighbours."
    return Distance(_WASSERSTEIN, found.distance, found.unit, meaning, 0.0, found.notes)


def _unit(measure: Measure, both: Grids) -> str:
    """The unit of a measure of two pictures; those without one of values keep their own."""
    if measure.unit != "units of value":
        return measure.unit
    return f"luma (black 0, white 1), summed over {both.a.size} pixels"


def grids(a: Any, b: Any) -> tuple[Grids, tuple[str, ...]]:
    """Two sources on one grid, and what was done for it.

    Raises:
        InvalidType: a finished distribution.
        InvalidArgument: a picture beside a map, whose values mean different things, or maps with
            other axes.
    """
    for thing in (a, b):
        if isinstance(thing, Distribution):
            raise InvalidType("a finished distribution has no pixels; give the picture or map")
    a, b = opened(a, raw=True), opened(b, raw=True)
    if isinstance(a, Image) != isinstance(b, Image):
        raise InvalidArgument(
            "one is a picture and the other a map: grey values and evidence have no common unit; "
            "wasserstein compares where they lie"
        )
    kinds = {source.axes for source in (a, b) if isinstance(source, Heatmap)}
    if len(kinds) > 1:
        raise InvalidArgument(
            f"the maps have axes {' and '.join(map(repr, sorted(kinds)))}: their cells are not of "
            "the same kind"
        )
    grid: tuple[int, int] = a.size
    notes: tuple[str, ...] = ()
    if a.size != b.size:
        grid = common_frame(a, b, {"side": 1024})["grid"]
        notes = (
            f"{a.size[0]} x {a.size[1]} and {b.size[0]} x {b.size[1]} pixels were brought to "
            f"{grid[0]} x {grid[1]} by means over areas",
        )
    elif grid[0] * grid[1] > _LARGEST:
        grid = grid_for(grid, 2048)
        notes = (
            f"{a.size[0]} x {a.size[1]} pixels were brought to {grid[0]} x {grid[1]} by means",
        )
    values = [_values(source, grid) for source in (a, b)]
    notes += _unseen(a, b)
    low = min(0.0, *(float(v.min()) for v in values))
    high = max(float(v.max()) for v in values)
    span = 1.0 if isinstance(a, Image) else (high - low or 1.0)
    return Grids(values[0], values[1], span), notes


def _unseen(a: Source, b: Source) -> tuple[str, ...]:
    """What of two pictures the grids do not show."""
    colours = any(isinstance(source, Image) and source.channels == 3 for source in (a, b))
    said = ("colours were compared by their luma",) if colours else ()
    return tuple(dict.fromkeys((*said, *hidden(a), *hidden(b))))


def _values(source: Source, grid: tuple[int, int]) -> Floats:
    """Mean luma, or mean signed value, of each cell."""
    scale = grid[0] * grid[1] / (source.size[0] * source.size[1])
    if isinstance(source, Image):
        rows_of, _ = light(whole(source, "mass"), invert=False)
        return area_sums(rows_of, source.size, grid) * scale
    positive, negative = (
        area_sums(evidence(source, part), source.size, grid) * scale for part in PARTS
    )
    difference: Floats = positive - negative
    return difference
