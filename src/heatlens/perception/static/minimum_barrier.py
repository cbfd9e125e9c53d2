"""Minimum barrier saliency: what no way from the border reaches without crossing a step is an object.

    S(p) = sum over CIELAB channels of D_c(p),

D_c the minimum barrier distance to the picture's border (`regions.barrier`). With `background`, the
paper's MB+, a second map is added that says how unlike each border strip a pixel's colour is:

    B(p) = sum_k u_k(p) - max_k u_k(p),   u_k = b_k / max b_k,
    b_k(p)^2 = (c(p) - mean_k)^T Q_k^-1 (c(p) - mean_k),   k: top, right, bottom, left

The largest of the four is left out, for an object may touch one side. B is scaled to the maximum of S,
or to the picture's range of lightness where that is larger (where all touches the border, S is 0), and
the mean of both is the map.

Zhang, Sclaroff, Lin, Shen, Price, Mech: Minimum Barrier Salient Object Detection at 80 FPS, ICCV 2015.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.channels import seen
from heatlens.perception.model import register
from heatlens.perception.static.regions.barrier import barrier_to_border
from heatlens.perception.static.regions.colours import FLAT, lab

__all__ = ["minimum_barrier"]

Array = npt.NDArray[np.float32]

LONGEST = 300
BORDER = 0.1
"""Width of a border strip in shorter sides of the picture."""

RIDGE = 1.0
"""Added to the variances of a strip's colours, CIELAB units squared: a strip of one colour has none."""


@register("minimum-barrier", family="figure-ground", paper="doi:10.1109/ICCV.2015.165",
          longest=LONGEST)  # fmt: skip
def minimum_barrier(
    image: Image, *, background: bool = True, passes: int = 3, longest: int = LONGEST
) -> Array:
    """Minimum barrier distance to the border, and unlikeness to it: a whole object, not a spot.

    Args:
        image: a flat picture of any size; what touches the border counts as ground.
        background: add the contrast to the four border strips (the paper's MB+).
        passes: raster scans.
        longest: pixels along the longer side of the picture that is looked at.

    Returns:
        (h, w) of the reduced picture, in CIELAB units; 0 everywhere for one colour.

    Raises:
        InvalidArgument: fewer than 1 or more than 100 `passes`.

    Example:
        >>> scene = np.full((30, 40), 90, np.uint8)
        >>> scene[10:16, 20:28] = 220
        >>> look = minimum_barrier(Image(scene, "YX"))
        >>> bool((look[10:16, 20:28] > 40).all()), float(look[5, 5])
        (True, 0.0)
    """
    if not 1 <= passes <= 100:
        raise InvalidArgument(f"passes is {passes}; it can be 1 to 100")
    colours = lab(seen(image, longest))
    barrier: Array = np.stack([barrier_to_border(colours[..., c], passes) for c in range(3)]).sum(
        axis=0
    )
    barrier[barrier <= FLAT] = 0
    if not background:
        return barrier
    contrast = _unlike_border(colours)
    highest = max(float(barrier.max()), float(np.ptp(colours[..., 0])))
    both: Array = ((barrier + highest * contrast) / 2).astype(np.float32)
    return both


def _unlike_border(colours: Array) -> Array:
    """B(p), (H, W), the maximum 1."""
    height, width, _ = colours.shape
    strip = max(1, round(BORDER * min(height, width)))
    strips = (colours[:strip], colours[-strip:], colours[:, :strip], colours[:, -strip:])
    contrasts = []
    for part in strips:
        flat = part.reshape(-1, 3).astype(np.float64)
        spread = np.cov(flat.T, ddof=0) + RIDGE * np.eye(3)
        away = colours - flat.mean(axis=0)
        distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
        highest = distance.max()
        contrasts.append(distance / highest if highest > FLAT else np.zeros_like(distance))
    unlike = np.sum(contrasts, axis=0) - np.max(contrasts, axis=0)
    highest = float(unlike.max())
    scaled: Array = (unlike / highest if highest > 0 else unlike).astype(np.float32)
    return scaled
