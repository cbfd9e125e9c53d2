"""What constructors need of a picture: grey values, colours, and how much each pixel counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.arrays import is_array

__all__ = [
    "LUMA",
    "Raw",
    "Source",
    "blocks",
    "coloured",
    "hidden",
    "holds_a_heatmap",
    "luma",
    "name_of",
    "opacity",
    "opened",
    "whole",
]

LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of R, G and B (as stored, not linearised) in the grey value: ITU-R BT.601."""

_BLOCK = 1 << 18


@dataclass(frozen=True, eq=False)
class Raw:
    """Numbers on a grid that mean what they are: a mass per cell."""

    values: npt.NDArray[Any]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[0], self.values.shape[1]


Source = Image | Heatmap | Raw


def opened(thing: Any, raw: bool = False) -> Source:
    """`thing` as an `Image` or `Heatmap`.

    Args:
        thing: one of these already, an array or tensor, or the path of a picture or of a
            heatmap's `.npz` or `.tif`.
        raw: whether an array (H, W) is masses rather than a grey picture.

    Raises:
        InvalidType: none of these.
    """
    if isinstance(thing, Image | Heatmap | Raw):
        return thing
    if isinstance(thing, str | os.PathLike):
        if holds_a_heatmap(Path(thing)):
            return Heatmap.load(thing)
    elif not is_array(thing):
        raise InvalidType(
            f"a {type(thing).__name__} is no picture; give an Image, a Heatmap, an array (H, W) or "
            "(H, W, 3), or a path"
        )
    elif raw and np.ndim(thing) == 2:
        return Raw(np.asarray(thing.detach().cpu() if hasattr(thing, "detach") else thing))
    from heatlens.images.read import read_image

    return read_image(thing)


def holds_a_heatmap(file: Path) -> bool:
    """Whether a file is a saved heatmap: `.npz`, or a TIFF with a heatmap's header.

    A TIFF that cannot be read is left to the reader of pictures, who says why.

    Example:
        >>> holds_a_heatmap(Path("cat.npz")), holds_a_heatmap(Path("cat.png"))
        (True, False)
    """
    suffix = file.suffix.lower()
    if suffix not in (".tif", ".tiff"):
        return suffix == ".npz"
    from PIL import Image as Pillow

    try:
        with Pillow.open(file, formats=["TIFF"]) as picture:
            tags: Any = getattr(picture, "tag_v2", {})
            return str(tags.get(270, "")).startswith('{"heatlens"')
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return False


def name_of(source: Source) -> str:
    """The picture's name."""
    if isinstance(source, Image):
        return source.name
    return source.provenance.image if isinstance(source, Heatmap) else ""


def whole(source: Source, kind: str) -> Image:
    """`source` if it is a flat picture.

    Raises:
        InvalidArgument: a heatmap, a volume or a film.
    """
    if not isinstance(source, Image):
        raise InvalidArgument(
            f"{kind!r} is made from pictures, and this is a heatmap; a heatmap has on='mass'"
        )
    if source.axes not in ("YX", "YXC"):
        raise InvalidArgument(
            f"a picture with axes {source.axes!r} has to be taken apart first, one slice or frame "
            "at a time: read_image(..., slice=) or read_image(..., frame=)"
        )
    if source.channels not in (1, 3):
        raise InvalidArgument(
            f"the picture has {source.channels} channels; 1 (grey) or 3 (RGB) are understood"
        )
    return source


def opacity(image: Image) -> npt.NDArray[np.float64] | None:
    """How much each pixel counts, (H, W) in 0..1; None if all count alike.

    Raises:
        InvalidArgument: the picture is transparent everywhere.
    """
    if image.alpha is None:
        return None
    alpha = image.alpha.astype(np.float64)
    if not alpha.max() > 0:
        raise InvalidArgument("the picture is transparent everywhere: there is nothing to weigh")
    return alpha


def hidden(source: Source) -> tuple[str, ...]:
    """What has to be said of a picture with transparent pixels; nothing of others.

    Example:
        >>> hidden(
        ...     Image(np.zeros((1, 2), np.uint8), "YX", alpha=np.array([[1.0, 0.5]]), name="sun")
        ... )
        ('25.0% of sun is transparent and does not count',)
    """
    alpha = source.alpha if isinstance(source, Image) else None
    share = 0.0 if alpha is None else 1 - float(alpha.mean(dtype=np.float64))
    if not share > 0:
        return ()
    much = f"{share:.1%}" if share >= 5e-4 else "less than 0.1%"
    return (f"{much} of {name_of(source) or 'the picture'} is transparent and does not count",)


def luma(image: Image, rows: slice = slice(None)) -> npt.NDArray[np.float64]:
    """Grey values (H, W) in the picture's own range: 0.299 R + 0.587 G + 0.114 B.

    Example:
        >>> luma(Image(np.full((1, 1, 3), 200, np.uint8))).round(9).tolist()
        [[200.0]]
    """
    pixels = image.pixels[rows]
    if not image.axes.endswith("C"):
        return pixels.astype(np.float64)
    if image.channels == 1:
        return pixels[..., 0].astype(np.float64)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    grey: npt.NDArray[np.float64] = LUMA[0] * red
    grey += LUMA[1] * green
    grey += LUMA[2] * blue
    return grey


def blocks(size: tuple[int, int]) -> Iterator[slice]:
    """Rows of a picture, some at a time: few enough to stay in the processor's cache."""
    step = max(1, _BLOCK // size[1])
    for start in range(0, size[0], step):
        yield slice(start, min(start + step, size[0]))


def coloured(image: Image) -> npt.NDArray[Any]:
    """Pixels (H, W, 3) in the picture's own type; grey is repeated."""
    pixels = image.pixels if image.axes.endswith("C") else image.pixels[..., None]
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
