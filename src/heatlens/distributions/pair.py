"""Two things as distributions that can be compared: the same kind, unit and frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from heatlens.distributions.as_distribution import as_distribution
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.kinds.mass import LONGEST_SIDE, grid_for
from heatlens.distributions.pictures import Source, opened
from heatlens.errors import InvalidArgument
from heatlens.image import Image

__all__ = ["centred", "common_frame", "pair"]


def pair(
    a: Any, b: Any, on: str, parameters: Mapping[str, Any]
) -> tuple[Distribution, Distribution]:
    """Both as distributions of the kind `on`.

    Raises:
        InvalidArgument: units or dimensions that differ, or what the constructor refuses.
    """
    made = [thing for thing in (a, b) if isinstance(thing, Distribution)]
    first_given, second_given = dict(parameters), dict(parameters)
    if on == "mass" and not made:
        a, b = opened(a, raw=True), opened(b, raw=True)
        frame = common_frame(a, b, parameters)
        first_given, second_given = {**parameters, **frame}, {**parameters, **frame}
        if isinstance(a, Image) != isinstance(b, Image):  # light has one sign: `part` is the map's
            (first_given if isinstance(a, Image) else second_given).pop("part", None)
    if made:  # the parameters are meant for the one that is still to be made
        like = _like(made[0]) if on == "mass" and len(made) == 1 else {}
        given = {**like, **parameters}
        first_given = {} if isinstance(a, Distribution) and len(made) == 1 else given
        second_given = {} if isinstance(b, Distribution) and len(made) == 1 else given
    first, second = (
        as_distribution(a, on, **first_given),
        as_distribution(b, on, **second_given),
    )
    if first.unit != second.unit or first.points.shape[1] != second.points.shape[1]:
        raise InvalidArgument(
            f"the first is measured in {first.unit} ({first.points.shape[1]} coordinates), the "
            f"second in {second.unit} ({second.points.shape[1]}); bring both to one unit"
            + (": unit='range'" if on == "histogram" else "")
        )
    return first, second


def common_frame(a: Source, b: Source, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Grid and aspect for two sources of different size; nothing where their sizes agree.

    Both are stretched to one frame, whose height / width is the geometric mean of theirs, and
    summed on one grid over it, as fine as the larger one allows.
    """
    if a.size == b.size or parameters.get("unit", "diagonal") == "mm":
        return {}
    first, second = (size[0] / size[1] for size in (a.size, b.size))
    aspect = float(np.sqrt(first * second))
    frame: dict[str, Any] = {}
    if parameters.get("grid") is None:
        side = parameters.get("side", LONGEST_SIDE)
        longest = max(*a.size, *b.size)
        height, width = (longest * min(aspect, 1), longest * min(1 / aspect, 1))
        frame["grid"] = grid_for((max(1, round(height)), max(1, round(width))), side)
    if parameters.get("unit", "diagonal") == "diagonal" and parameters.get("aspect") is None:
        frame["aspect"] = aspect
    return frame


def centred(distribution: Distribution) -> Distribution:
    """The same with its centroid at the origin.

    Example:
        >>> line = Distribution([1.0, 3.0], [[0.0], [4.0]], "m", "by hand")
        >>> centred(line).points.tolist()
        [[-3.0], [1.0]]
    """
    if distribution.info.get("period") is not None:
        raise InvalidArgument("points on a circle have no centroid; leave centred= out")
    mean = np.average(distribution.points, axis=0, weights=distribution.weights)
    note = "moved so that its centroid lies at 0"
    return distribution.with_(points=distribution.points - mean, notes=(*distribution.notes, note))


def _like(made: Distribution) -> dict[str, Any]:
    """The parameters of "mass" that put another picture on the frame of `made`."""
    if made.kind != "mass" or made.grid is None:
        return {}
    unit = made.info.get("unit", "diagonal")
    like: dict[str, Any] = {"grid": made.grid, "unit": unit}
    if unit == "diagonal":
        height, width = made.info["size"]
        like["aspect"] = made.info.get("aspect") or height / width
    return like
