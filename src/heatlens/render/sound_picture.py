"""A sound as a picture on the axes of its heatmap: log magnitude of a short-time spectrum.

For display only: whatever the model computed from the sound, this is what a listener knows of it.
Around each cell's time the samples are weighted by a Hann window and transformed,

    S(f, t) = |sum_n w_n x(t + n / rate) exp(-2 pi i f n / rate)|^2,

averaged over the cell's span of frequency and time, and given in dB below the loudest cell.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.ruler import places_along
from heatlens.render.typography import number
from heatlens.sound import Sound

__all__ = ["RANGE", "beyond", "cells_of", "edges", "log_magnitude", "sound_picture"]

RANGE = 60.0
"""dB that are shown; what is softer is as dark as silence."""

_SHORTEST, _LONGEST = 32, 4096
_BRIGHTEST = 205
"""Grey of the loudest cell: some way from white, so that colours laid over it stay strong."""

Floats = npt.NDArray[np.float64]


def sound_picture(heatmap: Heatmap, sound: Sound) -> Image:
    """The sound's spectrogram on the cells of `heatmap` (axes "FT"), grey, lowest band last.

    Raises:
        InvalidArgument: the map does not say which seconds and Hz its cells are.
    """
    seconds, hertz = cells_of(heatmap)
    levels = log_magnitude(sound, seconds, hertz)
    grey = np.rint((levels / RANGE + 1) * _BRIGHTEST).astype(np.uint8)
    return Image(grey if hertz[0] > hertz[-1] else grey[::-1], "YX", name=sound.name)


def cells_of(heatmap: Heatmap) -> tuple[Floats, Floats]:
    """Seconds and Hz of the cells; those along an axis that the map lacks are empty.

    Raises:
        InvalidArgument: an axis without coordinates, or with some that neither rise nor fall.
    """
    found = []
    for axis, what in (("T", "seconds"), ("F", "Hz")):
        places = places_along(heatmap, axis) if axis in heatmap.axes else np.empty(0)
        if places is None:
            raise InvalidArgument(
                f"the heatmap does not say which {what} its cells are, so no sound can be laid on "
                f"its axes; give it coordinates={{{axis!r}: ...}} that rise, or draw it alone"
            )
        found.append(places)
    return found[0], found[1]


def beyond(heatmap: Heatmap, sound: Sound) -> str:
    """What has to be said of cells that lie where the sound has nothing; empty if there are none.

    A model may lengthen a short sound by silence, or take more samples a second than there were.
    """
    seconds, hertz = cells_of(heatmap)
    parts = []
    for places, end, unit, what in (
        (seconds, sound.seconds, "s", "moments"),
        (hertz, sound.rate / 2, "Hz", "bands"),
    ):
        count = int(np.count_nonzero(places > end * (1 + 1e-6)))
        if count:
            parts.append(
                f"The sound ends at {number(end)} {unit}; {count} of {places.size} {what} lie beyond."
            )
    return " ".join(parts)


def log_magnitude(sound: Sound, seconds: Floats, hertz: Floats) -> Floats:
    """Level of the sound at each frequency and time, (F, T) in dB, -60 to 0 at the loudest.

    Args:
        sound: what was heard.
        seconds: (T,) centres of the cells, rising or falling.
        hertz: (F,) likewise.

    Example:
        >>> tone = Sound(np.sin(2 * np.pi * 500 * np.arange(4000) / 8000), 8000)
        >>> log_magnitude(tone, np.array([0.1, 0.25]), np.array([250.0, 500, 750])).argmax(
        ...     0
        ... ).tolist()
        [1, 1]
    """
    length = _window(sound, hertz)
    window = np.hanning(length + 1)[:-1]
    padded = np.pad(sound.samples.astype(np.float64), length)
    bins = np.arange(length // 2 + 1, dtype=np.float64) * (sound.rate / length)
    bands = _bands(hertz, bins)
    time_edges = edges(seconds)
    power = np.empty((len(hertz), len(seconds)))
    for k, (first, last) in enumerate(itertools.pairwise(time_edges)):
        parts = int(np.clip(np.ceil(abs(last - first) * sound.rate / (length / 2)), 1, 16))
        moments = first + (last - first) * (np.arange(parts) + 0.5) / parts
        starts = np.rint(moments * sound.rate).astype(int) + length - length // 2
        starts = np.clip(starts, 0, len(padded) - length)
        frames = padded[starts[:, None] + np.arange(length)] * window
        spectrum = np.abs(np.fft.rfft(frames)) ** 2
        power[:, k] = bands @ spectrum.mean(0)
    loudest = power.max()
    if not loudest > 0:
        return np.full(power.shape, -RANGE)
    return np.asarray(10 * np.log10(np.maximum(power / loudest, 10 ** (-RANGE / 10))))


def edges(places: Floats) -> Floats:
    """Where cells begin and end whose centres are `places` (n,): half way to the next, (n + 1,).

    Example:
        >>> edges(np.array([1.0, 2.0, 4.0])).tolist()
        [0.5, 1.5, 3.0, 5.0]
    """
    if len(places) == 1:
        return np.array([places[0] - 0.5, places[0] + 0.5])
    between = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - between[0]], between, [2 * places[-1] - between[-1]]])


def _window(sound: Sound, hertz: Floats) -> int:
    """Samples of the window: as fine in frequency as the cells, a power of two."""
    apart = float(np.median(np.abs(np.diff(hertz)))) if len(hertz) > 1 else sound.rate / 512
    wanted = 2 ** round(np.log2(max(sound.rate / apart, _SHORTEST)))
    longest = max(_SHORTEST, 2 ** int(np.log2(len(sound.samples))))
    return int(min(wanted, longest, _LONGEST))


def _bands(hertz: Floats, bins: Floats) -> Floats:
    """Weights (F, bins) of the mean over each cell's span; a narrow cell is interpolated."""
    step = bins[1]
    weights = np.zeros((len(hertz), len(bins)))
    ends = edges(hertz)
    for k, centre in enumerate(hertz):
        low, high = sorted(ends[k : k + 2])
        inside = (bins >= low) & (bins < high)
        if inside.any():
            weights[k, inside] = 1 / inside.sum()
            continue
        position = float(centre / step)
        if not 0 <= position <= len(bins) - 1:  # beyond half the rate a sound has nothing
            continue
        below = min(int(position), len(bins) - 2)
        weights[k, below], weights[k, below + 1] = below + 1 - position, position - below
    return weights
