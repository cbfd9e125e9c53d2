"""From what a caller gives to the things that become rows, each with its id."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.files import existing_file
from heatlens.images.sniff import SUFFIXES

__all__ = ["Failed", "Item", "files_of", "items_of"]

Failed = list[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Item:
    """One thing to add.

    Attributes:
        id: of its row.
        thing: a path as a text, an `Image`, a `Heatmap`, or (weights (n,), points (n, d)).
        name: what people call it.
    """

    id: str
    thing: Any
    name: str = ""


def items_of(
    source: Any, ids: Sequence[str] | None = None, heatmaps: bool = False
) -> tuple[list[Item], Failed]:
    """What `source` holds, and (source, reason) for those in a list that name nothing.

    Args:
        source: a folder, which is searched with all below it, a file or a glob; an `Image` or a
            `Heatmap`; a list of any of these; or ready signatures, (weights (N, n), points
            (N, n, d)) or lists of N arrays, with ids as a third entry if they are not in `ids`.
        ids: one for each of a list; else absolute paths, or the names of Images and Heatmaps.
        heatmaps: whether a folder's `.npz` files count.

    Raises:
        InvalidArgument: ids that are missing, too few or not unique; a path that names nothing.
        InvalidType: something else.
    """
    given = None if ids is None else _texts(ids)
    if isinstance(source, tuple) and _is_signatures(source):
        return _checked(_signatures(source, given)), []
    if isinstance(source, Image | Heatmap):
        source = [source]
    if isinstance(source, str | os.PathLike):
        if given is not None:
            raise InvalidArgument("ids= belongs to a list; a file's id is its absolute path")
        paths, failed = files_of([source], heatmaps)
        if failed and not paths:
            existing = glob.has_magic(os.fspath(source)) or Path(source).expanduser().is_dir()
            if not existing:
                existing_file(source)
            raise InvalidArgument(f"{os.fspath(source)}: {failed[0][1]}")
        return [_file(path) for path in paths], failed
    if not isinstance(source, list | tuple):
        raise InvalidType(
            f"a {type(source).__name__} cannot be added; give a folder, a glob, a list of paths, "
            "Images or Heatmaps, or (weights (N, n), points (N, n, d), ids). An array becomes an "
            "Image by read_image(array, name=...)"
        )
    if given is not None and len(given) != len(source):
        raise InvalidArgument(f"{len(given)} ids for {len(source)} sources; one is needed for each")
    return _listed(source, given, heatmaps)


def files_of(
    sources: Sequence[str | os.PathLike[str]], heatmaps: bool = False
) -> tuple[list[str], Failed]:
    """Absolute paths of the files that paths, globs and folders name, each once, in order.

    A folder means the pictures in it and in all folders below; what begins with a dot is left out,
    and links to folders are not followed.
    """
    suffixes = SUFFIXES | {".npz"} if heatmaps else SUFFIXES
    found: dict[str, None] = {}
    failed: Failed = []
    for source in sources:
        text = os.fspath(source)
        path = Path(text).expanduser()
        if "\0" not in text and path.is_dir():
            inside = [os.path.realpath(file) for file in _below(path, suffixes, failed)]
            if not inside:
                failed.append((text, _empty(path, heatmaps)))
            found.update(dict.fromkeys(inside))
        elif glob.has_magic(text) and not path.exists():
            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
            matches = [match for match in matches if not Path(match).is_dir()]
            if not matches:
                failed.append((text, "the pattern matches no file"))
            found.update(dict.fromkeys(os.path.realpath(match) for match in matches))
        else:
            try:
                found[os.path.realpath(existing_file(text))] = None
            except InvalidArgument as error:
                failed.append((text, str(error)))
    return [Path(name).as_posix() for name in found], failed


def _below(folder: Path, suffixes: frozenset[str], failed: Failed) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        failed.append((str(error.filename), f"the folder cannot be read: {error.strerror}"))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            volume = suffix != ".gz" or name.lower().endswith(".nii.gz")
            if not name.startswith(".") and suffix in suffixes and volume:
                yield str(Path(place) / name)


def _empty(folder: Path, heatmaps: bool) -> str:
    """Why a folder has nothing to add."""
    count = 0 if heatmaps else sum(1 for _ in _below(folder, frozenset({".npz"}), []))
    if not count:
        return "the folder has no pictures"
    files = ".npz file" if count == 1 else ".npz files"
    return f"the folder has no pictures, but {count} {files}: saved heatmaps need --on mass"


def _file(path: str, given: str | None = None) -> Item:
    return Item(given or path, path, Path(path).name)


def _listed(
    source: Sequence[Any], given: list[str] | None, heatmaps: bool
) -> tuple[list[Item], Failed]:
    items: list[Item] = []
    failed: Failed = []
    paths = [isinstance(thing, str | os.PathLike) for thing in source]
    if all(paths) and given is None:
        files, failed = files_of(source, heatmaps)
        return [_file(path) for path in files], failed
    for number, thing in enumerate(source):
        own = None if given is None else given[number]
        if isinstance(thing, str | os.PathLike):
            if own is not None and Path(thing).expanduser().is_dir():
                raise InvalidArgument(f"ids= belongs to files; {os.fspath(thing)} is a folder")
            files, missing = files_of([thing], heatmaps)
            failed += missing
            items += [_file(path, own) for path in files]
        elif isinstance(thing, Image | Heatmap):
            name = thing.name if isinstance(thing, Image) else thing.provenance.image
            if not (own or name):
                raise InvalidArgument(
                    f"the {type(thing).__name__} at [{number}] has no name; give ids=, or "
                    + ("image.with_(name=...)" if isinstance(thing, Image) else "name its picture")
                )
            items.append(Item(own or name, thing, name or str(own)))
        else:
            raise InvalidType(
                f"the entry at [{number}] is a {type(thing).__name__}; a list holds paths, Images "
                "or Heatmaps"
            )
    return _checked(items), failed


def _is_signatures(source: tuple[Any, ...]) -> bool:
    things = (str, os.PathLike, Image, Heatmap)
    return len(source) in (2, 3) and not isinstance(source[0], things)


def _signatures(source: tuple[Any, ...], given: list[str] | None) -> list[Item]:
    weights, points = source[:2]
    if len(source) == 3:
        if given is not None:
            raise InvalidArgument("ids come twice: in the tuple, and as ids=")
        given = _texts(source[2])
    if given is None:
        raise InvalidArgument("ready signatures need ids: (weights, points, ids), or ids=")
    counts = tuple(len(part) if hasattr(part, "__len__") else -1 for part in (weights, points))
    if set(counts) != {len(given)}:
        raise InvalidArgument(
            f"weights of {counts[0]}, points of {counts[1]} and {len(given)} ids are not N of "
            "each; expected (N, n), (N, n, d) and N"
        )
    return [
        Item(name, (mass, places), name)
        for name, mass, places in zip(given, weights, points, strict=True)
    ]


def _texts(ids: Any) -> list[str]:
    if isinstance(ids, str):
        raise InvalidType(f"ids is {ids!r}; it is a list of texts, one for each source")
    found = list(ids)
    for name in found:
        if not isinstance(name, str):
            raise InvalidType(f"the id {name!r} is no text; give str(...) of it")
    return found


def _checked(items: list[Item]) -> list[Item]:
    """The items, if their ids are unique."""
    for name, count in Counter(item.id for item in items).items():
        if count > 1:
            raise InvalidArgument(
                f"{count} sources have the id {name!r}; ids are unique: give others as ids="
            )
    return items
