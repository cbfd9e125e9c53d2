"""What a picture pays for being unlike a photograph: subtracted from the objective.

Every regulariser takes pixels (n, c, h, w) in 0..1 and gives one value per row, a mean over
pixels and channels, so that a weight means the same at every size.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["l2", "total_variation"]

_FLAT = 1e-3
"""Changes far below this (a quarter of a step of 8 bits) count as none, and have a gradient."""


def total_variation(pixels: Tensor) -> Tensor:
    """How much neighbouring pixels differ.

        TV = mean over pixels and channels of sqrt(dx^2 + dy^2)

    dx, dy: the differences to the next column and row, 0 at the last ones. The root is smoothed
    near 0, sqrt(u + e^2) - e with e = 0.001, as its gradient has no end there. The same for an
    edge in any direction: Rudin, Osher, Fatemi: Nonlinear total variation based noise removal
    algorithms, Physica D 60, 1992; in feature visualisation: Mahendran, Vedaldi, CVPR 2015 (arXiv:1412.0035), eq. 3 with beta = 1.

    Args:
        pixels: (n, c, h, w).

    Returns:
        (n,), 0 for an even picture, at most sqrt(2).

    Example:
        >>> ramp = torch.arange(5.0).div(10).expand(1, 1, 5, 5)
        >>> total_variation(ramp).round(decimals=2)  # 0.1 for 4 columns of 5
        tensor([0.0800])
    """
    _check(pixels)
    across = F.pad(pixels.diff(dim=-1), (0, 1))
    down = F.pad(pixels.diff(dim=-2), (0, 0, 0, 1))
    change = torch.sqrt(across.square() + down.square() + _FLAT**2) - _FLAT
    return change.mean(dim=(1, 2, 3))


def l2(pixels: Tensor) -> Tensor:
    """How far the pixels are from grey.

        L2 = mean over pixels and channels of (x - 1/2)^2

    As a penalty on the picture: Simonyan, Vedaldi, Zisserman: Deep inside convolutional networks,
    2014 (arXiv:1312.6034), eq. 1, there towards the mean picture.

    Args:
        pixels: (n, c, h, w).

    Returns:
        (n,), 0 to 0.25.

    Example:
        >>> l2(torch.ones(2, 3, 4, 4))
        tensor([0.2500, 0.2500])
    """
    _check(pixels)
    return (pixels - 0.5).square().mean(dim=(1, 2, 3))


def _check(pixels: Tensor) -> None:
    if not isinstance(pixels, Tensor):
        raise InvalidType(f"pixels are {type(pixels).__name__}; a tensor (n, c, h, w) is needed")
    if pixels.ndim != 4 or 0 in pixels.shape[1:]:
        raise InvalidArgument(
            f"pixels have the shape {tuple(pixels.shape)}; (n, c, h, w) is needed"
        )
