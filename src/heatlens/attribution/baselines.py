"""Baselines: the picture that stands for "nothing there", meant in pixel space.

Black is a black pixel, not a zero after mean and std.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.models.contract import Contract

__all__ = ["BASELINES", "Baseline", "baseline_like", "blurred"]

Baseline = str | Tensor

BASELINES = ("black", "white", "grey", "mean", "blur", "noise")
"""Names that `baseline_like` knows."""


def baseline_like(
    batch: Tensor, baseline: Baseline, contract: Contract, *, seed: int = 0
) -> Tensor:
    """A batch of baselines shaped like `batch`, as the model takes it.

    Args:
        batch: (N, C, H, W), already as the model takes it.
        baseline: "black", "white" or "grey" (one pixel value), "mean" (each picture's own mean
            colour), "blur" (each picture under a Gaussian, sigma an eighth of its shorter side),
            "noise" (uniform in the pixel range); or a picture as tensor, broadcast to `batch`.
        contract: the model's, which says what black is.
        seed: of the noise.

    Raises:
        InvalidArgument: an unknown name, or a tensor that does not fit the batch.

    Example:
        >>> contract = Contract(mean=(0.5,), std=(0.5,))
        >>> baseline_like(torch.zeros(1, 1, 1, 1), "black", contract).item()
        -1.0
    """
    if isinstance(baseline, Tensor):
        try:
            return baseline.to(batch).expand_as(batch)
        except RuntimeError:
            raise InvalidArgument(
                f"a baseline of shape {tuple(baseline.shape)} does not fit the batch "
                f"{tuple(batch.shape)}"
            ) from None
    if not isinstance(baseline, str):
        raise InvalidType(f"baseline is {type(baseline).__name__}; give a name or a tensor")
    constants = {"black": 0.0, "white": 1.0, "grey": 0.5}
    if baseline in constants:
        return contract.normalise(torch.full_like(batch, constants[baseline]))
    if baseline == "mean":
        return batch.mean((2, 3), keepdim=True).expand_as(batch)
    if baseline == "blur":
        return blurred(batch, min(batch.shape[-2:]) / 8)
    if baseline == "noise":
        generator = torch.Generator().manual_seed(seed)
        # Drawn per row, so that a row's baseline does not depend on its neighbours.
        noise = torch.rand(batch.shape[1:], generator=generator, dtype=torch.float32)
        return contract.normalise(noise.to(batch).expand_as(batch))
    raise InvalidArgument(
        f"baseline {baseline!r} is unknown; there are {', '.join(BASELINES)}, or give a tensor"
    )


def blurred(batch: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of each channel, (N, C, H, W), borders replicated.

    Example:
        >>> bool(torch.allclose(blurred(torch.ones(1, 1, 5, 5), 2.0), torch.ones(1, 1, 5, 5)))
        True
    """
    radius = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=batch.dtype, device=batch.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    rows, height, width = batch.shape[0] * batch.shape[1], *batch.shape[2:]
    planes = batch.reshape(rows, 1, height, width)
    pad = torch.nn.functional.pad
    convolve = torch.nn.functional.conv2d
    planes = convolve(pad(planes, (radius, radius, 0, 0), "replicate"), kernel.view(1, 1, 1, -1))
    planes = convolve(pad(planes, (0, 0, radius, radius), "replicate"), kernel.view(1, 1, -1, 1))
    return planes.reshape(batch.shape)
