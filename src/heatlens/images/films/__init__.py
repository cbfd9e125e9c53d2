"""Moving pictures in and out, one frame in memory at a time.

| file | what it gives |
|---|---|
| `open` | `open_film`: any source of a film -> `Film` |
| `film` | `Film` and `Frame` |
| `containers` | mp4, webm, avi, mov, mkv, ..., by OpenCV |
| `cameras` | the cameras of this machine |
| `pipes` | whatever can only be read once: standard input, sockets, file objects |
| `animations`, `stamps` | GIF, WebP and AVIF, by Pillow; how long their frames are shown |
| `sequences`, `one_range` | folders of pictures, arrays, iterables, `Image`s with a time axis |
| `aside` | calls that wait without keeping Ctrl-C waiting |
| `pace` | whether frames come evenly, in words |
| `decoding` | frames out of OpenCV's captures |
| `place` | `refuse_same_file`: a film is not written over itself; names of unfinished films |
| `writer` | `FilmWriter`: frames -> a file |
| `encoders`, `y4m` | what writes each kind of file |
| `whole` | `read_image` of a film: all frames, or one |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.images.films.film import Film, Frame
    from heatlens.images.films.open import open_film
    from heatlens.images.films.place import refuse_same_file
    from heatlens.images.films.writer import FilmWriter

__all__ = ["Film", "FilmWriter", "Frame", "open_film", "refuse_same_file"]

_HOME = {
    "Film": "film",
    "FilmWriter": "writer",
    "Frame": "film",
    "open_film": "open",
    "refuse_same_file": "place",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
