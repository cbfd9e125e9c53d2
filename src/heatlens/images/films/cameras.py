"""The cameras of this machine, by OpenCV."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from heatlens.errors import UnreadableImage
from heatlens.images.films.aside import Aside
from heatlens.images.films.containers import refuse_size
from heatlens.images.films.decoding import next_frame, stated
from heatlens.images.films.film import Film, Timed
from heatlens.images.films.quiet import opencv, quiet

__all__ = ["from_camera"]


def from_camera(number: int, limit: int) -> Film:
    """The frames of a camera of this machine, until the reader stops.

    Raises:
        UnreadableImage: there is no such camera, it is in use, or gives no picture.
    """
    cv2 = opencv("reading a camera")
    label = f"camera:{number}"
    aside = Aside()  # a camera that falls silent would keep Ctrl-C waiting

    def opened() -> tuple[Any, Timed | None]:
        with quiet(cv2):
            capture = cv2.VideoCapture(number)
            return capture, next_frame(cv2, capture) if capture.isOpened() else None

    try:
        capture, first = aside(opened)
    except BaseException:
        aside.end()
        raise

    def release() -> None:
        aside.end(capture.release)

    if first is None:
        release()
        raise UnreadableImage(
            f"there is no camera number {number}, or another program uses it; "
            "cameras are counted from 0: 'camera:0'"
        )
    try:
        refuse_size(first[1].shape[:2], limit, label)
    except BaseException:
        release()
        raise
    rate = stated(cv2, capture)[1]

    def start(film: Film) -> Generator[Timed, None, None]:
        begun = time.perf_counter()
        frame: Timed | None = first
        try:
            while frame is not None:
                yield time.perf_counter() - begun, frame[1]
                frame = aside(next_frame, cv2, capture)
            film.tell(f"{label} gave no further picture: was it unplugged?")
        finally:
            release()

    height, width = first[1].shape[:2]
    return Film(
        start,
        name=label,
        size=(height, width),
        frames_per_second=rate,
        once=True,
        release=release,
    )
