"""From a picture, film, volume or sound to a batch that a model takes."""

from __future__ import annotations

from typing import Any

from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.inputs.film import prepared_film
from heatlens.models.inputs.picture import LARGEST_FREE_INPUT, prepared_picture
from heatlens.models.inputs.prepared import Prepared
from heatlens.models.inputs.sound import prepared_sound
from heatlens.models.inputs.volume import prepared_volume
from heatlens.models.protocol import Model
from heatlens.sound import Sound

__all__ = ["LARGEST_FREE_INPUT", "Prepared", "as_input", "prepared"]

_SOUNDS = (".wav", ".wave")


def as_input(given: Any) -> Image | Sound:
    """What a person gave as a picture (also a film or a volume) or a sound.

    Args:
        given: an `Image` or a `Sound`, the path of a WAV file, or anything `read_image` takes.
    """
    if isinstance(given, Image | Sound):
        return given
    if (
        str(getattr(given, "suffix", given if isinstance(given, str) else ""))
        .lower()
        .endswith(_SOUNDS)
    ):
        return Sound.read(given)
    return read_image(given)


def prepared(model: Model, given: Image | Sound, fit: str | None = None) -> Prepared:
    """Bring an input to the model's form, as its contract says.

    Args:
        model: its contract holds size, filter, mean, std.
        given: a picture, film (`TYX`, `TYXC`), volume (`ZYX`, `ZYXC`) or sound.
        fit: "crop", "squash", "pad" or "tile" for pictures; None is the contract's own way.

    Raises:
        InvalidArgument: the model does not take such inputs.
    """
    if isinstance(given, Sound):
        return prepared_sound(model, given, fit)
    if given.axes.startswith("T"):
        return prepared_film(model, given, fit)
    if given.axes.startswith("Z"):
        return prepared_volume(model, given, fit)
    return prepared_picture(model, given, fit)
