"""From what was typed to the pictures that are meant."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from heatlens.errors import InvalidArgument
from heatlens.images.sniff import SUFFIXES

__all__ = ["pictures"]


def pictures(typed: Sequence[str]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Expand files, globs and folders, in order and without repetition.

    A quoted glob ("photos/**/*.jpg") is expanded here, a folder means the pictures right in it.

    Returns:
        The files, and a (source, reason) pair for each source that names none. A missing file is
        such a pair, so that it does not stop the others.

    Raises:
        InvalidArgument: nothing was typed.
    """
    if not typed:
        raise InvalidArgument("no picture was given")
    found: dict[Path, None] = {}
    failed: list[tuple[str, str]] = []
    for source in typed:
        path = Path(source).expanduser()
        if path.is_dir():
            inside = sorted(
                item
                for item in path.iterdir()
                if item.is_file() and item.suffix.lower() in SUFFIXES
            )
            if not inside:
                failed.append((source, "the folder has no pictures"))
            found.update(dict.fromkeys(inside))
        elif path.exists() or not glob.has_magic(source):
            found[path] = None
        else:
            matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
            matches = [match for match in matches if match.is_file()]
            if not matches:
                failed.append((source, "the pattern matches no file"))
            found.update(dict.fromkeys(matches))
    return list(found), failed
