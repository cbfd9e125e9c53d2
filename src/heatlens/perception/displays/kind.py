"""What the items of a display look like, and the registry of what the odd one may differ in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from heatlens.parameters import summary_of
from heatlens.perception.channels import LUMA
from heatlens.registry import Registry

__all__ = ["BACKGROUND", "KINDS", "Kind", "Looks", "coloured", "register"]

Floats = npt.NDArray[np.float64]

BACKGROUND = 0.25
"""Grey level behind the items, 0..1."""


@dataclass(frozen=True, eq=False)
class Looks:
    """How each of n items is drawn.

    Attributes:
        colours: (n, 3) red, green, blue in 0..1, as on the screen.
        angles: (n,) radians from the horizontal, towards the top.
        scales: (n,) length in ordinary items.
        velocities: (n, 2) rows and columns per frame in ordinary items; None for a still.
    """

    colours: Floats
    angles: Floats
    scales: Floats
    velocities: Floats | None = None


@dataclass(frozen=True)
class Kind:
    """A registered way of being odd.

    Attributes:
        name: what users call it.
        looks: `looks(rng, n, odd)` to `Looks`: n items of which number `odd` differs.
        popout: whether the eye finds the odd item at once, however many items there are.
        moving: whether it takes a clip to see it.
    """

    name: str
    looks: Callable[[np.random.Generator, int, int], Looks]
    popout: bool
    moving: bool

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.looks)


KINDS: Registry[Kind] = Registry("kind of display", ("heatlens.perception.displays.kinds",))
"""All kinds of display, by name."""

Function = Callable[[np.random.Generator, int, int], Looks]


def register(
    name: str, *, popout: bool = True, moving: bool = False
) -> Callable[[Function], Function]:
    """Register a kind under `name`; see `Kind` for the arguments."""

    def decorate(function: Function) -> Function:
        KINDS.add(name, Kind(name, function, popout, moving))
        return function

    return decorate


def coloured(hues: npt.ArrayLike, luma: npt.ArrayLike, chroma: float) -> Floats:
    """Colours of one brightness: a circle around grey in the plane of equal luma.

        rgb = luma + chroma (cos(hue) u + sin(hue) v),   u, v orthonormal, u . w = v . w = 0

    with w = (.299, .587, .114), so that the BT.601 luma of every hue is exactly `luma`.

    Args:
        hues: (n,) radians; 0 is reddest.
        luma: brightness, one number or (n,), 0..1.
        chroma: radius of the circle; values that leave 0..1 are cut off, so keep it small.

    Example:
        >>> colour = coloured([0.0], 0.5, 0.3)
        >>> round(float(colour[0] @ [0.299, 0.587, 0.114]), 6)
        0.5
    """
    weights = LUMA.astype(np.float64)
    normal = weights / np.linalg.norm(weights)
    red = np.array([1.0, 0.0, 0.0])
    u = red - (red @ normal) * normal
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    angle = np.asarray(hues, np.float64)[:, None]
    grey = np.broadcast_to(np.asarray(luma, np.float64), angle.shape[:1])[:, None]
    rgb: Floats = grey + chroma * (np.cos(angle) * u + np.sin(angle) * v)
    return np.clip(rgb, 0.0, 1.0)
