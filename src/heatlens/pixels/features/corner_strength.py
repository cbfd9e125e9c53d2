"""Corner strength: how much a small window changes when it is shifted, in every direction.

    A = G_sigma * [[Ir^2, Ir Ic], [Ir Ic, Ic^2]]

The smaller eigenvalue of A (Shi, Tomasi 1994), or det A - k (trace A)^2 (Harris, Stephens 1988),
which is below 0 on edges. Derivatives are Sobel's, in ranges per pixel; the border is repeated, not
taken for dark.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.image import Image
from heatlens.pixels.checks import checked_number, one_of
from heatlens.pixels.part import FEATURES, register
from heatlens.pixels.planes import grey

__all__ = ["corner_strength"]


@register(
    FEATURES,
    range="0..0.16 with shi-tomasi, -0.1 k..0.02 with harris",
    signed=True,
    paper="doi:10.1109/CVPR.1994.323794",
    rounding=1e-14,
    reach=lambda p: 1 + int(4 * p["sigma"] + 0.5),
)
def corner_strength(
    image: Image, *, method: str = "shi-tomasi", sigma: float = 1.0, k: float = 0.05
) -> npt.NDArray[np.float32]:
    """The smaller eigenvalue of the structure tensor, or Harris's measure.

    Args:
        image: any still picture.
        method: "shi-tomasi" (at least 0) or "harris" (negative on edges).
        sigma: of the window, pixels.
        k: Harris's sensitivity, 0..0.25.

    Example:
        >>> square = np.zeros((9, 9), np.uint8)
        >>> square[4:, 4:] = 255
        >>> strength = corner_strength(Image(square, "YX"))
        >>> np.unravel_index(strength.argmax(), strength.shape) == np.array([4, 4])
        array([ True, True])
    """
    one_of("method", method, ("shi-tomasi", "harris"))
    sigma, k = checked_number("sigma", sigma, 0, above=True), checked_number("k", k, 0, 0.25)
    luma = grey(image).astype(np.float64)  # a difference of squares needs the digits
    down, right = (ndimage.sobel(luma, axis, mode="nearest") / 8 for axis in (0, 1))
    rr, rc, cc = (
        ndimage.gaussian_filter(product, sigma, mode="nearest")
        for product in (down * down, down * right, right * right)
    )
    if method == "harris":
        return np.asarray(rr * cc - rc**2 - k * (rr + cc) ** 2, np.float32)
    smaller = (rr + cc) / 2 - np.sqrt(((rr - cc) / 2) ** 2 + rc**2)
    return np.asarray(np.maximum(smaller, 0), np.float32)
