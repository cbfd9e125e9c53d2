"""Frame difference: what changed since the frame before, as the moved camera would have seen it.

    S = G * |I_t - I_(t-1) warped by the camera's motion|

averaged over the colours. The oldest detector of motion, as a baseline: it answers at the edges of
what moves, the more the stronger they are, and wherever the camera's motion is not quite hit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.perception.moving.model import register
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.smoothing import softened

__all__ = ["FrameDifference"]

Map = npt.NDArray[np.float32]


@register(
    "frame-difference", family="difference", paper="baseline", unit="grey value, 0..1", least=0.02
)
class FrameDifference:
    """What changed since the frame before, after the camera's motion is taken out.

    Args:
        sigma: of the blur G, in pixels of the grid of motion (320 across); 0 leaves it out.
        steady: whether the frame before is warped by the camera's motion first.

    Raises:
        InvalidArgument: a negative sigma.
    """

    def __init__(self, *, sigma: float = 3.0, steady: bool = True) -> None:
        """Check the blur."""
        if not 0 <= sigma <= 64:
            raise InvalidArgument(f"frame-difference: sigma is {sigma:g}; it lies in 0..64 pixels")
        self._sigma, self._steady = sigma, steady

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map:
        """The change in this frame; zero right after a cut, and where the camera saw nothing."""
        if motion.apart:
            return np.zeros(motion.size, np.float32)
        other = motion.steadied if self._steady else motion.other
        change = np.abs(motion.frame.astype(np.float32) - other).mean(axis=2) / 255
        if self._steady:
            change *= motion.known
        return softened(change.astype(np.float32), self._sigma)

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []
