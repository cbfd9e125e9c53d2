"""Several transforms as one, and the named sets.

The matrices of geometric transforms that follow each other are multiplied, so the picture is
resampled once: faster than one by one, and blurred once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

import torch
from torch import Tensor

from heatlens.errors import InvalidType
from heatlens.features.visualisation.transforms.crop import Crop
from heatlens.features.visualisation.transforms.draws import Chance
from heatlens.features.visualisation.transforms.jitter import Jitter
from heatlens.features.visualisation.transforms.noise import Noise
from heatlens.features.visualisation.transforms.pad import Pad
from heatlens.features.visualisation.transforms.rotate import Rotate
from heatlens.features.visualisation.transforms.scale import Scale
from heatlens.features.visualisation.transforms.transform import Geometric, Pixelwise, Transform
from heatlens.features.visualisation.transforms.warp import Outside, checked_outside, warped

__all__ = ["MACO", "NONE", "ROBUST", "SETS", "composed", "robust"]

_SIDE = 224
"""Pixels of the canvas that the published strengths are for."""


def robust(size: tuple[int, int]) -> tuple[Transform, ...]:
    """The default: border, shift, scale, turn, shift, in proportion to the shorter side.

    At 224 pixels: a border of 12, shifts up to 8, a scale of 0.9 to 1.1, turns up to 10 degrees,
    shifts up to 4. Olah, Mordvintsev, Schubert: Feature Visualization, Distill 2017, "Transformation
    robustness" (their code draws from lists of the same ranges).

    Example:
        >>> robust((112, 150))[0]
        Pad(amount=6)
    """
    pad, large, small = (max(1, round(pixels * min(size) / _SIDE)) for pixels in (12, 8, 4))
    return (Pad(pad), Jitter(large), Scale(0.9, 1.1), Rotate(10), Jitter(small))


ROBUST: tuple[Transform, ...] = robust((_SIDE, _SIDE))
"""`robust` at 224 pixels: pad(12), jitter(8), scale(0.9, 1.1), rotate(10), jitter(4)."""

NONE: tuple[Transform, ...] = ()
"""No transforms: the network sees the canvas as it is."""

MACO: tuple[Transform, ...] = (Crop(0.5, 0.9), Noise(0.02))
"""Crops and noise: for the parametrisation `maco`, as in its paper, with larger crops."""

SETS = {"maco": MACO, "none": NONE, "robust": ROBUST}
"""The named sets, at 224 pixels."""


def composed(
    transforms: Iterable[Transform], outside: Outside = "grey"
) -> Callable[[Tensor, Chance], Tensor]:
    """One function of pictures and chance that does all transforms, first to last.

    Args:
        transforms: in order; none: the pictures stay what they are.
        outside: what comes into view from outside the canvas: "grey" (0.5), "reflect" or a value.

    Returns:
        `function(pixels, chance)`: pictures (n, c, h, w) to pictures of the same size, each row
        with draws of its own; `chance` is a `torch.Generator`, or one for each row.

    Raises:
        InvalidType: something that is no transform.

    Example:
        >>> moved = composed([Jitter(2), Rotate(5)])
        >>> moved(torch.rand(2, 3, 8, 9), torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 8, 9])
    """
    outside = checked_outside(outside)
    steps = tuple(transforms)
    for step in steps:
        if not isinstance(step, Geometric | Pixelwise):
            raise InvalidType(
                f"{step!r} is no transform; give for example Jitter(8), or a text to `parsed`"
            )
    runs = [tuple(run) for _, run in groupby(steps, key=lambda step: isinstance(step, Geometric))]

    def moved(pixels: Tensor, chance: Chance) -> Tensor:
        for run in runs:
            total = torch.eye(3, dtype=torch.float64)
            for step in run:
                if isinstance(step, Pixelwise):
                    pixels = step.apply(pixels, chance)
                else:
                    matrix = step.matrix(chance, len(pixels), (pixels.shape[2], pixels.shape[3]))
                    total = matrix.to(total) @ total
            if isinstance(run[0], Geometric):
                pixels = warped(pixels, total, outside)
        return pixels

    return moved
