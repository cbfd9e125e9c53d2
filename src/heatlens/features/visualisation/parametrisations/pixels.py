"""Pixels themselves: every pixel a parameter of its own.

The plainest parametrisation. Ascent on it finds high-frequency patterns first, since a network's
gradient holds much of them (Olah et al., Feature Visualization, Distill 2017); it is what deep
dream and the inversion of a picture start from.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.features.visualisation.parametrisations.colour import latent_of, pixels_of
from heatlens.features.visualisation.parametrisations.parametrisation import (
    Parametrisation,
    checked_canvases,
    checked_positive,
    checked_start,
    drawn,
    leaf,
    register,
)

__all__ = ["Pixels", "pixels"]


@dataclass(frozen=True, eq=False)
class Pixels(Parametrisation):
    """Canvases whose parameters are their pixels: colours before the sigmoid, (n, c, h, w).

    Attributes:
        decorrelate: whether the parameters are uncorrelated colours, not red, green and blue.
    """

    decorrelate: bool

    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1."""
        return pixels_of(self.parameters[0], self.decorrelate)


@register(paper="arXiv:1312.6034")
def pixels(
    count: int,
    channels: int,
    size: tuple[int, int],
    *,
    seed: int = 0,
    spread: float = 0.02,
    decorrelate: bool = True,
    start: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Pixels:
    """Every pixel is a parameter.

    Args:
        count: how many canvases.
        channels: 3, or 1 for grey.
        size: height and width in pixels.
        seed: of the start, grey with a little noise.
        spread: standard deviation of that noise, in units of the sigmoid's argument.
        decorrelate: move in uncorrelated colours (see `colour`).
        start: pictures (count, channels, h, w) in 0..1 to start from instead.
        device: where the parameters live.

    Raises:
        InvalidArgument: sizes, values or a start that cannot be used.

    Example:
        >>> photograph = torch.rand(1, 3, 8, 9)
        >>> canvas = pixels(1, 3, (8, 9), start=photograph)
        >>> bool((canvas.pixels() - photograph).abs().max() < 1 / 255)
        True
    """
    count, channels, size = checked_canvases(count, channels, size, start)
    if start is None:
        (noise,) = drawn(count, seed, (channels, *size))
        latent = checked_positive(spread, "spread") * noise
    else:
        latent = latent_of(checked_start(start), decorrelate)
    return Pixels([leaf(latent, device)], 0.05, decorrelate)
