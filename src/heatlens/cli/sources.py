"""From what was typed to the pictures that are meant."""

from __future__ import annotations

import glob
from collections.abc import Collection, Sequence
from pathlib import Path

from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.images.sniff import FILM_SUFFIXES, SUFFIXES, is_film

__all__ = ["names_film", "pictures", "pictures_and_films"]


def pictures(typed: Sequence[str]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Expand files, globs and folders, in order and without repetition.

    A quoted glob ("photos/**/*.jpg") is expanded here, a folder means the pictures right in it.

    Returns:
        The files, and a (source, reason) pair for each source that names none. A missing file is
        such a pair, so that it does not stop the others.

    Raises:
        InvalidArgument: nothing was typed.
    """
    if not typed:
        raise InvalidArgument("no picture was given")
    return _expanded(typed, frozenset())


def _expanded(
    typed: Sequence[str], films: Collection[str]
) -> tuple[list[Path], list[tuple[str, str]]]:
    found: dict[Path, None] = {}
    failed: list[tuple[str, str]] = []
    for source in typed:
        path = Path(source).expanduser()
        if path.is_dir():
            inside = sorted(
                item
                for item in path.iterdir()
                if item.is_file() and item.suffix.lower() in {*SUFFIXES, *films}
            )
            if not inside:
                failed.append(
                    (source, "the folder has no pictures" + (" or films" if films else ""))
                )
            found.update(dict.fromkeys(inside))
        elif path.exists() or not glob.has_magic(source):
            found[path] = None
        else:
            matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
            matches = [match for match in matches if match.is_file()]
            if not matches:
                failed.append((source, "the pattern matches no file"))
            found.update(dict.fromkeys(matches))
    return list(found), failed


def pictures_and_films(
    typed: Sequence[str],
) -> tuple[list[Path], list[str], list[tuple[str, str]]]:
    """Expand what was typed, as `pictures` does, and tell films from pictures.

    A folder means the pictures and films right in it; "-" is a pipe, "camera:0" a camera.

    Returns:
        The pictures, the films, and a (source, reason) pair for each source that names none.
    """
    live = [source for source in typed if source == "-" or source.startswith("camera:")]
    files, failed = _expanded([source for source in typed if source not in live], FILM_SUFFIXES)
    films = [file for file in files if names_film(file)]
    return [file for file in files if file not in films], [*map(str, films), *live], failed


def names_film(path: Path) -> bool:
    """Whether a file is a film: a container of frames, a moving GIF or WebP, a named pipe."""
    if path.is_fifo():
        return True
    if not path.is_file():
        return path.suffix.lower() in FILM_SUFFIXES
    with path.open("rb") as file:
        head = file.read(512)
    if is_film(head, path.suffix.lower()):
        return True
    if not head.startswith((b"GIF8", b"RIFF")):
        return path.suffix.lower() in FILM_SUFFIXES
    try:
        with Pillow.open(path) as picture:
            return getattr(picture, "n_frames", 1) > 1
    except (
        Exception
    ):  # Pillow raises anything on a damaged file; whoever reads it says what is wrong
        return False
