"""Where a film lies, and what may be written there."""

from __future__ import annotations

import itertools
import os
import secrets
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument
from heatlens.images.films.film import Film
from heatlens.images.sniff import SUFFIXES

__all__ = ["hidden_beside", "partial_beside", "refuse_same_file"]


def refuse_same_file(source: Any, target: str | os.PathLike[str]) -> None:
    """Raise `InvalidArgument` where writing `target` would replace the film that is read.

    Args:
        source: a `Film`, or what `open_film` takes.
        target: where a film is to be written; "-" is standard output.

    Example:
        >>> refuse_same_file("clip.mp4", "heat.mp4")
    """
    where = source.path if isinstance(source, Film) else source
    if not isinstance(where, str | os.PathLike) or os.fspath(target) == "-":
        return
    here, there = Path(where).expanduser(), Path(target).expanduser()
    try:
        if here.is_dir():
            same = (
                there.is_file() and there.suffix.lower() in SUFFIXES and there.parent.samefile(here)
            )
        else:
            same = here.samefile(there)
    except (OSError, ValueError):  # one of them is not there
        return
    if same:
        raise InvalidArgument(
            f"{target} is {'a frame of ' if here.is_dir() else ''}the film that is read; give what "
            "is written another name"
        )


def hidden_beside(target: Path) -> Path:
    """A new file beside the target, under a name that nothing has."""
    while True:
        path = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        except OSError as error:
            raise InvalidArgument(
                f"the folder {target.parent} cannot be written to: {error.strerror or error}"
            ) from error
        return path


def partial_beside(target: Path) -> Path:
    """A new file named after the target, with "partial" and a number if need be."""
    for number in itertools.count(1):
        mark = ".partial" if number == 1 else f".partial-{number}"
        path = target.with_name(f"{target.stem}{mark}{target.suffix}")
        try:
            path.open("xb").close()
        except FileExistsError:
            continue
        break
    return path
