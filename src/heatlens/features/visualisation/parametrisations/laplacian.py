"""A Laplacian pyramid: one layer of pixels per octave, added up from coarse to fine.

    z_K = g_K p_K        z_k = enlarged(z_(k+1)) + g_k p_k

Ascent moves coarse and fine shapes at once, each with parameters where it is in the picture,
which Fourier coefficients are not. Burt, Adelson: The Laplacian pyramid as a compact image code,
IEEE Transactions on Communications 31, 1983; as a parametrisation in the code of Olah, Mordvintsev,
Schubert: Feature Visualization, Distill 2017. The gains g_k give every octave the same variance, as
photographs have it, and parameters of variance 1 a picture of mean variance 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument
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

__all__ = ["Laplacian", "laplacian"]

_COARSEST = 4
"""Shorter side, in pixels, at which the pyramid ends by itself."""


@dataclass(frozen=True, eq=False)
class Laplacian(Parametrisation):
    """Canvases whose parameters are the levels of a pyramid, finest first, each (n, c, h_k, w_k).

    Attributes:
        gains: g_k of each level.
        decorrelate: whether the channels are uncorrelated colours, not red, green and blue.
    """

    gains: tuple[float, ...]
    decorrelate: bool

    def latent(self) -> Tensor:
        """The pictures before colour and sigmoid, (n, c, h, w), without bounds."""
        levels = list(zip(self.parameters, self.gains, strict=True))
        coarsest, gain = levels[-1]
        total = coarsest * gain
        for level, gain in reversed(levels[:-1]):
            total = _enlarged(total, level.shape[2:]) + level * gain
        return total

    def pixels(self) -> Tensor:
        """The pictures, (n, c, h, w) in 0..1."""
        return pixels_of(self.latent(), self.decorrelate)


@register(paper="https://distill.pub/2017/feature-visualization")
def laplacian(
    count: int,
    channels: int,
    size: tuple[int, int],
    *,
    seed: int = 0,
    spread: float = 0.02,
    levels: int | None = None,
    decorrelate: bool = True,
    start: Tensor | None = None,
    device: torch.device | str | None = None,
) -> Laplacian:
    """A pyramid of pixel grids from coarse to fine, added up.

    Args:
        count: how many canvases.
        channels: 3, or 1 for grey.
        size: height and width in pixels.
        seed: of the start, noise on all levels.
        spread: standard deviation of each uncorrelated colour at the start, in units of the
            sigmoid's argument.
        levels: how many octaves; None: until the shorter side has 4 pixels.
        decorrelate: move in uncorrelated colours (see `colour`).
        start: pictures (count, channels, h, w) in 0..1 to start from instead.
        device: where the parameters live.

    Raises:
        InvalidArgument: sizes, values or a start that cannot be used; more levels than octaves.

    Example:
        >>> [tuple(level.shape[2:]) for level in laplacian(1, 3, (33, 20)).parameters]
        [(33, 20), (17, 10), (9, 5), (5, 3)]
    """
    count, channels, size = checked_canvases(count, channels, size, start)
    sizes = _sizes(size, levels)
    gains = _gains(sizes)
    if start is None:
        noises = drawn(count, seed, *((channels, *level) for level in sizes))
        parameters = [checked_positive(spread, "spread") * noise for noise in noises]
    else:
        latents = _levels(latent_of(checked_start(start), decorrelate), sizes)
        parameters = [latent / gain for latent, gain in zip(latents, gains, strict=True)]
    return Laplacian([leaf(level, device) for level in parameters], 0.03, gains, decorrelate)


def _sizes(size: tuple[int, int], levels: int | None) -> list[tuple[int, int]]:
    """Sizes of the levels, each half of the one before, rounded up."""
    octaves = max(1, math.ceil(math.log2(min(size) / _COARSEST)) + 1) if min(size) > 1 else 1
    if levels is not None:
        most = math.ceil(math.log2(max(size))) + 1
        octaves = checked_whole(levels, "levels")
        if octaves > most:
            height, width = size
            raise InvalidArgument(
                f"levels is {octaves}; {height} x {width} pixels have at most {most}"
            )
    sizes = [size]
    for _ in range(octaves - 1):
        sizes.append((-(-sizes[-1][0] // 2), -(-sizes[-1][1] // 2)))
    return sizes


def _levels(latent: Tensor, sizes: list[tuple[int, int]]) -> list[Tensor]:
    """What each level adds to the enlarged next one: their sum is the picture again."""
    reduced = [latent]
    for size in sizes[1:]:
        smaller = F.interpolate(
            reduced[-1], size, mode="bilinear", antialias=True, align_corners=False
        )
        reduced.append(smaller)
    residues = [fine - _enlarged(coarse, fine.shape[2:]) for fine, coarse in pairwise(reduced)]
    return [*residues, reduced[-1]]


def _enlarged(grid: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(grid, tuple(size), mode="bilinear", align_corners=False)


def _gains(sizes: list[tuple[int, int]]) -> tuple[float, ...]:
    """Gains with which white noise on each level makes a variance of 1 / levels, on average."""
    gains = []
    for index in range(len(sizes)):
        kept = 1.0
        for axis in (0, 1):
            sides = [size[axis] for size in sizes[index::-1]]
            weights = torch.eye(sides[0], dtype=torch.float64)[None]
            for side in sides[1:]:
                weights = F.interpolate(weights, side, mode="linear", align_corners=False)
            kept *= float(weights.square().sum(1).mean())
        gains.append(1 / math.sqrt(kept * len(sizes)))
    return tuple(gains)
