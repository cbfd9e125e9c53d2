"""From what a caller gives to an open binary file, with errors that say what to do."""

from __future__ import annotations

import contextlib
import glob
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from heatlens.errors import InvalidType, MissingImage, UnreadableImage, did_you_mean

__all__ = ["Opened", "existing_file", "opened"]

_HEAD = 512


@dataclass(frozen=True, eq=False)
class Opened:
    """An open file and what to call it.

    Attributes:
        stream: seekable binary file.
        head: its first bytes.
        label: how messages call it: the path, or "the file object".
        name: file name without folder; "" where there is none.
        path: where it lies, for files on disk.
    """

    stream: BinaryIO
    head: bytes
    label: str
    name: str = ""
    path: Path | None = None

    @property
    def suffix(self) -> str:
        """Last part of the name, small letters; ".nii.gz" counts as one."""
        name = self.name.lower()
        return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix


@contextlib.contextmanager
def opened(source: Any) -> Iterator[Opened]:
    """Open a path, bytes or a binary file object; only what was opened here is closed.

    A file object is read from its beginning, wherever its position is.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        yield Opened(io.BytesIO(data), data[:_HEAD], "the data given")
    elif isinstance(source, (str, os.PathLike)):
        path = existing_file(source)
        try:
            stream = path.open("rb")
        except PermissionError as error:
            raise UnreadableImage(f"no permission to read {path}") from error
        except OSError as error:
            raise UnreadableImage(f"{path} cannot be opened: {error.strerror or error}") from error
        with stream:
            try:
                head = stream.read(_HEAD)
            except OSError as error:
                raise UnreadableImage(f"{path} cannot be read: {error.strerror}") from error
            yield Opened(stream, head, str(path), path.name, path)
    elif callable(getattr(source, "read", None)):
        yield _from_object(source)
    else:
        raise InvalidType(
            f"read_image does not take a {type(source).__name__}; give a path, an open binary "
            "file, bytes, a Pillow image, an array or a tensor"
        )


def existing_file(source: str | os.PathLike[str], what: str = "picture") -> Path:
    """The path of a regular file, else an error that says what is there instead.

    Raises:
        MissingImage: nothing is there; near names in the same folder are suggested.
        UnreadableImage: a URL, a directory, a device.
    """
    text = os.fspath(source)
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", text):
        raise UnreadableImage(f"{text} is a URL; download it first and give the file's path")
    if not text or "\0" in text:
        raise UnreadableImage(f"{text!r} is not a path")
    path = Path(text).expanduser()
    try:
        if path.is_file():
            return path
        if path.is_dir():
            kinds = "*.npz" if what == "heatmap" else "*.jpg"
            raise UnreadableImage(
                f"{text} is a directory; give its files, for example {Path(text) / kinds}"
            )
        if path.exists():
            raise UnreadableImage(f"{text} is not a regular file (a device or a pipe?)")
    except PermissionError as error:
        raise UnreadableImage(f"no permission to look into {path.parent}") from error
    except OSError as error:  # a name too long for the file system
        raise MissingImage(f"there is no {what} at {text[:80]!r}: {error.strerror}") from error
    raise MissingImage(f"there is no {what} at {text}{_hint(path, text)}")


def _hint(path: Path, text: str) -> str:
    if glob.has_magic(text):
        return "; patterns are not expanded here, use sorted(Path(...).glob(...))"
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist"
    try:
        siblings = [entry.name for entry in islice(os.scandir(path.parent), 5000)]
    except OSError:
        return ""
    near = did_you_mean(path.name, siblings)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _from_object(source: Any) -> Opened:
    name = getattr(source, "name", "")
    name = Path(name).name if isinstance(name, str) else ""
    label = name or "the file object"
    try:
        seekable = bool(source.seekable()) if hasattr(source, "seekable") else False
        stream = source if seekable else io.BytesIO(_binary(source.read(), label))
        stream.seek(0)
        head = _binary(stream.read(_HEAD), label)
        stream.seek(0)
    except UnicodeDecodeError:
        _binary("", label)
        raise
    except ValueError as error:
        raise UnreadableImage(f"{label} cannot be read: {error}") from error
    return Opened(stream, head, label, name)


def _binary(data: Any, label: str) -> bytes:
    if isinstance(data, str):
        raise InvalidType(f"{label} is open as text; open it in binary mode, open(..., 'rb')")
    return bytes(data)
