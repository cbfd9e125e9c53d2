"""`prune`: rows whose files are gone leave the index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from heatlens.errors import InvalidArgument
from heatlens.search.store.store import Store

__all__ = ["prune"]


def prune(store: Store, roots: Sequence[str | os.PathLike[str]]) -> int:
    """Remove the rows of files that were deleted, renamed or moved, in one commit.

    Only rows whose path lies below one of the folders are looked at. A file that may be there, but
    cannot be looked at, stays.

    Args:
        store: the index.
        roots: folders. One that is not there is an error, since its disk may not be mounted.

    Returns:
        How many rows were removed.

    Raises:
        InvalidArgument: a root is no folder; nothing was removed.
        UnwritableIndex: the commit failed; nothing was removed.
    """
    folders = tuple(_folder(root) for root in roots)
    inside = ((name, path) for name, path in store.paths() if path.startswith(folders))
    gone = [name for name, path in inside if _is_gone(path)]
    return store.remove(gone) if gone else 0


def _folder(root: str | os.PathLike[str]) -> str:
    path = Path(root).expanduser()
    if not path.is_dir():
        raise InvalidArgument(
            f"{os.fspath(root)} is no folder; rows are pruned below folders that are there"
        )
    return Path(os.path.realpath(path)).as_posix().rstrip("/") + "/"


def _is_gone(path: str) -> bool:
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
