"""How the sound models of transformers hear: samples to spectrograms with axes in hertz and seconds.

The numbers are the feature extractor's own; what is added is where each of them lies.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.models.transformers.kinds import PURPOSE
from heatlens.optional import needed

__all__ = ["band_centres", "frame_centres", "heard", "silence_of"]

Floats = npt.NDArray[np.float32]


def heard(
    samples: npt.ArrayLike, rate: int, wanted: int, seconds: float | None
) -> tuple[Floats, tuple[str, ...]]:
    """Samples of one channel at the rate that a model hears, and what was done for that.

    Args:
        samples: (T,), or (T, channels), in -1..1.
        rate: samples a second.
        wanted: samples a second that the model was trained on.
        seconds: how long the model listens; None: to the end.

    Raises:
        InvalidArgument: no samples, NaN, more than two axes, or a rate below 1.

    Example:
        >>> heard(np.zeros((8, 2), np.float32), 8000, 16000, None)[1]
        ('2 channels were averaged', 'resampled from 8000 to 16000 Hz')
    """
    given = np.asarray(samples, dtype=np.float32)
    if given.ndim not in (1, 2) or given.size == 0:
        raise InvalidArgument(
            f"the samples have shape {given.shape}; expected (T,) or (T, channels)"
        )
    if not np.isfinite(given).all():
        raise InvalidArgument("the samples hold NaN or infinite values")
    if rate < 1:
        raise InvalidArgument(f"the rate is {rate}; expected samples a second")
    notes = []
    if given.ndim == 2:
        if given.shape[1] > 1:
            notes.append(f"{given.shape[1]} channels were averaged")
        given = given.mean(1)
    if rate != wanted:
        from scipy.signal import resample_poly

        common = math.gcd(rate, wanted)
        given = resample_poly(given, wanted // common, rate // common).astype(np.float32)
        notes.append(f"resampled from {rate} to {wanted} Hz")
    if seconds is not None:
        lasts = len(given) / wanted
        if lasts > seconds:
            notes.append(f"the model hears the first {seconds:g} of {lasts:.4g} seconds")
        elif lasts < seconds:
            notes.append(f"the model hears {seconds:g} seconds; after {lasts:.4g} there is nothing")
    return given, tuple(notes)


def band_centres(bands: int, low: float, high: float, scale: str) -> tuple[float, ...]:
    """Middle of each mel band in hertz.

    Args:
        bands: how many.
        low: lower edge of the first band in hertz.
        high: upper edge of the last band in hertz.
        scale: "kaldi", "slaney" or "htk", as transformers calls the mel scales.
    """
    audio = needed("transformers.audio_utils", PURPOSE)
    edges = np.linspace(audio.hertz_to_mel(low, scale), audio.hertz_to_mel(high, scale), bands + 2)
    return tuple(float(hertz) for hertz in audio.mel_to_hertz(edges[1:-1], scale))


def frame_centres(frames: int, step: float, first: float) -> tuple[float, ...]:
    """Middle of each frame in seconds.

    Args:
        frames: how many.
        step: seconds from one frame to the next.
        first: middle of the first one.
    """
    return tuple(first + step * place for place in range(frames))


def silence_of(extractor: Any) -> float:
    """What the feature extractor makes of silence: the value that stands for "nothing there"."""
    sound = np.zeros(int(extractor.sampling_rate) // 2, np.float32)
    features = extractor(sound, sampling_rate=extractor.sampling_rate, return_tensors="np")
    values = np.asarray(features[extractor.model_input_names[0]])
    return float(values.reshape(-1)[0])
