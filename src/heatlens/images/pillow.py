"""Picture files and Pillow images, with the depth that the file really has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import ImageTooLarge, UnreadableImage
from heatlens.image import Image
from heatlens.images import depth
from heatlens.images.files import Opened
from heatlens.images.plugins import BROKEN, load, open_plugin, telling, webp_size
from heatlens.images.ranges import native, split_alpha
from heatlens.images.selection import Selection, pick

__all__ = ["from_file", "from_picture"]


def from_file(
    file: Opened, kind: str, selection: Selection, limit: int, least: int | None = None
) -> Image:
    """Decode a picture file.

    Args:
        file: the file.
        kind: as `sniff.kind_of` names it.
        selection: which frame.
        limit: of pixels.
        least: pixels of the longer side that are enough: a JPEG is decoded at an eighth, a
            quarter or half of its size if that leaves as many, which is several times faster.

    Raises:
        ImageTooLarge: the header says more pixels than `limit`; nothing was decoded.
        UnreadableImage: damaged, cut off, of zero size, or of a layout Pillow does not know.
    """
    selection.refuse(f"a {kind} file", "slice", "window")
    with telling(file.label, kind):
        if kind == "WEBP":
            _check_size(webp_size(file.head), limit, file.label)
        picture = open_plugin(kind, file.stream)
        _check_size(picture.size, limit, file.label)
        frames = int(getattr(picture, "n_frames", 1))
        frame = pick(selection.frame, frames, "frame", file.label)
        if frame:
            picture.seek(frame)
            _check_size(picture.size, limit, file.label)
        if least is not None and kind == "JPEG":
            share = least / max(picture.size)
            width, height = (max(1, round(n * share)) for n in picture.size)
            picture.draft(picture.mode, (width, height))
        low = depth.low_bytes(picture)
        load(picture)
        if low is not None:
            again = open_plugin(kind, file.stream)
            again.seek(frame)
            depth.prepare(again, low)
            load(again)
            pixels, alpha = depth.joined(picture, again, low)
            image = oriented(picture, pixels, alpha, (0.0, 65535.0), ())
        else:
            image = _converted(picture, file.label)
    notes = image.metadata.get("notes", ())
    if frames > 1 and selection.frame is None:
        notes = (*notes, f"the first of {frames} frames; frame= chooses another")
    metadata: dict[str, Any] = {"format": kind, **image.metadata}
    if notes:
        metadata["notes"] = notes
    if frames > 1:
        metadata |= {"frames": frames, "frame": frame}
    return image.with_(name=file.name, metadata=metadata)


def from_picture(picture: Pillow.Image, selection: Selection) -> Image:
    """A Pillow image as an `Image`; its EXIF orientation is applied, it itself stays as it is."""
    selection.refuse("a Pillow image")
    if 0 in picture.size:
        raise UnreadableImage(f"the Pillow image has size zero: {picture.size}")
    name = str(getattr(picture, "filename", "") or "")
    with telling(name or "the Pillow image", picture.format or "picture"):
        picture.load()
        image = _converted(picture, name or "the Pillow image")
    return image.with_(name=Path(name).name)


def _converted(picture: Pillow.Image, label: str) -> Image:
    """A loaded Pillow image of any mode as an `Image`."""
    mode, clear = picture.mode, "transparency" in picture.info
    if mode in ("P", "PA"):
        picture = picture.convert("RGBA" if clear or mode == "PA" else "RGB")
    elif mode in ("La", "RGBa") or (clear and mode in ("L", "RGB")):
        picture = picture.convert("LA" if mode.startswith("L") else "RGBA")
    elif mode == "1":
        picture = picture.convert("L")
    elif mode in ("CMYK", "YCbCr", "LAB", "HSV", "RGBX"):
        picture = picture.convert("RGB")
    pixels = np.asarray(picture)
    alpha = None
    if picture.mode in ("LA", "RGBA"):
        pixels, alpha = split_alpha(pixels, (0, 255))
        pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    elif clear and mode.startswith("I;16"):
        hidden = pixels == picture.info["transparency"]
        alpha = (~hidden).astype(np.float32) if hidden.any() else None
    pixels, value_range, notes = native(pixels, label)
    if mode.startswith("I;16"):
        pixels, value_range = depth.grey(picture, pixels)
    elif mode == "I" and picture.format == "PPM":
        pixels, value_range, notes = pixels.astype(np.uint16), (0.0, 65535.0), ()
    notes += depth.reduced(picture)
    return oriented(picture, pixels, alpha, value_range, notes)


def oriented(
    picture: Pillow.Image,
    pixels: npt.NDArray[Any],
    alpha: npt.NDArray[np.float32] | None,
    value_range: tuple[float, float],
    notes: tuple[str, ...],
) -> Image:
    """Turn pixels and opacity as the EXIF orientation says, and make the `Image`."""
    try:
        turn = int(picture.getexif().get(0x0112, 1))
    except BROKEN:  # a damaged EXIF block is no reason to refuse a picture
        turn = 1
    metadata: dict[str, Any] = {"orientation": turn} if turn in range(2, 9) else {}
    if notes:
        metadata["notes"] = notes
    return Image(
        _turned(pixels, turn),
        "YX" if pixels.ndim == 2 else "YXC",
        value_range,
        alpha=None if alpha is None else _turned(alpha, turn),
        metadata=metadata,
    )


def _turned(array: npt.NDArray[Any], turn: int) -> npt.NDArray[Any]:
    if turn in (5, 6, 7, 8):  # rows and columns change places first
        array = array.swapaxes(0, 1)
    rows = -1 if turn in (3, 4, 7, 8) else 1
    columns = -1 if turn in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(array[::rows, ::columns])


def _check_size(size: tuple[int, int], limit: int, label: str) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise UnreadableImage(f"{label} has size zero: {width} x {height}")
    if width * height > limit:
        raise ImageTooLarge(
            f"{label} has {width} x {height} = {width * height / 1e6:.0f} million pixels, the "
            f"limit is {limit / 1e6:.3g} million; heatlens.open_large reads a TIFF, a slide or a "
            "Zarr store by the region. If you trust the file, raise the limit with "
            "max_pixels= or HEATLENS_MAX_PIXELS"
        )
