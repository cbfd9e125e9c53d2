"""Grey values and chroma of pixels: ITU-R BT.601, on values as they are stored.

Y = 0.299 R + 0.587 G + 0.114 B,  Cb = 0.564 (B - Y),  Cr = 0.713 (R - Y)
"""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.distributions.pictures import LUMA
from heatlens.errors import UnsupportedMethod

__all__ = ["chroma", "luma", "mean_of", "recoloured", "spread_of"]

_BLUE, _RED = 0.564, 0.713


def luma(pixels: Tensor) -> Tensor:
    """Grey values (n, 1, h, w) of pixels (n, C, h, w); of other than three channels the mean."""
    if pixels.shape[1] != 3:
        return pixels.mean(1, keepdim=True)
    weights = torch.as_tensor(LUMA, dtype=pixels.dtype, device=pixels.device)
    return (pixels * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def chroma(pixels: Tensor) -> Tensor:
    """Cb and Cr, (n, 2, h, w), each in -0.5..0.5.

    Raises:
        UnsupportedMethod: the pictures are not in colour.
    """
    if pixels.shape[1] != 3:
        raise UnsupportedMethod(
            f"the network takes {pixels.shape[1]} channel{'s' * (pixels.shape[1] != 1)}, so its "
            "pictures have no colour to change; leave 'colour' out"
        )
    grey = luma(pixels)
    return torch.cat([_BLUE * (pixels[:, 2:] - grey), _RED * (pixels[:, :1] - grey)], 1)


def recoloured(pixels: Tensor, planes: Tensor) -> Tensor:
    """Pixels with their own grey values and the chroma `planes`, clipped to 0..1.

    Example:
        >>> pixels = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
        >>> bool(torch.allclose(recoloured(pixels, chroma(pixels)), pixels, atol=1e-6))
        True
    """
    grey = luma(pixels)
    blue, red = grey + planes[:, :1] / _BLUE, grey + planes[:, 1:] / _RED
    green = (grey - LUMA[0] * red - LUMA[2] * blue) / LUMA[1]
    return torch.cat([red, green, blue], 1).clamp(0, 1)


def mean_of(planes: Tensor) -> Tensor:
    """Mean over the picture, (n, c, 1, 1)."""
    return planes.mean((2, 3), keepdim=True)


def spread_of(planes: Tensor) -> Tensor:
    """Standard deviation over the picture, (n, c, 1, 1)."""
    return planes.var((2, 3), keepdim=True, correction=0).sqrt()
