"""What is where: brightness, colour strength and detail of the nine cells of a 3 x 3 grid."""

from __future__ import annotations

from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.picture import Picture
from heatlens.importance.pictures.places import PLACES

__all__ = ["regions"]


@register("regions", "brightness, colour strength and detail of the cells of a 3 x 3 grid")
def regions(picture: Picture) -> dict[str, float]:
    """Mean luma (0..1), mean chroma C* and standard deviation of the luma of each cell.

    A side that is no multiple of 3 is cut at the nearest pixel; on a side below 3 cells share
    pixels.

    Example:
        >>> import numpy as np
        >>> ramp = np.linspace(0, 1, 9).repeat(9).reshape(9, 9, 1) * np.ones(3)
        >>> cells = regions(Picture(ramp))
        >>> round(cells["brightness: top"], 3), round(cells["brightness: bottom"], 3)
        (0.125, 0.875)
    """
    h, w = picture.size
    found = {}
    for number, name in enumerate(PLACES):
        rows, columns = _third(number // 3, h), _third(number % 3, w)
        luma = picture.luma[rows, columns]
        found[f"brightness: {name}"] = float(luma.mean())
        found[f"colour strength: {name}"] = float(picture.strength[rows, columns].mean())
        found[f"detail: {name}"] = float(luma.std())
    return found


def _third(number: int, length: int) -> slice:
    first = min(round(number * length / 3), length - 1)
    return slice(first, max(round((number + 1) * length / 3), first + 1))
