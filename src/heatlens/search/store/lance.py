"""LanceDB and Arrow, and what they raise turned into errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heatlens.errors import DamagedIndex, HeatlensError, MissingDependency, UnwritableIndex

try:
    import lancedb
    import pyarrow
except ImportError as error:
    raise MissingDependency("lancedb", "search", "an index") from error

__all__ = ["arrow", "connected", "marking", "reading", "told", "writing"]

arrow: Any = pyarrow

_NOT_LANCE = (HeatlensError, KeyboardInterrupt, GeneratorExit, SystemExit, MemoryError)

_MISTAKES = (TypeError, AttributeError, NameError, AssertionError)
"""In a program, not in a file; unless it was LanceDB or Arrow that stumbled over the file."""


def connected(uri: str, storage_options: dict[str, str] | None = None) -> Any:
    """A connection to a folder or to object storage."""
    return lancedb.connect(uri, storage_options=storage_options)


def told(error: BaseException) -> str:
    """What Lance said, without its wrapping and the places in its source.

    Example:
        >>> told(RuntimeError("lance error: LanceError(IO): not found: a.lance, /src/x.rs:1:2"))
        'LanceError(IO): not found: a.lance'
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0].removeprefix("lance error: ").partition(", /")[0]
    return text if len(text) < 300 else f"{text[:300]}..."


@contextlib.contextmanager
def reading(place: str) -> Iterator[None]:
    """Turn whatever Lance raises while it reads a table, its panics too, into `DamagedIndex`."""
    try:
        yield
    except _NOT_LANCE:
        raise
    except BaseException as error:  # a panic of Rust is not always an Exception
        if _is_ours(error):
            raise
        advice = (
            "check the address, the network and storage_options; if they are right, it is damaged"
            if "://" in place
            else f"`heatlens index --verify --out {place}` names the files that are damaged; restore "
            "those from a backup, or build the index again"
        )
        raise DamagedIndex(
            f"the table of the index {place} cannot be read ({told(error)}); {advice}"
        ) from error


@contextlib.contextmanager
def writing(place: str) -> Iterator[None]:
    """Turn whatever Lance raises while it commits into `UnwritableIndex`."""
    try:
        yield
    except _NOT_LANCE:
        raise
    except BaseException as error:
        if _is_ours(error):
            raise
        raise UnwritableIndex(
            f"the index {place} could not be changed ({told(error)}); nothing of this change was "
            f"kept. If there is room and permission to write, `heatlens index --verify --out "
            f"{place}` says whether its files are damaged"
        ) from error


@contextlib.contextmanager
def marking(folder: Path, kept: str = "nothing was changed") -> Iterator[None]:
    """Turn what the file system refuses, beside the table, into `UnwritableIndex`.

    Args:
        folder: the index.
        kept: what became of the change, in words.
    """
    try:
        yield
    except HeatlensError:
        raise
    except OSError as error:
        raise UnwritableIndex(
            f"the index {folder} cannot be written to ({error.strerror or error}: "
            f"{error.filename or folder}); {kept}. See whether the folder is read-only or on a "
            "full disk, and who owns it"
        ) from error


def _is_ours(error: BaseException) -> bool:
    """Whether it is a mistake of a program, raised outside of LanceDB and Arrow."""
    if not isinstance(error, _MISTAKES):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] not in ("lancedb", "lance", "pyarrow")
