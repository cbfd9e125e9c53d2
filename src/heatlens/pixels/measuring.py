"""What a measure is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.pixels.covariance import shrunk_covariance
from heatlens.pixels.region import box_of, region_mask
from heatlens.pixels.stack import FeatureStack

__all__ = ["Measured", "Question", "gaussian_similarity", "part_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Question:
    """How alike are the pixels of a picture to a part of it, or to those of a second picture?

    Attributes:
        image: the picture, preprocessed.
        stack: its features.
        region: what to compare with, as the caller named it; None with a second picture.
        other: the second picture, preprocessed, or None.
        other_stack: its features.
        seen: (H, W), where the second picture has pixels; None: everywhere.
    """

    image: Image
    stack: FeatureStack
    region: Any = None
    other: Image | None = None
    other_stack: FeatureStack | None = None
    seen: npt.NDArray[np.bool_] | None = None

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """The region's pixels, (H, W)."""
        return region_mask(self.region, self.stack.size)

    def reference(self) -> Floats:
        """The region's pixels as rows, (m, k)."""
        return self.stack.values[self.mask].astype(np.float64)

    def against(self) -> npt.NDArray[Any]:
        """What each pixel is compared with: the region's mean (1, k), or a row a pixel (H W, k)."""
        if self.other_stack is not None:
            return self.other_stack.rows
        return self.reference().mean(axis=0, keepdims=True)

    def whole(self) -> tuple[Floats, float]:
        """Covariance (k, k) of all pixels of the picture, and by how much it was shrunk."""
        return shrunk_covariance(self.stack.rows)[1:]

    def box(self, radius: int) -> tuple[int, int, int, int]:
        """The region as a box; a pixel gets `radius` more on each side, even beyond the border."""
        if self.other is not None:
            raise InvalidArgument("a patch is compared with one picture; name a box or a pixel")
        if np.ndim(self.region) == 2:
            raise InvalidArgument(
                "a mask is no patch; give a box (top, left, bottom, right) or a pixel"
            )
        top, left, bottom, right = box_of(self.region, self.stack.size)
        more = radius if np.size(self.region) == 2 else 0
        return top - more, left - more, bottom + more, right + more


@dataclass(frozen=True, eq=False)
class Measured:
    """A measure's answer.

    Attributes:
        similarity: (H, W), higher is more alike.
        difference: (H, W), at least 0; 0 is the same.
        range: what the similarity's values are, in words.
        signed: whether the similarity can be below 0.
        info: numbers that the answer depends on.
        notes: sentences a reader has to know.
    """

    similarity: npt.NDArray[Any]
    difference: npt.NDArray[Any]
    range: str
    signed: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def part_of(against: npt.NDArray[Any], part: slice) -> npt.NDArray[Any]:
    """The rows of `Question.against` that belong to a slice of the pixels."""
    return against if len(against) == 1 else against[part]


def gaussian_similarity(difference: npt.NDArray[Any], spread: float) -> npt.NDArray[np.float32]:
    """exp(-d^2 / 2 s^2): 1 where nothing differs, 0.61 where it is one spread."""
    return np.exp(-0.5 * (difference / np.float32(spread)) ** 2).astype(np.float32)
