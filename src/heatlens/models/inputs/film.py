"""A film: as many frames as the model takes, spread evenly, each one fitted like a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.fit import fit as fit_image
from heatlens.images.geometry import Placement
from heatlens.images.resample import resized_axis
from heatlens.models.inputs.picture import shown
from heatlens.models.inputs.prepared import Floats, Prepared
from heatlens.models.protocol import Model

__all__ = ["PreparedFilm", "chosen_frames", "prepared_film"]


@dataclass(frozen=True, eq=False)
class PreparedFilm(Prepared):
    """A film as a model takes it, (1, C, t, h, w).

    Attributes:
        frames: which of the film's frames the model sees, in order; one may come twice.
        length: how many frames the film has.
        placement: where a frame's pixels lie in the input.
    """

    frames: tuple[int, ...] = ()
    length: int = 0
    placement: Placement = field(default_factory=lambda: Placement((1, 1), (1, 1)))

    @property
    def padded(self) -> float:
        """Share of each frame that is border."""
        return 1.0 - shown(self.placement)

    def back(self, maps: Tensor) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """A map (1, *cells) on the film's own frames; those that the model never saw are invalid."""
        cells = maps[0].cpu().numpy()
        seen = self.placement.back(resized_axis(cells, 0, len(self.frames)))
        values = np.zeros((self.length, *seen.shape[1:]), np.float32)
        count = np.zeros(self.length)
        for frame, part in zip(self.frames, seen, strict=True):
            values[frame] += part
            count[frame] += 1
        values /= np.maximum(count, 1)[:, None, None]
        valid = (count > 0)[:, None, None] & self.placement.valid()
        return values, valid


def chosen_frames(length: int, wanted: int) -> tuple[int, ...]:
    """The middle frame of each of `wanted` equal parts of a film.

    Example:
        >>> chosen_frames(9, 3), chosen_frames(2, 4)
        ((1, 4, 7), (0, 0, 1, 1))
    """
    return tuple(int((place + 0.5) * length / wanted) for place in range(wanted))


def prepared_film(model: Model, film: Image, fit: str | None = None) -> PreparedFilm:
    """A film as a batch.

    Args:
        model: its contract says how many frames of which size.
        film: axes `TYX` or `TYXC`.
        fit: "crop", "squash" or "pad"; None is the contract's own way.

    Raises:
        InvalidArgument: the model takes no films, or `fit` is "tile".
    """
    contract = model.contract
    if contract.axes not in ("THW", "DHW"):
        raise InvalidArgument(
            f"{model.name} takes a grid of {' x '.join(contract.axes)} (layout {contract.layout}), "
            "not a film; explain single frames, or load it with the layout of films, such as "
            "layout='NCTHW'"
        )
    mode = fit or contract.fit
    if mode == "tile":
        raise InvalidArgument("fit='tile' is for pictures; a film can be crop, squash or pad")
    length = film.pixels.shape[0]
    size = contract.input_size
    frames = tuple(range(length)) if size is None else chosen_frames(length, size[0])
    notes = list(film.metadata.get("notes", ()))
    if len(set(frames)) < length:
        notes.append(f"the model sees {len(set(frames))} of the film's {length} frames")
    fitted = [
        fit_image(
            _frame(film, frame),
            size=None if size is None else (size[1], size[2]),
            mode=mode,
            resize=contract.resize,
            interpolation=contract.interpolation,
            channels=contract.channels,
            multiple_of=contract.multiple_of,
        )[0]
        for frame in frames
    ]
    pixels = torch.stack([torch.from_numpy(item.pixels) for item in fitted], 1)[None]
    notes += [note for item in fitted for note in item.notes]
    return PreparedFilm(
        model.prepare(contract.normalise(pixels)),
        tuple(dict.fromkeys(notes)),
        axes="TYX",
        frames=frames,
        length=length,
        placement=fitted[0].placement,
    )


def _frame(film: Image, frame: int) -> Image:
    alpha = None if film.alpha is None else film.alpha[frame]
    return Image(
        film.pixels[frame],
        film.axes[1:],
        film.value_range,
        film.name,
        alpha=alpha,
    )
