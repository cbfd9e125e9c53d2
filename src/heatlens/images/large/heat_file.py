"""A large heatmap's file: a pyramidal TIFF whose description says where the values come from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.large.image import Progress
from heatlens.images.large.pyramid import write_pyramid
from heatlens.provenance import Provenance

__all__ = ["write_heat"]

Floats = npt.NDArray[np.float32]


def write_heat(
    path: str | os.PathLike[str],
    bands: Iterable[Floats],
    size: tuple[int, int],
    provenance: Callable[[], Provenance],
    *,
    signed: bool,
    spacing: tuple[float, float] | None = None,
    compression: str = "zstd",
    progress: Progress | None = None,
) -> Path:
    """Write values as they come, as the pyramidal TIFF of a heatmap.

    Args:
        path: where to.
        bands: full-width rows from top to bottom.
        size: height and width.
        provenance: asked when all bands are there.
        signed: whether negative values mean evidence against.
        spacing: millimetres between rows and between columns.
        compression: see `write_pyramid`.
        progress: called after each row of tiles, in pixels.

    Raises:
        InvalidArgument: NaN or infinite values, and what `write_pyramid` raises.
    """
    extent = [np.inf, -np.inf]

    def watched() -> Iterator[Floats]:
        for band in bands:
            low, high = float(band.min()), float(band.max())
            if not (np.isfinite(low) and np.isfinite(high)):
                raise InvalidArgument(
                    "the map has NaN or infinite values: the method or the scores overflowed"
                )
            extent[:] = min(extent[0], low), max(extent[1], high)
            yield band

    def header() -> str:
        """As `heatlens.images.heatmap_files` has it, and the extent."""
        return json.dumps(
            {
                "heatlens": 1,
                "axes": "YX",
                "signed": signed,
                "shape": list(size),
                "layers": ["values"],
                "extent": extent,
                "provenance": json.loads(provenance().to_json()),
            }
        )

    return write_pyramid(
        path,
        watched(),
        size,
        compression=compression,
        spacing=spacing,
        description=header,
        progress=progress,
    )
