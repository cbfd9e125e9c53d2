"""Masks found by what a picture is called; none of them serves two pictures.

A picture photos/a/0.png takes the mask a/0.png before 0.png (whatever the endings): the longest
part of its path that a mask has. If 0.png would also suit photos/b/0.png, nobody can tell whose it
is, and it is refused.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.images.sniff import SUFFIXES

__all__ = ["MaskFiles", "MaskMapping", "NamedMasks", "without_suffix"]


class NamedMasks(ABC):
    """Finds masks by name, and keeps count of who may lay claim to which."""

    def __init__(self) -> None:
        """Nobody has laid claim to any."""
        self._claims: dict[Hashable, str] = {}
        self._shared: dict[Hashable, str] = {}

    @abstractmethod
    def keys(self, path: str, name: str) -> list[Hashable]:
        """All masks that suit a picture of this path ("" without one) and name, the best first."""

    @abstractmethod
    def mask(self, key: Hashable) -> Any:
        """The mask of a key."""

    @abstractmethod
    def told(self, key: Hashable) -> str:
        """What a key is called in a message."""

    def __call__(self, image: Image, number: int, path: str) -> Any:
        """The mask of a picture, or None.

        Raises:
            InvalidArgument: it suits another picture as well.
        """
        keys = self._claim(path, image.name, number)
        if not keys:
            return None
        self._refuse_shared(keys[0])
        return self.mask(keys[0])

    def check(self, pictures: Iterable[tuple[str, str]]) -> None:
        """Refuse before any work a mask that suits two of these pictures.

        Args:
            pictures: path ("" if there is none) and name of each.

        Raises:
            InvalidArgument: there is one.
        """
        chosen = [
            self._claim(path, name, number)[:1] for number, (path, name) in enumerate(pictures)
        ]
        for keys in chosen:
            for key in keys:
                self._refuse_shared(key)

    def _claim(self, path: str, name: str, number: int) -> list[Hashable]:
        who = _whole(path) if path else f"{name} (picture {number})"
        keys = self.keys(path, Path(path).name or name)
        for key in keys:
            if self._claims.setdefault(key, who) != who:
                self._shared.setdefault(key, who)
        return keys

    def _refuse_shared(self, key: Hashable) -> None:
        if key in self._shared:
            raise InvalidArgument(
                f"masks: {self.told(key)} suits two pictures, {self._claims[key]} and "
                f"{self._shared[key]}; tell them apart by the folder, as a/0.png and b/0.png"
            )


class MaskFiles(NamedMasks):
    """The pictures in a folder and in those below it, as masks.

    Args:
        folder: is gone through once.

    Raises:
        InvalidArgument: no folder, none with pictures, or two files with the same name but the
            ending.
    """

    def __init__(self, folder: Path) -> None:
        """Go through the folder."""
        super().__init__()
        if not folder.is_dir():
            raise InvalidArgument(f"masks: {folder} is no folder")
        self.folder = folder
        self.files: dict[tuple[str, ...], Path] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            key = _parts(path.relative_to(folder))
            if key in self.files:
                raise InvalidArgument(
                    f"masks: {self.files[key].name} and {path.name} in {path.parent} are both "
                    f"called {key[-1]!r}; keep one"
                )
            self.files[key] = path
        if not self.files:
            raise InvalidArgument(f"masks: {folder} has no pictures")

    def keys(self, path: str, name: str) -> list[Hashable]:
        """Longest part of the path first."""
        parts = _parts(Path(_whole(path) if path else name))
        ends = (parts[first:] for first in range(len(parts)))
        return [end for end in ends if end in self.files]

    def mask(self, key: Any) -> Path:
        """The file."""
        return self.files[key]

    def told(self, key: Any) -> str:
        """Its path."""
        return str(self.files[key])


class MaskMapping(NamedMasks):
    """Masks in a mapping from paths, names, or names without ending."""

    def __init__(self, masks: Mapping[Any, Any]) -> None:
        """Nothing is read from it yet."""
        super().__init__()
        self.masks = masks

    def keys(self, path: str, name: str) -> list[Hashable]:
        """Path, name, name without ending: those that are there."""
        wanted = dict.fromkeys((path, name, without_suffix(name)))
        return [key for key in wanted if key and key in self.masks]

    def mask(self, key: Hashable) -> Any:
        """The mask."""
        return self.masks[key]

    def told(self, key: Hashable) -> str:
        """The key itself."""
        return repr(key)


def without_suffix(name: str) -> str:
    """A file's name without the ending of a picture; other dots belong to the name.

    Example:
        >>> [without_suffix(name) for name in ("scan.001.PNG", "scan.001", "brain.nii.gz")]
        ['scan.001', 'scan.001', 'brain']
    """
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    if suffix.lower() not in SUFFIXES or not stem:
        return name
    return stem.removesuffix(".nii") if suffix.lower() == ".gz" else stem


def _whole(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100  (links keep their names)


def _parts(path: Path) -> tuple[str, ...]:
    return (*path.parts[:-1], without_suffix(path.name))
