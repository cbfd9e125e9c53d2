"""A display with one odd item, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.ndimage

from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen
from heatlens.image import Image

__all__ = ["Display"]


@dataclass(frozen=True, eq=False)
class Display:
    """A picture or a clip of many items, one of which differs; its arrays are read-only.

    Attributes:
        image: axes YXC, or TYXC for a clip; uint8.
        mask: True on the odd item: (H, W), of a clip (T, H, W).
        kind: what it differs in; a name in `KINDS`.
        positions: centres of the items as (row, column) in pixels: (n, 2), of a clip (T, n, 2).
        odd: which of the n items is the odd one.
        item: length of an ordinary item in pixels.
        seed: what it was drawn with.
    """

    image: Image
    mask: npt.NDArray[np.bool_]
    kind: str
    positions: npt.NDArray[np.float64]
    odd: int
    item: float
    seed: int

    def __post_init__(self) -> None:
        """Make the arrays read-only, copied if need be."""
        object.__setattr__(self, "mask", frozen(self.mask, np.bool_))
        object.__setattr__(self, "positions", frozen(self.positions, np.float64))

    @cached_property
    def area(self) -> npt.NDArray[np.bool_]:
        """The odd item's mask grown by half an item: where a map's peak counts as a hit."""
        frames = self.mask.reshape(-1, *self.mask.shape[-2:])
        grown = [scipy.ndimage.distance_transform_edt(~one) <= self.item / 2 for one in frames]
        return frozen(np.stack(grown).reshape(self.mask.shape))

    @property
    def chance(self) -> float:
        """Share of the picture that is `area`: how often a peak anywhere is a hit."""
        return float(self.area.mean())

    @property
    def fixations(self) -> npt.NDArray[np.float64]:
        """The pixels of the odd item as positions (n, 2), for metrics of points; stills only.

        Raises:
            InvalidArgument: the display is a clip.
        """
        if self.mask.ndim != 2:
            raise InvalidArgument("a clip has a mask for each frame; take `mask[t]` of one frame")
        return np.argwhere(self.mask).astype(np.float64)
