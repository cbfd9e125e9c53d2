r"""How sure the coefficients of a linear stand-in are without its penalty.

A penalty draws coefficients together and towards 0, and every resample's alike: intervals of
penalised coefficients tell how they change with the pictures, not how far the penalty has moved
them. Where columns go together that is far. Least squares on the same resamples is not moved; it
takes many pictures for each column, so it is given beside the penalised ones where there are.
For classes there is none: the likelihood may have no maximum without a penalty.

Fu: Penalized regressions, JCGS 1998; Efron, Tibshirani: An Introduction to the Bootstrap, 1993,
ch. 9 (pairs are drawn).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.surrogates.linear_model import fit_linear

__all__ = ["unpenalised"]

_PER_COLUMN = 10
_LEAST_EIGENVALUE = 1e-6
_NEARLY_NONE = 1e-12

Floats = npt.NDArray[np.float64]


def unpenalised(
    values: Floats, numbers: Floats, drawn: Sequence[npt.NDArray[Any]], confidence: float
) -> tuple[Floats, Floats] | None:
    """Ends (1, f) of the intervals of least squares, for one standard deviation each.

    Args:
        values: (n, f).
        numbers: (n, 1).
        drawn: rows of each resample.
        confidence: of the intervals.

    Returns:
        None where there are fewer than ten rows for each column that changes, or where columns are
        sums of others.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, drawn = rng.normal(size=(60, 1)), [rng.integers(60, size=60) for _ in range(50)]
        >>> low, high = unpenalised(x, 2 * x, drawn, 0.9)
        >>> bool(low[0, 0] < 2 * x.std() < high[0, 0])
        True
    """
    model = fit_linear(values, numbers, classes=False, strength=_NEARLY_NONE)
    changing = np.isfinite(model.scale)
    count = int(changing.sum())
    if not count or len(values) < _PER_COLUMN * (count + 1):
        return None
    together = np.corrcoef(values[:, changing].T).reshape(count, count)
    if np.linalg.eigvalsh(together)[0] < _LEAST_EIGENVALUE:
        return None
    found = np.stack(
        [
            fit_linear(
                values[rows], numbers[rows], classes=False, strength=_NEARLY_NONE
            ).coefficients()
            for rows in drawn
        ]
    )
    tail = 50 * (1 - confidence)
    low, high = np.percentile(found, [tail, 100 - tail], axis=0)
    return low, high
