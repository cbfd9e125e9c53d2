"""The hue of a part of a picture, as columns of 0 and 1."""

from __future__ import annotations

import numpy as np

from heatlens.importance.pictures.hues import HUES, hue_names
from heatlens.importance.pictures.picture import Picture

__all__ = ["hue_columns"]


def hue_columns(picture: Picture, place: tuple[slice, slice], name: str) -> dict[str, float]:
    """Which of the twelve hues a part has, or that it is grey: one 1, the rest 0.

    The part's colour is the mean of its pixels, each counted by its chroma, so that what is white
    or black in it does not matter.

    Args:
        picture: the whole.
        place: rows and columns of the part.
        name: begins the names of the columns, "NAME: blue".
    """
    rgb, strength = picture.rgb[place], picture.strength[place]
    total = strength.sum()
    mean = (rgb * strength[..., None]).sum(axis=(0, 1)) / total if total > 0 else np.zeros(3)
    chosen = int(hue_names(mean, np.asarray(strength.mean())))
    return {f"{name}: {hue}": float(number == chosen) for number, hue in enumerate((*HUES, "grey"))}
