"""Fixations drawn from a density that is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.perception.metrics.given import checked_map
from heatlens.perception.metrics.scaling import mass_of

__all__ = ["sampled_fixations"]


def sampled_fixations(
    density: Heatmap | npt.ArrayLike, n: int, seed: int = 0
) -> npt.NDArray[np.float64]:
    """Draw pixels, each with a probability proportional to the density there.

    Args:
        density: (H, W), finite, not negative, with some mass; need not sum to 1.
        n: how many, with replacement, at least 1.
        seed: of the draws.

    Returns:
        (n, 2) positions (row, column) at pixel centres.

    Raises:
        InvalidArgument: no density (another shape, values that are not finite or negative, zeros
            everywhere), no draw, or a seed below 0.
        InvalidType: no numbers, or draws or a seed that are no whole numbers.

    Example:
        >>> sampled_fixations([[0.0, 0.0], [0.0, 5.0]], 2).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    values = checked_map(density, "density")
    if not values.any():
        raise InvalidArgument("a density of zeros; nothing can be drawn from it")
    share = mass_of(values, "density").ravel()
    cells = np.random.default_rng(checked_seed(seed)).choice(
        values.size, size=checked_whole(n, "n"), p=share
    )
    return np.stack(np.divmod(cells, values.shape[1]), 1).astype(np.float64)
