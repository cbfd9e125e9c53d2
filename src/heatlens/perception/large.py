"""Saliency of pictures too large for memory.

A model that looks at a reduced picture needs one pass over the file, which `reduced` streams; its
small map says all there is to know, and is enlarged where it is looked at or written. So the work
on top of reading is that of writing, if a file is asked for.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge
from heatlens.images.large.computed import ComputedSource
from heatlens.images.large.heatmap import LargeHeatmap
from heatlens.images.large.image import LargeImage, Progress
from heatlens.images.large.open import open_large
from heatlens.images.large.place import checked_place
from heatlens.images.read import pixel_limit
from heatlens.perception.enlarge import enlarged_part
from heatlens.perception.model import SaliencyModel
from heatlens.perception.saliency import DEFAULT_STILL, named
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["large_saliency"]

_PIECE = 1024
"""Side of the pieces that a model of full resolution sees at a time, without what lies around."""


def large_saliency(
    picture: LargeImage | Any,
    method: str = DEFAULT_STILL,
    *,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **parameters: Any,
) -> LargeHeatmap:
    """Show what draws the eye in a picture that does not fit in memory.

    The values are those of `heatlens.saliency` of the whole picture, to 1e-4 of the highest.

    Args:
        picture: a `LargeImage`, or what `open_large` takes.
        method: a name from `heatlens.perception.SALIENCY`.
        out: where to write the map as a pyramidal TIFF of float values; None computes it where it
            is looked at, which costs nothing until then.
        progress: called after each band that was read, in pixels.
        parameters: the method's own.

    Returns:
        A `LargeHeatmap` on the picture's grid, to be closed, best by `with`.

    Raises:
        UnknownName: no such method.
        InvalidType: a network; it sees a picture that was reduced.
        ImageTooLarge: a method that looks at every pixel at once, and more pixels than the limit.
        InvalidArgument: a place `out` that cannot be written to, or that is the picture itself,
            before any work.

    Example:
        >>> scene = np.full((600, 800), 90, np.uint8)
        >>> scene[200:260, 500:560] = 220
        >>> with large_saliency(scene) as heat:
        ...     row, column = heat.reduced(80).peak
        >>> 20 <= row < 26 and 50 <= column < 56
        True
    """
    model = named(method)
    full = model.check(parameters)
    picture, mine = (
        (picture, False) if isinstance(picture, LargeImage) else (open_large(picture), True)
    )
    started = time.perf_counter()
    halo = model.halo(full) if model.halo is not None else None
    try:
        place = None if out is None else checked_place(out, picture.source)
        if halo is None:
            small = _map(model, picture, parameters, progress)
            nothing = not small.any()
            source = _enlarged(small, picture)
        else:
            nothing = False
            source = _by_pieces(model, picture, halo, parameters, close=mine and out is None)
        notes = picture.notes
        if nothing:
            notes += ("nothing stands out: the map is zero everywhere",)
        heat = LargeHeatmap(
            source,
            Provenance(
                method=model.name,
                parameters=plain(full),
                image=picture.name,
                seed=full.get("seed"),
                version=__version__,
                seconds=time.perf_counter() - started,
                notes=notes,
            ),
            signed=False,
        )
        return heat if place is None else heat.save(place, progress=progress if halo else None)
    finally:
        if mine and (halo is None or out is not None):
            picture.close()


def _enlarged(small: npt.NDArray[np.float32], picture: LargeImage) -> ComputedSource:
    """A model's small map wherever it is looked at: what `heatlens.perception.enlarge` gives."""

    def values(top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        return enlarged_part(small, picture.size, (top, left), (height, width))

    return ComputedSource(picture.size, values, spacing=picture.spacing, path=picture.source.path)


def _by_pieces(
    model: SaliencyModel, picture: LargeImage, halo: int, parameters: Any, *, close: bool
) -> ComputedSource:
    """A model of full resolution, run on each region and the pixels around it that it sees."""
    rows, columns = picture.size

    def values(top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        first, start = max(0, top - halo), max(0, left - halo)
        last, stop = min(rows, top + height + halo), min(columns, left + width + halo)
        found = model(picture.part(first, start, last - first, stop - start), **parameters)
        return found[top - first : top - first + height, left - start : left - start + width]

    return ComputedSource(
        picture.size,
        values,
        tile=(_PIECE, _PIECE),
        spacing=picture.spacing,
        close=picture.close if close else None,
        path=picture.source.path,
    )


def _map(
    model: SaliencyModel, picture: LargeImage, parameters: Any, progress: Progress | None
) -> npt.NDArray[np.float32]:
    """The model's own map of the picture, reduced as far as the model itself would reduce it."""
    full = model.check(parameters)
    streamed = model.streamed(full) if model.streamed is not None else None
    if streamed is not None:
        return streamed(picture, progress)
    longest = full.get("longest", model.longest)
    pixels = picture.size[0] * picture.size[1]
    if longest is None and pixels > pixel_limit():
        raise ImageTooLarge(
            f"{model.name} looks at every pixel of the picture at once, and {picture.name or 'it'} "
            f"has {pixels / 1e6:.0f} million, more than HEATLENS_MAX_PIXELS allows; the other "
            "methods look at a reduced picture, or give one: large_saliency(large.reduced(4000))"
        )
    return model(picture.reduced(longest, progress), **parameters)
