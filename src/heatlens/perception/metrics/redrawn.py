"""How a picture's figure would vary with other fixations: they are drawn again, with replacement.

The percentile bootstrap (Efron: Bootstrap methods, Annals of Statistics 1979) over what the
convention counts: the fixations, or ("mit") the pixels that were fixated. Fixations of one person
follow one another and are not independent, so the intervals are rather too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument
from heatlens.perception.metrics.density import blurred_pixels
from heatlens.perception.metrics.given import Floats
from heatlens.statistics import percentile_interval

__all__ = ["UNKNOWN", "check_redraws", "interval_of_density_metric", "interval_of_each"]

UNKNOWN = (math.nan, math.nan)

_CELLS = 2_000_000


def check_redraws(redraws: int, confidence: float, name: str) -> None:
    """An `InvalidArgument` unless it is 0, or enough that five draws lie beyond each end."""
    enough = math.ceil(10 / (1 - confidence) - 1e-9)
    if 0 < checked_whole(redraws, name, 0) < enough:
        raise InvalidArgument(
            f"{name} is {redraws}; an interval at {confidence:.3g} takes {enough}, none takes 0"
        )


def interval_of_each(
    each: Floats, redraws: int, confidence: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Interval of the mean of one number per fixation; NaN of one alone, or of infinite ones.

    Example:
        >>> low, high = interval_of_each(np.arange(9.0), 1000, 0.95, np.random.default_rng(0))
        >>> 2 < low < 3 and 5 < high < 6
        True
    """
    n = len(each)
    if redraws == 0 or n < 2 or not np.isfinite(each).all():
        return UNKNOWN
    block = max(1, _CELLS // n)
    means = [
        each[rng.integers(n, size=(min(block, redraws - first), n))].mean(1)
        for first in range(0, redraws, block)
    ]
    low, high = percentile_interval(np.concatenate(means), confidence)
    return low, high


def interval_of_density_metric(
    compare: Callable[[Floats], float],
    cells: npt.NDArray[np.intp],
    size: tuple[int, int],
    sigma: float | None,
    convention: str,
    redraws: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Interval of a metric of densities: the pixels are drawn again, blurred, and compared.

    Args:
        compare: from a density (H, W) to the metric.
        cells: (n,) fixated pixels by their numbers, as the convention counts them.
        size: height and width.
        sigma: of the blur, see `fixation_density`.
        convention: of the blur.
        redraws: how often; each costs a blur and a comparison.
        confidence: of the interval.
        rng: draws.
    """
    n = len(cells)
    if redraws == 0 or n < 2:
        return UNKNOWN
    found = [
        compare(blurred_pixels(cells[rng.integers(n, size=n)], size, sigma, convention))
        for _ in range(redraws)
    ]
    if not np.isfinite(found).all():
        return UNKNOWN
    low, high = percentile_interval(np.array(found), confidence)
    return low, high
