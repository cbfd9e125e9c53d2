"""Baselines: the picture that stands for "nothing there", meant in pixel space.

Black is a black pixel, not a zero after mean and std.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.arrays import as_tensor, framework_of
from heatlens.models.contract import Contract
from heatlens.models.layout import canonical, to_canonical

__all__ = ["BASELINES", "Baseline", "baseline_like", "blurred"]

Baseline = str | Tensor

BASELINES = ("black", "white", "grey", "mean", "blur", "noise")
"""Names that `baseline_like` knows."""


def baseline_like(
    batch: Tensor, baseline: Baseline, contract: Contract, *, seed: int = 0
) -> Tensor:
    """A batch of baselines shaped like `batch`, as the model takes it.

    Args:
        batch: (N, C, *grid) with a grid of one to three axes, already as the model takes it.
        baseline: "black", "white" or "grey" (one pixel value), "mean" (each picture's own mean
            colour), "blur" (each picture under a Gaussian, sigma an eighth of its shorter side;
            an axis before the last two, of time or depth, by an eighth of its own length),
            "noise" (uniform in the pixel range); or a picture, or a number for each channel, as an
            array of any framework in the network's own layout, broadcast to the batch.
        contract: the model's, which says what black is.
        seed: of the noise.

    Raises:
        InvalidArgument: an unknown name, or a tensor that does not fit the batch.

    Example:
        >>> contract = Contract(mean=(0.5,), std=(0.5,))
        >>> baseline_like(torch.zeros(1, 1, 1, 1), "black", contract).item()
        -1.0
    """
    if not isinstance(baseline, str):
        return _given(batch, baseline, contract)
    constants = {"black": 0.0, "white": 1.0, "grey": 0.5}
    if baseline in constants:
        one = torch.full((1, batch.shape[1]), constants[baseline]).to(batch)
        return _normalised(one, contract).view(1, -1, *[1] * (batch.ndim - 2)).expand_as(batch)
    if baseline == "mean":
        return batch.mean(tuple(range(2, batch.ndim)), keepdim=True).expand_as(batch)
    if baseline == "blur":
        sides = batch.shape[2:]
        return blurred(batch, [*(side / 8 for side in sides[:-2]), *[min(sides[-2:]) / 8] * 2])
    if baseline == "noise":
        generator = torch.Generator().manual_seed(seed)
        # Drawn per row, so that a row's baseline does not depend on its neighbours.
        noise = torch.rand(batch.shape[1:], generator=generator, dtype=torch.float32)
        pixels = noise.to(batch).flatten(1).T
        return _normalised(pixels, contract).T.reshape(batch.shape[1:]).expand_as(batch)
    raise InvalidArgument(
        f"baseline {baseline!r} is unknown; there are {', '.join(BASELINES)}, or give a tensor"
    )


def blurred(batch: Tensor, sigma: float | Sequence[float]) -> Tensor:
    """Gaussian blur of each channel, (N, C, *grid), borders replicated.

    Args:
        batch: a grid of one to three axes.
        sigma: in pixels, one for all axes or one for each; of more than there are, the last.

    Example:
        >>> bool(torch.allclose(blurred(torch.ones(1, 1, 5, 5), 2.0), torch.ones(1, 1, 5, 5)))
        True
    """
    axes = batch.ndim - 2
    each = list(sigma)[-axes:] if isinstance(sigma, Sequence) else [sigma] * axes
    planes = batch
    for axis, spread in zip(range(2, batch.ndim), each, strict=True):
        radius = max(1, math.ceil(3 * spread))
        offsets = torch.arange(-radius, radius + 1, dtype=batch.dtype, device=batch.device)
        kernel = torch.exp(-0.5 * (offsets / spread) ** 2)
        kernel = kernel / kernel.sum()
        lines = planes.movedim(axis, -1)
        flat = lines.reshape(-1, 1, lines.shape[-1])
        padded = torch.nn.functional.pad(flat, (radius, radius), "replicate")
        soft = torch.nn.functional.conv1d(padded, kernel.view(1, 1, -1))
        planes = soft.reshape(lines.shape).movedim(-1, axis)
    return planes.contiguous()


def _given(batch: Tensor, baseline: object, contract: Contract) -> Tensor:
    """An array in the network's own layout, broadcast to the canonical batch."""
    if framework_of(baseline) is None:
        raise InvalidType(f"baseline is {type(baseline).__name__}; give a name or an array")
    tensor = as_tensor(baseline).detach()
    layout = contract.layout
    if len(canonical(layout)) != batch.ndim:
        layout = ""  # the batch is of another kind than the contract says, so canonical itself
    missing = (len(layout) or batch.ndim) - tensor.ndim
    try:
        full = tensor.to(batch)[(None,) * missing]
        return (to_canonical(full, layout) if layout else full).expand_as(batch)
    except (RuntimeError, InvalidArgument):
        raise InvalidArgument(
            f"a baseline of shape {tuple(tensor.shape)} does not fit the batch "
            f"{tuple(batch.shape)} (in the order {canonical(contract.layout)})"
        ) from None


def _normalised(pixels: Tensor, contract: Contract) -> Tensor:
    """Pixels (P, C) in 0..1 as the model takes them, (P, C)."""
    return contract.normalise(pixels.reshape(*pixels.shape, *(1 for _ in contract.axes))).flatten(1)
