"""A picture as features are read from it: linear or perceptual views, made once when needed."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.reduced import reduced
from heatlens.render import cielab

__all__ = ["LONGEST", "LUMA", "Picture", "picture_of"]

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601."""

LONGEST = 256
"""Longer side in pixels that larger pictures are reduced to: it fixes what "fine" detail means."""

Floats = npt.NDArray[np.float64]


class Picture:
    """Pixels and the views of them that several kinds of features share.

    Attributes:
        rgb: (h, w, 3) float64, sRGB in 0..1.

    Example:
        >>> Picture(np.ones((2, 3, 3))).luma.round(6).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(self, rgb: npt.NDArray[Any]) -> None:
        """Take sRGB pixels (h, w, 3) in 0..1."""
        self.rgb: Floats = np.asarray(rgb, np.float64)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.rgb.shape[0], self.rgb.shape[1]

    @cached_property
    def luma(self) -> Floats:
        """(h, w) in 0..1: .299 R + .587 G + .114 B."""
        return np.asarray(self.rgb @ np.array(LUMA))

    @cached_property
    def lab(self) -> Floats:
        """(h, w, 3) CIELAB: L* in 0..100, a* from green to red, b* from blue to yellow."""
        return cielab.from_srgb(self.rgb)

    @cached_property
    def strength(self) -> Floats:
        """(h, w) chroma C* = |(a*, b*)|: 0 for greys, about 100 for the purest colours."""
        return np.asarray(np.hypot(self.lab[..., 1], self.lab[..., 2]))


def picture_of(image: Image, longest: int = LONGEST) -> Picture:
    """The picture that features are read from; what lies under opacity counts as it is.

    Args:
        image: flat, `YX` or `YXC`; of more than three channels the first three.
        longest: larger ones are reduced to this longer side by averages of areas.

    Raises:
        InvalidArgument: a film or a volume.
    """
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(
            f"{image.name or 'the picture'} has axes {image.axes!r}; features are read from flat "
            "pictures: give its frames or slices one by one"
        )
    small = reduced(image.with_(alpha=None), longest)
    unit = np.clip(small.unit().astype(np.float64), 0, 1)
    levels = unit.reshape(*small.size, -1)
    if levels.shape[-1] < 3:
        levels = np.repeat(levels[..., :1], 3, axis=-1)
    return Picture(levels[..., :3])
