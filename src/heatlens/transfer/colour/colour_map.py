"""A map of colours, fitted once and applied to any number of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen
from heatlens.image import Image
from heatlens.transfer.colour.kernels import mapped_floats, mapped_levels, padded
from heatlens.transfer.colour.pixels import colours_of, eight_bits, is_grey, opened
from heatlens.transfer.colour.strips import cores

__all__ = ["ColourMap"]

_STRIP = 1 << 18
"""Pixels that one thread takes at a time."""


@dataclass(frozen=True, eq=False)
class ColourMap:
    """A continuous map of sRGB colours, kept as lattices that are read trilinearly.

    Attributes:
        lattices: float32 (s, n, n, n, 3), sRGB in 0..1 at even steps of red, green and blue; they
            are applied one after the other.
        grey: whether it maps grey pictures.
        info: how it was fitted.

    Example:
        >>> axis = np.linspace(0, 1, 5)
        >>> same = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
        >>> ColourMap(1 - same[None])(np.zeros((2, 2, 3), np.uint8)).pixels.max()
        np.uint8(255)
    """

    lattices: npt.NDArray[np.float32]
    grey: bool = False
    info: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the lattices; they become read-only."""
        lattices = frozen(np.ascontiguousarray(self.lattices, np.float32))
        n = lattices.shape[1] if lattices.ndim == 5 else 0
        if n < 2 or not len(lattices) or lattices.shape[1:] != (n, n, n, 3):
            raise InvalidArgument(
                f"lattices have shape {lattices.shape}; expected (s, n, n, n, 3), n at least 2"
            )
        if not (lattices.min() >= 0 and lattices.max() <= 1):
            raise InvalidArgument("the colours of a lattice lie in 0..1")
        object.__setattr__(self, "lattices", lattices)

    def __call__(self, image: Any, threads: int | None = None) -> Image:
        """The picture with its colours mapped; type, range and all other fields stay.

        Args:
            image: an `Image` or whatever `read_image` takes.
            threads: None takes all cores that this process may use.

        Raises:
            InvalidArgument: a grey picture for a colour map or the reverse, or no thread.
        """
        threads = cores() if threads is None else checked_whole(threads, "threads")
        picture = opened(image, "image")
        if is_grey(picture) != self.grey:
            kinds = ("a colour", "a grey")
            raise InvalidArgument(
                f"the map is for {kinds[self.grey]} picture, this is {kinds[not self.grey]} one"
            )
        colours = colours_of(picture)
        mapped = np.empty(colours.shape, np.uint8 if eight_bits(picture) else picture.pixels.dtype)
        strips = [slice(i, i + _STRIP) for i in range(0, len(colours), _STRIP)]

        tables = padded(self.lattices)

        def run(strip: slice) -> None:
            _map(colours[strip], tables, mapped[strip], picture)

        with ThreadPoolExecutor(min(threads, len(strips))) as pool:
            list(pool.map(run, strips))
        if self.grey:
            mapped = mapped[:, 1]  # the three are one but for rounding
        pixels = mapped.reshape(picture.pixels.shape)
        pixels.flags.writeable = False
        return picture.with_(pixels=pixels)


def _map(
    colours: npt.NDArray[Any],
    tables: npt.NDArray[np.float32],
    result: npt.NDArray[Any],
    picture: Image,
) -> None:
    if eight_bits(picture):
        mapped_levels(np.ascontiguousarray(colours), tables, result)
        return
    low, high = picture.value_range
    unit = (colours.astype(np.float64) - low) / (high - low)
    mapped_floats(unit, tables, unit)
    values = unit * (high - low) + low
    result[:] = np.rint(values) if np.issubdtype(result.dtype, np.integer) else values
