"""Models for still pictures, frame by frame, made smooth along the flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.image import Image
from heatlens.perception.model import SALIENCY
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.smoothing import along, smoother

__all__ = ["StillFrames", "look_at", "network_map"]

Map = npt.NDArray[np.float32]
_TINY = Image(np.arange(16 * 24 * 3, dtype=np.uint8).reshape(16, 24, 3))


class StillFrames:
    """A watcher that looks at each frame as at a still picture.

    Args:
        look: gives the map of a picture, (h, w).
        smoothing: share of the past along the flow; 0 leaves each frame alone.
    """

    def __init__(self, look: Callable[[Image], Map], smoothing: float) -> None:
        """Begin without a past."""
        self._look = look
        self._steady = smoother(smoothing)

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion | None) -> Map:
        """The map of this frame; without motion (a film of one frame) nothing is smoothed."""
        values = self._look(Image(frame))
        return values if motion is None else along(self._steady, values, motion)

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []


def look_at(method: str, parameters: Mapping[str, Any]) -> Callable[[Image], Map]:
    """What a registered model for still pictures does with a picture.

    Raises:
        UnknownName: no such model.
        InvalidArgument: a parameter that it does not have.
    """
    model = SALIENCY[method]
    model.check(parameters)
    if parameters:  # what values it can have, only the model knows: it is asked once
        model(_TINY, **parameters)
    return lambda image: model(image, **parameters)


def network_map(network: Any, parameters: Mapping[str, Any]) -> Callable[[Image], Map]:
    """What a network of saliency does with a picture; see `learned_saliency`.

    Raises:
        InvalidArgument: a parameter that it does not have. What a value means to this network, a
            channel that it lacks for one, shows at the first frame.
    """
    from heatlens.models.load import as_model
    from heatlens.perception.learned import check_learned, learned_saliency

    check_learned(parameters)
    model = as_model(network, warn=True)
    return lambda image: learned_saliency(image, model, parameters).values
