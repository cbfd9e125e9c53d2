"""Pictures too large for memory: read by the region, streamed by the band, written as pyramids.

| file or folder | what it gives |
|---|---|
| `open` | `open_large`: a file, folder or array -> `LargeImage` |
| `image` | `LargeImage`: `region`, `rows`, `reduced`; nothing is decoded before it is asked for |
| `heatmap` | `LargeHeatmap`: a heatmap in a file, or computed where it is looked at |
| `pyramid` | `write_pyramid`: bands of rows -> a pyramidal tiled BigTIFF |
| `source` | `LargeSource` and the registry `LARGE_KINDS` |
| `streaming`, `averaging`, `coarser` | bands ahead of the reader; pictures and maps averaged down |
| `regions`, `value_range` | what may be asked for, checked; which values are black and white |
| `kinds/` | TIFF, Zarr, slide scanners' formats, plain pictures, arrays |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.images.large.heatmap import LargeHeatmap
    from heatlens.images.large.image import LargeImage
    from heatlens.images.large.open import open_large
    from heatlens.images.large.pyramid import write_pyramid
    from heatlens.images.large.source import LARGE_KINDS, LargeSource

__all__ = [
    "LARGE_KINDS",
    "LargeHeatmap",
    "LargeImage",
    "LargeSource",
    "open_large",
    "write_pyramid",
]

_HOME = {
    "LARGE_KINDS": "source",
    "LargeHeatmap": "heatmap",
    "LargeImage": "image",
    "LargeSource": "source",
    "open_large": "open",
    "write_pyramid": "pyramid",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
