"""Which colours a picture has: CIELAB means, colourfulness, and shares of named hues.

Colourfulness is M3 of Hasler and Suesstrunk, Measuring colourfulness in natural images, SPIE 5007,
2003: with rg = R - G and yb = (R + G) / 2 - B in 0..255,

    M3 = sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)^2 + mean(yb)^2).
"""

from __future__ import annotations

import numpy as np

from heatlens.importance.pictures.hues import HUES, hue_names
from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.picture import Picture

__all__ = ["colour"]


@register(
    "colour",
    "from green to red, from blue to yellow (CIELAB), colour strength, share of each of twelve hues",
    paper="doi:10.1117/12.477378",
)
def colour(picture: Picture) -> dict[str, float]:
    """Means of a* and b*, mean and spread of chroma, colourfulness, and shares of hues in 0..1.

    Example:
        >>> red = colour(Picture(np.ones((2, 2, 3)) * [1.0, 0.0, 0.0]))
        >>> red["share of red"], red["share of grey"], round(red["colour strength"])
        (1.0, 0.0, 105)
    """
    rg = 255 * (picture.rgb[..., 0] - picture.rgb[..., 1])
    yb = 255 * (picture.rgb[..., :2].mean(axis=-1) - picture.rgb[..., 2])
    spread, centre = np.hypot(rg.std(), yb.std()), np.hypot(rg.mean(), yb.mean())
    names = hue_names(picture.rgb, picture.strength)
    shares = np.bincount(names.ravel(), minlength=len(HUES) + 1) / names.size
    return {
        "colour from green to red": float(picture.lab[..., 1].mean()),
        "colour from blue to yellow": float(picture.lab[..., 2].mean()),
        "colour strength": float(picture.strength.mean()),
        "spread of colour strength": float(picture.strength.std()),
        "colourfulness": float(spread + 0.3 * centre),
        **{
            f"share of {name}": float(share)
            for name, share in zip((*HUES, "grey"), shares, strict=True)
        },
    }
