"""Blur: convolution with a Gaussian."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.features.visualisation.transforms.draws import Chance
from heatlens.features.visualisation.transforms.transform import (
    Pixelwise,
    checked_number,
    register,
)

__all__ = ["Blur", "blurred"]


@register(paper="arXiv:1506.06579")
@dataclass(frozen=True)
class Blur(Pixelwise):
    """Blurs with a Gaussian, which keeps high frequencies from paying.

    Yosinski, Clune, Nguyen, Fuchs, Lipson: Understanding neural networks through deep
    visualization, 2015.

    Attributes:
        sigma: its standard deviation in pixels, 0 to 100; 0 changes nothing.

    Raises:
        InvalidArgument: a sigma outside, or no number.
    """

    sigma: float = 1.0

    def __post_init__(self) -> None:
        """Check the sigma."""
        checked_number(self.sigma, "blur's sigma", 0, 100)

    def apply(self, pixels: Tensor, chance: Chance) -> Tensor:
        """The blurred pictures, (n, c, h, w); nothing is drawn."""
        if self.sigma == 0:
            return pixels
        return blurred(pixels, torch.tensor([self.sigma], dtype=torch.float64))


def blurred(pixels: Tensor, sigma: Tensor) -> Tensor:
    """Each row (c, h, w) blurred with its own Gaussian; the edges are continued outwards.

    Args:
        pixels: (n, c, h, w).
        sigma: standard deviations in pixels, (n,) or (1,) for all; 0 changes nothing. The
            Gaussian is cut at four of the largest.

    Example:
        >>> impulse = torch.zeros(1, 1, 1, 5)
        >>> impulse[..., 2] = 1
        >>> blurred(impulse, torch.tensor([0.5]))
        tensor([[[[2.6387e-04, 1.0645e-01, 7.8657e-01, 1.0645e-01, 2.6387e-04]]]])
    """
    rows, channels = pixels.shape[:2]
    reach = max(1, math.ceil(4 * float(sigma.max())))
    places = torch.arange(-reach, reach + 1, dtype=torch.float64, device=sigma.device)
    narrow = sigma.double().clamp(min=1e-3)[:, None]
    kernel = torch.exp(-0.5 * (places / narrow).square())
    kernel = (kernel / kernel.sum(1, keepdim=True)).to(pixels.device, pixels.dtype)
    each = kernel.expand(rows, -1).repeat_interleave(channels, 0)[:, None]  # (n * c, 1, k)
    planes = pixels.flatten(0, 1)[None]
    planes = F.pad(planes, (reach, reach, reach, reach), mode="replicate")
    planes = F.conv2d(planes, each[:, :, :, None], groups=rows * channels)
    planes = F.conv2d(planes, each[:, :, None], groups=rows * channels)
    return planes[0].unflatten(0, (rows, channels))
