"""The debiased Sinkhorn divergence of images: masses on a grid, squared Euclidean distance.

    S(a, b) = OT_e(a, b) - OT_e(a, a) / 2 - OT_e(b, b) / 2

    OT_e(a, b) = min_P  sum_ij P_ij |x_i - x_j|^2  +  e KL(P, a (x) b),      e = 2 blur^2

The cost is a sum over the axes, so all sums against the kernel are separable: no matrix between
pixels is ever made. Large blurs are solved on coarse grids. Feydy et al.: Interpolating between
Optimal Transport and MMD using Sinkhorn Divergences, AISTATS 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.transport.entropic.annealing import Epsilon, Operator, Own, Potentials, Space, anneal
from heatlens.transport.entropic.convolution import Convolution
from heatlens.transport.entropic.dense import log_mass
from heatlens.transport.entropic.loss import (
    as_type_of,
    balanced_tensors,
    checked_blur,
    checked_mass_tensor,
    checked_settings,
    with_slopes,
)
from heatlens.transport.entropic.schedule import blurs

__all__ = ["sinkhorn_divergence_grid"]


def sinkhorn_divergence_grid(
    a: Tensor,
    b: Tensor,
    *,
    p: int = 2,
    blur: float | None = None,
    spacing: float | tuple[float, float] = 1.0,
    mass: str = "equal",
    scaling: float = 0.35,
    tolerance: float = 1e-3,
    iterations: int = 1000,
) -> Tensor:
    """The debiased transport cost between images, with gradients.

    It tends to the exact W_2^2 as the blur falls. With a blur of one pixel the two differ by
    less than 1 % where mass moves by some ten pixels; transport over less than the blur is not
    seen. The gradient with respect to a mass is the debiased potential there; with "equal" it is
    defined up to a constant, for only changes that keep the total count.

    Args:
        a: masses (N, H, W) or (H, W), float16 to float64; computed in float64.
        b: as `a`, on the same grid.
        p: 2, the exponent of the distance; for others see `sinkhorn_divergence` on points.
        blur: standard deviation of the kernel, in the unit of `spacing`; one pixel if None.
        spacing: distance of two pixels, or of two rows and of two columns.
        mass: "equal" raises if the totals differ, and the value is proportional to them;
            "normalise" divides each by its total.
        scaling: ratio of successive blurs.
        tolerance: largest change in the last sweep, relative to the value plus epsilon.
        iterations: largest number of sweeps at a blur.

    Returns:
        (N,), or a scalar for (H, W): squared length times mass, in the type of `a`, float32 at least.

    Raises:
        InvalidArgument: masses or settings that cannot be.
        NotCertified: the iteration has not come to rest.
        InvalidType: no floating-point tensors.

    Example:
        >>> a, b = torch.zeros(2, 32, 32, dtype=torch.float64)
        >>> a[4:8, 4:8] = b[10:14, 12:16] = 1 / 16
        >>> print(f"{sinkhorn_divergence_grid(a, b):.3f}")  # (6, 8) pixels: 10 squared
        100.000
    """
    if p != 2:
        raise InvalidArgument(f"p is {p}; on grids there is p=2, on points sinkhorn_divergence")
    checked_settings(scaling, tolerance, iterations)
    step_y, step_x = _checked_spacing(spacing)
    blur = max(step_y, step_x) if blur is None else checked_blur(blur)
    single = isinstance(a, Tensor) and a.ndim == 2
    masses = [_checked_image(values, name) for values, name in ((a, "a"), (b, "b"))]
    if masses[0].shape != masses[1].shape:
        raise InvalidArgument(
            f"a has shape {tuple(a.shape)} and b {tuple(b.shape)}; expected the same grid"
        )
    first, second, factor = balanced_tensors(masses[0], masses[1], mass)
    finest = _Grid(first.detach(), second.detach(), (step_y, step_x))
    with torch.no_grad():
        value, found = anneal(_stages(finest, blur, scaling), tolerance, iterations)
        pairs = []
        if first.requires_grad or second.requires_grad:
            slopes = _slopes(finest, 2 * blur**2, found)
            scale = factor[:, None, None]
            # What `balanced_tensors` returned was divided by the factor.
            pairs = [(m, scale * s) for m, s in zip((first, second), slopes, strict=True)]
    result = as_type_of(a, with_slopes(value * factor, pairs))
    return result[0] if single else result


def _checked_image(values: Any, name: str) -> Tensor:
    if isinstance(values, Tensor) and values.ndim == 2:
        values = values[None]
    if isinstance(values, Tensor) and values.ndim != 3:
        raise InvalidArgument(
            f"{name} has shape {tuple(values.shape)}; expected (N, H, W) or (H, W)"
        )
    return checked_mass_tensor(values, name)


def _checked_spacing(spacing: float | tuple[float, float]) -> tuple[float, float]:
    steps = spacing if isinstance(spacing, tuple) else (spacing, spacing)
    if len(steps) != 2 or not all(0 < step < math.inf for step in steps):
        raise InvalidArgument(f"spacing is {spacing}; expected a length above 0, or two (y, x)")
    return float(steps[0]), float(steps[1])


@dataclass
class _Grid:
    """Two stacks of images (N, H, W) of total 1 and the positions of their pixels."""

    a: Tensor
    b: Tensor
    step: tuple[float, float]
    pool: tuple[int, int] = (1, 1)
    axes: tuple[Tensor, Tensor] = field(init=False)
    log_a: Tensor = field(init=False)
    log_b: Tensor = field(init=False)
    in_a: Tensor = field(init=False)
    in_b: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.log_a, self.log_b = log_mass(self.a), log_mass(self.b)
        self.in_a, self.in_b = self.a > 0, self.b > 0
        y, x = (
            ((torch.arange(n, dtype=torch.float64, device=self.a.device) + 0.5) * k - 0.5) * step
            for n, k, step in zip(self.a.shape[1:], self.pool, self.step, strict=True)
        )
        self.axes = (y, x)

    def pooled(self, pool: tuple[int, int]) -> _Grid:
        """Blocks of pixels summed; what is missing at the far edges is empty."""
        height, width = self.a.shape[1:]
        missing = (0, -width % pool[1], 0, -height % pool[0])

        def summed(masses: Tensor) -> Tensor:
            whole = torch.nn.functional.pad(masses, missing)
            blocks = whole.unflatten(1, (-1, pool[0])).unflatten(3, (-1, pool[1]))
            return blocks.sum((2, 4))

        return _Grid(summed(self.a), summed(self.b), self.step, pool)

    def cross(self, epsilon: Epsilon, reference: Tensor) -> Operator:
        return Convolution(float(epsilon), self.axes, self.axes, reference, self.in_b)

    def own(self, epsilon: Epsilon) -> Own:
        kernel = Convolution(float(epsilon), self.axes, self.axes)
        both = torch.cat([self.in_a, self.in_b])

        def sums(h_a: Tensor, h_b: Tensor, where_mass_is: bool) -> tuple[Tensor, Tensor]:
            found = kernel(torch.cat([h_a, h_b]), both if where_mass_is else None)
            return found[: len(h_a)], found[len(h_a) :]

        return sums

    def extended(self, coarse: Space, epsilon: Epsilon, old: Potentials) -> Potentials:
        assert isinstance(coarse, _Grid)

        def carried(potential: Tensor, logs: Tensor, present: Tensor, wanted: Tensor) -> Tensor:
            scaled = potential / epsilon
            kernel = Convolution(float(epsilon), self.axes, coarse.axes, scaled, present)
            return -epsilon * kernel(scaled + logs, wanted)

        return Potentials(
            carried(old.g, coarse.log_b, coarse.in_b, self.in_a),
            carried(old.f, coarse.log_a, coarse.in_a, self.in_b),
            carried(old.p, coarse.log_a, coarse.in_a, self.in_a),
            carried(old.q, coarse.log_b, coarse.in_b, self.in_b),
        )


def _stages(finest: _Grid, blur: float, scaling: float) -> list[tuple[Epsilon, Space]]:
    """Blurs from a quarter of the diagonal down; pixels are pooled up to half the blur's width."""
    size = math.hypot(*(n * step for n, step in zip(finest.a.shape[1:], finest.step, strict=True)))
    scales = blurs(size / 4, blur, scaling)
    grids = {(1, 1): finest}
    stages: list[tuple[Epsilon, Space]] = []
    for scale in scales[:-1]:
        pool = tuple(
            2 ** max(0, min(math.floor(math.log2(scale / (2 * step))), n.bit_length() - 1))
            for n, step in zip(finest.a.shape[1:], finest.step, strict=True)
        )
        key = (pool[0], pool[1])
        if key not in grids:
            grids[key] = finest.pooled(key)
        stages.append((2 * scale**2, grids[key]))
    return [*stages, (2 * blur**2, finest)]


def _slopes(grid: _Grid, epsilon: float, found: Potentials) -> tuple[Tensor, Tensor]:
    """The debiased potentials, at every pixel, also where there is no mass."""

    def extended(potential: Tensor, logs: Tensor, present: Tensor) -> Tensor:
        kernel = Convolution(epsilon, grid.axes, grid.axes, potential / epsilon, present)
        return -epsilon * kernel(potential / epsilon + logs)

    slope_a = extended(found.g, grid.log_b, grid.in_b) - extended(found.p, grid.log_a, grid.in_a)
    slope_b = extended(found.f, grid.log_a, grid.in_a) - extended(found.q, grid.log_b, grid.in_b)
    return slope_a, slope_b
