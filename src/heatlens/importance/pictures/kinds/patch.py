"""The most colourful patch: where the colour is strongest, and which hue it has there.

A patch is a square of an eighth of the shorter side; of all places the one with the highest mean
chroma C* counts, the first of equals in reading order.
"""

from __future__ import annotations

import numpy as np

from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.patches import hue_columns
from heatlens.importance.pictures.picture import Picture

__all__ = ["patch"]


@register("patch", "colour strength, place and hue of the most colourful patch")
def patch(picture: Picture) -> dict[str, float]:
    """Mean chroma C* of the patch, its centre in 0..1 of the picture, and its hue.

    Example:
        >>> grey = np.full((32, 32, 3), 0.5)
        >>> grey[4:8, 24:28] = [1, 0, 0]
        >>> found = patch(Picture(grey))
        >>> found["most colourful patch: from left"], found["hue of the most colourful patch: red"]
        (0.8125, 1.0)
    """
    h, w = picture.size
    side = max(1, round(min(h, w) / 8))
    sums = np.pad(picture.strength, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    boxes = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    # Sums of equal boxes differ in their last bits: the first of equals counts.
    y, x = np.unravel_index(int(np.argmax(np.round(boxes, 6))), boxes.shape)
    place = (slice(int(y), int(y) + side), slice(int(x), int(x) + side))
    return {
        "most colourful patch: colour strength": float(picture.strength[place].mean()),
        "most colourful patch: from top": float((y + side / 2) / h),
        "most colourful patch: from left": float((x + side / 2) / w),
        **hue_columns(picture, place, "hue of the most colourful patch"),
    }
