"""A sound: in the form that the model itself makes of it, a spectrogram or samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.images.resample import resized_axis
from heatlens.models.inputs.prepared import Floats, Prepared
from heatlens.models.protocol import Model
from heatlens.sound import Sound

__all__ = ["Hears", "PreparedSound", "prepared_sound"]


@runtime_checkable
class Hears(Protocol):
    """A model that takes sounds."""

    def sound_batch(
        self, samples: npt.NDArray[np.float32], rate: int
    ) -> tuple[Tensor, Mapping[str, Sequence[float]], tuple[str, ...]]:
        """One row of a canonical batch, where its places lie ("F" Hz, "T" seconds), and notes."""
        ...


@dataclass(frozen=True, eq=False)
class PreparedSound(Prepared):
    """A sound as a model takes it: (1, C, F, T), or samples (1, 1, T)."""

    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """A map (1, *cells) on the spectrogram's (or the samples') own grid."""
        values = maps[0].cpu().numpy()
        size = tuple(self.batch.shape[2:])
        for axis, length in enumerate(size):
            values = resized_axis(values, axis, length)
        return values.astype(np.float32, copy=False), np.ones(size, bool)


def prepared_sound(model: Model, sound: Sound, fit: str | None = None) -> PreparedSound:
    """A sound as a batch.

    Raises:
        InvalidArgument: the model takes no sounds, or `fit` is given.
    """
    if not isinstance(model, Hears):
        raise InvalidArgument(
            f"{model.name} does not say how it hears: load an audio classifier by name, such as "
            "'hf:MIT/ast-finetuned-audioset-10-10-0.4593', or give its batch to attribute()"
        )
    if fit is not None:
        raise InvalidArgument(f"fit={fit!r} is for pictures; a sound is heard as the model does")
    batch, coordinates, notes = model.sound_batch(sound.samples, sound.rate)
    return PreparedSound(
        model.prepare(batch),
        (*sound.metadata.get("notes", ()), *notes),
        axes="".join(model.contract.axes),
        coordinates=coordinates,
    )
