"""Drawing small textures: rounded shapes with soft edges on an empty sheet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatlens.testing.scenes.sources import Pixels

Colour = tuple[float, float, float]


class Sheet:
    """An empty texture to draw on, in units of its own: height 1, width as given.

    Args:
        rows: pixels down.
        columns: pixels across.
        width: of the sheet in units of its height.

    Attributes:
        pixels: (rows, columns, 4), colours multiplied by opacity, and opacity.
    """

    def __init__(self, rows: int, columns: int, width: float = 1.0) -> None:
        self.pixels: Pixels = np.zeros((rows, columns, 4), np.float32)
        self._unit = 1 / rows
        self._y = ((np.arange(rows) + 0.5) / rows)[:, None]
        self._x = ((np.arange(columns) + 0.5) / columns * width)[None]

    def lay(self, distance: NDArray[np.float64], colour: Colour | Pixels) -> None:
        """Lay a colour where a signed distance, in units, is negative."""
        cover = np.clip(0.5 - distance / self._unit, 0, 1).astype(np.float32)[..., None]
        inked = np.concatenate(
            [np.broadcast_to(np.asarray(colour, np.float32), (*cover.shape[:2], 3)), cover], axis=-1
        )
        inked[..., :3] *= cover
        self.pixels = self.pixels * (1 - cover) + inked

    def limb(
        self, start: tuple[float, float], end: tuple[float, float], radius: float, colour: Colour
    ) -> None:
        """A stroke with round ends from one (y, x) to another, shaded as if round."""
        (y0, x0), (y1, x1) = start, end
        dy, dx = y1 - y0, x1 - x0
        share = ((self._y - y0) * dy + (self._x - x0) * dx) / max(dy * dy + dx * dx, 1e-12)
        share = np.clip(share, 0, 1)
        aside = self._x - x0 - share * dx
        away = np.hypot(self._y - y0 - share * dy, aside)
        light = (1.0 - 0.3 * np.clip(aside / radius, -1, 1)).astype(np.float32)
        self.lay(away - radius, np.clip(light[..., None] * np.array(colour, np.float32), 0, 1))

    def box(
        self, centre: tuple[float, float], half: tuple[float, float], round: float, colour: Colour
    ) -> None:
        """A rectangle about (y, x) with rounded corners; `half` is its half height and width."""
        down = np.abs(self._y - centre[0]) - (half[0] - round)
        aside = np.abs(self._x - centre[1]) - (half[1] - round)
        outside = np.hypot(np.maximum(down, 0), np.maximum(aside, 0))
        self.lay(outside + np.minimum(np.maximum(down, aside), 0) - round, colour)

    def disc(self, centre: tuple[float, float], radius: float, colour: Colour) -> None:
        """A disc about (y, x)."""
        self.lay(np.hypot(self._y - centre[0], self._x - centre[1]) - radius, colour)

    @property
    def texture(self) -> Pixels:
        """The sheet with colours not multiplied, as `atlas` takes it."""
        result = self.pixels.copy()
        result[..., :3] /= np.maximum(result[..., 3:], 1e-6)
        return result
