"""Heatmaps and pictures as masses on one grid, small enough for a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.images.resample import band, separable
from heatlens.transport.mass import Floats

__all__ = ["as_planes", "common_size", "heatmap_mass", "luma", "reduced", "size_notes"]

_LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in the luma of ITU-R BT.601."""


def heatmap_mass(heatmap: Heatmap, name: str) -> Floats:
    """The values of a heatmap as masses (h, w); pixels that are not valid have none.

    Raises:
        InvalidArgument: negative evidence, no evidence, or no map of one picture.
    """
    if heatmap.axes != "YX":
        advice = "; give one slice or time step" if len(heatmap.axes) == 3 else ""
        raise InvalidArgument(
            f"{name} has axes {heatmap.axes!r}, and heatmaps of pictures ('YX') are meant{advice}"
        )
    values = heatmap.values.astype(np.float64)
    if heatmap.valid is not None:
        values = np.where(heatmap.valid, values, 0)
    if values.min() < 0:
        raise InvalidArgument(
            f"{name} has evidence against ({values.min():g}), and no mass is negative; take "
            "heatmap.positive()"
        )
    if not values.any():
        raise InvalidArgument(f"{name} has no evidence: every value is 0")
    return values


def as_planes(source: Any, name: str) -> Floats:
    """A picture as light: (h, w, c) in 0..1, black having none; one channel or three."""
    if isinstance(source, Heatmap):
        raise InvalidType(f"{name} is a heatmap, the other a picture; give two of a kind")
    image = source if isinstance(source, Image) else read_image(source)
    if image.axes not in ("YX", "YXC") or image.channels not in (1, 3):
        raise InvalidArgument(
            f"{name} has axes {image.axes!r} and {image.channels} channels; a single picture, grey "
            "or of three colours, is meant"
        )
    light = np.clip(image.unit().astype(np.float64), 0, 1)
    light = light.reshape(*image.size, -1)
    if image.alpha is not None:
        light = light * image.alpha[..., None]
    if not light.any():
        raise InvalidArgument(f"{name} is black everywhere: there is no light to move")
    return light


def luma(light: Floats) -> Floats:
    """The amount of light (h, w) of planes (h, w, 1 or 3)."""
    return light[..., 0] if light.shape[2] == 1 else light @ _LUMA


def common_size(sizes: list[tuple[int, int]], longest: int | None) -> tuple[int, int]:
    """The size of the first, reduced to a longest side.

    Raises:
        InvalidArgument: sizes that differ in shape by more than rounding.
    """
    height, width = sizes[0]
    for number, (h, w) in enumerate(sizes[1:], start=1):
        if abs(h * width - w * height) > max(h, w) * 0.02 * max(height, width):
            raise InvalidArgument(
                f"number {number} has size {h} x {w}, number 0 has {height} x {width}: the shapes "
                "differ; crop or resize first"
            )
    scale = 1.0 if longest is None else min(1.0, longest / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def size_notes(
    sizes: Sequence[tuple[int, int]], grid: tuple[int, int], names: Sequence[str]
) -> tuple[str, ...]:
    """What became of each source's pixels; one sentence where all were of one size.

    Example:
        >>> size_notes([(96, 96), (24, 24), (48, 48)], (48, 48), "abc")
        ('a: 96 x 96 pixels were reduced to 48 x 48', 'b: 24 x 24 pixels were spread over 48 x 48')
    """
    done = [
        "" if size == grid else f"{_size(size)} pixels were {_way(size, grid)} {_size(grid)}"
        for size in sizes
    ]
    if len(set(done)) == 1:
        return (done[0],) if done[0] else ()
    return tuple(f"{name}: {words}" for name, words in zip(names, done, strict=True) if words)


def _way(size: tuple[int, int], grid: tuple[int, int]) -> str:
    smaller = grid[0] <= size[0] and grid[1] <= size[1]
    return "reduced to" if smaller else "spread over"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"


def reduced(plane: Floats, size: tuple[int, int]) -> Floats:
    """Means over areas, (h, w) to `size`, scaled so that the total of masses stays what it is."""
    if plane.shape == size:
        return plane
    (height, width), (h, w) = plane.shape, size
    rows = band((np.arange(h) + 0.5) * height / h, height, height / h)
    columns = band((np.arange(w) + 0.5) * width / w, width, width / w)
    small = np.maximum(separable(plane, rows, columns), 0)
    total = small.sum()
    return small * (plane.sum() / total) if total > 0 else small
