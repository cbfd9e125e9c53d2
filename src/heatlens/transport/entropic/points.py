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
from heatlens.transport.entropic.annealing import Operator, Own, Potentials, Space, anneal, blurs
from heatlens.transport.entropic.dense import Dense, log_mass
from heatlens.transport.entropic.loss import (
    balanced_tensors,
    checked_blur,
    checked_mass_tensor,
    checked_settings,
    checked_tensor,
    with_slopes,
)

__all__ = ["sinkhorn_divergence"]


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
            None, 2 % of the diagonal of the box around all points: name it to train, so that the
            loss does not change with the points.
        mass: "equal" raises if the totals differ, and the value is proportional to them;
            "normalise" divides each by its total.
        scaling: ratio of successive blurs, from half the diagonal down.
        tolerance: largest change in the last sweep, relative to the value plus epsilon.
        iterations: largest number of sweeps at a blur.

    Returns:
        (N,), or a scalar for clouds without a batch axis, in the type of `x`.

    Raises:
        InvalidArgument: points, masses or settings that cannot be.
        NotCertified: the iteration has not come to rest.
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
        size = float((corners.amax(1) - corners.amin(1)).norm(dim=1).max())
        blur = (0.02 * size or 1.0) if blur is None else blur
        cloud = _Clouds(first.detach(), second.detach(), at_x.detach(), at_y.detach(), float(p))
        stages: list[tuple[float, Space]] = [
            (p * scale**p, cloud) for scale in blurs(size / 2, blur, scaling)
        ]
        value, found = anneal(stages, tolerance, iterations)
        wanted = [tensor for tensor in (first, second, at_x, at_y) if tensor.requires_grad]
        pairs = [
            (tensor, factor.reshape(-1, *[1] * (slope.ndim - 1)) * slope)
            for tensor, slope in zip((first, second, at_x, at_y),
                                     cloud.slopes(p * blur**p, found), strict=True)
        ] if wanted else []  # fmt: skip
    result = with_slopes(value * factor, pairs).to(x.dtype)
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

    def cross(self, epsilon: float, reference: Tensor) -> Operator:
        return Dense(epsilon, self._xy, reference)

    def own(self, epsilon: float) -> Own:
        of_x, of_y = Dense(epsilon, self._xx), Dense(epsilon, self._yy)

        def sums(h_a: Tensor, h_b: Tensor, where_mass_is: bool) -> tuple[Tensor, Tensor]:
            wanted = (self.in_a, self.in_b) if where_mass_is else (None, None)
            return of_x(h_a, wanted[0]), of_y(h_b, wanted[1])

        return sums

    def extended(self, coarse: Space, epsilon: float, old: Potentials) -> Potentials:
        return old  # there is one space only

    def slopes(self, epsilon: float, found: Potentials) -> tuple[Tensor, Tensor, Tensor, Tensor]:
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
        # By a product of matrices: what cancels is below the rounding of the squares.
        centre = x.mean(1, keepdim=True)
        x, y = x - centre, y - centre
        squares = x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None, :]
        cost = torch.baddbmm(squares, x, y.mT, alpha=-2).clamp_min_(0)
    else:
        # From differences: a root makes much of what cancels.
        cost = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
        cost = cost if p == 1 else cost.pow_(p)
    if not bool(cost.isfinite().all()):
        raise InvalidArgument("the costs |x - y|^p overflow; bring the points to a smaller scale")
    return cost
