"""The improved Sheather-Jones bandwidth in two dimensions.

The best Gaussian widths depend on how rough the unknown density is, on psi_ij, the integral of
f d^(2i+2j) f / dr^2i dc^2j. Each psi is estimated with a Gaussian whose own best width depends on
the psi one order higher,

    t_ij = (-2 c K_i K_j / (N (psi_(i+1)j + psi_i(j+1))))^(1 / (2 + i + j)),
    c = (1 + 2^-(i+j+1)) / 3,    K_i = (-1)^i (2i - 1)!! / sqrt(2 pi),

up to i + j = 4; there the loop is closed by asking for the t that gives itself,

    t = (2 pi N (psi_02 + psi_20 + 2 psi_11))^(-1/3).

No normal density is assumed anywhere. On a grid over a rectangle of sides A and 1 / A, psi is a sum
over the squared cosine coefficients a of the binned points:

    psi_ij(t) = (-1)^(i+j) pi^(2(i+j)) sum_kl a_kl^2 u^2i v^2j exp(-pi^2 (u^2 + v^2) t) w_k w_l

with u = k / A, v = l A, w_0 = 1 and else 1/2, and a_kl the sum of the cosines at the points, twice
for each index above 0. The grid is made finer until each width spans two cells. Points that were
rounded are counted in cells of their own lattice, so that the rounding is not taken for structure.

One t serves both directions, so the answer depends on how rows and columns are scaled against each
other. Here A is such that both widths come out alike in these units: pixels are square at first,
and the ratio that is found is put in again until it stays.

Botev, Grotowski, Kroese: Kernel Density Estimation via Diffusion, Annals
of Statistics 2010, section 5 and appendix E.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft, optimize

from heatlens.pixels.points.binning import binned
from heatlens.pixels.points.cells import Cells
from heatlens.pixels.points.lattice import lattice_of

__all__ = ["sheather_jones"]

Floats = npt.NDArray[np.float64]

_GRID, _MOST = 512, 1 << 21
"""Cells along each axis at first, and in all at most."""

_SPANNED = 2.0
"""Cells that a width spans before it is believed."""

_ROUNDS, _SETTLED = 8, 0.02
_LOST = 60.0
"""Exponent from which on a term has no digit in the sum, order 5 included."""


def sheather_jones(
    points: Floats, weights: Floats, size: tuple[int, int], reflect: bool
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Widths along rows and columns, pixels, and notes; None where the equation has no solution.

    Args:
        points: (n, 2), spread in both directions.
        weights: (n,), at least 0.
        size: of the picture's grid.
        reflect: whether the density ends at the picture's edges; else it goes on beyond them.
    """
    used = weights > 0
    points, weights = points[used], weights[used]
    low, high = points.min(axis=0), points.max(axis=0)
    room = (high - low) / 4
    low, high = low - room, high + room
    if reflect:
        low, high = np.maximum(low, -0.5), np.minimum(high, np.asarray(size) - 0.5)
    share = weights / weights.max()
    share /= share.sum()
    lattices = [lattice_of(points[:, axis]) for axis in (0, 1)]
    wanted = [_GRID, _GRID]
    while True:
        axes = [Cells.over(float(low[k]), float(high[k]), wanted[k], lattices[k]) for k in (0, 1)]
        found, finer = _on_grid(points, share, axes)
        narrow = [finer or _narrow(found, axes, k) for k in (0, 1)]
        more = [narrow[k] and not axes[k].finest for k in (0, 1)]
        if not any(more) or axes[0].number * axes[1].number * 2 ** sum(more) > _MOST:
            break
        wanted = [cells * (1 + again) for cells, again in zip(wanted, more, strict=True)]
    return found, _notes(found, axes, lattices) if found else ()


def _narrow(found: tuple[float, float] | None, axes: list[Cells], axis: int) -> bool:
    return found is not None and found[axis] < _SPANNED * axes[axis].width


def _notes(
    found: tuple[float, float], axes: list[Cells], lattices: list[tuple[float, float] | None]
) -> tuple[str, ...]:
    """What the width could not be told from, and the lattices other than whole pixels."""
    notes = []
    for axis, word in enumerate(("rows", "columns")):
        cells, lattice = axes[axis], lattices[axis]
        if lattice is not None and not (lattice[0] == 1 and lattice[1].is_integer()):
            notes.append(
                f"along the {word} most points lie on a lattice of {lattice[0]:.6g} pixels, which "
                "is taken for rounding and not for structure"
            )
        if _narrow(found, axes, axis):
            notes.append(
                f"along the {word} points were counted in cells of {cells.width:.3g} pixels; a "
                f"bandwidth of {found[axis]:.3g} is less than two of them, and rough"
            )
    return tuple(notes)


def _on_grid(
    points: Floats, share: Floats, axes: list[Cells]
) -> tuple[tuple[float, float] | None, bool]:
    """Widths, pixels, or None, and whether a finer grid could have an answer."""
    rows, columns = axes
    places = np.column_stack([axes[k].places(points[:, k]) for k in (0, 1)])
    N = 1 / float((share**2).sum())
    a = fft.dctn(binned(places, share, (rows.number, columns.number)))
    a[0] /= 2
    a[:, 0] /= 2
    squares = a**2
    ratio = rows.length / columns.length
    found: tuple[float, float] | None = None
    for _ in range(_ROUNDS):
        widths, finer = _widths(squares, N, math.sqrt(ratio))
        if widths is None:
            return found, finer
        found = widths[0] * rows.length, widths[1] * columns.length
        new = widths[1] / widths[0]  # sides in which both widths are alike
        settled = abs(math.log(new / ratio)) < _SETTLED
        ratio = new
        if settled:
            break
    return found, False


def _widths(squares: Floats, N: float, A: float) -> tuple[tuple[float, float] | None, bool]:
    """Widths along rows and columns in shares of the grid's sides, as `_on_grid`."""
    t, finer = _fixed_point(squares, N, A)
    if t is None:
        return None, finer
    p20, p02, p11 = (_psi(s, t, squares, A) for s in ((2, 0), (0, 2), (1, 1)))
    if not (p20 > 0 and p02 > 0):
        return None, False
    shared = 4 * np.pi * N * (p11 + math.sqrt(p20 * p02))
    if not shared > 0:
        return None, False
    down = (p02**0.75 / (p20**0.75 * shared)) ** (1 / 3)
    right = (p20**0.75 / (p02**0.75 * shared)) ** (1 / 3)
    return (math.sqrt(down) / A, math.sqrt(right) * A), False


def _fixed_point(squares: Floats, N: float, A: float) -> tuple[float | None, bool]:
    def gap(t: float) -> float:
        p02, p11, p20 = _functionals(t, squares, N, A)
        return t - (2 * np.pi * N * (p02 + p20 + 2 * p11)) ** (-1 / 3)

    # The smallest root is the one; the scan is from a quarter of a cell to a third of a side.
    cell = min(A / squares.shape[0], 1 / (A * squares.shape[1]))
    tries = np.geomspace((0.25 * cell) ** 2, 0.1, 24)
    if not gap(float(tries[0])) < 0:
        return None, True
    for start, stop in pairwise(tries):
        if gap(float(stop)) >= 0:
            return float(optimize.brentq(gap, start, stop, xtol=1e-14, rtol=1e-8)), False
    return None, False


def _functionals(t: float, squares: Floats, N: float, A: float) -> list[float]:
    """psi_02, psi_11, psi_20: order 5 at `t`, each order below at widths found by the one above."""
    above = [_psi((i, 5 - i), t, squares, A) for i in range(6)]
    for order in (4, 3, 2):
        c = (1 + 0.5 ** (order + 1)) / 3
        own = []
        for i in range(order + 1):
            constants = _constant(i) * _constant(order - i)
            width = (-2 * c * constants / (N * (above[i + 1] + above[i]))) ** (1 / (2 + order))
            own.append(_psi((i, order - i), width, squares, A))
        above = own
    return above


def _psi(s: tuple[int, int], t: float, squares: Floats, A: float) -> float:
    rows = _weighted(squares.shape[0], A, s[0], t)
    columns = _weighted(squares.shape[1], 1 / A, s[1], t)
    total = rows @ squares[: len(rows), : len(columns)] @ columns
    return float((-1) ** sum(s) * np.pi ** (2 * sum(s)) * total)


def _weighted(n: int, side: float, i: int, t: float) -> Floats:
    """w_k u^2i exp(-pi^2 u^2 t), u = k / side, for k below n and as far as it is not lost."""
    last = side / np.pi * np.sqrt(_LOST / t)
    u = (np.arange(min(n, int(last) + 2)) / side) ** 2
    weight = np.exp(-(np.pi**2) * u * t) / 2
    weight[0] = 1.0
    return np.asarray(weight * u**i)


def _constant(i: int) -> float:
    return (-1) ** i * math.prod(range(1, 2 * i, 2)) / math.sqrt(2 * math.pi)
