"""The way from one distribution to another: McCann's displacement interpolation.

    mu_t = sum_ij P_ij delta((1 - t) x_i + t y_j)

With an exact plan P for the squared distance this is the shortest way at constant speed:
W_2(mu_s, mu_t) = |s - t| W_2(mu_0, mu_1). McCann: A convexity principle for interacting gases,
Advances in Mathematics 128(1), 1997.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage, sparse

from heatlens.errors import InvalidArgument, InvalidType, NotCertified
from heatlens.transport.exact.transport import Transport
from heatlens.transport.ground import checked_points
from heatlens.transport.mass import (
    Floats,
    balanced,
    checked_masses,
    checked_policy,
    real_array,
    rounding_of,
)

__all__ = ["deposited", "displacement", "displacement_grid"]

_MOST_CELLS = 4096
"""Cells with mass on either side up to which a plan between grids is solved exactly."""


def displacement(plan: Any, x: Any, y: Any, t: float) -> tuple[Floats, Floats]:
    """The masses of a plan on their way, at time t.

    Args:
        plan: a `Transport`, or its plan, sparse or dense (n, m), none negative.
        x: points (n, d) that the mass leaves.
        y: points (m, d) that it reaches.
        t: 0 at the start, 1 at the end.

    Returns:
        Masses (k,) and points (k, d), one for each pair of points that mass is carried between.

    Raises:
        InvalidType: a plan that is no matrix.
        InvalidArgument: sizes that do not fit, negative entries, or a time outside of 0..1.

    Example:
        >>> masses, points = displacement(np.eye(2) / 2, [0.0, 1.0], [4.0, 9.0], 0.5)
        >>> masses.tolist(), points[:, 0].tolist()
        ([0.5, 0.5], [2.0, 5.0])
    """
    x, y = checked_points(x, "x"), checked_points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise InvalidArgument(f"x has {x.shape[1]} coordinates a point, y has {y.shape[1]}")
    t = _checked_time(t, "t")
    matrix = _coordinates(plan)
    if matrix.shape != (len(x), len(y)):
        raise InvalidArgument(
            f"the plan is {matrix.shape[0]} x {matrix.shape[1]}, for {len(x)} points in x and "
            f"{len(y)} in y"
        )
    carried = matrix.data > 0
    rows, columns = matrix.coords[0][carried], matrix.coords[1][carried]
    return matrix.data[carried].astype(np.float64), (1 - t) * x[rows] + t * y[columns]


def displacement_grid(
    a: Any,
    b: Any,
    t: float | Sequence[float] | Floats,
    *,
    mass: str = "equal",
    method: str = "auto",
    deposit: float = 0.0,
) -> Floats:
    """Masses on a grid on their way from a to b, laid down on the grid again.

    "exact" carries each cell's mass along an exact plan; what arrives between cells is shared among
    the four around it, which keeps its total and its centre. "entropic" takes the barycenter with
    the weights 1 - t and t (see `barycenter_grid`): smoother, and fit for large grids.

    Args:
        a: masses (h, w).
        b: masses (h, w), on the same grid.
        t: a time in 0..1, or several.
        mass: "equal" demands one total, "normalise" divides each by its own.
        method: "exact", "entropic", or "auto": exact up to 4096 cells with mass on either side.
        deposit: standard deviation, in cells, of a Gaussian over what is laid down at t = 1/2;
            it falls to 0 at both ends. About 0.7 hides the lattice pattern of a plan that carries
            neighbours to places two cells apart. "entropic" is smooth without it, and is given
            the same Gaussian all the same.

    Returns:
        (h, w) for a single time, (times, h, w) for several.

    Raises:
        InvalidType: masses, times or a width that are no numbers.
        InvalidArgument: bad masses (named), grids of different size, totals that differ, no time
            or one outside of 0..1, or an exact plan asked for on a grid that is too large.
        NotCertified: "entropic", and a barycenter has not converged.

    Example:
        >>> a, b = np.zeros((1, 5)), np.zeros((1, 5))
        >>> a[0, 0] = b[0, 3] = 1.0
        >>> displacement_grid(a, b, 0.5).tolist()
        [[0.0, 0.5, 0.5, 0.0, 0.0]]
    """
    times = _checked_times(t)
    first, second = _balanced_grids(a, b, mass)
    deposit = _checked_number(deposit, "deposit")
    if not 0 <= deposit < np.inf:
        raise InvalidArgument(f"deposit is {deposit}; it is a width in cells, 0 or above")
    cells = max(np.count_nonzero(first), np.count_nonzero(second))
    if method not in ("auto", "exact", "entropic"):
        raise InvalidArgument(f"method is {method!r}; it can be 'auto', 'exact' or 'entropic'")
    if method == "exact" and cells > _MOST_CELLS:
        raise InvalidArgument(
            f"{cells} cells have mass, an exact plan is made for at most {_MOST_CELLS}; reduce the "
            "grids, or pass method='entropic'"
        )
    exact = method == "exact" or (method == "auto" and cells <= _MOST_CELLS)
    frames = _exact_frames if exact else _entropic_frames
    stack = np.stack(
        [
            _blurred(frame, deposit * 2 * np.sqrt(time * (1 - time)))
            for frame, time in zip(frames(first, second, times), times, strict=True)
        ]
    )
    return stack if np.ndim(t) else stack[0]


def _blurred(frame: Floats, width: float) -> Floats:
    if width == 0:
        return frame
    found: Floats = ndimage.gaussian_filter(frame, width)
    return found


def _exact_frames(a: Floats, b: Floats, times: list[float]) -> list[Floats]:
    from heatlens.transport import emd

    x, y = np.argwhere(a > 0).astype(np.float64), np.argwhere(b > 0).astype(np.float64)
    plan = emd(a[a > 0], b[b > 0], x=x, y=y, p=2).plan
    size = (a.shape[0], a.shape[1])
    return [deposited(*displacement(plan, x, y, t), size) for t in times]


def _entropic_frames(a: Floats, b: Floats, times: list[float]) -> list[Floats]:
    from heatlens.transport.barycenter import barycenter_grid

    frames = []
    for t in times:
        if t in (0.0, 1.0):
            frames.append(b if t else a)
            continue
        found = barycenter_grid([a, b], [1 - t, t], mass="equal")
        if not found.converged:
            small = max(np.count_nonzero(a), np.count_nonzero(b)) <= _MOST_CELLS
            raise NotCertified(
                f"the barycenter at t = {t:g} still changed by {found.change:.1e} after "
                f"{found.iterations} rounds; reduce the grids"
                + (
                    ", or pass method='exact'"
                    if small
                    else f" to at most {_MOST_CELLS} cells, for which there is an exact plan"
                )
            )
        frames.append(found.values)
    return frames


def deposited(masses: Floats, points: Floats, size: tuple[int, int]) -> Floats:
    """Masses (k,) at points (k, 2) within a grid, each shared among the four cells around it.

    Example:
        >>> deposited(np.array([1.0]), np.array([[0.0, 0.25]]), (2, 2)).tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    corner = np.minimum(np.floor(points).astype(np.intp), np.maximum(np.array(size) - 2, 0))
    part = points - corner
    frame = np.zeros(size)
    for down in (0, 1):
        for right in (0, 1):
            share = (part[:, 0] if down else 1 - part[:, 0]) * (
                part[:, 1] if right else 1 - part[:, 1]
            )
            used = share > 0  # the row below the last one does not exist, and gets nothing
            np.add.at(
                frame, (corner[used, 0] + down, corner[used, 1] + right), (masses * share)[used]
            )
    return frame


def _balanced_grids(a: Any, b: Any, mass: str) -> tuple[Floats, Floats]:
    checked_policy(mass, ("equal", "normalise"))
    first, second = real_array(a, "a", "masses"), real_array(b, "b", "masses")
    if first.ndim != 2 or first.shape != second.shape:
        raise InvalidArgument(
            f"a has shape {first.shape}, b has {second.shape}; expected two grids (h, w) of one "
            "size"
        )
    flat = balanced(
        checked_masses(first.ravel(), "a"),
        checked_masses(second.ravel(), "b"),
        mass,
        rounding_of(first, second),
    )
    return flat[0].reshape(first.shape), flat[1].reshape(first.shape)


def _checked_times(t: Any) -> list[float]:
    if np.ndim(t) > 1 or np.size(t) == 0:
        raise InvalidArgument(f"t has shape {np.shape(t)}; expected a time, or several in a row")
    return [_checked_time(value, "t") for value in (t if np.ndim(t) else [t])]


def _checked_time(t: Any, name: str) -> float:
    time = _checked_number(t, name)
    if not 0 <= time <= 1:
        raise InvalidArgument(f"{name} is {t}; it runs from 0, the start, to 1, the end")
    return time


def _checked_number(value: Any, name: str) -> float:
    if isinstance(value, str | bytes):  # which `float` would read
        raise InvalidType(f"{name} is {value!r}; expected a number")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidType(f"{name} is {value!r}; expected a number") from None


def _coordinates(plan: Any) -> sparse.coo_array:
    if isinstance(plan, Transport):
        plan = plan.plan
    if not sparse.issparse(plan) and np.ndim(plan) != 2:
        raise InvalidType(f"the plan is a {type(plan).__name__}; expected a Transport or a matrix")
    matrix = sparse.coo_array(plan if sparse.issparse(plan) else real_array(plan, "plan", "masses"))
    if matrix.nnz and not (np.isfinite(matrix.data).all() and matrix.data.min() >= 0):
        raise InvalidArgument("the plan has a negative, NaN or infinite entry")
    return matrix
