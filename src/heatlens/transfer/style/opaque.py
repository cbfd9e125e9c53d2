"""Which patches of a picture with transparent pixels count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from heatlens.errors import InvalidArgument
from heatlens.image import Image

__all__ = ["framed", "known_mask", "mask_of", "patches_shown", "resized", "whole_patches"]

_ALL = 0.999
"""A patch lies in a mask if so much of it does: resizing rounds."""


def framed(canvas: Tensor, patch: int) -> Tensor:
    """Reflected at its edges, so that the pixels there lie in as many patches as the others."""
    return F.pad(canvas[None], [patch // 2] * 4, mode="reflect")[0]


def mask_of(image: Image) -> Tensor | None:
    """1 where a picture is seen, 0 where it is transparent, (h, w); None: seen everywhere."""
    if image.alpha is None or (image.alpha > 0).all():
        return None
    return torch.from_numpy((image.alpha > 0).astype(np.float32))


def known_mask(reference: Image, patch: int) -> Tensor | None:
    """The reference's mask; an error if no patch lies in it."""
    mask = mask_of(reference)
    if mask is not None and F.avg_pool2d(mask[None], patch, 1).max() < _ALL:
        raise InvalidArgument(
            f"no patch of {patch} x {patch} pixels of the reference is free of transparent ones; "
            "give a smaller patch, or a reference with more to see"
        )
    return mask


def resized(mask: Tensor, size: Sequence[int]) -> Tensor:
    """The mask at another size, (h, w)."""
    return F.interpolate(mask[None, None], size, mode="bilinear", antialias=True)[0, 0]


def whole_patches(mask: Tensor, side: int) -> Tensor:
    """Places of the patches that lie in the mask, or, where none does, of those nearest to it."""
    share = F.avg_pool2d(mask[None], side, 1)[0]
    return share >= min(_ALL, float(share.max()))


def patches_shown(mask: Tensor | None, level: tuple[int, int], patch: int) -> list[Tensor | None]:
    """Places of the patches, and of the pixels, of which something is seen."""
    if mask is None:
        return [None, None]
    small = resized(mask, level)
    shown = framed(small[None], patch)
    return [F.max_pool2d(shown, patch, 1)[0] > 1 - _ALL, small > 1 - _ALL]
