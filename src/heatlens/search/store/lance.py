"""LanceDB and Arrow, and what they raise turned into errors that say what to do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from heatlens.errors import DamagedIndex, HeatlensError, MissingDependency, UnwritableIndex

try:
    import lancedb
    import pyarrow
except ImportError as error:
    raise MissingDependency("lancedb", "search", "an index") from error

__all__ = ["arrow", "connected", "reading", "told", "writing"]

arrow: Any = pyarrow

_NOT_LANCE = (
    *(HeatlensError, KeyboardInterrupt, GeneratorExit, SystemExit, MemoryError),
    *(TypeError, AttributeError, NameError),  # mistakes in a program, not in a file
)


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
        raise UnwritableIndex(
            f"the index {place} could not be changed ({told(error)}); nothing of this change was "
            f"kept. If there is room and permission to write, `heatlens index --verify --out "
            f"{place}` says whether its files are damaged"
        ) from error
