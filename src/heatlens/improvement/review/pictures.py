"""The pictures of a collection, one by one, with names."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from os import PathLike
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.images.sniff import SUFFIXES

__all__ = ["every_picture", "name_of", "picture_of"]


def every_picture(pictures: Any) -> tuple[Iterable[Any], int | None]:
    """The pictures one by one, and how many there are if that is known.

    Args:
        pictures: a folder, or an iterable of anything `read_image` takes.

    Raises:
        InvalidArgument: no such folder, or one without pictures.
        InvalidType: something else.
    """
    if isinstance(pictures, str | PathLike):
        folder = Path(pictures).expanduser()
        if not folder.is_dir():
            raise InvalidArgument(f"pictures: {folder} is no folder; give a folder or a list")
        files = sorted(
            path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES
        )
        if not files:
            raise InvalidArgument(f"pictures: {folder} has no pictures")
        return files, len(files)
    if not isinstance(pictures, Iterable):
        raise InvalidType(
            f"pictures are {type(pictures).__name__}; a folder, or an iterable of pictures is meant"
        )
    return pictures, len(pictures) if isinstance(pictures, Sized) else None


def picture_of(given: Any, number: int) -> Image:
    """A picture, with a name.

    Raises:
        InvalidArgument: it cannot be read, or is a film or a volume.
    """
    image = read_image(given)
    if image.axes not in ("YX", "YXC"):
        raise InvalidArgument(f"it has axes {image.axes!r}; a queue is made of pictures")
    return image if image.name else image.with_(name=f"picture {number}")


def name_of(given: Any, number: int) -> str:
    """The path or the name of what was given, else its number."""
    if isinstance(given, str | PathLike):
        return str(given)
    return getattr(given, "name", "") or f"picture {number}"
