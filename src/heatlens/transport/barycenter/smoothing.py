"""The logarithm of a Gaussian convolution of exp(f), axis by axis, without under- or overflow.

(L f)(i) = log sum_k exp(f(k) - (i - k)^2 / (2 blur^2))
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.transport.mass import Floats

__all__ = ["LogSmoothing"]

_DEPTH = 690.0
"""Exponent up to which the kernel's smallest entry, exp(-690), is above the smallest normal float."""

_NEGLIGIBLE = 40.0
"""exp(-40) is below half a unit in the last place of 1."""


class LogSmoothing:
    """Smoothing of maps f (..., h, w) in logarithms.

    A line whose kernel nowhere falls below exp(-690) is scaled to maximum 1 and multiplied by the
    kernel's matrix: its sums are then so far from underflow that what underflows is nothing to
    them. Other lines are summed term by term in logarithms, which is exact as well and slower.

    Example:
        >>> point = np.full((1, 3), -np.inf)
        >>> point[0, 0] = 0.0
        >>> LogSmoothing((1, 3), 0.5)(point).tolist()
        [[0.0, -2.0, -8.0]]
    """

    def __init__(self, size: tuple[int, int], blur: float) -> None:
        self._blur = blur
        self._kernels = [self._kernel(length) for length in size]

    def __call__(self, f: Floats) -> Floats:
        """L f, shaped like `f`; -inf means no mass."""
        along_rows = self._lines(f, self._kernels[1])
        return self._lines(along_rows.swapaxes(-1, -2), self._kernels[0]).swapaxes(-1, -2)

    def _kernel(self, length: int) -> Floats | None:
        steps = np.arange(length, dtype=np.float64)
        depth = (steps[:, None] - steps) ** 2 / (2 * self._blur**2)
        return np.exp(-depth) if depth.max() <= _DEPTH else None

    def _lines(self, f: Floats, kernel: Floats | None) -> Floats:
        if kernel is None:
            lines = np.ascontiguousarray(f).reshape(-1, f.shape[-1])
            return _summed_in_logarithms(lines, 1 / (2 * self._blur**2)).reshape(f.shape)
        top = f.max(axis=-1, keepdims=True)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            smooth: Floats = np.log(np.exp(f - top) @ kernel) + top
        return smooth


@njit(nogil=True, cache=True)
def _summed_in_logarithms(
    lines: npt.NDArray[np.float64], steepness: float
) -> npt.NDArray[np.float64]:
    count, length = lines.shape
    result = np.empty((count, length))
    terms = np.empty(length)
    for line in range(count):
        for i in range(length):
            top = -math.inf
            for k in range(length):
                terms[k] = lines[line, k] - steepness * (i - k) * (i - k)
                top = max(top, terms[k])
            if top == -math.inf:
                result[line, i] = top
                continue
            total = 0.0
            for k in range(length):
                if terms[k] > top - _NEGLIGIBLE:
                    total += math.exp(terms[k] - top)
            result[line, i] = top + math.log(total)
    return result
