"""Where small pictures wait until it is known which of them are wanted: memory, then a file."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from types import TracebackType

__all__ = ["Shelf"]

_IN_MEMORY = 8 << 20


class Shelf:
    """Bytes by number; beyond 8 MiB they lie in a temporary file. A context manager.

    Example:
        >>> with Shelf() as shelf:
        ...     shelf.add(b"one"), shelf.add(b"two"), shelf[0]
        (0, 1, b'one')
    """

    def __init__(self) -> None:
        """An empty one."""
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        self._ends = [0]

    def __enter__(self) -> Shelf:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, held: bytes) -> int:
        """Put the next one down; its number."""
        self._file.seek(self._ends[-1])
        self._file.write(held)
        self._ends.append(self._ends[-1] + len(held))
        return len(self._ends) - 2

    def __getitem__(self, number: int) -> bytes:
        """What was put down under a number."""
        start, end = self._ends[number : number + 2]
        self._file.seek(start)
        return self._file.read(end - start)
