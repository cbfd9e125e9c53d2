"""A contact sheet: rows of captioned pictures in one image file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.image import Image
from heatlens.render.files import encode
from heatlens.render.typography import INK, MUTED, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    Picture = npt.NDArray[Any] | Image | Figure
    Cell = Picture | tuple[str, Picture]

__all__ = ["is_figure", "pixels_of", "sheet", "sheet_pixels"]

_EDGE, _GAP, _LINE = 24, 14, 18


def sheet(
    rows: Sequence[tuple[str, Sequence[Cell]]],
    path: str | PathLike[str],
    *,
    title: str = "",
    cell: int = 260,
) -> Path:
    """Write a contact sheet as PNG, JPEG or WebP, by the name of `path`.

    Args:
        rows: a heading and the pictures of each row. A picture is an array uint8 (H, W) or
            (H, W, 3), an `Image` or a matplotlib figure, alone or as (caption, picture).
        path: where to.
        title: stands above all.
        cell: largest height and width of a picture, in pixels of the sheet.

    Returns:
        The path.
    """
    target = Path(path)
    if target.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise InvalidArgument(f"a sheet is written as .png, .jpg or .webp, not {target.name!r}")
    drawn = Pillow.fromarray(sheet_pixels(rows, title=title, cell=cell))
    if target.suffix.lower() == ".png":
        drawn.save(target)
    else:
        drawn.save(target, quality=90)
    return target


def sheet_pixels(
    rows: Sequence[tuple[str, Sequence[Cell]]], *, title: str = "", cell: int = 260
) -> npt.NDArray[np.uint8]:
    """The contact sheet as uint8 (H, W, 3); see `sheet`."""
    if not rows or not any(cells for _, cells in rows):
        raise InvalidArgument("a sheet needs at least one picture")
    if cell < 16:
        raise InvalidArgument(f"cell is {cell} pixels; at least 16 are needed")
    placed = [(name, [_fitted(one, cell) for one in cells]) for name, cells in rows]
    columns = max(len(cells) for _, cells in placed)
    # Pictures of one column stand below each other.
    wide = [max(cells[k][1].width for _, cells in placed if k < len(cells)) for k in range(columns)]
    width = max(2 * _EDGE + sum(wide) + (columns - 1) * _GAP, 360)
    draw = ImageDraw.Draw(Pillow.new("RGB", (1, 1)))
    head = _lines(draw, title, _type(20, True), width - 2 * _EDGE)
    blocks = []
    y = _EDGE + len(head) * 28
    for name, cells in placed:
        heading = _lines(draw, name, _type(15, True), width - 2 * _EDGE)
        captions = [
            _lines(draw, caption, _type(13), wide[k]) for k, (caption, _) in enumerate(cells)
        ]
        tall = max((picture.height for _, picture in cells), default=0)
        blocks.append((y, heading, captions, [picture for _, picture in cells]))
        most = max(map(len, captions), default=0)
        y += len(heading) * 22 + tall + (6 + most * _LINE if most else 0) + _EDGE
    page = Pillow.new("RGB", (width, y), "white")
    draw = ImageDraw.Draw(page)
    _write(draw, _EDGE, _EDGE - 6, head, _type(20, True), INK, 28)
    for top, heading, captions, pictures in blocks:
        _write(draw, _EDGE, top, heading, _type(15, True), INK, 22)
        first = top + len(heading) * 22
        tall = max((picture.height for picture in pictures), default=0)
        x = _EDGE
        for k, picture in enumerate(pictures):
            page.paste(picture, (x, first))
            _write(draw, x, first + tall + 5, captions[k], _type(13), MUTED, _LINE)
            x += wide[k] + _GAP
    return np.asarray(page)


def pixels_of(picture: Picture) -> npt.NDArray[np.uint8]:
    """Any picture that this room knows, as uint8 (H, W, 3).

    Raises:
        InvalidType: something else, or an array that is not uint8 (H, W) or (H, W, 3).
    """
    if isinstance(picture, Image):
        return picture.rgb()
    if is_figure(picture):
        with Pillow.open(io.BytesIO(encode(picture, "png", dpi=round(picture.dpi)))) as drawn:
            return np.asarray(drawn.convert("RGB"))
    array = np.asarray(picture)
    if array.dtype == np.uint8 and array.ndim == 2 and array.size:
        return np.repeat(array[..., None], 3, axis=-1)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[-1] == 3 and array.size:
        return array
    raise InvalidType(
        f"cannot show {array.dtype} of shape {array.shape}: an Image, a figure or uint8 pixels "
        "(H, W) or (H, W, 3) are meant; for a heatmap, its `plot` or an `overlay`"
    )


def is_figure(picture: object) -> TypeGuard[Figure]:
    """Whether `picture` is a matplotlib figure; does not import matplotlib to find out."""
    return hasattr(picture, "savefig")


def _fitted(one: Cell, cell: int) -> tuple[str, Pillow.Image]:
    caption, picture = one if isinstance(one, tuple) else ("", one)
    drawn = Pillow.fromarray(pixels_of(picture))
    ratio = min(cell / drawn.width, cell / drawn.height)
    size = (max(1, round(drawn.width * ratio)), max(1, round(drawn.height * ratio)))
    if size == drawn.size:
        return caption, drawn
    # Small grids keep their pixels; everything else is interpolated.
    way = Pillow.Resampling.NEAREST if ratio >= 4 else Pillow.Resampling.LANCZOS
    return caption, drawn.resize(size, way)


def _type(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size)


def _lines(
    draw: ImageDraw.ImageDraw, string: str, type_: ImageFont.FreeTypeFont, room: float
) -> list[str]:
    """Lines of at most `room` pixels, at most three; what is left over ends in "…"."""
    lines: list[str] = []
    for word in text(string).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(joined, type_) <= room:
            lines[-1] = joined
        else:
            lines.append(word)
    lines = [*lines[:2], f"{lines[2]} …"] if len(lines) > 3 else lines
    return [_cut(draw, line, type_, room) for line in lines]


def _cut(draw: ImageDraw.ImageDraw, line: str, type_: ImageFont.FreeTypeFont, room: float) -> str:
    if draw.textlength(line, type_) <= room:
        return line
    while len(line) > 1 and draw.textlength(f"{line}…", type_) > room:
        line = line[:-1]
    return f"{line}…"


def _write(
    draw: ImageDraw.ImageDraw,
    x: int,
    y: int,
    lines: Sequence[str],
    type_: ImageFont.FreeTypeFont,
    colour: str,
    step: int,
) -> None:
    for k, line in enumerate(lines):
        draw.text((x, y + k * step), line, colour, type_)
