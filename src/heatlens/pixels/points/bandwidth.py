"""Rules for the width of the Gaussian of a density of points in the plane.

Scott 1992 and Silverman 1986 assume a normal density with the standard deviations s of the points:

    Scott      h = s n^(-1/6)          Silverman   h = s (n (d + 2) / 4)^(-1/(d + 4)) = s n^(-1/6)

which are the same for d = 2. n is Kish's effective number, (sum w)^2 / sum w^2. Several groups of
points are smeared by both; the improved Sheather-Jones rule, in its own file, is not misled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.pixels.checks import checked_number, one_of
from heatlens.pixels.points.sheather_jones import sheather_jones

__all__ = ["RULES", "bandwidth_of", "effective_number", "normal_reference"]

Floats = npt.NDArray[np.float64]

RULES = ("scott", "silverman", "improved-sheather-jones")


def bandwidth_of(
    wanted: Any, points: Floats, weights: Floats, size: tuple[int, int], reflect: bool
) -> tuple[tuple[float, float], tuple[str, ...]]:
    """Standard deviations along rows and columns in pixels, and notes.

    Args:
        wanted: a name of `RULES`, one number, or one for rows and one for columns.
        points: (n, 2).
        weights: (n,), at least one above 0.
        size: of the grid.
        reflect: whether the grid's edges are those of the density.

    Raises:
        UnknownName: no such rule.
        InvalidArgument: a rule for points that do not spread, or a negative number.
    """
    if isinstance(wanted, str):
        one_of("bandwidth rule", wanted, RULES)
        normal = normal_reference(points, weights, silverman=wanted == "silverman")
        if min(normal) <= 1e-9:
            raise InvalidArgument(_no_spread(points[weights > 0], normal, wanted))
        if wanted != "improved-sheather-jones":
            return normal, ()
        found, notes = sheather_jones(points, weights, size, reflect)
        if found is None:
            return normal, (
                "the Sheather-Jones equation has no solution here; Scott's rule is used",
            )
        return found, notes
    numbers = list(wanted) if isinstance(wanted, tuple | list | np.ndarray) else [wanted] * 2
    if len(numbers) != 2:
        raise InvalidArgument(
            f"bandwidth is {wanted!r}; a rule ({', '.join(RULES)}), a number of pixels, or one for "
            "rows and one for columns"
        )
    rows, columns = (checked_number("bandwidth", number, 0) for number in numbers)
    return (rows, columns), ()


def normal_reference(
    points: Floats, weights: Floats, *, silverman: bool = False
) -> tuple[float, float]:
    """Scott's or Silverman's widths along rows and columns, pixels.

    The standard deviations are those of reliability weights, as `numpy.cov(aweights=)` has them.

    Example:
        >>> points = np.random.default_rng(0).normal(0, [3, 1], (64, 2))
        >>> (normal_reference(points, np.ones(64)) / points.std(axis=0, ddof=1)).round(3).tolist()
        [0.5, 0.5]
    """
    n = effective_number(weights)
    if len(points) < 2 or n <= 1 + 1e-12:
        return 0.0, 0.0
    share = weights / weights.max()  # squares of 1e-200 would be 0
    share /= share.sum()
    middle = share @ points
    variance = share @ (points - middle) ** 2 / (1 - float((share**2).sum()))
    factor = (n * (2 + 2) / 4) ** (-1 / (2 + 4)) if silverman else n ** (-1 / (2 + 4))
    rows, columns = np.sqrt(variance) * factor
    return float(rows), float(columns)


def effective_number(weights: Floats) -> float:
    """How many equal points say as much: (sum w)^2 / sum w^2."""
    share = weights / weights.max()  # squares of 1e-200 would be 0
    return float(share.sum() ** 2 / (share**2).sum())


def _no_spread(points: Floats, normal: tuple[float, float], rule: str) -> str:
    advice = "give bandwidth= in pixels, a number or one for rows and one for columns"
    if len(points) == 1:
        return f"one point has no spread from which {rule!r} could tell a bandwidth; {advice}"
    if max(normal) <= 1e-9:
        return (
            f"all {len(points)} points lie at one place, and {rule!r} gives bandwidth 0; {advice}"
        )
    axis = "row" if normal[0] <= normal[1] else "column"
    return f"all {len(points)} points lie in one {axis}, and {rule!r} gives bandwidth 0; {advice}"
