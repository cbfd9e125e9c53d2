"""What is kept of each picture while a whole collection is gone through: a few kilobytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from scipy import ndimage

from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.resample import band, separable

__all__ = ["GRID", "PATCH", "Seen", "hot_patch", "opened", "seen", "shares"]

GRID = 12
"""Cells along each side on which places are compared."""
PATCH = 22
"""Side of the patch around the hottest place, in pixels of a picture made 96 pixels short."""
_SHORT = 96
_THUMBNAIL = 160


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture after it was explained.

    Attributes:
        number: of the picture, from 0.
        name: file name, or what it is called.
        source: the path, if it was one.
        predicted: class in words; the target of the heat if one was asked for.
        score: of the target.
        places: (GRID, GRID) float32, shares of the positive heat, adding up to 1, or to 0.
        patch: (PATCH, PATCH, 3) float32 in 0..1, what is hottest; None without positive heat.
        off: share of the heat away from the object; None without a mask.
        thumbnail: the picture, small, as JPEG.
        notes: sentences on what was missing.
    """

    number: int
    name: str
    source: str
    predicted: str
    score: float
    places: npt.NDArray[np.float32]
    patch: npt.NDArray[np.float32] | None
    off: float | None
    thumbnail: bytes
    notes: tuple[str, ...] = ()


def seen(
    number: int,
    source: str,
    image: Image,
    heat: Heatmap,
    mask: npt.NDArray[np.bool_] | None,
    tolerance: float,
    notes: tuple[str, ...] = (),
) -> Seen:
    """Keep what is needed of a picture.

    Args:
        number: of the picture.
        source: its path, or "".
        image: the picture.
        heat: a map of its size.
        mask: where the object is.
        tolerance: heat nearer than this to the object, as a share of the picture's shorter side,
            counts as on it: a map is no finer than the cells it was made on.
        notes: on what was missing.
    """
    positive = np.clip(heat.values.astype(np.float64), 0, None)
    off = None
    if mask is not None and positive.any():
        away = ndimage.distance_transform_edt(~mask) > tolerance * min(image.size)
        off = float(positive[away].sum() / positive.sum())
    elif mask is not None:
        off = 1.0
    small = Pillow.fromarray(image.rgb())
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=88)
    made = heat.provenance
    return Seen(
        number=number,
        name=image.name or f"picture {number}",
        source=source,
        predicted=made.target,
        score=float(made.score or 0.0),
        places=shares(positive),
        patch=hot_patch(image.rgb(), positive),
        off=off,
        thumbnail=written.getvalue(),
        notes=notes,
    )


def opened(thumbnail: bytes, name: str) -> Image:
    """A thumbnail as a picture."""
    with Pillow.open(io.BytesIO(thumbnail)) as file:
        return Image(np.asarray(file.convert("RGB")), name=name)


def shares(positive: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Heat (H, W) as shares on a coarse grid, adding up to 1; zeros where there is none.

    Example:
        >>> float(shares(np.ones((24, 36))).sum().round(3))
        1.0
    """
    cells = _resized(positive[..., None], (GRID, GRID))[..., 0]
    total = cells.sum()
    return (cells / total if total > 0 else cells).astype(np.float32)


def hot_patch(
    rgb: npt.NDArray[np.uint8], positive: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32] | None:
    """What lies around the hottest place: around the centre of the heat that is nearly highest.

    Args:
        rgb: (H, W, 3).
        positive: (H, W), not negative.
    """
    if not positive.any():
        return None
    hot, _ = ndimage.label(positive >= 0.7 * positive.max())
    peak = np.unravel_index(int(positive.argmax()), positive.shape)
    spot = hot == hot[peak]
    rows, columns = np.nonzero(spot)
    weight = positive[spot]
    centre = (np.average(rows, weights=weight), np.average(columns, weights=weight))
    ratio = _SHORT / min(positive.shape)
    size = tuple(max(PATCH, round(side * ratio)) for side in positive.shape)
    small = _resized(rgb.astype(np.float64) / 255, (size[0], size[1]))
    starts = [
        int(np.clip(round((c + 0.5) * new / old - PATCH / 2), 0, new - PATCH))
        for c, new, old in zip(centre, size, positive.shape, strict=True)
    ]
    top, left = starts
    return small[top : top + PATCH, left : left + PATCH].astype(np.float32)


def _resized(values: npt.NDArray[np.float64], size: tuple[int, int]) -> npt.NDArray[Any]:
    """(H, W, C) on another grid, antialiased."""
    bands = []
    for old, new in zip(values.shape[:2], size, strict=True):
        centres = (np.arange(new) + 0.5) * old / new
        bands.append(band(centres, old, old / new))
    planes = separable(np.moveaxis(values, -1, 0), *bands)
    return np.moveaxis(planes, 0, -1)
