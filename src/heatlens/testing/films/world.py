"""What a film is rendered from: a world, and the things in it whose pixels are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.films.camera import Camera
from heatlens.testing.films.panels import Panel
from heatlens.testing.scenes.sources import Pixels

Kind = Literal["car", "person", "sign"]


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """An object whose pixels are known.

    Attributes:
        name: like "car ahead".
        kind: what it is.
        place: seconds -> its middle in metres (right, up, forward); None while it is not there.
        panels: seconds, own number -> its panels.
        digit: what a sign says; None for all else.
        still: stands all the time.
    """

    name: str
    kind: Kind
    place: Callable[[float], tuple[float, float, float] | None]
    panels: Callable[[float, int], list[Panel]]
    digit: int | None = None
    still: bool = False

    @property
    def moves(self) -> bool:
        """Whether it moves by itself."""
        return self.kind != "sign" and not self.still


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All that a film is rendered from.

    Attributes:
        camera: seconds -> the camera.
        ground: paints what lies behind everything on (H, W, 3) for a camera at some seconds.
        scenery: camera -> panels without owner.
        light: seconds -> what all colours are multiplied by, (3,).
        lines: camera -> painted lines of the road; see `Road.lines`.
        noise: standard deviation of the sensor's noise, in grey levels of 255.
        haze: (3,) colour of the distance.
        reach: metres over which things fade into it by 63 %.
    """

    camera: Callable[[float], Camera]
    ground: Callable[[Pixels, Camera, float], None]
    scenery: Callable[[Camera], list[Panel]]
    light: Callable[[float], Pixels]
    lines: Callable[[Camera], dict[str, NDArray[np.float64]]]
    noise: float
    haze: Pixels
    reach: float
