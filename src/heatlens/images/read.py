"""`read_image`: one way in for every source of a picture."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType, UnreadableImage
from heatlens.image import Image
from heatlens.images.arrays import from_array, is_array
from heatlens.images.files import Opened, opened
from heatlens.images.pillow import from_file, from_picture
from heatlens.images.plugins import recognised
from heatlens.images.selection import Selection
from heatlens.images.sniff import describe, is_film, kind_of

__all__ = ["DEFAULT_MAX_PIXELS", "pixel_limit", "read_file", "read_image"]

DEFAULT_MAX_PIXELS = 400_000_000
"""Pixels of a file that are read without being asked twice; see `pixel_limit`."""


def read_image(
    source: str | os.PathLike[str] | bytes | BinaryIO | Pillow.Image | Image | Any,
    *,
    axes: str | None = None,
    value_range: tuple[float, float] | None = None,
    name: str | None = None,
    max_pixels: int | None = None,
    frame: int | None = None,
    slice: int | None = None,
    axis: str = "z",
    window: tuple[float, float] | int | str | None = None,
) -> Image:
    """Read a picture, with its real range of values.

    Files are known by their content: JPEG, PNG, WebP, TIFF, BMP, GIF (also AVIF and PPM);
    with the extra `medical` DICOM and NIfTI; with the extra `video` films (mp4, webm, mov, mkv,
    avi, ...). What comes out:

    - EXIF orientation is applied. Colour profiles (ICC) are not: pixels are taken as they are.
    - Grey comes as axes `YX`, colour as `YXC`; palettes and CMYK (Adobe's inverted kind too)
      become RGB. 16 bits stay 16 bits, in colour too; 1 bit becomes 0 and 255.
    - Opacity is kept apart in `Image.alpha` (None where all is opaque), the pixels under it as
      the file has them, not premultiplied.
    - `value_range` is the type's for 8 and 16 unsigned bits. Floats within 0..1 have (0, 1). Other
      floats and signed or longer integers have (0, 255) where all are whole numbers within it,
      else their own minimum and maximum, and `metadata["notes"]` says which: give `value_range`
      where you know better. No value is clipped.
    - Arrays: (H, W), (H, W, C) and, where only the first axis can be channels, (C, H, W); torch
      tensors of three axes are (C, H, W). Four channels are RGBA. With `axes` ("CYX", "ZYX",
      "YXC", ...) nothing is guessed and four channels stay four. Arrays are copied.
    - DICOM: rescale, then window (the file's first one, else minimum to maximum), then the
      inversion of MONOCHROME1. Pixels keep their unit (HU), clipped to the window, and
      `value_range` is the window. No patient's name enters `name` or `metadata`.
    - NIfTI: reoriented to DICOM's directions, so that a slice looks as radiologists expect: axial
      with anterior on top and the patient's right on the left; coronal and sagittal with superior
      on top. Without `slice` the volume, axes `ZYX` from inferior to superior.
    - A film comes whole, axes `TYXC`, where all its frames together are within the limit of
      pixels; `metadata` has `frames_per_second` and each frame's `seconds`. Longer ones are read
      frame by frame by `heatlens.images.films.open_film`. Of an animated GIF or WebP the first
      frame is read.
    - `spacing` is in mm, one per spatial axis; `affine` maps (z, y, x, 1) indices of the pixels
      (z = 0 for a single slice) to DICOM's patient space (LPS, mm).

    Args:
        source: a path, an open binary file, the file's bytes, a Pillow image, an array or tensor,
            or an `Image`, which passes through.
        axes: layout of an array, in any order of T, Z, Y, X, C.
        value_range: the pixel values that mean black and white.
        name: what to call it; else the file's name.
        max_pixels: limit for files (of a film all frames together), checked in the header before
            anything is decoded; else the environment variable `HEATLENS_MAX_PIXELS`, else 400 million.
        frame: which frame, page or time step of a file with several; the first without it.
        slice: index along `axis` in a NIfTI volume; negative ones count from the end.
        axis: "z" (axial), "y" (coronal) or "x" (sagittal).
        window: for DICOM and NIfTI: (centre, width) in the data's unit, the number of one of the
            file's windows, or "full" for minimum to maximum.

    Raises:
        MissingImage: there is no such file (also a `FileNotFoundError`).
        ImageTooLarge: more pixels than the limit.
        UnreadableImage: not a picture, damaged or cut off, empty, a directory, NaN or infinite
            values, dimensions that no picture has. All three are `ValueError`s.
        MissingDependency: the file needs an extra that is not installed.

    Example:
        >>> import numpy as np
        >>> read_image(np.zeros((4, 6, 3), np.uint8), name="black")
        Image('black', YXC 4 x 6 x 3, uint8, 0..255)
    """
    selection = Selection(frame, slice, axis, window)
    if isinstance(source, Image):
        selection.refuse("an Image")
        image = source
        if axes is not None and axes != image.axes:
            raise InvalidArgument(f"the Image has axes {image.axes!r}, not {axes!r}")
    elif isinstance(source, Pillow.Image):
        image = from_picture(source, selection)
    elif is_array(source):
        selection.refuse("an array")
        image = from_array(source, axes, value_range)
    else:
        if isinstance(source, (list, tuple, range)):
            raise InvalidType(
                f"read_image takes one picture, not a {type(source).__name__}: call it for each, "
                "or give numbers as an array, numpy.asarray(...)"
            )
        limit = pixel_limit(max_pixels)
        with opened(source) as file:
            image = read_file(file, selection, limit)
    if axes is not None and sorted(axes) != sorted(image.axes):
        raise InvalidArgument(
            f"{image.name or 'the picture'} comes with axes {image.axes!r}, not {axes!r}; `axes` "
            "says how an array is laid out"
        )
    if value_range is not None:
        image = image.with_(value_range=(float(value_range[0]), float(value_range[1])))
    return image if name is None else image.with_(name=name)


def pixel_limit(max_pixels: int | None = None) -> int:
    """The limit that holds: the argument, else HEATLENS_MAX_PIXELS, else 400 million.

    Raises:
        InvalidArgument: the variable or the argument is not a positive whole number.
    """
    given: object = max_pixels
    where = "`max_pixels`"
    if given is None:
        given, where = os.environ.get("HEATLENS_MAX_PIXELS", ""), "HEATLENS_MAX_PIXELS"
        if given == "":
            return DEFAULT_MAX_PIXELS
    try:
        limit = int(float(str(given).replace("_", "")))
    except (ValueError, OverflowError):
        limit = 0
    if limit < 1:
        raise InvalidArgument(f"{where} is {given!r}; it has to be a number of pixels, like 4e8")
    return limit


def read_file(file: Opened, selection: Selection, limit: int, least: int | None = None) -> Image:
    """Read an open file; see `read_image`, and `heatlens.images.pillow.from_file` for `least`."""
    kind = kind_of(file.head, file.suffix)
    if kind == "empty":
        raise UnreadableImage(f"{file.label} is empty (0 bytes)")
    if kind == "dicom":
        from heatlens.images.dicom import from_dicom

        return from_dicom(file, selection, limit)
    if kind == "nifti":
        from heatlens.images.nifti import from_nifti

        return from_nifti(file, selection, limit)
    if kind == "unknown" and is_film(file.head, file.suffix):
        from heatlens.images.films.whole import read_film

        return read_film(file, selection, limit)
    if kind not in recognised():
        raise UnreadableImage(f"{file.label} is not a picture: {describe(file.head)}")
    return from_file(file, kind, selection, limit, least)
