"""How bright a picture is: its luma (ITU-R BT.601), .299 R + .587 G + .114 B of sRGB in 0..1."""

from __future__ import annotations

import numpy as np

from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.picture import Picture

__all__ = ["brightness"]


@register("brightness", "mean, spread, and how dark the dark and how bright the bright parts are")
def brightness(picture: Picture) -> dict[str, float]:
    """Mean, standard deviation, and 5th and 95th percentile of the luma, in 0..1.

    Example:
        >>> flat = brightness(Picture(np.full((4, 4, 3), 0.5)))
        >>> round(flat["brightness"], 6), round(flat["contrast"], 6)
        (0.5, 0.0)
    """
    dark, bright = np.percentile(picture.luma, [5, 95])
    return {
        "brightness": float(picture.luma.mean()),
        "contrast": float(picture.luma.std()),
        "brightness of the darkest parts": float(dark),
        "brightness of the brightest parts": float(bright),
    }
