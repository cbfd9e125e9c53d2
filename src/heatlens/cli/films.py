"""What `heatlens saliency` and `heatlens explain` share where a film goes in."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress

from heatlens.cli.exits import report
from heatlens.errors import InvalidArgument
from heatlens.images.films.writer import film_suffixes
from heatlens.images.sniff import FILM_SUFFIXES, SUFFIXES

__all__ = ["check_one_film", "check_options", "film_file", "film_stem", "refuse_file", "watched"]

Told = Callable[[int, int | None], None]


def film_file(out: Path) -> Path | None:
    """The file that `--out` names, if it names one of a film; "-" is standard output."""
    film = str(out) == "-" or out.suffix.lower() in film_suffixes()
    return out if film and not out.is_dir() else None


def film_stem(source: str) -> Path:
    """What the files about a film are called after."""
    return Path({"-": "pipe"}.get(source, source.replace(":", "-")))


def refuse_file(out: Path, films: Sequence[str]) -> None:
    """Refuse `--out heat.png`, which would become a folder of that name.

    Of films no ending is taken for a folder's, unless there is one.
    """
    file = bool(out.suffix) if films else out.suffix.lower() in {*SUFFIXES, *FILM_SUFFIXES}
    if file and not out.is_dir():
        raise InvalidArgument(
            f"--out {out} is the name of a file that is not written here; give a folder, or for one "
            f"film a file that ends in {', '.join(film_suffixes())}"
        )


def check_one_film(out: Path, films: Sequence[str], others: Sequence[object], runs: int) -> None:
    """Refuse a file of one film as `--out` for anything but one run over one film."""
    if others or len(films) != 1 or runs > 1:
        raise InvalidArgument(
            f"--out {out} is one film: give one film, one method and one target, or a folder as --out"
        )


def check_options(
    films: Sequence[str],
    others: Sequence[object],
    runs: int,
    *,
    of_pictures: Mapping[str, bool],
    of_films: Mapping[str, bool],
) -> None:
    """Refuse options that would do nothing, and a pipe that would have to be read twice.

    Args:
        films: what was given of films.
        others: what was given of anything else.
        runs: how often each film is gone through.
        of_pictures: options that only pictures have, and whether they were used.
        of_films: likewise of films.
    """
    for kind, there, options in (("pictures", others, of_pictures), ("films", films, of_films)):
        used = [name for name, given in options.items() if given]
        if used and not there and (films or others):
            raise InvalidArgument(f"{used[0]} is for {kind}, and none was given")
    if runs > 1 and "-" in films:
        raise InvalidArgument("a pipe can be gone through once: give one method and one target")


@contextmanager
def watched(progress: Progress, words: str, target: Path) -> Iterator[Told]:
    """A bar for one film; after Ctrl-C it is said what was kept."""
    task = progress.add_task(words, total=None)
    started = time.time()

    def told(done: int, total: int | None) -> None:
        progress.update(task, completed=done, total=total)

    try:
        yield told
    except KeyboardInterrupt:
        for kept in _kept(target, started):
            report(f"what was written of {target.name} is kept as {kept}")
        raise
    finally:
        progress.remove_task(task)


def _kept(target: Path, since: float) -> Collection[Path]:
    """Parts of a film that were left beside it by this run."""
    parts = target.parent.glob(f"{target.stem}.partial*{target.suffix}")
    return [part for part in parts if part.stat().st_mtime >= since - 1]
