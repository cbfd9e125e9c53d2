"""What a large picture is read from, and the registry of the kinds of files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from heatlens.registry import Registry

__all__ = [
    "DAMAGED",
    "LARGEST_PIECE",
    "LARGE_KINDS",
    "MILLIMETRES",
    "LargeKind",
    "LargeSource",
    "register",
]

DAMAGED = ("error", "blank")
"""What becomes of a tile that cannot be decoded: an error, or black and a note."""

LARGEST_PIECE = 1 << 29
"""Bytes that a tile, strip or chunk, which is decoded whole, may have."""

MILLIMETRES = {
    name: length
    for names, length in (
        (("angstrom", "Å"), 1e-7),
        (("picometer", "pm"), 1e-9),
        (("nanometer", "nm"), 1e-6),
        (("micrometer", "micron", "microns", "um", "µm", "μm"), 1e-3),
        (("millimeter", "mm"), 1.0),
        (("centimeter", "cm"), 10.0),
        (("decimeter", "dm"), 100.0),
        (("meter", "m"), 1e3),
        (("kilometer", "km"), 1e6),
        (("inch", "in"), 25.4),
        (("foot", "ft"), 304.8),
        (("yard", "yd"), 914.4),
    )
    for name in names
}
"""Units of length by the names that OME, OME-Zarr and ImageJ give them."""

Size = tuple[int, int]


class LargeSource(ABC):
    """Pixels that are decoded where they are asked for.

    Attributes:
        levels: height and width of the picture, then of its smaller copies, largest first.
        channels: colours a pixel has; opacity is left out.
        dtype: of the values, in the machine's byte order.
        tile: rows and columns that are decoded together.
        value_range: the values that mean black and white; None where only the pixels tell.
        spacing: millimetres between rows and between columns, where the file says.
        notes: sentences that a reader of the result has to know.
        path: the file or folder that the pixels come from, if any; never written to.
    """

    levels: tuple[Size, ...]
    channels: int
    dtype: np.dtype[Any]
    tile: Size = (256, 256)
    value_range: tuple[float, float] | None = None
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    path: Path | None = None

    @abstractmethod
    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """The pixels (height, width, channels); the region lies inside. May run in many threads."""

    def damage(self) -> tuple[str, ...]:
        """Which tiles were damaged and left black so far, one sentence each."""
        return ()

    def close(self) -> None:  # noqa: B027 (most have nothing to close)
        """Let go of files."""


@dataclass(frozen=True)
class LargeKind:
    """A kind of file that large pictures come in.

    Attributes:
        name: what users call it ("tiff").
        opens: `opens(path, damaged)` gives the source; see `DAMAGED`.
        recognises: how well it suits (path, first bytes): 0 not at all, the highest wins.
        summary: which files, in a phrase.
    """

    name: str
    opens: Callable[[Path, str], LargeSource]
    recognises: Callable[[Path, bytes], int]
    summary: str


LARGE_KINDS: Registry[LargeKind] = Registry(
    "kind of large picture", ("heatlens.images.large.kinds",)
)
"""All kinds of files that `open_large` reads, by name."""

Opener = TypeVar("Opener", bound=Callable[[Path, str], LargeSource])


def register(
    name: str, *, recognises: Callable[[Path, bytes], int], summary: str
) -> Callable[[Opener], Opener]:
    """Register an opener under `name`; see `LargeKind` for the arguments."""

    def decorate(opens: Opener) -> Opener:
        LARGE_KINDS.add(name, LargeKind(name, opens, recognises, summary))
        return opens

    return decorate
