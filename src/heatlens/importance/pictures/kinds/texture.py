"""How much detail a picture has, at which size, and of which shape.

- Detail of a size: standard deviation of the luma between two Gaussian blurs (a band of the
  Laplacian pyramid; Burt and Adelson 1983), sigma 0 to 1, 1 to 2, 2 to 4, 4 to 8 pixels.
- Edges: share of pixels whose Sobel gradient is above `EDGE`.
- Entropy of the 256 grey levels, in bits.
- Local binary patterns, 8 neighbours at radius 1, rotation invariant and uniform (Ojala,
  Pietikaeinen, Maeenpaea 2002, eq. 9): by how many neighbours are as bright as the middle or
  brighter, where these lie side by side. The eight counts are joined to the shapes they stand for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.importance.pictures.kind import register
from heatlens.importance.pictures.picture import Picture

__all__ = ["EDGE", "local_patterns", "texture"]

EDGE = 0.1
"""Gradient of the luma, per pixel, from which on it counts as an edge."""

_BANDS = (("fine", 0, 1), ("small", 1, 2), ("middle-sized", 2, 4), ("coarse", 4, 8))
_SHAPES = (
    ("bright spots", (0,)),
    ("line ends", (1, 7)),
    ("corners", (2, 3, 5, 6)),
    ("straight edges", (4,)),
    ("flat places and dark spots", (8,)),
    ("irregular patterns", (9,)),
)

Floats = npt.NDArray[np.float64]


@register(
    "texture",
    "detail by size, share of edges, entropy of grey levels, shares of local binary patterns",
    paper="doi:10.1109/TPAMI.2002.1017623",
)
def texture(picture: Picture) -> dict[str, float]:
    """Standard deviations in units of luma, shares in 0..1, entropy in bits.

    Example:
        >>> flat = texture(Picture(np.full((8, 8, 3), 0.5)))
        >>> flat["fine detail"], flat["share of edges"], flat["share of flat places and dark spots"]
        (0.0, 0.0, 1.0)
    """
    luma = picture.luma
    blurred = {
        sigma: ndimage.gaussian_filter(luma, sigma, mode="nearest") if sigma else luma
        for sigma in (0, 1, 2, 4, 8)
    }
    slope = np.hypot(ndimage.sobel(luma, 0, mode="nearest"), ndimage.sobel(luma, 1, mode="nearest"))
    levels = np.bincount(np.rint(255 * luma).astype(np.intp).ravel(), minlength=256) / luma.size
    present = levels[levels > 0]
    patterns = np.bincount(local_patterns(luma).ravel(), minlength=10)
    patterns = patterns / max(patterns.sum(), 1)
    return {
        **{
            f"{size} detail": float((blurred[inner] - blurred[outer]).std())
            for size, inner, outer in _BANDS
        },
        # Sobel's kernel sums to 8 times the slope along one axis.
        "share of edges": float((slope / 8 > EDGE).mean()),
        "entropy of grey levels": float(-(present * np.log2(present)).sum()) + 0.0,
        **{f"share of {shape}": float(patterns[list(counts)].sum()) for shape, counts in _SHAPES},
    }


def local_patterns(luma: Floats) -> npt.NDArray[np.intp]:
    """Uniform local binary patterns of the inner pixels, (h - 2, w - 2), each 0..9.

    Below 9 it is the number of neighbours that are as bright as the middle; 9 is a ring that
    changes more than twice. A picture with a side below 3 has none.
    """
    h, w = luma.shape
    if min(h, w) < 3:
        return np.zeros((0, 0), np.intp)
    centre = luma[1:-1, 1:-1]
    angles = 2 * np.pi * np.arange(8) / 8
    ring = [_at(luma, -np.sin(angle), np.cos(angle)) - centre for angle in angles]
    brighter = np.stack(ring) >= -1e-9
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    return np.asarray(np.where(changes <= 2, brighter.sum(axis=0), 9), np.intp)


def _at(luma: Floats, down: float, right: float) -> Floats:
    """The inner pixels' neighbours at an offset of at most 1, by bilinear interpolation."""
    h, w = luma.shape
    total = np.zeros((h - 2, w - 2))
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            weight = max(0.0, 1 - abs(down - step_y)) * max(0.0, 1 - abs(right - step_x))
            if weight > 1e-12:
                total += weight * luma[1 + step_y : h - 1 + step_y, 1 + step_x : w - 1 + step_x]
    return total
