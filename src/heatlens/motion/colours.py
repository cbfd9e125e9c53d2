"""A flow in colours: the hue says where to, the saturation how far.

The wheel of Baker, Scharstein, Lewis, Roth, Black, Szeliski: A Database and Evaluation Methodology
for Optical Flow, IJCV 2011 (Middlebury), after which most flow pictures are made: 55 hues, spaced
so that they look evenly far apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.motion.flow import Flow
from heatlens.motion.warp import checked_flow

__all__ = ["flow_picture", "flow_wheel"]

_STEPS = (15, 6, 4, 11, 13, 6)
"""Hues from red to yellow, to green, cyan, blue, magenta, and back to red."""
_CORNERS = np.array(
    [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], np.float64
)


def flow_picture(flow: Flow, limit: float | None = None) -> npt.NDArray[np.uint8]:
    """Colour each pixel by its motion; `flow_wheel` is the legend.

    White stands still. Right is red, down yellow, left cyan to blue, up violet; what lies between
    has the colours between. The colour is full at `limit` pixels per frame; faster motion has the
    same hue, darkened to three quarters, so that it is seen to be off the scale.

    Args:
        flow: (H, W, 2), rows and columns.
        limit: pixels per frame of the full colour. None: the fastest pixel's; in a film give one
            number, or the colours of one frame are not those of the next.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        InvalidArgument: a limit that is not above 0, or a flow that is not finite.

    Example:
        >>> flow = np.zeros((1, 3, 2), np.float32)
        >>> flow[0, 1] = 0, 2
        >>> flow[0, 2] = 0, 1
        >>> flow_picture(flow)[0].tolist()
        [[255, 255, 255], [255, 0, 0], [255, 127, 127]]
    """
    checked = checked_flow(flow)
    length = np.hypot(checked[..., 0], checked[..., 1])
    if limit is None:
        limit = float(length.max()) or 1.0
    elif isinstance(limit, bool) or not isinstance(limit, int | float | np.number):
        raise InvalidType(f"limit is {limit!r}; it is a number of pixels per frame")
    elif not 0 < limit < np.inf:
        raise InvalidArgument(f"limit is {limit}; it is above 0, in pixels per frame")
    wheel = _wheel()
    angle = np.arctan2(-checked[..., 0], -checked[..., 1]) / np.pi
    # Rightwards is both ends of the wheel; minus zero rows must not decide which.
    angle = np.where(checked[..., 0] == 0, np.where(checked[..., 1] >= 0, -1.0, 0.0), angle)
    place = (angle + 1) / 2 * (len(wheel) - 1)
    low = np.floor(place).astype(int)
    share = (place - low)[..., None]
    hue = wheel[low] * (1 - share) + wheel[(low + 1) % len(wheel)] * share
    reach = (length / limit)[..., None].astype(np.float64)
    inside = reach <= 1 + 1e-6
    colour = np.where(inside, 1 - np.minimum(reach, 1) * (1 - hue), 0.75 * hue)
    return (255 * colour).astype(np.uint8)


def flow_wheel(size: int = 128) -> npt.NDArray[np.uint8]:
    """The legend of `flow_picture`: at each place the colour of the motion from the centre to it.

    Args:
        size: side in pixels, at least 3; the rim of the disc is the limit.

    Returns:
        uint8 (size, size, 3), white beyond the disc.

    Example:
        >>> wheel = flow_wheel(65)
        >>> wheel[32, 32].tolist(), wheel[32, 64].tolist()  # the centre, and right
        ([255, 255, 255], [255, 0, 0])
    """
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise InvalidType(f"size is {size!r}; it is a whole number of pixels")
    if not 3 <= size <= 8192:
        raise InvalidArgument(f"size is {size}; a wheel has 3 to 8192 pixels a side")
    along = np.linspace(-1, 1, int(size), dtype=np.float32)
    flow = np.stack(np.meshgrid(along, along, indexing="ij"), -1)
    picture = flow_picture(flow, 1.0)
    picture[np.hypot(flow[..., 0], flow[..., 1]) > 1 + 1e-6] = 255
    return picture


def _wheel() -> npt.NDArray[np.float64]:
    """The 55 hues, (55, 3), 0..1, from red over yellow, green, cyan, blue and magenta."""
    parts = [
        _CORNERS[i] + (_CORNERS[i + 1] - _CORNERS[i]) * (np.arange(n) / n)[:, None]
        for i, n in enumerate(_STEPS)
    ]
    return np.floor(255 * np.concatenate(parts)) / 255
