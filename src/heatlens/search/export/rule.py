r"""The exactness rule: what lies within a distance lies within a known L1 of the embeddings.

With m_i the mean absolute difference of the Q block quantiles along axis i of A,

    W1 >= sqrt(sum m_i^2) >= sum m_i / sqrt(A)     and     L1 = Q sum m_i

(the second step is Cauchy and Schwarz), so

    W1 <= T   implies   L1 <= Q sqrt(A) T.

That is in exact arithmetic. An engine has numbers of 32 bits and adds them in an order of its own:

- A stored coordinate is off by at most e R, R the largest norm of a point of the signature. 24 bits
  round by 2^-24, once more where the points were projected on fewer axes; sums in double precision
  add less than an eighth of that up to a million points. e = 2^-22 is nearly twice what is needed.
- The sum of n = A Q absolute differences in single precision, in any order, has a relative error
  of at most g = n u / (1 - n u), u = 2^-24 (Higham: Accuracy and Stability of Numerical
  Algorithms, 2002, section 4.2).

The engine's own number is therefore at most

    (1 + g) (Q sqrt(A) T + n e (R_a + R_b)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.search.bounds.quantile import AXES, BLOCKS
from heatlens.search.signatures import Signatures

__all__ = ["SOLVED", "Rule", "reaches"]

SOLVED = 2e-9
"""Relative error of an exact distance at most: its certificate is good to 1e-9."""

_ROUNDED = 2.0**-22
_UNIT = 2.0**-24
_TINY = 1e-30
"""More than what can underflow."""


@dataclass(frozen=True)
class Rule:
    """The rule for points with so many coordinates, in space: not on a circle ("orientation").

    Attributes:
        dimensions: coordinates of a point.

    Example:
        >>> rule = Rule(3)
        >>> rule.length, round(rule.ceiling(10.0, 0.0), 3)  # 10 x 16 x sqrt(3)
        (48, 277.129)
        >>> rule.floor(277.13, 0.0) <= 10.0001
        True
    """

    dimensions: int

    @property
    def axes(self) -> int:
        """Axes of an embedding."""
        return min(self.dimensions, AXES)

    @property
    def length(self) -> int:
        """Numbers of an embedding."""
        return self.axes * BLOCKS

    def ceiling(self, distance: float, reach: float) -> float:
        """No engine's L1 of two signatures within `distance` is above this.

        Args:
            distance: W1, exact or as `emd` gives it.
            reach: the sum of both signatures' `reaches`.
        """
        spread = BLOCKS * self.axes**0.5 * distance * (1 + SOLVED)
        return self._widened * (spread + self.length * _ROUNDED * reach) + _TINY

    @property
    def slope(self) -> float:
        """What a unit of reach adds to the ceiling: an engine can add it row by row."""
        return self._widened * self.length * _ROUNDED

    def floor(self, l1: float, reach: float) -> float:
        """W1 is not below this, where an engine says `l1`; the reverse of `ceiling`."""
        spread = (l1 - _TINY) / self._widened - self.length * _ROUNDED * reach
        return max(spread, 0.0) / (BLOCKS * self.axes**0.5 * (1 + SOLVED))

    @property
    def _widened(self) -> float:
        rounding = self.length * _UNIT
        return 1 + rounding / (1 - rounding) + 1e-12  # the last for the arithmetic here


def reaches(signatures: Signatures) -> npt.NDArray[np.float64]:
    """The largest norm of a point, of each signature (N,), rounded up.

    Example:
        >>> reaches(Signatures.of([([1.0, 1.0], [[3.0, 4.0], [0.0, 1.0]])])).round(6).tolist()
        [5.0]
    """
    norms = np.linalg.norm(signatures.points.astype(np.float64), axis=1) * (1 + 1e-12)
    return np.maximum.reduceat(norms, signatures.starts[:-1])
