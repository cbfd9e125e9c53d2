"""The folder that a zoomable picture goes to: empty, or an earlier result that is replaced."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from heatlens.errors import InvalidArgument, InvalidType

__all__ = ["checked_folder", "emptied"]

_TILES = ("picture_files", "heat_files")
_FILES = ("index.html", "picture.dzi", "heat.dzi")
_MARK = '<meta name="generator" content="heatlens">'


def checked_folder(folder: str | os.PathLike[str]) -> Path:
    """The folder, if a result can go there; nothing is made or removed.

    Raises:
        InvalidType: no path.
        InvalidArgument: a file, or a folder with something else in it.
    """
    if not isinstance(folder, str | os.PathLike):
        raise InvalidType(f"`folder` is a path, not a {type(folder).__name__}, {folder!r}")
    target = Path(os.fspath(folder)).expanduser()
    try:
        inside = sorted(target.iterdir()) if target.exists() else []
        for item in inside:
            if not _ours(item):
                raise InvalidArgument(
                    f"{target} holds {item.name!r}, which is none of ours; name an empty folder, or "
                    "a new one"
                )
    except OSError as error:
        raise InvalidArgument(f"{target} cannot be written to: {error.strerror}") from error
    return target


def emptied(folder: Path) -> None:
    """Make the folder, and remove an earlier result from it.

    Raises:
        InvalidArgument: it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:  # the page first: without it nobody looks at half a picture
            (folder / name).unlink(missing_ok=True)
        for name in _TILES:
            if (folder / name).exists():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise InvalidArgument(f"{folder} cannot be written to: {error.strerror}") from error


def _ours(item: Path) -> bool:
    """Whether a file or folder is what this room writes, as far as its names tell."""
    if item.name == "index.html":
        with item.open("rb") as page:
            return _MARK.encode() in page.read(1000)
    if item.name in _TILES and item.is_dir() and not item.is_symlink():
        tile = re.compile(r"\d+_\d+\.(jpg|png)")
        return all(
            level.name.isdecimal() and all(tile.fullmatch(one.name) for one in level.iterdir())
            for level in item.iterdir()
        )
    return item.name in _FILES and item.is_file()
