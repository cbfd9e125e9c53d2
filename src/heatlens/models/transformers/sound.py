"""Classifiers of sound: Audio Spectrogram Transformer, Whisper's encoder, wav2vec 2.0's kin.

The first two see a spectrogram, and so does heat. The others take the samples themselves; they are
heard through a virtual layer of spectra (see `inspection`), unless layout="NT" asks for samples.

Gong, Chung, Glass: AST: Audio Spectrogram Transformer, Interspeech 2021.
Baevski et al.: wav2vec 2.0, NeurIPS 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.models.contract import Contract
from heatlens.models.layout import to_canonical
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.transformers.hearing import band_centres, frame_centres, heard, silence_of
from heatlens.models.transformers.inspection import InspectionLayer, spectrum_of

__all__ = ["SoundModel", "sound", "sound_contract"]

_WINDOW_SECONDS = 0.032
"""Length of the inspection layer's window: bands of 31 Hz, steps of 8 ms."""

Coordinates = Mapping[str, Sequence[float]]


class SoundModel(TorchModel):
    """A classifier that knows how to hear.

    Attributes:
        extractor: the feature extractor of transformers.
        window: samples of the inspection layer's window; None for a model of spectrograms.
    """

    def __init__(
        self,
        module: nn.Module,
        contract: Contract | None = None,
        *,
        extractor: Any,
        **options: Any,
    ) -> None:
        """Put the inspection layer before a network of samples, if the contract has spectra."""
        contract = contract or Contract()
        self.extractor = extractor
        self.window = None
        if _hears_samples(extractor) and contract.layout == "NCFT":
            self.window = _window(extractor)
            module = InspectionLayer(module, self.window).eval()
        super().__init__(module, contract, **options)

    def sound_batch(
        self, samples: npt.ArrayLike, rate: int
    ) -> tuple[Tensor, Coordinates, tuple[str, ...]]:
        """One row of a canonical batch from samples.

        Args:
            samples: (T,), or (T, channels), which are averaged, in -1..1.
            rate: samples a second; resampled to the model's own where it differs.

        Returns:
            The row, (1, 1, F, T), (1, 2, F, T) or (1, 1, T); where its places lie, "F" in hertz
            and "T" in seconds; notes on what was done to the samples.

        Raises:
            InvalidArgument: no samples, NaN, or too short a sound.
        """
        wanted = int(self.extractor.sampling_rate)
        mono, notes = heard(samples, rate, wanted, _seconds(self.extractor))
        try:
            features = self.extractor(mono, sampling_rate=wanted, return_tensors="np")
        except (ValueError, IndexError) as error:
            raise InvalidArgument(
                f"a sound of {len(mono) / wanted:.3g} seconds cannot be heard by {self.name} "
                f"({str(error).splitlines()[0]})"
            ) from error
        name = self.extractor.model_input_names[0]
        values = torch.from_numpy(np.asarray(features[name], dtype=np.float32))
        if self.window is None:
            batch = to_canonical(values, self.contract.layout)
            return self.prepare(batch), self._coordinates(batch), notes
        batch = spectrum_of(values, self.window)
        bands = tuple(wanted * place / self.window for place in range(batch.shape[2]))
        times = frame_centres(batch.shape[3], self.window / 4 / wanted, 0.0)
        return self.prepare(batch), {"F": bands, "T": times}, notes

    def spatial_layer(self, batch: Tensor, layer: str | None = None) -> SpatialLayer:
        """The layer that a CAM is read from; see `heatlens.models.pytorch.spatial`.

        Raises:
            NoSpatialLayer: a network of samples, whose layers know time but no frequency.
        """
        if self.window is not None:
            raise NoSpatialLayer(
                f"the layers of {self.name} lie along time, not on bands of frequency: a CAM needs "
                "it loaded with layout='NT'; gradients and occlusion give heat in time and "
                "frequency"
            )
        return super().spatial_layer(batch, layer)

    def _coordinates(self, batch: Tensor) -> Coordinates:
        rate = int(self.extractor.sampling_rate)
        frames = batch.shape[-1]
        if batch.ndim == 3:
            return {"T": frame_centres(frames, 1 / rate, 0.0)}
        if hasattr(self.extractor, "n_fft"):
            step = self.extractor.hop_length / rate
            bands = band_centres(batch.shape[2], 0.0, 8000.0, "slaney")
            return {"F": bands, "T": frame_centres(frames, step, 0.0)}
        # Without torchaudio the frames have 400 samples at any rate, with it 25 milliseconds.
        length, step = (
            (400, 160) if hasattr(self.extractor, "window") else (rate // 40, rate // 100)
        )
        bands = band_centres(batch.shape[2], 20.0, rate // 2, "kaldi")
        return {"F": bands, "T": frame_centres(frames, step / rate, length / 2 / rate)}


def sound(extractor: Any) -> Callable[..., SoundModel]:
    """What makes a `SoundModel` of a loaded network, its contract and its name."""
    return partial(SoundModel, extractor=extractor)


def sound_contract(
    config: Any, extractor: Any, labels: tuple[str, ...], layout: str | None
) -> Contract:
    """Size, layout and labels of a classifier of sound.

    "Black" is silence: the contract's lowest value is what the extractor makes of it.

    Args:
        config: the network's.
        extractor: its feature extractor.
        labels: its classes.
        layout: the caller's word; "NT" asks for samples where the network takes them.

    Raises:
        InvalidArgument: a layout that the network does not have.
    """
    if _hears_samples(extractor):
        own, channels, low, size = "NCFT", 2, 0.0, None
        if layout == "NT":
            own, channels = "NT", 1
    else:
        low = silence_of(extractor)
        if config.model_type == "whisper":
            own, channels = "NFT", 1
            size = (int(extractor.feature_size), int(extractor.nb_max_frames))
        else:
            own, channels = "NTF", 1
            size = (int(config.num_mel_bins), int(config.max_length))
    if layout not in (None, own):
        raise InvalidArgument(
            f"layout={layout!r}; {config.model_type} takes {own}"
            + (" (spectra) or NT (samples)" if _hears_samples(extractor) else "")
        )
    return Contract(
        input_size=size,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        value_range=(low, -low) if low < 0 else (0.0, 1.0),
        layout=own,
        labels=labels,
    )


def _hears_samples(extractor: Any) -> bool:
    """Whether the network takes the samples themselves, as wav2vec 2.0 does."""
    return not any(hasattr(extractor, name) for name in ("num_mel_bins", "n_fft"))


def _window(extractor: Any) -> int:
    """The power of two next to the inspection window's length."""
    samples = _WINDOW_SECONDS * float(extractor.sampling_rate)
    return int(2 ** round(np.log2(samples)))


def _seconds(extractor: Any) -> float | None:
    """How long a model of spectrograms listens."""
    rate = float(extractor.sampling_rate)
    if hasattr(extractor, "n_fft"):
        return float(extractor.n_samples) / rate
    if hasattr(extractor, "max_length"):
        step = 160 if hasattr(extractor, "window") else rate // 100
        return float(extractor.max_length) * step / rate
    return None
