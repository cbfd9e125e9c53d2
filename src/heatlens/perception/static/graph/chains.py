"""Equilibria of the two Markov chains of graph-based saliency, in closed form.

The walker goes from place i to place j with probability P(i, j) = w(i, j) / sum_k w(i, k), where

    activation      w(i, j) = d(M_i, M_j) F(i - j),   F(x) = exp(-|x|^2 / (2 sigma^2))
    concentration   w(i, j) = A_j F(i - j)

and d is |log(M_i / M_j)| or |M_i - M_j|. Both chains are reversible: there is a pi with
pi_i P(i, j) = pi_j P(j, i), so that it is the equilibrium, and no iteration is needed.

    activation      w is symmetric, so  pi_i ~ sum_j w(i, j)
    concentration   A_i w(i, j) is symmetric, so  pi_i ~ A_i sum_j A_j F(i - j)

Power iteration, as published, finds the same where it converges; of a map with two values only (an
item on plain ground) the first chain is periodic and it does not converge at all.

Harel, Koch, Perona: Graph-Based Visual Saliency, NIPS 2006, section 2; Aldous, Fill: Reversible
Markov Chains and Random Walks on Graphs, 2002, section 3.2.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["activation", "concentration"]

Array = npt.NDArray[np.float32]


def activation(maps: npt.NDArray[np.floating], sigma: float) -> Array:
    """How much each place differs from those around it: the first chain's equilibrium.

    Args:
        maps: (C, h, w); d is |M_i - M_j|, so give log(M) for |log(M_i / M_j)|.
        sigma: deviation of F in places.

    Returns:
        (C, h, w), each map >= 0 with sum 1; a map without any difference is 0 everywhere.

    Example:
        >>> activation(np.array([[[0.0, 0.0, 1.0]]]), sigma=1e3).round(3).tolist()
        [[[0.25, 0.25, 0.5]]]
    """
    _, height, width = maps.shape
    down, right = _falloff(height, sigma), _falloff(width, sigma)
    degrees = _degrees(np.ascontiguousarray(maps, np.float32), down, right)
    return _distribution(degrees)


def concentration(maps: npt.NDArray[np.floating], sigma: float) -> Array:
    """Draw mass together where there is much of it: the second chain's equilibrium.

    Args:
        maps: (C, h, w), >= 0.
        sigma: deviation of F in places.

    Returns:
        (C, h, w), each map with sum 1; an empty map stays empty.

    Example:
        >>> concentration(np.array([[[1.0, 3.0]]]), sigma=1e3).round(3).tolist()
        [[[0.25, 0.75]]]
    """
    down, right = (_kernel(size, sigma) for size in maps.shape[1:])
    return _distribution(maps * (down @ maps @ right))


def _falloff(size: int, sigma: float) -> Array:
    """F along one axis at the distances -(size - 1) to size - 1."""
    distance = np.arange(1 - size, size)
    return np.exp(-(distance**2) / (2 * sigma**2)).astype(np.float32)


def _kernel(size: int, sigma: float) -> Array:
    """F along one axis between any two places, (size, size)."""
    places = np.arange(size)
    return _falloff(size, sigma)[size - 1 + places[:, None] - places]


def _distribution(values: npt.NDArray[np.floating]) -> Array:
    total = values.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    shares: Array = (values / np.where(total > 0, total, 1)).astype(np.float32)
    return shares


@numba.njit(cache=True, nogil=True, fastmath=True)
def _degrees(maps, down, right):  # type: ignore[no-untyped-def]
    """sum_j |M_i - M_j| F(i - j) for every place of every map."""
    count, height, width = maps.shape
    result = np.zeros((count, height, width), np.float32)
    for channel in range(count):
        for i in range(height):
            for j in range(width):
                value = maps[channel, i, j]
                near = right[width - 1 - j : 2 * width - 1 - j]
                total = np.float32(0)
                for p in range(height):
                    others = maps[channel, p]
                    line = np.float32(0)
                    for q in range(width):
                        line += abs(others[q] - value) * near[q]
                    total += down[height - 1 + p - i] * line
                result[channel, i, j] = total
    return result
