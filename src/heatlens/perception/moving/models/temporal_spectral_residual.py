"""Temporal spectral residual: what is unusual in slices through space and time.

Of every slice I(x, t) along a row, and I(y, t) along a column, of a window of frames:

    L = log (|F| + f),    R = L - mean_3x3(L),    S = |IFFT(exp(R + i phase F))|^2
    S(x, y) = G * sqrt(S_xt S_yt)

Cui, Liu, Metaxas: Temporal Spectral Residual: Fast Motion Saliency Detection, ACM Multimedia 2009;
Cui, Liu, Zhang, Yang, Metaxas: Temporal spectral residual for fast salient motion detection,
Neurocomputing 86, 2012. In three things this differs from the papers. Their majority vote of the two
slices after a threshold is a geometric mean here, as a map has no threshold. What does not change
in time, the line of temporal frequency 0, is taken out of F first: it is a ridge that a mean over 3
x 3 frequencies does not flatten. And f, the amplitude of noise of one grey level, keeps the
logarithm from lifting what lies below it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.perception.moving.model import register
from heatlens.perception.moving.motion import Motion
from heatlens.perception.moving.slices import Window, reduced_grey
from heatlens.perception.moving.smoothing import softened

__all__ = ["TemporalSpectralResidual", "slice_saliency"]

Map = npt.NDArray[np.float32]


@register(
    "temporal-spectral-residual",
    family="temporal spectrum",
    paper="doi:10.1016/j.neucom.2011.12.033",
    unit="squared amplitude",
    delay=lambda parameters: int(parameters["window"]) // 2,
)
class TemporalSpectralResidual:
    """What is unusual along rows and columns over time, by the spectral residual of slices.

    Args:
        window: frames of a slice, odd; half of them come after the frame, which is the delay.
        longest: pixels along the longer side of the pictures that are sliced.
        sigma: of the blur G, in those pixels.
        steady: whether the camera's motion is taken out of the window first.

    Raises:
        InvalidArgument: a window that is even or outside of 3..63, a picture side outside of
            16..512, a negative sigma.
    """

    def __init__(
        self, *, window: int = 9, longest: int = 128, sigma: float = 2.0, steady: bool = True
    ) -> None:
        """Check the window."""
        if not (3 <= window <= 63 and window % 2):
            raise InvalidArgument(
                f"temporal-spectral-residual: window is {window}; it is an odd number in 3..63"
            )
        if not 16 <= longest <= 512:
            raise InvalidArgument(
                f"temporal-spectral-residual: longest is {longest}; it lies in 16..512"
            )
        if not 0 <= sigma <= 64:
            raise InvalidArgument(
                f"temporal-spectral-residual: sigma is {sigma:g}; it lies in 0..64"
            )
        self._longest, self._sigma = longest, sigma
        self._window = Window(window // 2, steady=steady)

    def see(self, frame: npt.NDArray[np.uint8], motion: Motion) -> Map | None:
        """The map of the frame half a window ago, if there is one."""
        window = self._window.add(reduced_grey(motion.frame, self._longest), motion)
        return None if window is None else self._map(window)

    def rest(self) -> list[Map]:
        """The maps of the last half window."""
        return [self._map(window) for window in self._window.rest()]

    def _map(self, window: Map) -> Map:
        middle = len(window) // 2
        along_rows = slice_saliency(window, axis=2)[middle]
        along_columns = slice_saliency(window, axis=1)[middle]
        return softened(np.sqrt(along_rows * along_columns), self._sigma)


def slice_saliency(window: Map, axis: int) -> Map:
    """Spectral residual of every slice of a window through time and one axis of the picture.

    Args:
        window: (n, h, w).
        axis: 2 for slices along rows (x, t), 1 for slices along columns (y, t).

    Returns:
        (n, h, w), >= 0; zero in slices that do not change in time.

    Example:
        >>> window = np.zeros((9, 4, 32), np.float32)
        >>> window[:, :, 20] = 1
        >>> float(slice_saliency(window, 2).max())
        0.0
    """
    frames, along = window.shape[0], window.shape[axis]
    spectrum = scipy.fft.fft2(window, axes=(0, axis))
    spectrum[0] = 0
    amplitude = np.abs(spectrum)
    floor = np.float32(np.sqrt(frames * along) / 255)
    log = np.log(amplitude + floor)
    around = [3 if place in (0, axis) else 1 for place in range(3)]
    residual = log - scipy.ndimage.uniform_filter(log, around, mode="wrap")
    kept = np.exp(residual) * spectrum / (amplitude + floor)
    back = scipy.fft.ifft2(kept, axes=(0, axis))
    values = np.asarray(back.real**2 + back.imag**2, np.float32)
    # What rounding leaves of a slice that stands still is not motion.
    still = np.ptp(window, axis=0).max(axis=axis - 1) < 1e-5
    values[(slice(None), still) if axis == 2 else (slice(None), slice(None), still)] = 0
    return values
