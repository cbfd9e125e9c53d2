"""What the two losses share: checks of tensors, and the gradient by the envelope theorem.

At the optimum of the dual, the derivative of the value with respect to the potentials is 0; so
the gradient is the partial derivative with the potentials held fixed, and no graph runs through
the iterations.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.mass import checked_policy

__all__ = [
    "as_type_of",
    "balanced_tensors",
    "checked_blur",
    "checked_mass_tensor",
    "checked_settings",
    "checked_tensor",
    "with_slopes",
]

_ROUNDING = {torch.float16: 2e-3, torch.bfloat16: 2e-2, torch.float32: 2e-6}


class _Slopes(torch.autograd.Function):
    """A value (N,) whose derivatives with respect to tensors (N, ...) are known."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, *pairs: Tensor) -> Tensor:
        ctx.save_for_backward(*pairs)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        found: list[Tensor | None] = [None]
        once: Any = _Once.apply
        for tensor, known in zip(ctx.saved_tensors[::2], ctx.saved_tensors[1::2], strict=True):
            scale = slope.reshape(-1, *[1] * (known.ndim - 1))
            found += [once((scale * known).to(tensor.dtype), tensor), None]
        return tuple(found)


class _Once(torch.autograd.Function):
    """A gradient that depends on a tensor in a way that is not known."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, tensor: Tensor) -> Tensor:
        return slope.clone()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError(
            "the Sinkhorn divergence has first derivatives only; second ones would need a graph "
            "through its iterations"
        )


def with_slopes(value: Tensor, pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """`value` (N,), with the gradient `slope` (N, ...) for each (tensor, slope) of `pairs`.

    A second derivative is an error, not 0.
    """
    apply: Any = _Slopes.apply
    result: Tensor = apply(value, *[tensor for pair in pairs for tensor in pair])
    return result


def checked_tensor(values: Any, name: str) -> Tensor:
    """`values` as it came, if it is a tensor of finite real numbers.

    Raises:
        InvalidType: no tensor, or one of whole or complex numbers.
        InvalidArgument: empty, or an entry that is not finite (it says which).
    """
    if not isinstance(values, Tensor):
        raise InvalidType(
            f"{name} is a {type(values).__name__}; a loss takes tensors: torch.as_tensor({name})"
        )
    if not values.is_floating_point():
        raise InvalidType(f"{name} has type {values.dtype}; expected floating-point numbers")
    if values.numel() == 0:
        raise InvalidArgument(f"{name} is empty (shape {tuple(values.shape)})")
    if not bool(values.isfinite().all()):
        _complain(values, ~values.isfinite(), name, "expected finite numbers")
    return values


def checked_mass_tensor(values: Any, name: str) -> Tensor:
    """Masses (N, ...): finite, none negative, some in each row.

    Raises:
        InvalidType, InvalidArgument: as `checked_tensor`; a negative entry, or a row of zeros.
    """
    masses = checked_tensor(values, name)
    if bool((masses < 0).any()):
        _complain(masses, masses < 0, name, "a mass cannot be negative")
    empty = (masses <= 0).flatten(1).all(1)
    if bool(empty.any()):
        raise InvalidArgument(f"{name} has no mass in row {int(empty.nonzero()[0, 0])}")
    return masses


def _complain(values: Tensor, bad: Tensor, name: str, reason: str) -> None:
    first = tuple(int(i) for i in bad.nonzero()[0])
    more = f" ({int(bad.sum())} such entries)" if int(bad.sum()) > 1 else ""
    raise InvalidArgument(
        f"{name}[{', '.join(map(str, first))}] is {float(values[first].detach()):g}: {reason}{more}"
    )


def balanced_tensors(a: Tensor, b: Tensor, mass: str) -> tuple[Tensor, Tensor, Tensor]:
    """a and b (N, ...) in float64 with total 1, and the factor (N,) that the value is to have.

    With "equal" the totals must agree up to the rounding of the coarser type; the factor is a's
    total, and no gradient runs through the division. With "normalise" it does, and the factor
    is 1.

    Raises:
        InvalidArgument: "equal", and the totals differ.
    """
    checked_policy(mass, ("equal", "normalise"))
    rounding = max(_ROUNDING.get(tensor.dtype, 1e-9) for tensor in (a, b))
    a, b = a.double(), b.double()
    total_a, total_b = (t.flatten(1).sum(1).reshape(-1, *[1] * (t.ndim - 1)) for t in (a, b))
    if mass == "normalise":
        return a / total_a, b / total_b, torch.ones_like(total_a.flatten())
    apart = ((total_a.flatten() - total_b.flatten()).abs()
             > rounding * torch.maximum(total_a.flatten(), total_b.flatten()))  # fmt: skip
    if bool(apart.any()):
        row = int(apart.nonzero()[0, 0])
        raise InvalidArgument(
            f"the totals of row {row} differ: a has {float(total_a.flatten()[row]):.9g}, b has "
            f"{float(total_b.flatten()[row]):.9g}; pass mass='normalise' to compare shapes"
        )
    return a / total_a.detach(), b / total_b.detach(), total_a.detach().flatten()


def as_type_of(tensor: Tensor, value: Tensor) -> Tensor:
    """`value` in the type of `tensor`, in float32 if that is shorter: squares leave float16 soon.

    Raises:
        InvalidArgument: the value is beyond that type.
    """
    dtype = torch.promote_types(tensor.dtype, torch.float32)
    result = value.to(dtype)
    if not bool(result.isfinite().all()):
        raise InvalidArgument(
            f"the divergence is {float(value.detach().abs().max()):.3g}, beyond {dtype}; pass "
            "float64, or bring positions or masses to a smaller scale"
        )
    return result


def checked_blur(blur: float) -> float:
    """`blur` if it is a length.

    Raises:
        InvalidArgument: not a finite number above 0.
    """
    if not 0 < blur < float("inf"):
        raise InvalidArgument(f"blur is {blur}; expected a length above 0, in units of the points")
    return float(blur)


def checked_settings(scaling: float, tolerance: float, iterations: int) -> None:
    """Complain about settings of the iteration that cannot be.

    Raises:
        InvalidArgument: it says which.
    """
    if not 0.1 <= scaling <= 0.95:
        raise InvalidArgument(f"scaling is {scaling}; the ratio of two blurs lies in 0.1..0.95")
    if not tolerance > 0:
        raise InvalidArgument(f"tolerance is {tolerance}; expected a relative change above 0")
    if iterations < 2:
        raise InvalidArgument(f"iterations is {iterations}; a change needs at least 2 sweeps")
