"""The colour map for signed values: blue against, red for, light grey for none."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.render import cielab

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["blue_red"]

_CHROMA, _BLUE, _RED = 54.0, (272, 12), (30, 6)
"""Of blue-red: chroma at the ends, hue (degrees in CIELAB) at the centre and its turn."""


@functools.cache
def blue_red(reverse: bool = False) -> Colormap:
    """Blue over light grey to red with an odd number of entries: zero has its own colour.

    Chroma grows in proportion to the value, alike on both sides; lightness, from 95 down, takes
    what is left of a constant step, so that by the main terms of CIEDE2000

        (dL / S_L)^2 + (dC / S_C)^2 = constant,   S_C = 1 + .045 C

    and all of the step is chroma at zero: lightness has no kink there.
    """
    from matplotlib.colors import ListedColormap

    t = np.linspace(0, 1, 129)
    C = _CHROMA * t
    rest = np.sqrt(1 - 1 / (1 + 0.045 * C) ** 2)  # of a step of length _CHROMA * dt
    L_grid = np.linspace(95, 20, 2001)
    S_L = 1 + 0.015 * (L_grid - 50) ** 2 / np.sqrt(20 + (L_grid - 50) ** 2)
    travelled = np.concatenate([[0], np.cumsum(np.diff(-L_grid) * 2 / (S_L[1:] + S_L[:-1]))])
    wanted = np.concatenate([[0], np.cumsum((rest[1:] + rest[:-1]) / 2)]) * _CHROMA / (len(t) - 1)
    L = np.interp(wanted, travelled, L_grid)

    def side(hue: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        angle = np.deg2rad(hue)
        return np.stack([L, C * np.cos(angle), C * np.sin(angle)], axis=-1)

    blue, red = side(_BLUE[0] + _BLUE[1] * t), side(_RED[0] + _RED[1] * t)
    colours = cielab.to_srgb(np.concatenate([blue[:0:-1], red]))
    made = ListedColormap(colours.tolist(), name="blue-red")
    return made.reversed("blue-red_r") if reverse else made
