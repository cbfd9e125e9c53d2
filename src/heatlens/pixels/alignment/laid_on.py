"""One picture laid on another, and whether that went well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels.alignment.contrast import correlation, local_contrast
from heatlens.pixels.alignment.matched import affine, homography
from heatlens.pixels.alignment.translation import translation
from heatlens.pixels.alignment.way import Alignment
from heatlens.pixels.checks import one_of
from heatlens.pixels.planes import as_image, grey, planes

__all__ = ["WAYS", "Laid", "laid_on"]

_OWN: dict[str, Callable[[Any, Any], Alignment]] = {
    "translation": translation,
    "affine": affine,
    "homography": homography,
}
WAYS = ("none", *_OWN)

_LEAST_OVERLAP = 0.2

_AT_ONCE = 1 << 18
"""Pixels that are moved at once, so that memory does not grow with the picture."""


@dataclass(frozen=True, eq=False)
class Laid:
    """The second picture on the first one's grid.

    Attributes:
        image: its pixels, float32 in unit range; 0 where it has none.
        seen: (H, W), where it has pixels.
        info: the matrix, the overlap, and the correlation of local contrast before and after.
        notes: what to know before the alignment is believed.
    """

    image: Image
    seen: npt.NDArray[np.bool_]
    info: dict[str, Any]
    notes: tuple[str, ...] = ()


def laid_on(first: Image, second: Image, way: str) -> Laid:
    """Lay the second picture on the first.

    Raises:
        UnknownName: no such way.
        InvalidArgument: sizes that differ without an alignment, a picture of one colour, or an
            alignment that failed: nothing found, too little overlap, or local contrasts that do
            not agree.
        MissingDependency: a package of the extra `pixels` is not there.
    """
    one_of("alignment", way, WAYS)
    if way == "none":
        if first.size != second.size:
            raise InvalidArgument(
                f"the pictures have sizes {first.size} and {second.size}; pictures of different "
                "size have to be aligned: align='translation', 'affine' or 'homography'"
            )
        return Laid(second, np.ones(first.size, np.bool_), {})
    a, b = grey(first), grey(second)
    for picture, words in ((a, "first"), (b, "second")):
        if np.ptp(picture) < 1e-6 or min(picture.shape) < 16:
            raise InvalidArgument(
                f"the {words} picture has one colour or a side below 16 pixels, and cannot be "
                "aligned; align='none' compares pixels where they are"
            )
    found = _OWN[way](a, b)
    moved, seen = _moved(planes(second), found.matrix, first.size)
    laid = as_image(moved, second)
    overlap = float(seen.mean())
    contrast = local_contrast(a)
    everywhere = np.ones(a.shape, np.bool_)
    before = correlation(contrast, local_contrast(b), everywhere) if a.shape == b.shape else None
    after = correlation(contrast, local_contrast(grey(laid), seen), seen)
    info = {
        **found.info,
        "alignment": found.matrix.tolist(),
        "overlap": round(overlap, 4),
        "correlation before": None if before is None else round(before, 4),
        "correlation after": round(after, 4),
    }
    _check(way, found.least, overlap, before, after)
    return Laid(laid, seen, info, found.notes)


def _moved(
    unit: npt.NDArray[np.float32], matrix: npt.NDArray[np.float64], size: tuple[int, int]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Pixels (h, w, C) read at the places that belong to the first picture's pixels, bilinearly."""
    from scipy import ndimage

    height, width = unit.shape[:2]
    tolerance = 1e-3  # a shift of 0 that came out as 1e-5 loses no row
    found = np.zeros((*size, unit.shape[2]), np.float32)
    seen = np.zeros(size, np.bool_)
    band = max(1, _AT_ONCE // size[1])
    for top in range(0, size[0], band):
        part = slice(top, min(top + band, size[0]))
        rows, columns = np.mgrid[part, : size[1]].astype(np.float64)
        x, y, z = (row[0] * columns + row[1] * rows + row[2] for row in matrix)
        behind = np.abs(z) < 1e-12
        z = np.where(behind, 1.0, z)
        places = np.stack([y / z, x / z])
        inside = ~behind & (z > 0)
        for place, side in zip(places, (height, width), strict=True):
            inside &= (place >= -tolerance) & (place <= side - 1 + tolerance)
        for channel in range(unit.shape[2]):
            values = ndimage.map_coordinates(
                unit[..., channel], places, order=1, mode="nearest", prefilter=False
            )
            found[part, :, channel] = np.where(inside, values, 0)
        seen[part] = inside
    return found, seen


def _check(way: str, least: float, overlap: float, before: float | None, after: float) -> None:
    why = ""
    if overlap < _LEAST_OVERLAP:
        why = f"only {overlap:.0%} of the first picture would be covered"
    elif after < least:
        why = (
            f"laid on one another, their local contrasts correlate by {after:.2f} only, and {least} "
            "is needed"
        )
    elif before is not None and after < before - 0.01:
        why = f"the correlation of their local contrasts fell from {before:.2f} to {after:.2f}"
    if why:
        others = ", ".join(repr(other) for other in WAYS if other != way)
        raise InvalidArgument(
            f"the pictures could not be aligned by align={way!r}: {why}. Do they show the same "
            f"thing? Other ways: {others}"
        )
