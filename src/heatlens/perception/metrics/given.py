"""Checks of what a metric is given: maps, positions, densities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap

__all__ = [
    "Floats",
    "Map",
    "Points",
    "as_array",
    "checked_draws",
    "checked_map",
    "checked_points",
    "is_density",
    "nobody_looked",
    "pixels_of",
]

Floats = npt.NDArray[np.float64]
Map = Heatmap | npt.ArrayLike
Points = npt.ArrayLike


def checked_map(heat: Map, what: str = "map") -> Floats:
    """The values of a map (H, W) in double precision.

    A tensor is as good as an array, wherever it lies and whether it has a gradient or not. Of a
    `Heatmap` with a mask `valid`, what the model did not see counts as the 0 that is there.

    Raises:
        InvalidType: not numbers.
        InvalidArgument: not two axes, no pixel, or values that are not finite.

    Example:
        >>> checked_map([[1, 2]]).tolist()
        [[1.0, 2.0]]
    """
    array = as_array(heat.values if isinstance(heat, Heatmap) else heat, what)
    if array.dtype == np.bool_:
        array = array.astype(np.float64)
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise InvalidType(f"a {what} of {array.dtype} values; expected real numbers")
    if array.ndim != 2 or array.size == 0:
        raise InvalidArgument(f"a {what} of shape {array.shape}; expected (height, width)")
    if not np.isfinite(array).all():
        row, column = (int(n) for n in np.argwhere(~np.isfinite(array))[0])
        raise InvalidArgument(
            f"the {what} is {array[row, column]} at row {row}, column {column}; its values are finite"
        )
    return array.astype(np.float64)


def checked_points(fixations: Points, size: tuple[int, int], what: str = "fixations") -> Floats:
    """Positions (n, 2) that lie inside a picture; pixel centres are whole numbers.

    A mask of the picture's size (bool, True where somebody looked) is as good as positions.

    Raises:
        InvalidType: not numbers.
        InvalidArgument: none at all, another shape, NaN, or outside; the message says which row.

    Example:
        >>> checked_points([[0, 1.4]], (1, 2)).tolist()
        [[0.0, 1.4]]
        >>> checked_points([[0, 1], [3, 0]], (1, 2))
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: fixations[1] is at row 3, column 0, outside of a picture of 1 x 2 pixels
    """
    array = as_array(fixations, what)
    if array.dtype == np.bool_ and array.shape == size:
        array = np.argwhere(array)
    if array.size == 0:
        raise InvalidArgument(f"no {what}: where nobody looked nothing can be measured")
    if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise InvalidType(f"{what} of {array.dtype} values; expected rows and columns")
    if array.ndim != 2 or array.shape[1] != 2:
        hint = ""
        if array.shape == size:
            hint = "; this metric takes points, not a density (or give a mask of bool)"
        raise InvalidArgument(
            f"{what} of shape {array.shape}; expected (n, 2), row and column each{hint}"
        )
    points: Floats = array.astype(np.float64)
    upper = np.array(size) - 0.5
    outside = ~((points >= -0.5) & (points < upper)).all(1)  # NaN is outside as well
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        row, column = points[first]
        swapped = (points[:, ::-1] >= -0.5).all() and (points[:, ::-1] < upper).all()
        hint = "; are they columns and rows? They come as row, column" if swapped else ""
        raise InvalidArgument(
            f"{what}[{first}] is at row {row:g}, column {column:g}, outside of a picture of "
            f"{size[0]} x {size[1]} pixels{hint}"
        )
    return points


def pixels_of(
    fixations: Points, size: tuple[int, int], *, once: bool = False, what: str = "fixations"
) -> npt.NDArray[np.intp]:
    """Indices (n,) of the pixels that positions lie in, in reading order of the flattened picture.

    Args:
        fixations: (n, 2), see `checked_points`.
        size: of the picture.
        once: count a pixel once, however often it was looked at.
        what: the argument's name, for messages.

    Example:
        >>> pixels_of([[0.0, 0.6], [0.0, 1.4]], (1, 2)).tolist()
        [1, 1]
    """
    cells = np.floor(checked_points(fixations, size, what) + 0.5).astype(np.intp)
    flat: npt.NDArray[np.intp] = cells[:, 0] * size[1] + cells[:, 1]
    return np.unique(flat) if once else flat


def is_density(fixations: Map | Points, size: tuple[int, int]) -> bool:
    """Whether what was given is a density on the map's grid, and no list of points."""
    if isinstance(fixations, Heatmap):
        return True
    array = as_array(fixations, "fixations")
    return array.shape == size and array.dtype != np.bool_


def nobody_looked(fixations: Points) -> bool:
    """Whether there is no fixation: an empty list, or a mask without a True.

    Example:
        >>> nobody_looked([]), nobody_looked([[0, 0]]), nobody_looked(np.zeros((2, 3), np.bool_))
        (True, False, True)
    """
    array = as_array(fixations, "fixations")
    return array.size == 0 or (array.dtype == np.bool_ and not array.any())


def checked_draws(splits: int, step: float, seed: int) -> tuple[int, float, int]:
    """Numbers that AUCs with drawn negatives take: draws, a step between thresholds, a seed.

    Raises:
        InvalidType: not numbers, or not whole ones where they have to be.
        InvalidArgument: no draw, a step that is not above 0 and at most 1, a seed below 0.

    Example:
        >>> checked_draws(100, 0.1, 0)
        (100, 0.1, 0)
    """
    if isinstance(step, bool) or not isinstance(step, int | float | np.number):
        raise InvalidType(f"step is {step!r}; thresholds go from 0 to 1 in steps like 0.1")
    if not 0 < step <= 1:
        raise InvalidArgument(f"step is {step}; thresholds go from 0 to 1 in steps like 0.1")
    return checked_whole(splits, "splits"), float(step), checked_seed(seed)


def as_array(source: Any, what: str) -> npt.NDArray[Any]:
    """Lists, arrays and tensors (wherever they lie, with a gradient or without) as an array.

    Raises:
        InvalidArgument: rows of several lengths.

    Example:
        >>> as_array([[1, 2], [3]], "map")
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: map: the rows have several lengths
    """
    if hasattr(source, "detach"):
        source = source.detach().cpu()
    try:
        return np.asarray(source)
    except ValueError as error:
        raise InvalidArgument(f"{what}: the rows have several lengths") from error
