"""Frequencies of a picture's spectrum, and the variance that a spectrum means.

Spectra are those of `torch.fft.rfft2(norm="ortho")`: (..., h, w // 2 + 1), half of the plane, for
a real picture's other half is its mirror image.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["edge_columns", "frequencies", "mean_square", "multiplicity"]


def frequencies(size: tuple[int, int]) -> Tensor:
    """Radial frequency in cycles per pixel, (h, w // 2 + 1), float64, 0 to sqrt(1/2).

    Example:
        >>> frequencies((4, 4))[0]
        tensor([0.0000, 0.2500, 0.5000], dtype=torch.float64)
    """
    rows = torch.fft.fftfreq(size[0], dtype=torch.float64)
    columns = torch.fft.rfftfreq(size[1], dtype=torch.float64)
    return torch.hypot(rows[:, None], columns[None])


def edge_columns(width: int) -> list[int]:
    """The columns that are their own mirror image: frequency 0, and w / 2 of even widths."""
    return [0, width // 2] if width % 2 == 0 else [0]


def multiplicity(width: int) -> Tensor:
    """How often each column of the half plane stands in the whole one, (w // 2 + 1,): 1 or 2."""
    times = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)
    times[edge_columns(width)] = 1
    return times


def mean_square(magnitude: Tensor, width: int) -> Tensor:
    """Mean of a picture's squares by its magnitudes (..., h, w // 2 + 1), by Parseval's theorem.

    Example:
        >>> picture = torch.rand(6, 7, dtype=torch.float64)
        >>> magnitude = torch.fft.rfft2(picture, norm="ortho").abs()
        >>> torch.allclose(mean_square(magnitude, 7), picture.square().mean())
        True
    """
    power = magnitude.double().square() * multiplicity(width).to(magnitude.device)
    return power.sum((-2, -1)) / (magnitude.shape[-2] * width)
