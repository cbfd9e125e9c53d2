"""Names for the features of one picture, by number and place: "superpixel 12 (top left)"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.importance.pictures.places import place

__all__ = ["Region", "regions"]


@dataclass(frozen=True)
class Region:
    """A feature of one picture.

    Attributes:
        number: of the feature, its label in the map of features.
        name: number and place in words.
        share: of the model's input that it covers, 0..1.
        value: what the stand-in says its presence is worth, in units of score.
    """

    number: int
    name: str
    share: float
    value: float


def regions(
    labels: npt.NDArray[Any], kind: str, used: npt.NDArray[Any], values: npt.NDArray[Any]
) -> tuple[Region, ...]:
    """The used features, those worth most first.

    Args:
        labels: (H, W), which feature each position of the input belongs to.
        kind: what a feature is called, "superpixel".
        used: (k,) numbers of features.
        values: (k,) what each is worth, signed.

    Example:
        >>> halves = np.array([[0, 0, 1, 1]])
        >>> regions(halves, "cell", np.array([0, 1]), np.array([1.0, -2.0]))[0].name
        'cell 1 (right)'
    """
    height, width = labels.shape
    found = []
    for number, value in zip(used.tolist(), values.tolist(), strict=True):
        rows, columns = np.nonzero(labels == number)
        where = place((rows.mean() + 0.5) / height, (columns.mean() + 0.5) / width)
        name = f"{kind} {number} ({where})"
        found.append(Region(int(number), name, len(rows) / labels.size, float(value)))
    return tuple(sorted(found, key=lambda one: (-abs(one.value), one.number)))
