"""Polynomial expansion: each neighbourhood as a quadratic, whose shift is the displacement.

Farnebäck: Two-Frame Motion Estimation Based on Polynomial Expansion, SCIA 2003. Computed by OpenCV.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.films.quiet import opencv
from heatlens.motion.flow import Flow, register

__all__ = ["farneback"]


@register("farneback", family="polynomial", paper="10.1007/3-540-45103-X_50")
def farneback(
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    *,
    levels: int = 4,
    window: int = 15,
    iterations: int = 3,
    neighbourhood: int = 5,
) -> Flow:
    """Polynomial expansion (Farnebäck): smooth flow from quadratics, slower than dis.

    Args:
        before: uint8 (H, W).
        after: uint8 (H, W).
        levels: of the pyramid, each half the size, the picture itself among them.
        window: side of the averaging window in pixels; larger is smoother.
        iterations: at each level.
        neighbourhood: 5 or 7, side of the neighbourhood that becomes a polynomial.

    Returns:
        float32 (H, W, 2), rows and columns.

    Raises:
        InvalidArgument: a value below 1 or a neighbourhood other than 5 and 7.
    """
    for name, value in (("levels", levels), ("window", window), ("iterations", iterations)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InvalidArgument(f"farneback: {name} is {value!r}; it is a whole number from 1 on")
    if neighbourhood not in (5, 7):
        raise InvalidArgument(f"farneback: neighbourhood is {neighbourhood!r}; it can be 5 or 7")
    cv2 = opencv("optical flow (farneback)")
    sigma = 1.1 if neighbourhood == 5 else 1.5
    flow = cv2.calcOpticalFlowFarneback(
        before, after, None, 0.5, levels, window, iterations, neighbourhood, sigma, 0
    )
    return np.asarray(flow[..., ::-1])
