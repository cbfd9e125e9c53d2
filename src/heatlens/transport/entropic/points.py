"""The debiased Sinkhorn divergence of point clouds, as a loss with gradients.

    S(a, b) = OT_e(a, b) - OT_e(a, a) / 2 - OT_e(b, b) / 2

    OT_e(a, b) = min_P  sum_ij P_ij |x_i - y_j|^p  +  e KL(P, a (x) b),      e = p blur^p

Feydy et al.: Interpolating between Optimal Transport and MMD using Sinkhorn Divergences, AISTATS
2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.transport.entropic.annealing import Epsilon, Operator, Own, Potentials, Space, anneal
from heatlens.transport.entropic.dense import Dense, log_mass
from heatlens.transport.entropic.loss import (
    as_type_of,
    balanced_tensors,
    checked_blur,
    checked_mass_tensor,
    checked_settings,
    checked_tensor,
    with_slopes,
)
from heatlens.transport.entropic.schedule import blurs

__all__ = ["sinkhorn_divergence"]

_DIFFERENCES = "donot_use_mm_for_euclid_dist"
_MANY, _SHORT, _FEW, _CHUNK = 32, 0.01, 0.1, 4_000_000


def sinkhorn_divergence(
    x: Tensor,
    y: Tensor,
    a: Tensor | None = None,
    b: Tensor | None = None,
    *,
    p: float = 2,
    blur: float | None = None,
    mass: str = "equal",
    scaling: float = 0.5,
    tolerance: float = 1e-3,
    iterations: int = 1000,
) -> Tensor:
    """The debiased transport cost between clouds, differentiable in points and masses.

    It tends to the exact W_p^p (cost |x - y|^p, no root, no factor 1/p) as the blur falls, and is
    0 for equal clouds at any blur. With "equal", the gradient with respect to the masses is
    defined up to a constant, for only changes that keep the total count. Keeps a few (N, n, m)
    matrices in memory while it runs, none for the backward pass.

    Args:
        x: points (N, n, d) or (n, d), float16 to float64; computed in float64.
        y: points (N, m, d) or (m, d).
        a: masses (N, n) or (n,); 1/n each if None.
        b: masses (N, m) or (m,); 1/m each if None.
        p: exponent of the Euclidean distance, at least 1.
        blur: the length below which the transport is not seen, in the unit of the points. If
            None, 2 % of the diagonal of the box around the points of both sides, row by row: name
            it to train, so that the loss does not change with the points.
        mass: "equal" raises if the totals differ, and the value is proportional to them;
            "normalise" divides each by its total.
        scaling: ratio of successive blurs, from half the diagonal down.
        tolerance: largest change in the last sweep, relative to the value plus epsilon: a value
            far below tolerance times p blur^p may come as 0.
        iterations: largest number of sweeps at a blur.

    Returns:
        (N,), or a scalar for clouds without a batch axis, in the type of `x`, float32 at least.
        A row's value does not hang on the other rows of the batch.

    Raises:
        InvalidArgument: points, masses or settings that cannot be.
        NotCertified: the iteration has not come to rest, or the value is lost in rounding.
        InvalidType: no floating-point tensors.

    Example:
        >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64, requires_grad=True)
        >>> y = torch.tensor([[0.0, 2.0], [1.0, 2.0]], dtype=torch.float64)
        >>> loss = sinkhorn_divergence(x, y, blur=0.1)
        >>> loss.backward()
        >>> print(f"{loss.item():.3f}", x.grad[:, 1].tolist())
        4.000 [-2.0, -2.0]
    """
    if not 1 <= p < math.inf:
        raise InvalidArgument(f"p is {p}; expected an exponent of at least 1")
    checked_settings(scaling, tolerance, iterations)
    blur = None if blur is None else checked_blur(blur)
    single = isinstance(x, Tensor) and x.ndim == 2
    points_x, points_y = _checked_clouds(x, y)
    masses_a = _checked_masses(a, "a", points_x, "x")
    masses_b = _checked_masses(b, "b", points_y, "y")
    first, second, factor = balanced_tensors(masses_a, masses_b, mass)
    at_x, at_y = points_x.double(), points_y.double()
    with torch.no_grad():
        corners = torch.cat([at_x, at_y], 1)
        sizes = (corners.amax(1) - corners.amin(1)).norm(dim=1).tolist()
        last = [(0.02 * size or 1.0) if blur is None else blur for size in sizes]
        cloud = _Clouds(first.detach(), second.detach(), at_x.detach(), at_y.detach(), float(p))
        stages = _stages(cloud, [blurs(size / 2, end, scaling)
                                 for size, end in zip(sizes, last, strict=True)])  # fmt: skip
        value, found = anneal(stages, tolerance, iterations)
        wanted = [tensor for tensor in (first, second, at_x, at_y) if tensor.requires_grad]
        pairs = [
            (tensor, factor.reshape(-1, *[1] * (slope.ndim - 1)) * slope)
            for tensor, slope in zip((first, second, at_x, at_y),
                                     cloud.slopes(stages[-1][0], found), strict=True)
        ] if wanted else []  # fmt: skip
    result = as_type_of(x, with_slopes(value * factor, pairs))
    return result[0] if single else result


def _checked_clouds(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x, y = checked_tensor(x, "x"), checked_tensor(y, "y")
    shapes = f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}"
    if x.ndim not in (2, 3) or y.ndim != x.ndim or x.shape[-1] != y.shape[-1]:
        raise InvalidArgument(f"{shapes}; expected (N, n, d) and (N, m, d), or (n, d) and (m, d)")
    if x.ndim == 2:
        return x[None], y[None]
    if len(x) != len(y):
        raise InvalidArgument(f"{shapes}; there must be as many clouds on both sides")
    return x, y


def _checked_masses(masses: Tensor | None, name: str, points: Tensor, of: str) -> Tensor:
    n = points.shape[1]
    if masses is None:
        return points.new_full(points.shape[:2], 1 / n, dtype=torch.float64)
    if isinstance(masses, Tensor) and masses.ndim == 1 and len(points) == 1:
        masses = masses[None]
    if isinstance(masses, Tensor) and masses.shape != points.shape[:2]:
        raise InvalidArgument(
            f"{name} has shape {tuple(masses.shape)}; expected a mass for each point of {of}, "
            f"{tuple(points.shape[:2])}"
        )
    return checked_mass_tensor(masses, name)


def _stages(cloud: _Clouds, rows: list[list[float]]) -> list[tuple[Epsilon, Space]]:
    """Epsilons (N, 1) for the blurs of each row; a shorter row begins later."""
    longest = max(map(len, rows))
    scales = cloud.x.new_tensor([[row[0]] * (longest - len(row)) + row for row in rows])
    return [(cloud.p * scale[:, None] ** cloud.p, cloud) for scale in scales.T]


@dataclass
class _Clouds:
    """Two batches of clouds with masses of total 1."""

    a: Tensor
    b: Tensor
    x: Tensor
    y: Tensor
    p: float
    log_a: Tensor = field(init=False)
    log_b: Tensor = field(init=False)
    in_a: Tensor = field(init=False)
    in_b: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.log_a, self.log_b = log_mass(self.a), log_mass(self.b)
        self.in_a, self.in_b = self.a > 0, self.b > 0
        self._xy = _costs(self.x, self.y, self.p)
        self._xx = _costs(self.x, self.x, self.p)
        self._yy = _costs(self.y, self.y, self.p)

    def cross(self, epsilon: Epsilon, reference: Tensor) -> Operator:
        return Dense(epsilon, self._xy, reference)

    def own(self, epsilon: Epsilon) -> Own:
        of_x, of_y = Dense(epsilon, self._xx), Dense(epsilon, self._yy)

        def sums(h_a: Tensor, h_b: Tensor, where_mass_is: bool) -> tuple[Tensor, Tensor]:
            wanted = (self.in_a, self.in_b) if where_mass_is else (None, None)
            return of_x(h_a, wanted[0]), of_y(h_b, wanted[1])

        return sums

    def extended(self, coarse: Space, epsilon: Epsilon, old: Potentials) -> Potentials:
        return old  # there is one space only

    def slopes(self, epsilon: Epsilon, found: Potentials) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Derivatives with respect to a, b, x and y."""
        from_y, from_x = found.g / epsilon + self.log_b, found.f / epsilon + self.log_a
        in_x, in_y = found.p / epsilon + self.log_a, found.q / epsilon + self.log_b
        forth, back = Dense(epsilon, self._xy), Dense(epsilon, self._xy.mT)
        own_x, own_y = Dense(epsilon, self._xx), Dense(epsilon, self._yy)
        move_x = forth.slope(from_y, self.x, self.y, self.p)
        move_x -= own_x.slope(in_x, self.x, self.x, self.p)
        move_y = back.slope(from_x, self.y, self.x, self.p)
        move_y -= own_y.slope(in_y, self.y, self.y, self.p)
        return (
            epsilon * (own_x(in_x) - forth(from_y)),
            epsilon * (own_y(in_y) - back(from_x)),
            self.a[:, :, None] * move_x,
            self.b[:, :, None] * move_y,
        )


def _costs(x: Tensor, y: Tensor, p: float) -> Tensor:
    """|x_i - y_j|^p (N, n, m)."""
    if p == 2:
        cost = _squared(x, y)
    else:
        cost = torch.cdist(x, y, compute_mode=_DIFFERENCES)
        cost = cost if p == 1 else cost.pow_(p)
    if not bool(cost.isfinite().all()):
        raise InvalidArgument("the costs |x - y|^p overflow; bring the points to a smaller scale")
    return cost


def _squared(x: Tensor, y: Tensor) -> Tensor:
    """|x_i - y_j|^2, where points lie close together as well as where they do not.

    A product of matrices is faster in many dimensions, but of a short distance between points far
    from the centre it leaves few digits or none. Those are taken from differences.
    """
    if x.shape[2] >= _MANY:
        centre = x.mean(1, keepdim=True)
        from_x, from_y = x - centre, y - centre
        squares = from_x.square().sum(2)[:, :, None] + from_y.square().sum(2)[:, None, :]
        cost = torch.baddbmm(squares, from_x, from_y.mT, alpha=-2)
        close = (cost < _SHORT * squares).nonzero(as_tuple=True)
        if len(close[0]) <= _FEW * cost.numel():
            rows, i, j = close
            step = max(1, _CHUNK // x.shape[2])
            for part in (slice(k, k + step) for k in range(0, len(rows), step)):
                apart = x[rows[part], i[part]] - y[rows[part], j[part]]
                cost[rows[part], i[part], j[part]] = apart.square_().sum(1)
            return cost
    return torch.cdist(x, y, compute_mode=_DIFFERENCES).square_()
