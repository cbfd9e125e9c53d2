"""`save_film`: frames as one moving picture."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from heatlens.distributions.given import checked_whole
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.colour import scale_for

__all__ = ["save_film"]

_KINDS = {".gif": "GIF", ".webp": "WEBP"}


def save_film(
    frames: Sequence[Image] | Sequence[Heatmap],
    path: str | PathLike[str],
    *,
    seconds_per_frame: float = 0.08,
    enlarge: int = 1,
    there_and_back: bool = False,
    colour_map: str | None = None,
) -> Path:
    """Write frames as an animated GIF or WebP that repeats for ever.

    All frames share one scale of colours: of heatmaps that of the strongest value in any of them, of
    pictures their own range.

    Args:
        frames: pictures or heatmaps of one size.
        path: ends in .gif or .webp.
        seconds_per_frame: GIF counts in hundredths of a second.
        enlarge: each pixel becomes a square of so many.
        there_and_back: append the frames in reverse, without the two ends.
        colour_map: for heatmaps.

    Raises:
        InvalidType: pictures and heatmaps mixed, neither of them, or `enlarge` not whole.
        InvalidArgument: no frames, several sizes, no maps of pictures, another suffix, no such folder, or a time that
            is not above 0.

    Example:
        >>> import tempfile
        >>> black = Image(np.zeros((4, 6), np.uint8), "YX")
        >>> save_film([black, black], Path(tempfile.mkdtemp()) / "black.gif").name
        'black.gif'
    """
    target = Path(path).expanduser()
    kind = _KINDS.get(target.suffix.lower())
    if kind is None:
        raise InvalidArgument(f"{target.name} ends in {target.suffix!r}; a film is .gif or .webp")
    if not target.parent.is_dir():
        raise InvalidArgument(f"the folder {target.parent} does not exist; make it first")
    if not seconds_per_frame >= 0.01:
        raise InvalidArgument(
            f"seconds_per_frame is {seconds_per_frame}; at least 0.01 is needed, the least a GIF knows"
        )
    enlarge = checked_whole(enlarge, "enlarge")
    pictures = [
        Pillow.fromarray(_enlarged(colours, enlarge)) for colours in _colours(frames, colour_map)
    ]
    if there_and_back:
        pictures += pictures[-2:0:-1]
    pictures[0].save(
        target,
        format=kind,
        save_all=True,
        append_images=pictures[1:],
        duration=round(seconds_per_frame * 1000),
        loop=0,
        **({"lossless": True} if kind == "WEBP" else {}),
    )
    return target


def _colours(
    frames: Sequence[Image] | Sequence[Heatmap], colour_map: str | None
) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    if not len(frames):
        raise InvalidArgument("a film needs at least one frame")
    for number, frame in enumerate(frames):
        if not isinstance(frame, Image | Heatmap):
            raise InvalidType(
                f"frames[{number}] is a {type(frame).__name__}; a frame is an Image or a Heatmap "
                "(read_image makes an Image of an array)"
            )
        if isinstance(frame, Heatmap) and frame.axes != "YX":
            raise InvalidArgument(
                f"frames[{number}] is a heatmap with axes {frame.axes!r}; each frame is one of a "
                "picture ('YX')"
            )
    if len({frame.size for frame in frames}) > 1:
        raise InvalidArgument(f"the frames have several sizes: {sorted({f.size for f in frames})}")
    maps = [frame for frame in frames if isinstance(frame, Heatmap)]
    if not maps:
        return [frame.rgb() for frame in frames if isinstance(frame, Image)]
    if len(maps) < len(frames):
        raise InvalidType("some frames are heatmaps and some are pictures; a film is of one kind")
    scale = scale_for(*maps, colour_map=colour_map)
    return [scale.colours(heatmap.values) for heatmap in maps]


def _enlarged(
    colours: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], factor: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.repeat(np.repeat(colours, factor, axis=0), factor, axis=1)
