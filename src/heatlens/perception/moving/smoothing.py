"""Maps made smooth: over the picture, and over time along the flow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.films.quiet import opencv
from heatlens.motion.steady import Steady
from heatlens.perception.moving.motion import Motion

__all__ = ["along", "smoother", "softened"]

Map = npt.NDArray[np.float32]


def softened(values: npt.NDArray[np.float32], sigma: float) -> Map:
    """Gaussian blur, mirrored at the border; `sigma` 0 changes nothing."""
    cv2 = opencv("saliency of films")
    if sigma == 0:
        return np.asarray(values, np.float32)
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)


def smoother(smoothing: float) -> Steady:
    """What averages maps over time along the flow.

    Args:
        smoothing: share of the past, 0 (none) to below 1. .5 brings flicker of variance 1 to 1/3.

    Example:
        >>> smoother(1.0)
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: smoothing is 1; it lies in 0 (none) to below 1
    """
    if not 0 <= smoothing < 1:
        raise InvalidArgument(f"smoothing is {smoothing:g}; it lies in 0 (none) to below 1")
    return Steady(1 - smoothing)


def along(steady: Steady, values: Map, motion: Motion) -> Map:
    """The next map of a film, smoothed; it forgets at a cut.

    Args:
        steady: what remembers the maps before.
        values: (h, w), on any grid that covers the frame; the same each time.
        motion: of the frame that the map belongs to.
    """
    if steady.weight == 1:
        return values
    if motion.apart or motion.ahead:
        return steady.mix(values, None)
    return steady.mix(values, motion.toward, motion.agreement)
