"""Alignment by a shift, to a fraction of a pixel.

1. The peak of the cross-correlation, of the phases alone and with the amplitudes, of the grey
   levels and of their local contrast; the shift under which local contrasts agree best is taken.

       c = IFFT(F conj(G) / |F conj(G)|)

   Kuglin, Hines 1975; computed by scikit-image (Guizar-Sicairos, Thurman, Fienup 2008).
2. Again on what both show, until it stays: fading out different parts of a scene draws the peak
   towards no shift.
3. Refined by least squares on the grey levels, gain and offset free, which nothing draws anywhere
   (Lucas, Kanade 1981):

       sum_p (g B(p + d) + o - A(p))^2 -> min over d, g, o
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from heatlens.optional import needed
from heatlens.pixels.alignment.contrast import correlation, local_contrast
from heatlens.pixels.alignment.way import Alignment

__all__ = ["translation"]

Grey = npt.NDArray[np.float32]
Shift = npt.NDArray[np.float64]

_FRACTIONS = 50
_AGAIN, _ROUNDS = 5, 20
_STILL = 1e-3
"""Pixels that a round of least squares moves when it is done."""

_NEAR = 1.5
"""Pixels that least squares may move the peak."""

_LEAST = 16
"""Side of what both show, pixels, on which a shift is refined."""


def translation(first: Grey, second: Grey) -> Alignment:
    """The shift that lays the second picture on the first.

    Raises:
        MissingDependency: scikit-image is not there.
    """
    pairs = (first, second), (local_contrast(first), local_contrast(second))
    tried: list[tuple[float, Shift]] = []
    for pair in pairs:
        for normalisation in ("phase", None):
            shift = _settled(*pair, normalisation)
            tried.append((_agreement(*pairs[1], shift), shift))
    best = max(tried, key=lambda each: each[0])[1]
    best = _refined(first, second, best)
    down, right = best.tolist()
    matrix = np.array([[1, 0, right], [0, 1, down], [0, 0, 1]], np.float64)
    return Alignment(matrix, {"shift in rows": round(down, 3), "shift in columns": round(right, 3)})


def _settled(first: Grey, second: Grey, normalisation: str | None) -> Shift:
    """The peak of all, then of what both show, until that stays."""
    shift = _peak(first, second, normalisation)
    for _ in range(_AGAIN):
        whole = np.rint(shift)
        parts = _overlap(first.shape, second.shape, whole, 0)
        if parts is None:
            break
        new = whole + _peak(first[parts[0]], second[parts[1]], normalisation)
        moved = float(np.abs(new - shift).max())
        shift = new
        if moved < 0.5 / _FRACTIONS:
            break
    return shift


def _peak(first: Grey, second: Grey, normalisation: str | None) -> Shift:
    """Where the second shows the first's pixel (0, 0), (rows, columns), to 1/50 of a pixel.

    The pictures are faded out towards their edges (Hann), which the transform would otherwise take
    for structure, and padded to one size.
    """
    registration = needed("skimage.registration", "aligning by a shift", extra="pixels")
    size = np.maximum(first.shape, second.shape)
    faded = [_faded(picture, size) for picture in (first, second)]
    found = registration.phase_cross_correlation(
        *faded, upsample_factor=_FRACTIONS, normalization=normalisation
    )
    return -np.asarray(found[0], np.float64)


def _faded(picture: Grey, size: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    found = np.zeros(size)
    height, width = picture.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    found[:height, :width] = (picture - picture.mean()) * window
    return found


def _overlap(
    first: tuple[int, ...], second: tuple[int, ...], shift: Shift, margin: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """What both show after a shift in whole pixels, in each; None if that is too little."""
    parts = []
    for axis in (0, 1):
        s = int(shift[axis])
        start = max(0, -s) + margin
        stop = min(first[axis], second[axis] - s) - margin
        if stop - start < _LEAST:
            return None
        parts.append((slice(start, stop), slice(start + s, stop + s)))
    return (parts[0][0], parts[1][0]), (parts[0][1], parts[1][1])


def _agreement(a: Grey, b: Grey, shift: Shift) -> float:
    parts = _overlap(a.shape, b.shape, np.rint(shift), 0)
    if parts is None:
        return -1.0
    x, y = a[parts[0]], b[parts[1]]
    return correlation(x, y, np.ones(x.shape, np.bool_))


def _refined(first: Grey, second: Grey, start: Shift) -> Shift:
    """Gauss-Newton from a start that is right to about a pixel; the start if it leads away."""
    whole = np.rint(start)
    parts = _overlap(first.shape, second.shape, whole, 2)
    if parts is None:
        return start
    a = first[parts[0]].astype(np.float64)
    rows, columns = parts[1]
    wide = second[rows.start - 2 : rows.stop + 2, columns.start - 2 : columns.stop + 2]
    spline = ndimage.spline_filter(wide.astype(np.float64), 3)
    rest = start - whole
    for moved in _steps(a, spline, rest):
        rest = rest + moved
        if np.abs(rest + whole - start).max() > _NEAR:
            return start
        if np.abs(moved).max() < _STILL:
            break
    return np.asarray(whole + rest)


def _steps(
    a: npt.NDArray[np.float64], spline: npt.NDArray[np.float64], rest: Shift
) -> Iterator[Shift]:
    """One correction after another of a fraction `rest`, which grows by each."""
    for _ in range(_ROUNDS):
        b = ndimage.shift(spline, -rest, order=3, mode="nearest", prefilter=False)[2:-2, 2:-2]
        slopes = np.gradient(b)
        columns = np.column_stack([each.ravel() for each in (*slopes, b)] + [np.ones(b.size)])
        found = np.linalg.lstsq(columns.T @ columns, columns.T @ a.ravel(), rcond=None)[0]
        gain = found[2]
        if not gain > 1e-6:
            return
        moved = found[:2] / gain
        rest = rest + moved
        yield moved
