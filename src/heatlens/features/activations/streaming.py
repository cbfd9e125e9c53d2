"""A folder of pictures as batches of equal size, a few at a time; what cannot be read is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument, InvalidType, MissingImage
from heatlens.image import Image
from heatlens.images.sniff import SUFFIXES
from heatlens.models.prepare import as_input, prepared
from heatlens.models.protocol import Model

__all__ = ["Batch", "Picture", "Skipped", "batches", "pictures_of"]

_ROWS = 64
"""Rows of a batch on a device that has room for more."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a collection.

    Attributes:
        name: path, or the name of an `Image`; else its place, "#12".
        source: what it can be read from again; None for one that only came by.
    """

    name: str
    source: Any = field(repr=False)


@dataclass(frozen=True)
class Skipped:
    """A picture that has no part in the result, and why."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Batch:
    """Some pictures as a model takes them.

    Attributes:
        rows: (N, C, *grid), normalised.
        pictures: one per row.
        indices: their places in the collection, counted from 0 with the skipped ones.
    """

    rows: Tensor
    pictures: list[Picture]
    indices: list[int]


def pictures_of(given: Any) -> tuple[Iterable[Any], int | None, bool]:
    """The pictures of a folder, a list, a stack or a stream.

    Args:
        given: a folder (the pictures right in it, by name), a list of paths, `Image`s or arrays,
            a stack (N, H, W, C), or any iterable of such.

    Returns:
        What can be iterated over, how many (None if unknown), and whether it can be again.

    Raises:
        InvalidArgument: no picture in it.
        MissingImage: no such folder.
        InvalidType: a single picture.
    """
    if isinstance(given, str | PathLike):
        folder = Path(given).expanduser()
        if not folder.is_dir():
            if folder.is_file():
                raise InvalidType(f"{folder} is one picture; give a folder, or a list of pictures")
            raise MissingImage(f"there is no folder {str(folder)!r}")
        inside = sorted(
            item for item in folder.iterdir() if item.suffix.lower() in SUFFIXES and item.is_file()
        )
        if not inside:
            raise InvalidArgument(f"the folder {str(folder)!r} has no pictures")
        return inside, len(inside), True
    if isinstance(given, Image) or not isinstance(given, Iterable):
        raise InvalidType(
            f"a folder or many pictures are needed, not one {type(given).__name__}: give a list"
        )
    if isinstance(given, np.ndarray | Tensor):
        if given.ndim != 4:
            raise InvalidType(
                f"an array of shape {tuple(given.shape)} is no stack of pictures (N, H, W, C): "
                "give a list of arrays"
            )
        given = [item.numpy() if isinstance(item, Tensor) else item for item in given]
    if isinstance(given, Sequence):
        if not given:
            raise InvalidArgument("no picture was given")
        return given, len(given), True
    return given, None, False


def batches(
    model: Model,
    items: Iterable[Any],
    *,
    again: bool,
    fit: str | None,
    skipped: list[Skipped],
) -> Iterator[Batch]:
    """The pictures in batches of equal size that suit the model's memory, in order.

    Args:
        model: takes them.
        items: paths, `Image`s or arrays.
        again: whether an item may be held on to, to be read again.
        fit: "crop", "squash" or "pad"; None is the model's own way.
        skipped: what cannot be read is appended here, and the rest goes on.
    """
    waiting: list[tuple[Tensor, Picture, int]] = []
    limit = 1
    for index, item in enumerate(items):
        picture = _described(item, index, again)
        try:
            row = _row(model, item, fit)
        except (HeatlensError, OSError) as error:
            skipped.append(Skipped(picture.name, str(error)))
            continue
        if waiting and waiting[0][0].shape != row.shape:
            yield _joined(waiting)
            waiting = []
        if not waiting:
            limit = model.rows(row, gradient=False, wanted=_ROWS)
        waiting.append((row, picture, index))
        if len(waiting) >= limit:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _row(model: Model, item: Any, fit: str | None) -> Tensor:
    ready = prepared(model, as_input(item), fit)
    if len(ready.batch) > 1:
        raise InvalidArgument(
            f"fit={fit!r} makes {len(ready.batch)} windows of it: take 'crop', 'squash' or 'pad'"
        )
    return ready.batch


def _described(item: Any, index: int, again: bool) -> Picture:
    if isinstance(item, str | PathLike):
        return Picture(str(item), item)
    name = str(getattr(item, "name", "") or f"#{index}")
    return Picture(name, item if again else None)


def _joined(waiting: list[tuple[Tensor, Picture, int]]) -> Batch:
    return Batch(
        torch.cat([row for row, _, _ in waiting]),
        [picture for _, picture, _ in waiting],
        [index for _, _, index in waiting],
    )
