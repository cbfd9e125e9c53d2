"""`colour_transfer`: one picture in the colours of another.

The colours of both pictures are counted in CIELAB, an exact transport plan between their palettes
says where each has to go, and a continuous map, known at the nodes of a lattice, takes every pixel
along. Reinhard et al. (Color transfer between images, 2001) matched means and variances; here the
whole distribution is matched. Rabin, Ferradans, Papadakis (Adaptive color transfer with relaxed
optimal transport, ICIP 2014) is the source of palettes, Pitie et al. 2007 that of the sweeps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.cielab import to_srgb
from heatlens.transfer.colour.colour_map import ColourMap
from heatlens.transfer.colour.fit import (
    carried_lattice,
    moved_one_by_one,
    refined_lattices,
    share_outside,
)
from heatlens.transfer.colour.lab import lab_of
from heatlens.transfer.colour.options import check_options
from heatlens.transfer.colour.palette import Palette, distance, on_cells, palette_of
from heatlens.transfer.colour.pixels import colours_of, is_grey, opened, sampled
from heatlens.transport.mass import Floats

__all__ = ["colour_map", "colour_transfer", "palette_distance"]

_FITTED = 1 << 16
"""Pixels of the picture that a map is fitted with."""

_COUNTED = 1 << 19
"""Pixels that are counted to know a picture's colours, at most; of smaller pictures all."""


def colour_transfer(
    image: Any,
    reference: Any,
    *,
    method: str = "regularised",
    k: int = 128,
    smoothness: float | None = None,
    stages: int | None = None,
    sweeps: int | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Image:
    """The picture in the colours of the reference.

    | method | what it does | remaining palette distance |
    |---|---|---|
    | "exact" | plan between palettes, then refined until the pixels follow it | 2 to 6 % |
    | "regularised" | the plan's shifts averaged over similar colours: gradients stay smooth | 10 to 40 % |
    | "pixelwise" | every pixel moved for itself: gradients are not kept | below 1 % |

    The remaining distance is measured on the finished picture with the same k colours of the
    reference (see `palette_distance`), and kept in `metadata["colour_transfer"]`. Against
    palettes of another k or seed "pixelwise" leaves 1 to 2 %, the others what the table says.
    Colours that a shift would take out of sRGB are clipped to it, and their share is kept as well.
    Type, range, opacity, spacing and name of the picture stay as they are. Transparent pixels are
    mapped but not counted.

    Args:
        image: an `Image` or whatever `read_image` takes; colour, or grey with a grey reference.
        reference: the picture whose colours are wanted.
        method: see above.
        k: colours of each palette.
        smoothness: how far, in CIELAB units, a colour heeds the shifts of other colours; by default
            4 for "exact" and 8 for "regularised".
        stages: lattices that "exact" applies one after the other, 2 by default; more follow the
            palette closer.
        sweeps: of "pixelwise", 40 by default.
        seed: of the draw of pixels, the clusters and the sweeps' directions.
        threads: None takes all cores; the result does not depend on it.

    Raises:
        UnknownName: no such method.
        InvalidArgument: a film or volume, channels that are not 1 or 3, a grey picture with a
            colour reference or the reverse, a parameter out of range, or one that the method does
            not take.
        InvalidType: a parameter that is not a number.

    Example:
        >>> sky = np.zeros((4, 4, 3), np.uint8) + np.uint8([90, 140, 220])
        >>> sand = np.zeros((4, 4, 3), np.uint8) + np.uint8([200, 170, 120])
        >>> colour_transfer(sky, sand).pixels[0, 0].tolist()
        [200, 170, 120]
    """
    check_options(method, k, seed, smoothness=smoothness, stages=stages, sweeps=sweeps)
    if threads is not None:
        checked_whole(threads, "threads")
    picture, goal = _pair(image, reference)
    if method == "pixelwise":
        sweeps = 40 if sweeps is None else sweeps
        result, clipped = _one_by_one(picture, goal, k, sweeps, seed)
        info: dict[str, Any] = {"method": method, "k": k, "sweeps": sweeps, "seed": seed}
        info["clipped_share"] = clipped
    else:
        fitted = colour_map(
            picture, goal, method=method, k=k, smoothness=smoothness, stages=stages, seed=seed
        )
        result, info = fitted(picture, threads), dict(fitted.info)
    info["reference"] = goal.name
    wanted = _measured_palette(goal, k, seed)
    info["palette_distance_before"] = _distance_to(wanted, picture)
    info["palette_distance_after"] = _distance_to(wanted, result)
    return result.with_(metadata={**picture.metadata, "colour_transfer": info})


def colour_map(
    image: Any,
    reference: Any,
    *,
    method: str = "regularised",
    k: int = 128,
    smoothness: float | None = None,
    stages: int | None = None,
    seed: int = 0,
) -> ColourMap:
    """The map that `colour_transfer` applies, for other pictures (a film's frames) as well.

    Args and errors are those of `colour_transfer`; "pixelwise" has no such map.

    Example:
        >>> sky, sand = np.full((2, 2, 3), 90, np.uint8), np.full((2, 2, 3), 200, np.uint8)
        >>> colour_map(sky, sand, method="regularised")(sky).pixels[0, 0].tolist()
        [200, 200, 200]
    """
    if method == "pixelwise":
        raise InvalidArgument("'pixelwise' moves pixels one by one and has no map; use 'exact'")
    check_options(method, k, seed, smoothness=smoothness, stages=stages)
    picture, goal = _pair(image, reference)
    width = {"exact": 4.0, "regularised": 8.0}[method] if smoothness is None else float(smoothness)
    stages = 2 if stages is None else stages
    generator = np.random.default_rng(seed)
    colours = sampled(picture, _FITTED, generator, blurred=True)
    wanted = lab_of(_counted(goal, generator))
    info: dict[str, Any] = {"method": method, "k": k, "smoothness": width, "seed": seed}
    if method == "regularised":
        lattices, clipped = carried_lattice(colours, wanted, k, width, seed)
    else:
        lattices, clipped = refined_lattices(colours, wanted, k, width, stages, seed)
        info["stages"] = stages
    info["clipped_share"] = clipped
    return ColourMap(lattices.astype(np.float32), is_grey(picture), info)


def palette_distance(image: Any, reference: Any, *, k: int = 128, seed: int = 0) -> float:
    """W1, in CIELAB units, between the palettes of two pictures.

    The reference's palette is made by k-means. The other picture's pixels are counted in the same
    cells, each with the mean colour of what fell into it: two palettes made apart would differ by
    2 or 3 units even between two samples of one picture. The distance is measured on all pixels,
    of pictures with more than 524,288 on as many drawn evenly.

    Args:
        image: a picture.
        reference: the picture whose clusters are used.
        k: their number.
        seed: of the clusters.

    Example:
        >>> dark, light = np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 255, np.uint8)
        >>> round(palette_distance(dark, light), 1)
        100.0
    """
    checked_whole(k, "k")
    checked_seed(seed)
    wanted = _measured_palette(opened(reference, "reference"), k, seed)
    return _distance_to(wanted, opened(image, "image"))


def _measured_palette(reference: Image, k: int, seed: int) -> Palette:
    generator = np.random.default_rng(2**31)
    return palette_of(lab_of(_counted(reference, generator)), k, seed)


def _distance_to(palette: Palette, image: Image) -> float:
    generator = np.random.default_rng(2**31 + 1)
    found = lab_of(_counted(image, generator))
    return distance(on_cells(found, palette.centres), palette)


def _counted(image: Image, generator: np.random.Generator) -> Floats:
    return sampled(image, min(_COUNTED, image.size[0] * image.size[1]), generator)


def _pair(image: Any, reference: Any) -> tuple[Image, Image]:
    picture, goal = opened(image, "image"), opened(reference, "reference")
    if is_grey(picture) != is_grey(goal):
        which = (
            "image is grey, the reference" if is_grey(picture) else "reference is grey, the image"
        )
        raise InvalidArgument(
            f"the {which} has colours; give two of a kind, or repeat the grey channel three times"
        )
    return picture, goal


def _one_by_one(picture: Image, goal: Image, k: int, sweeps: int, seed: int) -> tuple[Image, float]:
    generator = np.random.default_rng(seed)
    colours = colours_of(picture).astype(np.float64)
    if np.issubdtype(picture.pixels.dtype, np.integer):  # equal levels have to part
        noise = generator.random(colours.shape) - 0.5
        colours += noise[:, :1] if is_grey(picture) else noise
    low, high = picture.value_range
    start = lab_of(np.clip((colours - low) / (high - low), 0, 1))
    wanted = lab_of(_counted(goal, generator))
    reached = moved_one_by_one(start, wanted, k, sweeps, seed)
    moved = to_srgb(reached) * (high - low) + low
    if np.issubdtype(picture.pixels.dtype, np.integer):
        moved = np.rint(moved)
    values = (moved[:, 1] if is_grey(picture) else moved).astype(picture.pixels.dtype)
    return picture.with_(pixels=values.reshape(picture.pixels.shape)), share_outside(reached)
