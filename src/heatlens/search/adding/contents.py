"""What tells one content from another: checksums of files, pictures, heatmaps and signatures."""

from __future__ import annotations

import io
import json
import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.errors import UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.files import Opened, existing_file

__all__ = ["content_hash", "read_once"]

_SIZE = 16
_IN_MEMORY = 1 << 26
_HEAD = 512


def read_once(path: Path) -> tuple[Opened, str]:
    """A regular file, open and in memory unless it is large, and the checksum of its bytes.

    The caller closes the stream.

    Raises:
        MissingImage: there is none.
        UnreadableImage: it is something else (a pipe, a folder), or cannot be read.
    """
    existing_file(path)
    try:
        # What was a file a moment ago may be a pipe now, which must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        stream: Any = os.fdopen(descriptor, "rb")
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            stream.close()
            raise UnreadableImage(f"{path} is not a regular file (a device or a pipe?)")
        found = blake2b(digest_size=_SIZE)
        if status.st_size <= _IN_MEMORY:
            with stream:
                data = stream.read()
            found.update(data)
            stream = io.BytesIO(data)
        else:
            while piece := stream.read(1 << 20):
                found.update(piece)
            stream.seek(0)
        head = stream.read(_HEAD)
        stream.seek(0)
    except OSError as error:
        if isinstance(error, UnreadableImage):
            raise
        reason = error.strerror or str(error)
        raise UnreadableImage(f"{path} cannot be read: {reason}") from error
    return Opened(stream, head, str(path), path.name, path), found.hexdigest()


def content_hash(thing: Image | Heatmap | tuple[Any, Any]) -> str:
    """Checksum of a picture's pixels, a heatmap's values, or a signature, with their meaning.

    Example:
        >>> one, two = (Image(np.full((2, 2), value, np.uint8), "YX") for value in (1, 2))
        >>> content_hash(one) == content_hash(one.with_(name="again")), len(content_hash(two))
        (True, 32)
    """
    if isinstance(thing, Image):
        meaning: list[Any] = ["image", thing.axes, thing.value_range]
        arrays = [thing.pixels, thing.alpha]
    elif isinstance(thing, Heatmap):
        meaning, arrays = ["heatmap", thing.axes, thing.signed], [thing.values, thing.valid]
    else:
        meaning, arrays = ["signature"], [np.asarray(part, np.float64) for part in thing]
    found = blake2b(digest_size=_SIZE)
    for array in arrays:
        meaning.append(None if array is None else [str(array.dtype), array.shape])
    found.update(json.dumps(meaning, default=float).encode())
    for array in arrays:
        if array is not None:
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
