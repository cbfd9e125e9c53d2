"""Pictures to train on that `heatlens improve` writes, and the tables that say what they are."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PIL import Image as Pillow

from heatlens.cli.file_names import stem_of
from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.improvement.attended_crop import attended_crop
from heatlens.improvement.erased import erased

__all__ = ["CROP_COLUMNS", "ERASED_COLUMNS", "Written"]

CROP_COLUMNS = ("file", "source", "target", "top", "left", "bottom", "right", "evidence_inside")
"""Of crops/manifest.csv; the box is in pixels of the source, its ends not included."""
ERASED_COLUMNS = ("file", "source", "target", "area_hidden", "evidence_hidden")
"""Of erased/manifest.csv; shares in 0..1."""


class Written:
    """Writes crops and erased pictures as they come; a context manager.

    Attributes:
        paths: the tables, by the folder's name.
        notes: on pictures that nothing was written of.
    """

    def __init__(self, out: Path, crops: bool, erase: bool, threshold: float, fill: str) -> None:
        """Say what is wanted; nothing is made before the block is entered."""
        columns = {"crops": CROP_COLUMNS} if crops else {}
        self._columns = columns | ({"erased": ERASED_COLUMNS} if erase else {})
        self.out, self.threshold, self.fill = out, threshold, fill
        self.paths: dict[str, str] = {}
        self.notes: list[str] = []
        self._taken: set[str] = set()
        self._files: list[TextIO] = []
        self._tables: dict[str, Any] = {}

    def __enter__(self) -> Written:
        for name, columns in self._columns.items():
            folder = self.out / name
            folder.mkdir(exist_ok=True)
            path = folder / "manifest.csv"
            self._files.append(path.open("w", newline="", encoding="utf-8"))
            self._tables[name] = csv.writer(self._files[-1])
            self._tables[name].writerow(columns)
            self.paths[name] = str(path)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for file in self._files:
            file.close()

    def add(self, source: str, image: Image, heat: Heatmap) -> None:
        """Write what was asked for of one picture; one without evidence is told in `notes`."""
        if not self._tables:
            return
        name = f"{stem_of(Path(source), self._taken)}.png"
        target = heat.provenance.target
        try:
            if "crops" in self._tables:
                crop = attended_crop(image, heat, threshold=self.threshold)
                _save(crop.image, self.out / "crops" / name)
                self._tables["crops"].writerow(
                    (name, source, target, *crop.box, round(crop.share, 4))
                )
            if "erased" in self._tables:
                hidden = erased(image, heat, threshold=self.threshold, fill=self.fill)
                _save(hidden.image, self.out / "erased" / name)
                self._tables["erased"].writerow(
                    (name, source, target, round(hidden.area, 4), round(hidden.share, 4))
                )
        except InvalidArgument as error:
            self.notes.append(f"{source}: nothing was written of it: {error}")


def _save(image: Image, path: Path) -> None:
    Pillow.fromarray(image.rgb()).save(path)
