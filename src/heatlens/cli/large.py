"""Pictures too large for memory in `heatlens saliency` and `heatlens explain`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heatlens.errors import HeatlensError, InvalidArgument, UnreadableImage
from heatlens.images.large import LargeHeatmap, LargeImage, open_large
from heatlens.images.large.place import checked_place
from heatlens.render.colour import scale_for
from heatlens.render.figure import save_picture
from heatlens.render.zoom.deep_zoom import deep_zoom
from heatlens.render.zoom.folder import checked_folder

__all__ = ["MAP_SUFFIXES", "by_the_region", "map_file", "write_large"]

MAP_SUFFIXES = (".tif", ".tiff")
"""Endings of `--out` that ask for the map of one picture as a pyramid."""

LARGEST_WHOLE = 100_000_000
"""Pixels above which a picture is read by the region instead of whole."""

_SHOWN = 2000
"""Pixels along the longer side of what is drawn of a large map."""


def map_file(out: Path) -> Path | None:
    """The file that `--out` names, if it names one of a large picture."""
    return out if out.suffix.lower() in MAP_SUFFIXES and not out.is_dir() else None


def by_the_region(path: Path) -> bool:
    """Whether a picture is better not read whole: it is large, or of a kind for large ones."""
    try:
        with open_large(path) as large:
            height, width = large.size
            return height * width > LARGEST_WHOLE
    except (HeatlensError, OSError):
        return False  # whoever reads it says what is wrong


def write_large(
    source: Path,
    heat_of: Callable[[LargeImage, Path], LargeHeatmap],
    place: Path,
    *,
    zoomable: bool,
    draw: dict[str, Any],
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Make the map of one large picture: a pyramid, a picture of all of it, tiles to zoom.

    Where these cannot go is told before any work.

    Args:
        source: the picture.
        heat_of: makes the map into the file it is told.
        place: the pyramid's file; beside it lie NAME.overview.png and, with tiles, the folder NAME.
        zoomable: whether to write the folder of tiles with its page.
        draw: as for `save_picture`; a percentile counts for the tiles too.
        progress: called with what is being done, and how much of it is done.
    """
    picture, folder = place.with_suffix(".overview.png"), place.with_suffix("")
    if picture.exists() and picture.samefile(source):
        raise InvalidArgument(f"{picture} is the picture itself; give the map another name")
    if zoomable:
        checked_folder(folder)
    with open_large(source) as large:
        checked_place(place, large.source)
        if len(large.axes) not in (2, 3):
            raise UnreadableImage(f"{source} has axes {large.axes}; a picture has YX or YXC")
        with heat_of(large, place) as heat:
            small = heat.reduced(_SHOWN)
            files = [str(place), str(picture)]
            save_picture(small, picture, large.reduced(_SHOWN), **draw)
            if zoomable:
                sign, colour_map = draw.get("sign", "auto"), draw.get("colour_map")
                clipped = draw.get("percentile")
                page = deep_zoom(
                    large,
                    heat,
                    folder,
                    # Of single pixels a few are far above the rest; the overview's means are not.
                    scale=None
                    if clipped is None
                    else scale_for(small, sign=sign, percentile=clipped, colour_map=colour_map),
                    sign=sign,
                    colour_map=colour_map,
                    progress=lambda done, total: progress("cutting tiles", done, total),
                )
                files.append(str(page))
            row, column = (
                int((at + 0.5) * whole / cells)
                for at, whole, cells in zip(small.peak, large.size, small.size, strict=True)
            )
            return {
                **json.loads(heat.provenance.to_json()),
                "size": list(large.size),
                "peak": [row, column],
                "minimum": heat.extent()[0],
                "maximum": heat.extent()[1],
                "empty": small.empty,
                "files": files,
            }
