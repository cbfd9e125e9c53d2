"""Flow magnitude: how fast everything moves, the camera's motion taken out.

    S = G * (c |r|)

r is the flow that the camera's motion does not explain, c in 0..1 how far texture pins it down.
A baseline: it does not ask whether the surround moves alike.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.perception.moving.model import register
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.smoothing import softened

__all__ = ["FlowMagnitude"]

Map = npt.NDArray[np.float32]


@register(
    "flow-magnitude",
    family="motion",
    paper="baseline",
    unit="pixels of the motion's grid per frame",
    least=0.25,
)
class FlowMagnitude:
    """How fast things move, after the camera's motion is taken out.

    Args:
        sigma: of the blur G, in pixels of the grid of motion (320 across); 0 leaves it out.
        steady: whether the camera's motion is taken out.

    Raises:
        InvalidArgument: a negative sigma.
    """

    def __init__(self, *, sigma: float = 3.0, steady: bool = True) -> None:
        """Check the blur."""
        if not 0 <= sigma <= 64:
            raise InvalidArgument(f"flow-magnitude: sigma is {sigma:g}; it lies in 0..64 pixels")
        self._sigma, self._steady = sigma, steady

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map:
        """The speed in this frame; zero right after a cut."""
        flow = motion.residual if self._steady else motion.flow
        speed = np.sqrt((flow**2).sum(axis=2)) * motion.confidence * motion.known
        return softened(speed, self._sigma)

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []
