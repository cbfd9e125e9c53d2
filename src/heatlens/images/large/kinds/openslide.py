"""Slide scanners' formats by OpenSlide: NDPI, SVS, MRXS, SCN, VMS, BIF, DICOM slides.

What OpenSlide leaves transparent was not scanned, and is shown on the slide's own background.
After one damaged tile OpenSlide gives nothing more of a slide, so that no tile can be left black:
`damaged="blank"` is refused when it happens, in words.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.images.large.source import LargeSource, register
from heatlens.optional import needed

__all__ = ["SlideSource", "open_slide"]

_SUFFIXES = (".ndpi", ".svs", ".mrxs", ".scn", ".vms", ".vmu", ".bif", ".svslide", ".czi")


class SlideSource(LargeSource):
    """A slide that OpenSlide opens, as 8-bit RGB."""

    channels, dtype, value_range = 3, np.dtype(np.uint8), (0.0, 255.0)

    def __init__(self, path: Path, damaged: str = "error") -> None:
        """Read the slide's properties; no pixel."""
        openslide = needed("openslide", "reading the formats of slide scanners", extra="large")
        self._path, self._damaged = path, damaged
        self._error = openslide.OpenSlideError
        try:
            self._slide = openslide.OpenSlide(str(path))
        except self._error as error:
            raise UnreadableImage(f"{path} is no slide that OpenSlide opens ({error})") from error
        self.levels = tuple((height, width) for width, height in self._slide.level_dimensions)
        about = self._slide.properties
        down, across = about.get("openslide.mpp-y"), about.get("openslide.mpp-x")
        self.spacing = _spacing(down, across)
        colour = about.get("openslide.background-color", "ffffff")
        self._ground = np.array([int(colour[n : n + 2], 16) for n in (0, 2, 4)], np.float32)
        tall = int(about.get("openslide.level[0].tile-height", 256))
        wide = int(about.get("openslide.level[0].tile-width", 256))
        # A scanner's strips may be as wide as the slide, which OpenSlide decodes by parts.
        self.tile = (tall if 64 <= tall <= 2048 else 256, wide if wide <= 2048 else 256)

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """Pixels of a level; OpenSlide counts their corner in pixels of level 0."""
        scale = [a / b for a, b in zip(self.levels[0], self.levels[level], strict=True)]
        corner = (round(left * scale[1]), round(top * scale[0]))
        try:
            seen = np.asarray(self._slide.read_region(corner, level, (width, height)))
        except self._error as error:
            where = f"rows {top} to {top + height}, columns {left} to {left + width}"
            stays = "; OpenSlide cannot leave it black" if self._damaged == "blank" else ""
            raise UnreadableImage(
                f"{self._path}: level {level} is damaged within {where} ({error}), and OpenSlide "
                f"gives nothing more of a slide after that{stays}; if it is a TIFF inside, "
                "open_large(..., kind='tiff', damaged='blank') may read the rest"
            ) from error
        clear = seen[..., 3] < 255
        pixels = np.ascontiguousarray(seen[..., :3])
        if clear.any():
            share = seen[clear, 3:].astype(np.float32) / 255
            pixels[clear] = np.rint(share * pixels[clear] + (1 - share) * self._ground)
        return pixels

    def close(self) -> None:
        """Close the slide."""
        self._slide.close()


def _spacing(down: str | None, across: str | None) -> tuple[float, float] | None:
    """Micrometres, as OpenSlide says them, in millimetres."""
    try:
        steps = float(down or "nan") / 1e3, float(across or "nan") / 1e3
    except ValueError:
        return None
    return steps if all(0 < step < np.inf for step in steps) else None


def _recognised(path: Path, head: bytes) -> int:
    there = path.suffix.lower() in _SUFFIXES and importlib.util.find_spec("openslide") is not None
    return 3 if there else 1 if path.suffix.lower() in _SUFFIXES and head else 0


@register("slide", recognises=_recognised, summary="NDPI, SVS, MRXS, SCN, ... through OpenSlide")
def open_slide(path: Path, damaged: str) -> LargeSource:
    """Read a slide's properties."""
    return SlideSource(path, damaged)
