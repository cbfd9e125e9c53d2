"""Pictures to look at again, the most doubtful first, with the reasons in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.images.resample import resized_axis
from heatlens.improvement.review.seen import opened
from heatlens.provenance import Provenance
from heatlens.render.overlay import overlay
from heatlens.render.sheet import sheet, sheet_pixels

__all__ = ["COLUMNS", "PICTURED", "Doubt", "ReviewQueue"]

Pair = tuple[str, npt.NDArray[np.uint8]]

COLUMNS = (
    "rank",
    "name",
    "source",
    "doubt",
    "target",
    "score",
    "heat_off_object",
    "heat_on_repeated_place",
    "pictures_alike",
    "compared_with",
    "reasons",
    "notes",
)
"""Of the CSV file."""
PICTURED = 500
"""How many of a whole queue, from the most doubtful, keep a small picture for the sheet."""


@dataclass(frozen=True, eq=False)
class Doubt:
    """One picture of a queue.

    Attributes:
        name: of the picture; with the folders in which it differs from the others' paths.
        source: its path, or "".
        doubt: 0 (nothing found) to 1.
        target: what the heat is for, in words.
        score: of the target.
        off_object: share of the heat away from the object; None without a mask.
        on_place: share of the heat in places that are hot in many pictures.
        alike: how many other pictures show the same where they are hottest.
        compared: how many others it was compared with.
        reasons: in words, the strongest first; empty if nothing was found.
        notes: what could not be looked at.
        places: coarse shares of the heat.
        thumbnail: the picture, small, as JPEG; empty beyond the first `PICTURED` of a whole queue.
    """

    name: str
    source: str
    doubt: float
    target: str
    score: float
    off_object: float | None
    on_place: float
    alike: int
    compared: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    places: npt.NDArray[np.float32]
    thumbnail: bytes

    def row(self, rank: int) -> tuple[Any, ...]:
        """Its line of the CSV file, as `COLUMNS`."""
        off = "" if self.off_object is None else round(self.off_object, 4)
        return (
            rank,
            self.name,
            self.source,
            round(self.doubt, 4),
            self.target,
            round(self.score, 6),
            off,
            round(self.on_place, 4),
            self.alike,
            self.compared,
            "; ".join(self.reasons),
            "; ".join(self.notes),
        )


@dataclass(frozen=True, eq=False)
class ReviewQueue(Sequence[Doubt]):
    """Pictures to look at again; a sequence, the most doubtful first.

    Attributes:
        entries: the pictures.
        failed: of each picture that could not be looked at, its name and why.
        notes: on the whole collection.
        place: (cells, cells) bool, the places that are hot in many pictures.
        looked_at: how many pictures; `entries` may be fewer.
        complete: False if it was stopped before the end.
    """

    entries: tuple[Doubt, ...]
    failed: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    place: npt.NDArray[np.bool_]
    looked_at: int
    complete: bool

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Doubt: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Doubt]: ...
    def __getitem__(self, index: int | slice) -> Doubt | Sequence[Doubt]:
        """An entry by rank from 0, or several."""
        return self.entries[index]

    def __iter__(self) -> Iterator[Doubt]:
        """From the most doubtful."""
        return iter(self.entries)

    def to_csv(self, path: str | PathLike[str]) -> Path:
        """Write one line a picture, for a spreadsheet or a labelling tool; see `COLUMNS`.

        The file is there whole or not at all.

        Raises:
            InvalidArgument: the folder does not exist.
        """
        target = _in_a_folder(path)
        part = target.with_name(f"{target.name}.part")
        with part.open("w", newline="", encoding="utf-8") as file:
            written = csv.writer(file)
            written.writerow(COLUMNS)
            written.writerows(entry.row(rank) for rank, entry in enumerate(self, 1))
        part.replace(target)
        return target

    def sheet(
        self, path: str | PathLike[str], *, count: int = 24, columns: int = 3, cell: int = 170
    ) -> Path:
        """Draw a contact sheet: each picture, its heat over it, and the reason.

        Args:
            path: a .png, .jpg or .webp file.
            count: how many pictures, from the most doubtful.
            columns: pairs of pictures in a row.
            cell: largest side of a picture on the sheet, in pixels.

        Raises:
            InvalidArgument: there is no picture, no such folder, or a number below 1.
        """
        target = _in_a_folder(path)
        if count < 1 or columns < 1:
            raise InvalidArgument(f"count is {count}, columns {columns}; both are at least 1")
        if not self.entries:
            raise InvalidArgument("the queue is empty: there is nothing to draw")
        pictured = sum(bool(entry.thumbnail) for entry in self.entries)
        if min(count, len(self)) > pictured:
            raise InvalidArgument(
                f"count is {count}; the queue holds small pictures of its first {pictured}. "
                f"review_queue(..., k={count}) keeps as many"
            )
        rows, title = self._rows(count, columns)
        return sheet(rows, target, title=title, cell=cell)

    def _rows(self, count: int, columns: int) -> tuple[list[tuple[str, list[Pair]]], str]:
        """The rows of a contact sheet, and its title."""
        shown = self.entries[:count]
        rows = []
        for first in range(0, len(shown), columns):
            part = enumerate(shown[first : first + columns], first + 1)
            rows.append(("", [cell for rank, entry in part for cell in _pair(entry, rank)]))
        return rows, f"{len(shown)} of {self.looked_at} pictures, the most doubtful first"

    def _repr_png_(self) -> bytes | None:
        if not self.entries:
            return None
        rows, title = self._rows(6, 3)
        written = io.BytesIO()
        Pillow.fromarray(sheet_pixels(rows, title=title, cell=150)).save(written, "PNG")
        return written.getvalue()

    def __repr__(self) -> str:
        """How many, and the first of them."""
        first = f", first {self.entries[0].name!r}" if self.entries else ""
        return f"ReviewQueue({len(self)} of {self.looked_at} pictures{first})"


def _pair(entry: Doubt, rank: int) -> list[Pair]:
    """The picture and its heat, with what is said of them."""
    image = opened(entry.thumbnail, entry.name)
    values = entry.places
    for axis in (0, 1):
        values = resized_axis(values, axis, image.size[axis])
    heat = Heatmap(np.maximum(values, 0), Provenance("review"), signed=False)
    said = entry.reasons[0] if entry.reasons else "nothing found"
    return [
        (f"{rank}. {entry.name}: {entry.target}", image.rgb()),
        (said, overlay(heat, image)),
    ]


def _in_a_folder(path: str | PathLike[str]) -> Path:
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise InvalidArgument(f"the folder {target.parent} does not exist; make it first")
    return target
