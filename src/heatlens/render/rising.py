"""`RisingScale`: the colours of a film whose highest value is not known before its end."""

from __future__ import annotations

import numbers

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.render.colour import Scale
from heatlens.render.over_frame import over_frame

__all__ = ["RisingScale"]


class RisingScale:
    """One scale of colours for all frames of a film, laid over them one by one.

    All frames have to share a scale, or heat could not be compared over time. It runs from 0 to the
    highest value so far: it rises now and then and never falls, so that nothing flickers.

    Attributes:
        top: the value of the last colour.

    Example:
        >>> scale = RisingScale(colour_map="gray", alpha=1.0)
        >>> black = np.zeros((1, 1, 3), np.uint8)
        >>> shown = [int(scale.over(black, np.float32([[heat]])).max()) for heat in (1, 4, 2)]
        >>> shown[0] == shown[1] == 255, shown[2] < 100, scale.top
        (True, True, 4.0)
    """

    def __init__(
        self,
        *,
        top: float | None = None,
        least: float = 0.0,
        colour_map: str = "viridis",
        alpha: float = 0.75,
    ) -> None:
        """Begin at the bottom.

        Args:
            top: the value of the last colour from the first frame on; None lets it rise.
            least: what it rises from: heat below it is never drawn as the hottest.
            colour_map: a name; see `heatlens.render.colour`.
            alpha: opacity (0..1) of the hottest; where there is no heat the frame is as it was.

        Raises:
            InvalidType: `alpha` or `top` is no number.
            InvalidArgument: one of them is out of its range, or there is no such colour map.
        """
        for name, given in (("alpha", alpha), ("top", 1.0 if top is None else top)):
            if isinstance(given, bool) or not isinstance(given, numbers.Real):
                raise InvalidType(f"{name} is {given!r}; it is a number")
        if not 0 <= alpha <= 1:
            raise InvalidArgument(f"alpha is {alpha:g}; it lies in 0..1")
        if top is not None and not (np.isfinite(top) and top > 0):
            raise InvalidArgument(f"top is {top:g}; it is above 0, in the unit of the method")
        self.top = float(least if top is None else top)
        self._fixed = top is not None
        self._colour_map, self._alpha = colour_map, float(alpha)
        Scale(0.0, 1.0, colour_map)

    def over(
        self, frame: npt.NDArray[np.uint8], heat: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.uint8]:
        """The frame under its heat, uint8 (H, W, 3); values below 0 are not shown."""
        if not self._fixed:
            self.top = max(self.top, float(heat.max()))
        return over_frame(frame, heat, Scale(0.0, self.top, self._colour_map), self._alpha)
