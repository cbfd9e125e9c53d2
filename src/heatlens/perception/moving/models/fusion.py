"""Fusion: what moves and what stands out at rest, weighted by how much the motion stands out.

    S = k M / max M + (1 - k) P / max P
    k = s / (1 + s),    s = v / 0.03 + (a / 0.16)^2,    v = max M - median M

M is motion contrast, in pixels per frame, P a model for still pictures. Where something moves
clearly, the eye follows it; where nothing does, it looks at the picture. Then S is averaged over
time along the flow.

There is evidence of two kinds that something moves. v is how far M stands out. M is drawn to rest
where little is known: where only the camera moves, v is some 0.001 and seldom 0.05, and a seventh
of the speed of an object of a quarter of the height; but of a small thing without texture it is no
more than of nothing. a is how far off the camera's motion is around the peak of M, in squared
pixels (`Motion.apart_from_camera`), whatever the contrast: 0.2 and more where something moves by a
pixel, seldom above 0.1 where nothing does, and 0.03 in noise.

Zhai, Shah: Visual Attention Detection in Video Sequences Using Spatiotemporal Cues, ACM Multimedia
2006: the weights, with v as pseudo-variance and a constant of 0.3 pixels. The constants here were
chosen on clips in which nothing but the camera moves, and on small discs without texture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.area import reduced
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY
from heatlens.perception.moving.model import MOVING, register
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.smoothing import along, smoother

__all__ = ["Fusion", "fused"]

Map = npt.NDArray[np.float32]
_EVEN = 0.03
"""Pixels per frame at which motion and picture count alike."""
_APART = 0.16
"""Likewise in squared pixels, of how far off the camera's motion is."""


@register(
    "fusion",
    family="fusion",
    paper="doi:10.1145/1180639.1180824",
    top=1.0,
    unit="share of the frame's most salient place",
)
class Fusion:
    """What moves and what stands out at rest; the motion counts as far as it stands out.

    Says where the eye goes in a frame, not how much more than in another: something fast and
    something slow both come to about 1. For how much there is `motion-contrast`.

    Args:
        still: a model for still pictures, a name from `SALIENCY`, with its defaults.
        motion: a model of the family "motion", a name from `MOVING`, with its defaults.
        smoothing: share of the past along the flow, 0 (none) to below 1.

    Raises:
        UnknownName: no such model.
        InvalidArgument: a `motion` that is not measured in pixels per frame, a smoothing out of
            range.
    """

    def __init__(
        self,
        *,
        still: str = "image-signature",
        motion: str = "motion-contrast",
        smoothing: float = 0.5,
    ) -> None:
        """Start both models."""
        self._still = SALIENCY[still]
        moving = MOVING[motion]
        if moving.family != "motion":
            able = ", ".join(name for name, item in MOVING.items() if item.family == "motion")
            raise InvalidArgument(f"fusion: motion is {motion!r}; it can be {able}")
        self._motion = moving.start()
        self._steady = smoother(smoothing)

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map:
        """Both maps of this frame as one, on the grid of the map of motion."""
        moving = self._motion.see(frame, motion)
        if moving is None:  # pragma: no cover - none of the family waits
            raise InvalidArgument("fusion: the model of motion waits for later frames")
        # The reduced frame is enough for a model that reduces it further itself.
        small = self._still.longest is not None and self._still.longest <= max(motion.size)
        still = _on(self._still(Image(motion.frame if small else frame)), moving.shape)
        apart = 0.0 if motion.apart else _apart(moving, motion)
        return along(self._steady, fused(moving, still, apart), motion)

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []


def fused(moving: Map, still: Map, apart: float = 0.0) -> Map:
    """The formula above; a map that is zero everywhere adds nothing.

    Args:
        moving: (h, w) in pixels per frame.
        still: (h, w) in any unit.
        apart: a, squared pixels.

    Returns:
        (h, w) in 0..1: shares of the largest place of the frame, not comparable over time.

    Example:
        >>> fused(np.float32([[0, 0, 0.03]]), np.float32([[4, 0, 0]])).tolist()
        [[0.5, 0.0, 0.5]]
    """
    stands_out = (float(moving.max()) - float(np.median(moving))) / _EVEN + (apart / _APART) ** 2
    weight = np.float32(stands_out / (1 + stands_out))
    both = weight * _of_largest(moving) + (1 - weight) * _of_largest(still)
    return np.minimum(both, np.float32(1))  # the rounded shares may come to a little more


def _apart(moving: Map, motion: Motion) -> float:
    """a of the formula: the largest within 6 pixels of the grid around the peak of the motion."""
    peak = np.unravel_index(int(moving.argmax()), moving.shape)
    row, column = (int(peak[k] * motion.size[k] / moving.shape[k]) for k in (0, 1))
    around = slice(max(row - 6, 0), row + 7), slice(max(column - 6, 0), column + 7)
    return float(motion.apart_from_camera[around].max())


def _on(values: Map, size: tuple[int, ...]) -> Map:
    """A map on another grid: the mean of the area where that is smaller, else bilinear."""
    if values.shape[0] <= size[0]:
        return enlarged(values, (size[0], size[1]))
    return reduced(values, (size[0], size[1]))


def _of_largest(values: Map) -> Map:
    largest = values.max()
    return values / largest if largest > 0 else values
