"""Motion contrast: what moves otherwise than what is around it, the camera's motion taken out.

    S = mean_k | r_c(k) - r_s(k) |,     r_s = G_s * (c e r) / (G_s * c + p)

r is the flow that the camera's motion does not explain, e in 0..1 how much better the flow explains
the frame than the camera alone (`Motion.evidence`), c in 0..1 how far texture pins the flow down,
G_s a Gaussian. The prior p = 0.3 stands for a patch of ground at rest: where nothing is known of the
motion, r_s is 0. Centre and surround are 2 and 8, 4 and 16, 8 and 32 pixels of the motion's grid.

Itti, Dhavale, Pighin: Realistic Avatar Eye and Head Animation Using a Neurobiological Model of
Visual Attention, SPIE 2003 (centre-surround of motion); Knutsson, Westin: Normalized and
Differential Convolution, CVPR 1993 (means weighted by confidence).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.films.quiet import opencv
from heatlens.perception.moving.model import register
from heatlens.perception.moving.motion import Motion

__all__ = ["MotionContrast", "contrast_of"]

Map = npt.NDArray[np.float32]
_PRIOR = np.float32(0.3)
_RATIO = 4.0


@register(
    "motion-contrast",
    family="motion",
    paper="doi:10.1117/12.512618",
    unit="pixels of the motion's grid per frame",
    least=0.05,
)
class MotionContrast:
    """What moves otherwise than its surround, after the camera's motion is taken out.

    Args:
        centre: sigma of the smallest centre, in pixels of the grid of motion (320 across).
        scales: how many centres, each twice as large as the one before.

    Raises:
        InvalidArgument: a centre of 0 or less, no scale.
    """

    def __init__(self, *, centre: float = 2.0, scales: int = 3) -> None:
        """Check the scales."""
        if not 0 < centre <= 64:
            raise InvalidArgument(f"motion-contrast: centre is {centre:g}; it lies in 0..64 pixels")
        if not 1 <= scales <= 6:
            raise InvalidArgument(f"motion-contrast: scales is {scales}; it lies in 1..6")
        self._centres = tuple(centre * 2**k for k in range(scales))

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map:
        """The contrast of motion in this frame; zero right after a cut."""
        return contrast_of(
            motion.residual * motion.evidence[..., None],
            motion.confidence * motion.known,
            self._centres,
        )

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []


def contrast_of(residual: Map, trust: Map, centres: tuple[float, ...]) -> Map:
    """The formula above.

    Args:
        residual: (h, w, 2) in pixels per frame.
        trust: (h, w) in 0..1.
        centres: sigmas of the centres in pixels; surrounds are four times as wide.

    Returns:
        (h / 2, w / 2), rounded up: half the grid loses nothing that a centre of 2 pixels keeps.

    Example:
        >>> alone = np.zeros((32, 32, 2), np.float32)
        >>> alone[12:20, 12:20] = 3
        >>> together = np.full((32, 32, 2), 3, np.float32)
        >>> [
        ...     bool(contrast_of(r, np.ones((32, 32), np.float32), (2.0,)).max() > 1)
        ...     for r in (alone, together)
        ... ]
        [True, False]
    """
    cv2 = opencv("saliency of films")
    height, width = trust.shape
    weighted = np.dstack([residual * trust[..., None], trust])
    half = cv2.resize(weighted, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    total = np.zeros(half.shape[:2], np.float32)
    for centre in centres:
        inner, outer = _mean(half, centre / 2), _mean(half, _RATIO * centre / 2)
        total += np.sqrt(((inner - outer) ** 2).sum(axis=2))
    return np.asarray(total / np.float32(len(centres)), np.float32)


def _mean(weighted: Map, sigma: float) -> Map:
    """Mean residual around each pixel, weighted by trust and drawn to rest."""
    cv2 = opencv("saliency of films")
    blurred = cv2.GaussianBlur(weighted, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred[..., :2] / (blurred[..., 2:] + _PRIOR), np.float32)
