"""A heatmap too large for memory: in a file, or computed where it is looked at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import TracebackType

import numpy as np
import numpy.typing as npt

from heatlens.errors import UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.images.area import AreaMean, reduced_size
from heatlens.images.files import existing_file
from heatlens.images.large.coarser import averaged, copy_for
from heatlens.images.large.heat_file import write_heat
from heatlens.images.large.image import LargeImage, Progress
from heatlens.images.large.kinds.tiff import TiffSource
from heatlens.images.large.place import checked_place
from heatlens.images.large.regions import checked_limit
from heatlens.images.large.source import LargeSource
from heatlens.provenance import Provenance

__all__ = ["LargeHeatmap"]

Floats = npt.NDArray[np.float32]


class LargeHeatmap:
    """Evidence per pixel of one large picture, on its own grid; a context manager.

    Attributes:
        values: the numbers, a `LargeImage` of one channel of float32.
        provenance: how they were made.
        signed: whether negative values mean evidence against.

    Example:
        >>> from heatlens.images.large.computed import ComputedSource
        >>> source = ComputedSource((300, 200), lambda top, left, h, w: np.full((h, w), 2.0))
        >>> heat = LargeHeatmap(source, Provenance("by hand"), signed=False)
        >>> heat.size, heat.region(0, 0, 1, 2).tolist(), heat.reduced(3).size
        ((300, 200), [[2.0, 2.0]], (3, 2))
    """

    def __init__(self, source: LargeSource, provenance: Provenance, *, signed: bool) -> None:
        """Take over a source of values."""
        # The range is of no use for heat: it is only what keeps it from being measured.
        self.values = LargeImage(source, provenance.image, (0.0, 1.0))
        self.provenance, self.signed = provenance, signed
        self._extent: tuple[float, float] | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LargeHeatmap:
        """Open what `save` wrote.

        Raises:
            MissingImage, UnreadableImage: no such file, or no heatmap of heatlens.
        """
        file = existing_file(path, "heatmap")
        source = TiffSource(file)
        source.path = file
        try:
            header = json.loads(source.description or "{}")
            if not isinstance(header, dict) or "heatlens" not in header:
                raise ValueError
            provenance = Provenance.from_json(json.dumps(header["provenance"]))
            if source.channels != 1 or source.dtype != np.float32:
                raise ValueError
        except (ValueError, KeyError, TypeError) as error:
            source.close()
            raise UnreadableImage(
                f"{path} is a TIFF, but no heatmap that heatlens wrote; open_large reads it as a "
                "picture"
            ) from error
        heat = cls(source, provenance, signed=bool(header["signed"]))
        if isinstance(header.get("extent"), list):
            heat._extent = float(header["extent"][0]), float(header["extent"][1])
        return heat

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.values.size

    def region(self, top: int, left: int, height: int, width: int) -> Floats:
        """Values of a region, (height, width)."""
        return self.values.region(top, left, height, width)

    def rows(self) -> Iterator[tuple[int, Floats]]:
        """Stream the values once: (first row, band), from top to bottom."""
        return self.values.rows()

    def part(self, top: int, left: int, height: int, width: int) -> Heatmap:
        """A region as a `Heatmap` of its own."""
        note = f"rows {top} to {top + height} and columns {left} to {left + width} of the picture"
        return self._heatmap(self.region(top, left, height, width), note)

    def reduced(self, longest: int) -> Heatmap:
        """The whole map, its longer side averaged to `longest` pixels.

        Read from the smallest copy in the file that is at least twice as fine, else streamed.

        Raises:
            ImageTooLarge: the result would have more pixels than the limit for pictures.
        """
        size = reduced_size(self.size, longest)
        checked_limit(size, self.values.name or "the map")
        if level := copy_for(self.values.levels, size):
            copy = self.values.region(0, 0, *self.values.levels[level], level)
            values = averaged(copy, self.size, level, size)
        else:
            mean = AreaMean(self.size, size)
            for top, band in self.rows():
                mean.add(band, top, 0)
            values = mean.result()[..., 0]
        note = f"averaged from {self.size[0]} x {self.size[1]} pixels"
        return self._heatmap(values, note if size != self.size else "")

    def extent(self) -> tuple[float, float]:
        """Lowest and highest value; a file of ours says them, else one pass over all."""
        if self._extent is None:
            low, high = np.inf, -np.inf
            for _, band in self.rows():
                low, high = min(low, float(band.min())), max(high, float(band.max()))
            self._extent = low, high
        return self._extent

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        compression: str = "zstd",
        progress: Progress | None = None,
    ) -> LargeHeatmap:
        """Write a pyramidal TIFF of the float values, streaming, and open it.

        `Heatmap.load` reads the same file where it fits in memory.

        Raises:
            InvalidArgument: a place that cannot be written to, or that of the picture.
        """
        written = write_heat(
            checked_place(path, self.values.source),
            (band for _, band in self.rows()),
            self.size,
            lambda: self.provenance,
            signed=self.signed,
            spacing=self.values.spacing,
            compression=compression,
            progress=progress,
        )
        return LargeHeatmap.load(written)

    def close(self) -> None:
        """Close the file."""
        self.values.close()

    def __enter__(self) -> LargeHeatmap:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LargeHeatmap({self.provenance.method!r}, {self.size[0]} x {self.size[1]})"

    def _heatmap(self, values: Floats, note: str) -> Heatmap:
        notes = (*self.provenance.notes, note) if note else self.provenance.notes
        return Heatmap(values, self.provenance.with_(notes=notes), signed=self.signed)
