"""Colours in which ascent moves evenly: uncorrelated over photographs, and without bounds.

    pixels = sigmoid(C z)        z = C^-1 logit(pixels)

C C^T is, up to a factor, the covariance of the colours of ImageNet's photographs. In RGB, where
the three channels nearly agree, a step of one length in each makes grey much faster than colour.
Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017 ("decorrelated space"); the
matrix is the one published with it (github.com/tensorflow/lucid, optvis/param/color.py).
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["CORRELATION", "correlated", "decorrelated", "latent_of", "pixels_of"]

CORRELATION = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""A square root of the covariance of red, green and blue over ImageNet, as published."""

_ROOM = 1 / 512
"""Half a step of 8 bits: pixels nearer than this to 0 or 1 are moved there, logit(0) is none."""


def correlated(values: Tensor) -> Tensor:
    """RGB from uncorrelated colours, (n, 3, h, w); one channel stays what it is.

    The matrix is scaled so that its longest column is 1, as in the source.
    """
    return values if values.shape[1] == 1 else _mixed(_matrix(values), values)


def decorrelated(values: Tensor) -> Tensor:
    """The inverse of `correlated`.

    Example:
        >>> picture = torch.rand(1, 3, 4, 4)
        >>> bool((correlated(decorrelated(picture)) - picture).abs().max() < 1e-5)
        True
    """
    if values.shape[1] == 1:
        return values
    return _mixed(torch.linalg.inv(_matrix(values).double()).to(values.dtype), values)


def pixels_of(latent: Tensor, decorrelate: bool) -> Tensor:
    """Pixels in 0..1, (n, c, h, w), of values without bounds."""
    return torch.sigmoid(correlated(latent) if decorrelate else latent)


def latent_of(pixels: Tensor, decorrelate: bool) -> Tensor:
    """The inverse of `pixels_of`, to half a step of 8 bits at black and white."""
    latent = torch.logit(pixels, eps=_ROOM)
    return decorrelated(latent) if decorrelate else latent


def _matrix(like: Tensor) -> Tensor:
    matrix = torch.tensor(CORRELATION, dtype=torch.float64)
    return (matrix / matrix.norm(dim=0).max()).to(like.device, like.dtype)


def _mixed(matrix: Tensor, values: Tensor) -> Tensor:
    return (matrix @ values.flatten(2)).unflatten(2, values.shape[2:])
