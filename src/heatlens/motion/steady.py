"""`Steady`: maps of a film that follow the motion and do not flicker.

    s_t(p) = x_t(p) + (1 - w) k(p) (s_{t-1}(p + b(p)) - x_t(p))
    k(p) = exp(-(d(p) / tolerance)^2)      d = G_1 * (I_t - I_{t-1} (id + b)), in grey levels

b is the flow from frame t back to the one before, k how well that frame, fetched along it, agrees
with this one. Where something comes into view, nothing is remembered; nor after a cut.

After Ruder, Dosovitskiy, Brox: Artistic Style Transfer for Videos, GCPR 2016, where the past counts
as far as the flow can be trusted; there by its consistency, here by what it fetches, which takes
one flow instead of two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.images.films.quiet import opencv
from heatlens.motion.cuts import is_cut
from heatlens.motion.flow import FLOWS, Flow, optical_flow
from heatlens.motion.frames import colour_pair, grey
from heatlens.motion.grids import flow_on, onto, reduced_frame, within
from heatlens.motion.warp import checked_flow, warped

__all__ = ["TOLERANCE", "Steady", "agreement"]

Map = npt.NDArray[np.float32]
TOLERANCE = 16.0
"""Grey levels (of 255) of disagreement at which a past counts by 1 / e."""
_GRID = 320


class Steady:
    """A running mean of maps along the motion of the film they belong to.

    Args:
        weight: w, of the newest map, above 0 up to 1; 1 is no smoothing. What is remembered fades
            with a time constant of about 1 / w frames.
        method: of `optical_flow`.
        tolerance: levels of 0..255 of disagreement between a point and its past at which the past
            counts by 1 / e.

    Example:
        >>> steady = Steady(weight=0.5)
        >>> frame = np.zeros((16, 20, 3), np.uint8)
        >>> first = steady.update(np.zeros((16, 20)), frame)
        >>> float(steady.update(np.ones((16, 20)), frame)[8, 10])
        0.5
    """

    def __init__(
        self, weight: float = 0.3, *, method: str = "dis", tolerance: float = TOLERANCE
    ) -> None:
        """Start without a past."""
        if isinstance(weight, bool) or not isinstance(weight, int | float | np.number):
            raise InvalidArgument(f"weight is {weight!r}; it is a number above 0, up to 1")
        if not 0 < weight <= 1:
            raise InvalidArgument(f"weight is {weight}; it is above 0, up to 1 (no smoothing)")
        if not tolerance > 0:
            raise InvalidArgument(f"tolerance is {tolerance}; it is above 0, in levels of 0..255")
        self.weight = float(weight)
        self.method = FLOWS[method].name
        self.tolerance = float(tolerance)
        self.remembered = 0.0
        """How much of a past the last frame's pixels had: the mean of k."""
        self._frame: npt.NDArray[np.uint8] | None = None
        self._size: tuple[int, ...] = ()
        self._map: Map | None = None
        self._valid: npt.NDArray[np.bool_] | None = None

    def reset(self) -> None:
        """Forget the past, as at a cut."""
        self._frame = self._map = self._valid = None
        self.remembered = 0.0

    def update(
        self, values: Any, frame: Any, *, valid: Any = None, backward: Flow | None = None
    ) -> Map:
        """Take the next frame's map; hand out the steady one.

        The motion is found on a grid of 320 pixels along the longer side. Neither the map nor the
        frame is held on to: both may be drawn on afterwards.

        Args:
            values: (H, W), finite: the map of this frame.
            frame: the frame, of the same size, as `optical_flow` takes it.
            valid: bool (H, W), where the map means something; None is everywhere. A place that is
                not valid stays as it is, and is nobody's past.
            backward: (H, W, 2), the flow from this frame to the last one, where it is known.

        Returns:
            float32 (H, W); a fresh array.

        Raises:
            InvalidArgument: a map, `valid` or flow of another size than the frame, or frames of two
                sizes. What was remembered is kept.
            UnreadableImage: NaN or infinite values.
        """
        current = np.asarray(values, np.float32)
        _, colours = colour_pair(frame, frame)
        size = colours.shape[:2]
        if current.shape != size:
            raise InvalidArgument(
                f"the map has shape {current.shape}, its frame {size}; resize it first"
            )
        if not np.isfinite(current).all():
            raise UnreadableImage("the map has values that are NaN or infinite")
        if self._frame is not None and self._size != size:
            raise InvalidArgument(
                f"this frame is {size} pixels, the last was {self._size}; reset() starts a new film"
            )
        small = reduced_frame(colours, _GRID)
        toward = trust = None
        if self._frame is not None:
            if backward is None:
                toward = optical_flow(small, self._frame, self.method)
            else:
                toward = flow_on(checked_flow(backward, size), small.shape[:2])
            fetched = warped(grey(self._frame), toward)
            if is_cut(grey(small), fetched):
                toward = None
            else:
                trust = agreement(grey(small), fetched, self.tolerance)
        steady = self.mix(current, toward, trust, valid=valid)
        self._frame, self._size = small, size
        return steady

    def mix(
        self,
        values: npt.NDArray[Any],
        toward: Flow | None,
        trust: Map | None = None,
        *,
        valid: Any = None,
    ) -> Map:
        """`update` where the motion is known: the formula by itself.

        Args:
            values: (H, W), finite, on any grid that covers the frame; the same each time.
            toward: (h, w, 2), where what is seen here lay in the frame before, less where it lies
                here, on a grid of its own that covers the frame. None where there is no past.
            trust: k, (h, w) in 0..1; None is 1 everywhere.
            valid: as in `update`.

        Returns:
            float32 (H, W); a fresh array.
        """
        current = np.array(values, np.float32)
        here = None if valid is None else np.array(valid, bool)
        for name, other in (("valid", here), ("the map before", self._map)):
            if other is not None and other.shape != current.shape:
                raise InvalidArgument(f"the map has shape {current.shape}, {name} {other.shape}")
        self.remembered = 0.0
        if toward is not None and self._map is not None:
            way = flow_on(toward, current.shape)
            known = within(way)
            if trust is not None:
                known *= onto(trust, current.shape)
            if here is not None:
                known *= here
            if self._valid is not None:  # every pixel that the bilinear mean is made of
                known *= warped(self._valid, way) > 1 - 1e-6
            self.remembered = float(known.mean())
            current += np.float32(1 - self.weight) * known * (warped(self._map, way) - current)
        self._map, self._valid = current, here
        return current.copy()


def agreement(
    frame: npt.NDArray[Any], fetched: npt.NDArray[Any], tolerance: float = TOLERANCE
) -> Map:
    """k of the formula above, (h, w) in 0..1, of two grey pictures in levels of 0..255.

    Example:
        >>> flat = np.zeros((4, 4), np.uint8)
        >>> agreement(flat, flat + np.uint8(16))[1, 1].round(4)
        np.float32(0.3679)
    """
    cv2 = opencv("optical flow")
    apart = cv2.GaussianBlur(frame.astype(np.float32) - fetched, (0, 0), 1)
    return np.asarray(np.exp(-((apart / np.float32(tolerance)) ** 2)), np.float32)
