"""A picture cut to where the evidence is: training data that shows the object large.

The evidence counts where it reaches a share of its maximum, and the cut is the smallest box around
that, with a margin. Hu, Qi: See Better Before Looking Closer (WS-DAN), arXiv:1901.09891, eq. 5 and
section 3.3, whose threshold of 0.5 is the default here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image

__all__ = ["Crop", "attended_crop", "evidence"]

SMALLEST = 8
"""Least side of a cut in pixels: below it nobody sees anything."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A part of a picture.

    Attributes:
        image: the part.
        box: (top, left, bottom, right) in pixels of the picture, the last two not included.
        share: of the positive evidence that lies inside, 0..1.
    """

    image: Image
    box: tuple[int, int, int, int]
    share: float


def attended_crop(
    image: Image,
    heat: Heatmap,
    *,
    threshold: float = 0.5,
    margin: float = 0.1,
    square: bool = False,
) -> Crop:
    """Cut a picture to its evidence.

    Args:
        image: `YX` or `YXC`.
        heat: a map of its size; only positive values count.
        threshold: share of the highest value from which on a pixel has to be inside, 0 to 1.
        margin: added on each side, as a share of the box's own height and width.
        square: widen the shorter side, as far as the picture goes.

    Raises:
        InvalidArgument: no positive evidence, sizes that differ, or a number out of its range.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> values = np.zeros((40, 40), np.float32)
        >>> values[10:20, 5:25] = 1
        >>> photo = Image(np.zeros((40, 40, 3), np.uint8))
        >>> attended_crop(photo, Heatmap(values, Provenance("by hand"))).box
        (9, 3, 21, 27)
    """
    if not margin >= 0:
        raise InvalidArgument(f"margin is {margin!r}; a share of the box that is not negative")
    positive, hot = evidence(image, heat, threshold)
    sides: list[tuple[int, int]] = []
    for axis in (0, 1):
        inside = np.flatnonzero(hot.any(1 - axis))
        low, high = int(inside[0]), int(inside[-1]) + 1
        wider = round(margin * (high - low))
        sides.append((low - wider, high + wider))
    longest = max(high - low for low, high in sides) if square else 0
    box = [
        _widened(low, high, max(SMALLEST, longest), image.size[axis])
        for axis, (low, high) in enumerate(sides)
    ]
    (top, bottom), (left, right) = box
    window = (slice(top, bottom), slice(left, right))
    alpha = None if image.alpha is None else image.alpha[window]
    part = image.with_(pixels=image.pixels[window], alpha=alpha, affine=None)
    share = float(positive[window].sum() / positive.sum())
    return Crop(part, (top, left, bottom, right), share)


def evidence(
    image: Image, heat: Heatmap, threshold: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Positive evidence (H, W), and where it reaches a share of its maximum.

    Raises:
        InvalidArgument: there is none, or the map is not the picture's.
    """
    if image.axes not in ("YX", "YXC") or heat.axes != "YX":
        raise InvalidArgument(
            f"a picture (YX or YXC) and its map (YX) are meant, not {image.axes} and {heat.axes}"
        )
    if image.size != heat.size:
        raise InvalidArgument(
            f"the map has {heat.size[0]} x {heat.size[1]} pixels, the picture {image.size[0]} x "
            f"{image.size[1]}"
        )
    if not 0 < threshold <= 1:
        raise InvalidArgument(f"threshold is {threshold!r}; above 0 and at most 1")
    positive = np.clip(heat.values.astype(np.float64), 0, None)
    if not positive.any():
        raise InvalidArgument(
            f"{image.name or 'the picture'} has no positive evidence: there is nothing to cut or "
            "to hide; another target or method may have some"
        )
    return positive, positive >= threshold * positive.max()


def _widened(low: int, high: int, least: int, size: int) -> tuple[int, int]:
    """The range with at least so many pixels, moved back inside and cut where it is too long."""
    missing = max(0, least - (high - low))
    low, high = low - missing // 2, high + missing - missing // 2
    if low < 0:
        low, high = 0, high - low if missing else high
    if high > size:
        low, high = low - (high - size) if missing else low, size
    return max(0, low), min(size, high)
