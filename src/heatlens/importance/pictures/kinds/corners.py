"""The four corners, where watermarks, dates, rulers and hospitals' tags stand.

A corner is a square of a sixth of the shorter side.
"""

from __future__ import annotations

import numpy as np

from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.patches import hue_columns
from heatlens.importance.pictures.picture import Picture
from heatlens.importance.pictures.places import PLACES

__all__ = ["CORNERS", "corners"]

CORNERS = tuple(f"{name} corner" for name in PLACES[0::2] if name != "centre")


@register("corners", "brightness, colour strength and detail of each corner; hue of the strongest")
def corners(picture: Picture) -> dict[str, float]:
    """Mean luma (0..1), mean chroma C* and standard deviation of the luma of each corner.

    Example:
        >>> black = np.zeros((12, 12, 3))
        >>> black[:2, -2:] = [0, 0, 1]
        >>> found = corners(Picture(black))
        >>> found["hue of the most colourful corner: blue"]
        1.0
    """
    h, w = picture.size
    side = max(1, round(min(h, w) / 6))
    places = [
        (y, x)
        for y in (slice(0, side), slice(h - side, h))
        for x in (slice(0, side), slice(w - side, w))
    ]
    found, strengths = {}, []
    for name, place in zip(CORNERS, places, strict=True):
        luma = picture.luma[place]
        strengths.append(float(picture.strength[place].mean()))
        found[f"brightness: {name}"] = float(luma.mean())
        found[f"colour strength: {name}"] = strengths[-1]
        found[f"detail: {name}"] = float(luma.std())
    strongest = int(np.argmax(strengths))
    found["colour strength of the most colourful corner"] = strengths[strongest]
    found |= hue_columns(picture, places[strongest], "hue of the most colourful corner")
    return found
