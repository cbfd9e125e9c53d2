"""Where the objects are: a folder of mask pictures, a mapping, arrays, or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.improvement.review.named_masks import MaskFiles, MaskMapping, NamedMasks

__all__ = ["MaskSource", "check_masks", "mask_source", "read_mask"]

Mask = npt.NDArray[np.bool_]
MaskSource = Callable[[Image, int, str], Any]
"""From a picture, its number and its path ("" if it has none) to its mask, or None."""


def mask_source(given: Any) -> MaskSource | None:
    """Whatever says where the objects are, as one function; None for None.

    Args:
        given: a folder with a mask picture for each picture, see `MaskFiles`; a mapping from
            paths, names or names without ending; a sequence in the pictures' order; or a function
            (image, number).

    Raises:
        InvalidArgument: the folder is none, or two files in it differ by the ending only.
        InvalidType: something else.
    """
    if given is None:
        return None
    if isinstance(given, str | PathLike):
        return MaskFiles(Path(given).expanduser())
    if callable(given):
        return lambda image, number, path: given(image, number)
    if isinstance(given, Mapping):
        return MaskMapping(given)
    if isinstance(given, Sequence | np.ndarray) or hasattr(given, "__getitem__"):
        return lambda image, number, path: given[number] if number < len(given) else None
    raise InvalidType(
        f"masks are {type(given).__name__}; a folder, a mapping, arrays in the pictures' order, or "
        "a function of (image, number) are meant"
    )


def check_masks(source: MaskSource | None, pictures: Any) -> None:
    """Refuse before any work a mask that suits two pictures, where all of them are known.

    Args:
        source: where masks come from.
        pictures: what `review_queue` was given; a list or tuple is looked at, nothing else.

    Raises:
        InvalidArgument: nobody can tell whose mask it is.
    """
    if isinstance(source, NamedMasks) and isinstance(pictures, list | tuple):
        source.check(
            (str(one), "") if isinstance(one, str | PathLike) else ("", getattr(one, "name", ""))
            for one in pictures
        )


def read_mask(source: MaskSource, image: Image, number: int, path: str = "") -> Mask | None:
    """The mask of a picture, (H, W) bool; None where there is none or it is empty.

    A mask picture is true above half of its own highest value, so 0 and 1, 0 and 255, and the
    noise of JPEG are read alike.

    Args:
        source: where masks come from.
        image: the picture.
        number: of the picture, from 0.
        path: of its file; "" if it has none.

    Raises:
        InvalidArgument: it has another size than the picture, or is another picture's mask.
    """
    given = source(image, number, path)
    if given is None:
        return None
    if isinstance(given, str | PathLike):
        given = read_image(given)
    values = np.asarray(given.pixels if isinstance(given, Image) else given)
    if values.ndim == 3:
        values = values[..., :3].max(-1)
    if values.ndim != 2 or values.shape != image.size:
        raise InvalidArgument(
            f"its mask has shape {values.shape}, the picture {image.size[0]} x {image.size[1]}"
        )
    if values.dtype != np.bool_:
        values = values.astype(np.float64)
        if not np.isfinite(values).all():
            raise InvalidArgument("its mask holds NaN or infinite values")
        values = values > values.max() / 2
    return values if values.any() else None
