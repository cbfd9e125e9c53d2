"""Segments: what a mask of its own covers in each picture, such as the object or a watermark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.importance.interventions.intervention import KINDS, Kind
from heatlens.importance.interventions.region import Place
from heatlens.models.arrays import as_tensor

__all__ = ["Segment", "segments"]


class Segment(Place):
    """The pixels that each picture's own mask covers.

    Example:
        >>> mask = torch.tensor([[[True, False]], [[False, True]]])
        >>> one = Segment("mark", mask)
        >>> one.permute(torch.zeros(2, 1, 1, 2), torch.ones(2, 1, 1, 2), torch.arange(2)).tolist()
        [[[[1.0, 0.0]]], [[[0.0, 1.0]]]]
    """

    def __init__(self, name: str, masks: Any, baseline: str | Tensor = "blur") -> None:
        """Take the masks.

        Args:
            name: of the feature.
            masks: (pictures, h, w), bool or 0 and 1, an array of any framework, on the grid of the
                pixels that the network sees. A picture may have none of it.
            baseline: what stands there where it is ablated.

        Raises:
            InvalidArgument: another number of axes, other values than 0 and 1, or empty masks.
        """
        super().__init__(name, baseline)
        found = as_tensor(masks, "masks")
        if found.ndim == 4 and found.shape[1] == 1:
            found = found[:, 0]
        if found.ndim != 3:
            raise InvalidArgument(
                f"masks of {name!r} have shape {tuple(found.shape)}; expected (pictures, h, w)"
            )
        if found.dtype != torch.bool and not bool(((found == 0) | (found == 1)).all()):
            raise InvalidArgument(f"masks of {name!r} hold other numbers than 0 and 1")
        self.masks = found.bool()
        if not bool(self.masks.any()):
            raise InvalidArgument(f"the masks of {name!r} are empty in every picture")

    def inside(self, given: Tensor, rows: Tensor) -> Tensor:
        """The mask of each of these pictures."""
        if self.masks.shape[1:] != given.shape[2:]:
            raise InvalidArgument(
                f"masks of {self.name!r} are {tuple(self.masks.shape[1:])}, the network sees "
                f"pictures of {tuple(given.shape[2:])}; bring the masks to that size as the "
                "pictures are brought to it"
            )
        if int(rows.max()) >= len(self.masks):
            raise InvalidArgument(
                f"there are {len(self.masks)} masks of {self.name!r} and more pictures than that"
            )
        return self.masks[rows].to(given.device)


def segments(masks: Mapping[str, Any], *, baseline: str | Tensor = "blur") -> tuple[Segment, ...]:
    """A feature for each name, from its masks (pictures, h, w)."""
    return tuple(Segment(name, mask, baseline) for name, mask in masks.items())


KINDS.add(
    "segment",
    Kind(
        "what a mask covers",
        '`segments({"tumour": masks})`',
        "the other's pixels there",
        "blurred, or `baseline=`",
    ),
)
