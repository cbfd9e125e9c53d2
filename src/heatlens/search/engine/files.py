"""Arrays in files that only grow, and the manifest that says how much of them counts.

A working set is derived: whoever finds it stale or damaged makes it anew. So the rules are simple.
Files are appended to, then the manifest is replaced in one step; what lies beyond the lengths it
gives is the rest of a writer that died, and is cut off by the next. The manifest carries checksums
of all pieces, the files' sizes and times of change, and a checksum of itself.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FORMAT", "MANIFEST", "Stale", "append", "changed", "damaged", "load", "mapped", "store"]

FORMAT = 1
MANIFEST = "manifest.json"
_BLOCK = 1 << 24


class Stale(Exception):
    """The working set cannot be used as it is; it is made anew."""


def load(folder: Path) -> dict[str, Any]:
    """The manifest of a folder.

    Raises:
        Stale: there is none, it is damaged, or another format's.
    """
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        manifest = json.loads(text)
        told = manifest.pop("checksum")
        if told != _checksum(manifest):
            raise Stale("the manifest is damaged")
        if manifest["format"] != FORMAT:
            raise Stale(f"format {manifest['format']}, this heatlens writes {FORMAT}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Stale(f"no manifest that can be read ({error})") from error
    return dict(manifest)


def store(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest in one step."""
    text = json.dumps({**manifest, "checksum": _checksum(manifest)})
    draft = folder / f".{MANIFEST}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / MANIFEST)


def append(file: Path, length: int, array: npt.NDArray[Any]) -> int:
    """Write an array behind the first `length` bytes; its CRC-32."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    with file.open("r+b" if file.exists() else "w+b") as handle:
        handle.truncate(length)
        handle.seek(length)
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    return zlib.crc32(data)


def mapped(file: Path, dtype: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The first entries of a file as a read-only array that lies on disk.

    Raises:
        Stale: the file is missing or too short.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        if file.stat().st_size < size:
            raise Stale(f"{file.name} is cut off")
        if size == 0:
            return np.empty(shape, dtype)
        lying = np.memmap(file, dtype=dtype, mode="r", shape=shape)
    except (OSError, ValueError) as error:
        raise Stale(f"{file.name} cannot be read ({error})") from error
    return lying.view(np.ndarray)


def changed(file: Path) -> list[int]:
    """Size and time of the last change, in nanoseconds."""
    found = file.stat()
    return [found.st_size, found.st_mtime_ns]


def damaged(file: Path, pieces: list[list[int]]) -> bool:
    """Whether the bytes of a file are not what they were when they were written.

    Args:
        file: it.
        pieces: (length, CRC-32) of each piece, in order.
    """
    with file.open("rb") as handle:
        for length, told in pieces:
            found, left = 0, length
            while left > 0:
                data = handle.read(min(_BLOCK, left))
                if not data:
                    return True
                found = zlib.crc32(data, found)
                left -= len(data)
            if found != told:
                return True
    return False


def _checksum(manifest: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(manifest, sort_keys=True).encode())
