"""`picture_difference`: two pictures laid on one another, and what differs."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.pixels.alignment.laid_on import laid_on
from heatlens.pixels.comparing import answered, question_of
from heatlens.pixels.planes import as_image, as_picture, planes, rgb
from heatlens.pixels.stack import described
from heatlens.provenance import Provenance
from heatlens.version import __version__

__all__ = ["picture_difference"]

_RANGES = ((25, 75), (10, 90), (5, 95), (2, 98), (1, 99), (0.1, 99.9))
"""Percentiles between which the spread of a picture is looked for, one after the other."""

_WIDE, _FLAT = 0.1, 1e-6
"""Share of the widest range, and unit range, that a spread has at least."""


def picture_difference(
    first: Any,
    second: Any,
    align: str = "none",
    measure: Any = "euclidean",
    features: Any = ("colour",),
    preprocess: Any = (),
    *,
    exposure: bool = False,
    **parameters: Any,
) -> Heatmap:
    """What changed between two pictures of the same thing.

    Args:
        first: whatever `read_image` reads; the map is on its grid.
        second: the other picture, of any size if it is aligned.
        align: "none" (pixels where they are), "translation" (phase correlation), "affine" or
            "homography" (matched corners, then the grey levels).
        measure: of `MEASURES`, for two pictures: "euclidean", "cosine", "mahalanobis" (what is
            unlike the differences of all other pixels), "ssim".
        features: what pixels are compared by; see `feature_stack`.
        preprocess: steps before, on both. A slight blur, ("gaussian",), forgives what an
            alignment is off by.
        exposure: whether the second picture is first given the first's median and spread in each
            channel, so that a longer exposure or another white balance is no change. Where most
            of a picture is flat, the spread is that of a larger share; a note says so.
        parameters: of the measure.

    Returns:
        A heatmap of differences from 0 on; `valid` is False where the second picture shows
        nothing. `info` has the matrix from (column, row, 1) of the first to the second picture,
        the overlap, and the correlation of local contrast before and after.

    Raises:
        InvalidArgument: an alignment that failed (the message says why), sizes that differ
            without one, or pictures that do not overlap.
        UnknownName: no such alignment, measure, feature or step.
        MissingDependency: a part needs a package of the extra `pixels`.

    Example:
        >>> before = np.full((8, 8, 3), 90, np.uint8)
        >>> after = before.copy()
        >>> after[5, 2] = [250, 0, 0]
        >>> picture_difference(before, after).peak
        (5, 2)
    """
    started = time.perf_counter()
    one, other = as_picture(first, "the first picture"), as_picture(second, "the second picture")
    laid = laid_on(one, other, align)
    seen, info, moved, remarks = laid.seen, laid.info, laid.image, laid.notes
    if exposure:
        moved, levels, said = _exposed(one, moved, seen)
        info, remarks = {**info, "exposure": levels}, remarks + said
    moved = _filled(one, moved, seen)
    question, _, notes = question_of(one, moved, features, preprocess, None)
    found, asked = answered(replace(question, seen=seen), measure, parameters)
    whole = bool(seen.all())
    if not whole:
        notes = (*notes, f"the second picture shows {seen.mean():.1%} of the first")
    values = np.where(seen, np.maximum(found.difference, 0), 0).astype(np.float32)
    provenance = Provenance(
        "picture-difference",
        {
            "second": other.name,
            "align": align,
            "measure": asked.words,
            "exposure": exposure,
            **described(question.stack),
        },
        image=one.name,
        version=__version__,
        seconds=time.perf_counter() - started,
        info={**info, **found.info},
        notes=(*remarks, *notes, *found.notes),
    )
    return Heatmap(values, provenance, signed=False, valid=None if whole else seen)


def _exposed(
    first: Image, second: Image, seen: npt.NDArray[np.bool_]
) -> tuple[Image, dict[str, Any], tuple[str, ...]]:
    """The second picture with the first's median and spread in each channel, and notes.

    Both are those of the overlap. The spread is the interquartile range, which a change in a
    quarter of the picture does not move; of pictures that are mostly flat, the narrowest range of
    `_RANGES` that spans a tenth of the widest.
    """
    a, b = planes(first), planes(second)
    if a.shape[2] != b.shape[2]:
        a, b = rgb(first), rgb(second)
    if not seen.any():
        raise InvalidArgument("the pictures do not overlap; there is no exposure to compare")
    gain, offset = np.ones(a.shape[2]), np.zeros(a.shape[2])
    wider: dict[tuple[float, float], list[str]] = {}
    flat = []
    for channel in range(a.shape[2]):
        x, y = (
            np.percentile(unit[..., channel][seen].astype(np.float64), [50, *np.ravel(_RANGES)])
            for unit in (a, b)
        )
        spread, other = x[2::2] - x[1::2], y[2::2] - y[1::2]
        wide = (spread >= _WIDE * spread[-1]) & (other >= _WIDE * other[-1])
        wide &= (spread > _FLAT) & (other > _FLAT)
        name = f"channel {channel + 1}"
        if not wide.any():
            flat.append(name)
            continue
        taken = int(wide.argmax())
        if taken:
            wider.setdefault(_RANGES[taken], []).append(name)
        gain[channel] = spread[taken] / other[taken]
        offset[channel] = x[0] - gain[channel] * y[0]
    notes = [
        f"the exposure of {', '.join(names)} was told from percentiles {low:g} and {high:g}: "
        "nearer to the median the picture is flat"
        for (low, high), names in wider.items()
    ]
    if flat:
        notes.append(f"the exposure of {', '.join(flat)} was left as it is: the picture is flat")
    levels = {"gain": gain.tolist(), "offset": offset.tolist()}
    return as_image(b * gain + offset, second), levels, tuple(notes)


def _filled(first: Image, second: Image, seen: npt.NDArray[np.bool_]) -> Image:
    """The second picture with the first's pixels where it has none: no edge where it ends."""
    if seen.all():
        return second
    a, b = planes(first), planes(second)
    if a.shape[2] != b.shape[2]:
        a, b = rgb(first), rgb(second)
    return as_image(np.where(seen[..., None], b, a), second)
