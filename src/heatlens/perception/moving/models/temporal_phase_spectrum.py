"""Temporal phase spectrum: the phase of a quaternion picture with change in time as a channel.

    q = M + RG i + BY j + I k,    M = |I_t - I_(t-d)|
    S = G * |IFFT(F / |F|)|^2,    F the quaternion Fourier transform of q

RG and BY are opponent colours, I is brightness; I_(t-d) is warped by the camera's motion first.
Guo, Ma, Zhang: Spatio-temporal Saliency Detection Using Phase Spectrum of Quaternion Fourier
Transform, CVPR 2008 (d = 3 frames, 64 pixels); the warp is an addition.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt
import scipy.fft

from heatlens.errors import InvalidArgument
from heatlens.images.area import reduced_size
from heatlens.images.films.quiet import opencv
from heatlens.perception.channels import opponent
from heatlens.perception.moving.model import register
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.slices import as_seen, chained
from heatlens.perception.moving.smoothing import softened
from heatlens.perception.static.spectrum import featureless, floor_of

__all__ = ["TemporalPhaseSpectrum", "phase_saliency"]

Map = npt.NDArray[np.float32]


@register(
    "temporal-phase-spectrum",
    family="temporal spectrum",
    paper="doi:10.1109/CVPR.2008.4587715",
    unit="squared amplitude",
)
class TemporalPhaseSpectrum:
    """Quaternion phase spectrum of colours, brightness and change since some frames ago.

    Args:
        lag: frames between the two that change is seen in.
        longest: pixels along the longer side of the picture that is transformed.
        sigma: of the blur G, in those pixels.
        steady: whether the camera's motion is taken out of the change.

    Raises:
        InvalidArgument: a lag outside of 1..30, a side outside of 16..512, a negative sigma.
    """

    def __init__(
        self, *, lag: int = 3, longest: int = 64, sigma: float = 2.0, steady: bool = True
    ) -> None:
        """Check the numbers."""
        for name, value, low, high in (
            ("lag", lag, 1, 30),
            ("longest", longest, 16, 512),
            ("sigma", sigma, 0, 64),
        ):
            if not low <= value <= high:
                raise InvalidArgument(
                    f"temporal-phase-spectrum: {name} is {value:g}; it lies in {low}..{high}"
                )
        self._longest, self._sigma, self._steady = longest, sigma, steady
        self._past: deque[tuple[Map, Motion]] = deque(maxlen=lag + 1)

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map:
        """The map of this frame."""
        colours = self._small(motion.frame)
        brightness = colours.mean(axis=2)
        if motion.cut:
            self._past.clear()
        self._past.append((brightness, motion))
        red_green, blue_yellow = opponent(colours)
        change = np.abs(brightness - self._before(motion))
        return softened(phase_saliency(change, red_green, blue_yellow, brightness), self._sigma)

    def rest(self) -> list[Map]:
        """Nothing: no frame is waited for."""
        return []

    def _before(self, motion: Motion) -> Map:
        """Brightness `lag` frames ago, or as many as there are, seen by this frame's camera."""
        if len(self._past) > 1:
            earlier = self._past[0][0]
            if not self._steady:
                return earlier
            motions = [motion for _, motion in self._past][1:]
            return as_seen(earlier, chained(motions, earlier.shape), self._past[-1][0])
        if motion.apart:
            return self._past[0][0]
        return self._small(motion.steadied if self._steady else motion.other).mean(axis=2)

    def _small(self, frame: npt.NDArray[np.uint8]) -> Map:
        cv2 = opencv("saliency of films")
        height, width = reduced_size((frame.shape[0], frame.shape[1]), self._longest)
        if (height, width) != frame.shape[:2]:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(frame, np.float32) / np.float32(255)


def phase_saliency(change: Map, red_green: Map, blue_yellow: Map, brightness: Map) -> Map:
    """The formula above without the blur: by two complex transforms, along the axis i.

    Args:
        change: (h, w); 0 gives the model for still pictures.
        red_green: (h, w).
        blue_yellow: (h, w).
        brightness: (h, w).

    Returns:
        (h, w), zero everywhere if nothing stands out.

    Example:
        >>> flat = np.zeros((8, 8), np.float32)
        >>> float(phase_saliency(flat, flat, flat, flat + 0.3).max())
        0.0
    """
    if all(featureless(part) for part in (change, red_green, blue_yellow, brightness)):
        return np.zeros(change.shape, np.float32)
    parts = np.stack([change + 1j * red_green, blue_yellow + 1j * brightness])
    spectra = scipy.fft.fft2(parts.astype(np.complex128))
    modulus = np.sqrt(np.square(np.abs(spectra)).sum(axis=0))
    phases = spectra / np.maximum(modulus, floor_of(brightness))
    return np.asarray(np.square(np.abs(scipy.fft.ifft2(phases))).sum(axis=0), np.float32)
