"""OpenCV and FFmpeg without their lines on the error stream: what is wrong is said in an error."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from heatlens.optional import needed

__all__ = ["opencv", "quiet", "silenced"]

_LOCK = threading.RLock()
_LEVEL = "OPENCV_FFMPEG_LOGLEVEL"
_INSIDE: list[None] = []
"""One entry for each `quiet` that is under way."""
_KEPT: dict[str, Any] = {}
"""As it was before the first of them."""


def opencv(purpose: str) -> ModuleType:
    """OpenCV, imported.

    Raises:
        MissingDependency: it is not installed; the message names the extra `video`.
    """
    return needed("cv2", purpose, extra="video")


@contextlib.contextmanager
def quiet(cv2: ModuleType) -> Iterator[None]:
    """OpenCV's log level is "silent" inside, and as it was once nobody is inside any more.

    FFmpeg asks its own level of the environment, once, when the first film is opened: unless the
    user has set it, it is set to "quiet" (-8) for that moment. Nothing is locked meanwhile: opening
    a pipe takes as long as the program before it is silent.
    """
    logging = cv2.utils.logging
    with _LOCK:
        if not _INSIDE:
            _KEPT["level"] = logging.getLogLevel()
            _KEPT["mine"] = _LEVEL not in os.environ
            os.environ.setdefault(_LEVEL, "-8")
            logging.setLogLevel(logging.LOG_LEVEL_SILENT)
        _INSIDE.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _INSIDE.pop()
            if not _INSIDE:
                logging.setLogLevel(_KEPT["level"])
                if _KEPT["mine"]:
                    os.environ.pop(_LEVEL, None)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Nothing reaches the process's error stream inside; for a moment only.

    OpenCV's encoder writes to it directly, whatever its log level, that WebM has no tag for VP8.
    """
    with _LOCK:
        try:
            kept = os.dup(2)
        except OSError:  # a program without an error stream
            yield
            return
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(sink)
