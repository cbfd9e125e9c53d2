"""How alike two pictures are in their small patches, one octave of frequencies at a time.

Each band of a Laplacian pyramid is cut into patches of 7 x 7 pixels; a patch with its channels is
a point, a picture is a cloud of them, and two clouds are compared by the sliced Wasserstein
distance. Where the patches lie does not count: the distance sees texture, sharpness, noise and
colour, not the composition. Karras, Aila, Laine, Lehtinen: Progressive growing of GANs for
improved quality, stability, and variation, ICLR 2018 (arXiv:1710.10196), section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.transport.line.rows import checked_count, checked_exponent
from heatlens.transport.mass import Floats, real_array
from heatlens.transport.sliced.directions import LARGEST
from heatlens.transport.sliced.pyramid import laplacian_pyramid
from heatlens.transport.sliced.sliced import sliced_wasserstein
from heatlens.transport.threads import checked_threads

__all__ = ["PatchDistance", "patch_distance"]

Scale = Literal["common", "own", "none"]
SCALES = ("common", "own", "none")
COARSEST = 16
"""The pyramid ends before a side gets shorter than this."""


@dataclass(frozen=True)
class PatchDistance:
    """Sliced distances of the patches, band by band.

    Attributes:
        value: mean of the levels.
        levels: SW_p of each band, the finest first: a high first one tells of sharpness and
            noise, a high last one of colour and large structures.
        errors: standard error of each, from the scatter over the directions.
        sizes: height and width of the first picture's bands.
        patches: how many patches of each picture were compared in each band.
        whole: for each band, whether these were all there are.
        projections: number of directions.
        scale: what the pixels were divided by.
        seed: of the patches and directions.
    """

    value: float
    levels: tuple[float, ...]
    errors: tuple[float, ...]
    sizes: tuple[tuple[int, int], ...]
    patches: tuple[tuple[int, int], ...]
    whole: tuple[bool, ...]
    projections: int
    scale: str
    seed: int

    def __float__(self) -> float:
        return self.value


def patch_distance(
    first: Any,
    second: Any,
    *,
    patch: int = 7,
    projections: int = 512,
    levels: int | None = None,
    most: int = 4096,
    scale: Scale = "common",
    p: float = 1,
    seed: int = 0,
    threads: int | None = None,
) -> PatchDistance:
    """Sliced distance of the patches of two pictures, the mean over octaves of frequency.

    With scale="own", p=1 and sets of pictures it is the SWD of Karras et al., who print it times
    1000. Pictures of one size are cut at the same places, so that a picture has the distance 0
    from itself although not all patches are taken.

    Args:
        first: (H, W) or (H, W, C), any range.
        second: as many channels; its height and width may differ.
        patch: side of a patch in pixels of its band.
        projections: number of directions.
        levels: number of bands; None: as many as leave no side below 16 pixels (one, if even the
            picture is smaller).
        most: patches taken of each picture and band; drawn without replacement if there are more.
        scale: each channel of each band is centred and divided by its standard deviation over the
            patches, "common": of both pictures together, so that a difference in brightness and
            contrast counts; "own": of each picture, so that it does not, as in the paper;
            "none": pixels stay in their unit.
        p: exponent.
        seed: of patches and directions.
        threads: at most so many; None: all cores.

    Raises:
        InvalidType: not real numbers.
        InvalidArgument: shapes that do not fit, pixels that are not finite, or a band smaller
            than a patch.

    Example:
        >>> noise = np.random.default_rng(0).random((64, 64))
        >>> patch_distance(noise, noise).value
        0.0
        >>> found = patch_distance(noise, noise * 0.5, projections=64)
        >>> [round(level, 2) for level in found.levels], found.sizes
        ([0.51, 0.51, 1.51], ((64, 64), (32, 32), (16, 16)))
    """
    if scale not in SCALES:
        raise UnknownName("scale", scale, SCALES)
    side = checked_count(patch, "patch")
    checked_exponent(p)
    checked_threads(threads)
    seed = checked_count(seed, "seed", 0)
    limit = checked_count(most, "most", 2)
    pictures = [_checked_picture(first, "first"), _checked_picture(second, "second")]
    if pictures[0].shape[2] != pictures[1].shape[2]:
        raise InvalidArgument(
            f"first has {pictures[0].shape[2]} channels, second has {pictures[1].shape[2]}"
        )
    shortest = min(pictures[0].shape[:2] + pictures[1].shape[:2])
    bands = _default_levels(shortest) if levels is None else checked_count(levels, "levels")
    if _side_of(shortest, bands - 1) < side:
        raise InvalidArgument(
            f"band {bands} of a picture whose shorter side is {shortest} pixels has only "
            f"{_side_of(shortest, bands - 1)}; patches are {side} wide. Take fewer levels or "
            "smaller patches"
        )
    pyramids = [laplacian_pyramid(picture, bands) for picture in pictures]
    found, counts, whole = [], [], []
    for k, pair in enumerate(zip(*pyramids, strict=True)):
        cut = [_patches(band, side, limit, seed + k) for band in pair]
        x, y = _scaled(cut[0], cut[1], scale)
        found.append(
            sliced_wasserstein(x, y, projections=projections, p=p, seed=seed + k, threads=threads)
        )
        counts.append((len(x), len(y)))
        whole.append(all(_available(band, side) <= limit for band in pair))
    return PatchDistance(
        value=float(np.mean([level.value for level in found])),
        levels=tuple(level.value for level in found),
        errors=tuple(level.error for level in found),
        sizes=tuple((band.shape[0], band.shape[1]) for band in pyramids[0]),
        patches=tuple(counts),
        whole=tuple(whole),
        projections=projections,
        scale=scale,
        seed=seed,
    )


def _checked_picture(values: Any, name: str) -> Floats:
    array = real_array(values, name, "pixels")
    if array.ndim not in (2, 3) or array.size == 0:
        raise InvalidArgument(f"{name} has shape {array.shape}; expected (H, W) or (H, W, C)")
    picture: Floats = np.asarray(array, np.float64)
    if not np.isfinite(picture).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(picture))[0])
        raise InvalidArgument(f"{name}{list(where)} is {picture[where]}: pixels are finite")
    if np.abs(picture).max() > LARGEST:
        raise InvalidArgument(f"squares of {name} overflow; bring the pixels to a smaller scale")
    return picture[:, :, None] if picture.ndim == 2 else picture


def _side_of(side: int, halvings: int) -> int:
    for _ in range(halvings):
        side = (side + 1) // 2
    return side


def _default_levels(shortest: int) -> int:
    levels = 1
    while _side_of(shortest, levels) >= COARSEST:
        levels += 1
    return levels


def _available(band: Floats, side: int) -> int:
    return (band.shape[0] - side + 1) * (band.shape[1] - side + 1)


def _patches(band: Floats, side: int, most: int, seed: int) -> npt.NDArray[np.float64]:
    """Patches (n, side * side, C), all of them or `most` drawn without replacement."""
    windows = np.lib.stride_tricks.sliding_window_view(band, (side, side), (0, 1))
    total = _available(band, side)
    if total > most:
        chosen = np.random.default_rng(seed).choice(total, most, replace=False, shuffle=False)
    else:
        chosen = np.arange(total)
    picked = windows[np.unravel_index(np.sort(chosen), windows.shape[:2])]
    flat: Floats = picked.reshape(len(chosen), band.shape[2], side * side)
    return flat.transpose(0, 2, 1)


def _scaled(x: Floats, y: Floats, scale: str) -> tuple[Floats, Floats]:
    """Patches as points (n, side * side * C), channel by channel on the scale asked for."""
    if scale == "common":
        both = np.concatenate([x.reshape(-1, x.shape[2]), y.reshape(-1, y.shape[2])])
        x, y = _standardised(x, both), _standardised(y, both)
    elif scale == "own":
        x, y = (_standardised(v, v.reshape(-1, v.shape[2])) for v in (x, y))
    return x.reshape(len(x), -1), y.reshape(len(y), -1)


def _standardised(values: Floats, of: Floats) -> Floats:
    spread = of.std(0)
    rounding = 1e-12 * np.abs(of).max(0)  # what is left of a constant after smoothing
    return (values - of.mean(0)) / np.where(spread > rounding, spread, 1)
