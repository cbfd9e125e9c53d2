"""A large picture and its heat as tiles to zoom into, with a page that shows them from a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.render.colour import Scale, Sign, scale_for
from heatlens.render.zoom.folder import checked_folder, emptied
from heatlens.render.zoom.page import legend, page
from heatlens.render.zoom.tiles import Layer, tile_pyramid

__all__ = ["deep_zoom"]

_ENTRIES = 256


class Regions(Protocol):
    """A large picture: whatever gives its pixels by the region."""

    name: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""

    @property
    def value_range(self) -> tuple[float, float]:
        """The values that mean black and white."""

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Millimetres between rows and columns."""

    def region(self, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """Part of it, (height, width) or (height, width, channels)."""


class Heat(Protocol):
    """A large heatmap: whatever gives its values by the region."""

    provenance: Provenance
    signed: bool

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""

    def extent(self) -> tuple[float, float]:
        """Lowest and highest value."""

    def region(self, top: int, left: int, height: int, width: int) -> npt.NDArray[np.float32]:
        """Part of it, (height, width)."""


def deep_zoom(
    picture: Regions | Image,
    heat: Heat | Heatmap | None,
    folder: str | os.PathLike[str],
    *,
    scale: Scale | None = None,
    sign: Sign = "auto",
    colour_map: str | None = None,
    alpha: float = 0.75,
    tile: int = 512,
    quality: int = 88,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a folder that a browser opens without a server: index.html and its tiles.

    The tiles are Deep Zoom images (picture.dzi, heat.dzi), which other viewers read too. The heat
    lies over the picture as in `heatlens.render.overlay`: its opacity follows the evidence.

    Args:
        picture: a `LargeImage`, or an `Image`.
        heat: a `LargeHeatmap` or `Heatmap` on the same grid, or None for the picture alone.
        folder: where to; it is made, and may hold nothing but an earlier result, which is
            replaced.
        scale: what the colours mean; by default from 0 to the map's own end.
        sign: what a scale of its own shows; see `scale_for`.
        colour_map: of a scale of its own.
        alpha: opacity (0..1) of the strongest evidence.
        tile: side of the tiles in pixels.
        quality: of the picture's JPEG tiles, 1 to 100.
        progress: called with pixels done and to do.

    Returns:
        The path of the page.

    Raises:
        InvalidArgument: grids that differ, or a folder with something else in it.
    """
    if not (isinstance(tile, int) and isinstance(quality, int) and isinstance(alpha, int | float)):
        raise InvalidType(f"tile {tile!r}, quality {quality!r}, alpha {alpha!r}: numbers are meant")
    if tile < 16 or not 0 <= alpha <= 1 or not 1 <= quality <= 100:
        raise InvalidArgument(
            f"tile {tile}, alpha {alpha}, quality {quality}: at least 16, from 0 to 1, from 1 to 100"
        )
    if heat is not None and tuple(heat.size) != tuple(picture.size):
        raise InvalidArgument(
            f"the heat has {heat.size[0]} x {heat.size[1]} pixels, the picture "
            f"{picture.size[0]} x {picture.size[1]}; they have to lie on one grid"
        )
    target = checked_folder(folder)
    shown = None if heat is None else scale or _scale(heat, sign, colour_map)
    emptied(target)
    pixels, count = picture.size[0] * picture.size[1], 1 if heat is None else 2
    finished = 0

    def done(some: int) -> None:
        nonlocal finished
        finished += some
        if progress is not None:
            progress(finished, pixels * count)

    layer = _picture_layer(picture, quality)
    about: dict[str, Any] = {
        "size": list(picture.size),
        "tile": tile,
        "name": picture.name or "picture",
        "spacing": None if picture.spacing is None else [float(mm) for mm in picture.spacing[-2:]],
        "highest": tile_pyramid(layer, target, tile, done),
        "heat": None,
    }
    if heat is not None and shown is not None:
        tile_pyramid(_heat_layer(heat, shown, alpha), target, tile, done)
        about["heat"] = legend(heat.provenance, shown, _extent(heat))
    written = target / "index.html"
    written.write_text(page(about), encoding="utf-8", newline="\n")
    return written


def _picture_layer(picture: Regions | Image, quality: int) -> Layer:
    low, high = picture.value_range

    def region(top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        if isinstance(picture, Image):
            return picture.pixels[top : top + height, left : left + width]
        return picture.region(top, left, height, width)

    def drawn(values: npt.NDArray[Any]) -> Pillow.Image:
        axes = "YX" if values.ndim == 2 else "YXC"
        kept = values if values.dtype == np.uint8 else values.astype(np.float32)
        return Pillow.fromarray(Image(kept, axes, (low, high)).rgb())

    return Layer("picture", picture.size, region, drawn, "jpg", {"quality": quality})


def _heat_layer(heat: Heat | Heatmap, scale: Scale, alpha: float) -> Layer:
    """Tiles with 256 colours, whose opacity follows the evidence."""
    places = (np.arange(_ENTRIES) + 0.5) / _ENTRIES
    middles = scale.low + places * (scale.high - scale.low)
    palette = scale.colours(middles).ravel().tolist()
    clear = bytes(np.rint(alpha * 255 * scale.strength(middles)).astype(np.uint8))

    def region(top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        if isinstance(heat, Heatmap):
            return heat.values[top : top + height, left : left + width]
        return heat.region(top, left, height, width)

    def drawn(values: npt.NDArray[Any]) -> Pillow.Image:
        entry = np.minimum((scale.position(values) * _ENTRIES).astype(np.intp), _ENTRIES - 1)
        picture = Pillow.fromarray(entry.astype(np.uint8)).convert("P")
        picture.putpalette(palette)
        return picture

    return Layer("heat", heat.size, region, drawn, "png", {"transparency": clear})


def _extent(heat: Heat | Heatmap) -> tuple[float, float]:
    if isinstance(heat, Heatmap):
        return float(heat.values.min()), float(heat.values.max())
    return heat.extent()


def _scale(heat: Heat | Heatmap, sign: Sign, colour_map: str | None) -> Scale:
    """The scale of a map of which only the ends are known."""
    if isinstance(heat, Heatmap):
        return scale_for(heat, sign=sign, colour_map=colour_map)
    ends = np.array([heat.extent()], np.float32)
    if sign == "auto":
        sign = "signed" if heat.signed and ends.min() < 0 else "positive"
    return scale_for(Heatmap(ends, heat.provenance), sign=sign, colour_map=colour_map)
