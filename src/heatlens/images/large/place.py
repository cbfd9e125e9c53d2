"""Where a large map may be written: told before any work, and never over the picture itself."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.large.source import LargeSource

__all__ = ["checked_place"]

SUFFIXES = (".tif", ".tiff")


def checked_place(out: str | os.PathLike[str], source: LargeSource | None = None) -> Path:
    """The file that a pyramid goes to, if one can be written there.

    Args:
        out: where to; `.tif` or `.tiff`.
        source: what it is made of, which it must not replace.

    Raises:
        InvalidType: no path.
        InvalidArgument: another ending, a folder that is missing or closed, the source itself.

    Example:
        >>> checked_place("heat.png")
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: a pyramid is a .tif or .tiff file, not 'heat.png'
    """
    if not isinstance(out, str | os.PathLike):
        raise InvalidType(f"`out` is a path, not a {type(out).__name__}, {out!r}")
    target = Path(os.fspath(out)).expanduser()
    if target.suffix.lower() not in SUFFIXES:
        raise InvalidArgument(f"a pyramid is a .tif or .tiff file, not {target.name!r}")
    refuse_source(target, source)
    if target.is_dir():
        raise InvalidArgument(f"{target} cannot be written: it is a folder")
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise InvalidArgument(f"{target} cannot be written: {error.strerror or error}") from error
    return target


def refuse_source(target: Path, source: LargeSource | None) -> None:
    """Refuse a file that is the source, or lies in its folder.

    Raises:
        InvalidArgument: it is.
    """
    if source is None or source.path is None:
        return
    own, there = source.path.resolve(), target.resolve()
    same = there.exists() and own.exists() and there.samefile(own)
    if same or own == there or (own.is_dir() and own in there.parents):
        raise InvalidArgument(
            f"{target} is the picture itself, which stays as it is; give the result another name"
        )
