"""Similarity to a pixel or a box, of pictures too large for memory.

Features are measured piece by piece, with as many pixels around each piece as they reach. What
hangs on the whole picture (the spread of the features, their covariance) is streamed in a first
pass, which is left out where nothing asks for it.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.images.large.computed import ComputedSource
from heatlens.images.large.heatmap import LargeHeatmap
from heatlens.images.large.image import LargeImage, Progress
from heatlens.images.large.open import open_large
from heatlens.images.large.place import checked_place
from heatlens.pixels.large_compared import Compared
from heatlens.pixels.large_features import PiecewiseFeatures
from heatlens.pixels.large_reach import halo_for
from heatlens.pixels.part import FEATURES, MEASURES, STEPS, Chosen, chosen, chosen_all
from heatlens.pixels.region import box_of, region_words
from heatlens.provenance import Provenance
from heatlens.version import __version__

__all__ = ["large_similarity"]

_MEASURES = ("cosine", "euclidean", "mahalanobis")
_LARGEST_BOX = 1 << 22


def large_similarity(
    picture: LargeImage | Any,
    to: Any,
    measure: Any = "euclidean",
    features: Any = ("colour",),
    preprocess: Any = (),
    *,
    kind: str = "similarity",
    standardise: bool | None = None,
    halo: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **parameters: Any,
) -> LargeHeatmap:
    """How alike each pixel of a large picture is to one of its pixels, or to a box.

    The values are those of `heatlens.pixels.similarity` of the whole picture, to 1e-4.

    Args:
        picture: a `LargeImage`, or what `open_large` takes.
        to: (row, column), or (top, left, bottom, right), the last two left out.
        measure: "euclidean", "cosine" or "mahalanobis", or (name, parameters). "euclidean" with a
            `spread` and "cosine" need no first pass.
        features: what pixels are compared by; CIELAB by default.
        preprocess: steps before, local ones.
        kind: "similarity", or "difference".
        standardise: whether to divide each feature by its standard deviation over the picture;
            None does so where features of several kinds are compared.
        halo: pixels around each piece that features and steps see; None is as far as they reach,
            which each of ours says, and 64 for functions of your own.
        out: where to write the map as a pyramidal TIFF of float values; None computes it where it
            is looked at. Then the picture has to stay open.
        progress: called after each band that was written, in pixels.
        parameters: of the measure.

    Returns:
        A `LargeHeatmap` on the picture's grid, to be closed, best by `with`.

    Raises:
        InvalidArgument: a place outside of the picture, a mask or second picture, a measure,
            feature or step that needs the whole picture at once, a `halo` within which they do
            not see all that they depend on, a place `out` that cannot be written to, or that is
            the picture itself.
        UnknownName: no such measure, feature or step.

    Example:
        >>> picture = np.zeros((40, 40, 3), np.uint8)
        >>> picture[:20] = [255, 0, 0]
        >>> with large_similarity(picture, (0, 0)) as heat:
        ...     heat.region(0, 3, 1, 1).item(), round(heat.region(30, 3, 1, 1).item(), 2)
        (1.0, 0.14)
    """
    started = time.perf_counter()
    if kind not in ("similarity", "difference"):
        raise UnknownName("kind", str(kind), ("similarity", "difference"))
    asked = _measure(measure, parameters)
    wanted, steps = chosen_all(FEATURES, features), chosen_all(STEPS, preprocess)
    mine = not isinstance(picture, LargeImage)
    opened: LargeImage = open_large(picture) if mine else picture
    try:
        written = None if out is None else checked_place(out, opened.source)
        place = _box(to, opened.size)
        reach, notes = halo_for(opened, wanted, steps, halo)
        source = PiecewiseFeatures(opened, wanted, steps, reach)
        several = len(wanted) > 1
        compared = Compared(source, place, asked, several if standardise is None else standardise)
        alike = kind == "similarity"
        example = compared.answer(place[0], place[1], 1, 1)

        def values(top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
            found = compared.answer(top, left, height, width)
            return found.similarity if alike else np.maximum(found.difference, 0)

        heat = LargeHeatmap(
            ComputedSource(
                opened.size,
                values,
                tile=source.tile,
                spacing=opened.spacing,
                close=opened.close if mine and out is None else None,
                path=opened.source.path,
            ),
            Provenance(
                f"pixel-{kind}",
                {
                    "to": region_words(to),
                    "measure": compared.measure.words,
                    "preprocess": [step.words for step in steps],
                    "features": [feature.words for feature in wanted],
                    "standardise": several if standardise is None else bool(standardise),
                },
                image=opened.name,
                version=__version__,
                seconds=time.perf_counter() - started,
                info={**example.info, "range": example.range if alike else "0 is the same"},
                notes=(*opened.notes, *compared.notes, *notes),
            ),
            signed=example.signed and alike,
        )
        return heat if written is None else heat.save(written, progress=progress)
    except BaseException:
        if mine:
            opened.close()
        raise
    finally:
        if mine and out is not None:
            opened.close()


def _measure(measure: Any, parameters: dict[str, Any]) -> Chosen:
    if parameters and isinstance(measure, str):
        measure = (measure, dict(parameters))
    elif parameters:
        raise InvalidArgument(
            f"give {', '.join(parameters)} with the measure, or by name, not both"
        )
    asked = chosen(MEASURES, measure)
    if asked.part.name not in _MEASURES:
        raise InvalidArgument(
            f"{asked.part.name} is not for large pictures yet; there are {', '.join(_MEASURES)}"
        )
    return asked


def _box(to: Any, size: tuple[int, int]) -> tuple[int, int, int, int]:
    if isinstance(to, LargeImage) or np.ndim(to) != 1 or np.size(to) not in (2, 4):
        raise InvalidArgument(
            "a large picture is compared with a pixel, (row, column), or a box, (top, left, "
            "bottom, right); masks and second pictures are for pictures in memory"
        )
    top, left, bottom, right = box_of(to, size)
    if (bottom - top) * (right - left) > _LARGEST_BOX:
        raise InvalidArgument(
            f"the box has {(bottom - top) * (right - left) / 1e6:.0f} million pixels; up to "
            f"{_LARGEST_BOX / 1e6:.0f} million fit in memory as features"
        )
    return top, left, bottom, right
