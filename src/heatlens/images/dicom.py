"""DICOM: rescale, then window, then the inversion of MONOCHROME1.

Pixels keep the unit that rescaling gives them (HU for CT), clipped to the window; `value_range`
is the window, so that a linear window loses nothing but what lies beyond it. A sigmoid window or
a look-up table has no such inverse: there the pixels are the table's output.

Nothing that names a patient enters the `Image`: the metadata is a short list of technical
attributes, and a file name that contains the patient's name or number is not taken over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingDependency, UnreadableImage
from heatlens.image import Image
from heatlens.images import dicom_header as header
from heatlens.images.files import Opened
from heatlens.images.selection import Selection, pick
from heatlens.images.sniff import describe

__all__ = ["from_dicom"]

_DECODERS = "pip install pylibjpeg pylibjpeg-openjpeg pylibjpeg-libjpeg pyjpegls"


def from_dicom(file: Opened, selection: Selection, limit: int) -> Image:
    """Read one frame of a DICOM file.

    Raises:
        MissingDependency: pydicom is not installed.
        UnreadableImage: no DICOM, no pixels (a plan, a report), cut off, or compressed in a way
            that no installed decoder knows.
        ImageTooLarge: a frame of more pixels than `limit`; nothing was decoded.
    """
    selection.refuse("a DICOM file", "slice")
    dataset = _opened(file)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows < 1 or columns < 1:
        raise UnreadableImage(f"{file.label} has size zero: {columns} x {rows}")
    if rows * columns > limit:
        raise ImageTooLarge(
            f"{file.label} has {columns} x {rows} pixels, the limit is {limit}; raise it with "
            "max_pixels= or HEATLENS_MAX_PIXELS"
        )
    frames = int(dataset.get("NumberOfFrames") or 1)
    frame = pick(selection.frame, frames, "frame", file.label)
    stored = _decoded(dataset, frame, file.label)
    notes: list[str] = []
    if frames > 1 and selection.frame is None:
        notes.append(f"the first of {frames} frames; frame= chooses another")
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        notes.append("the file says that text, maybe a patient's, is burned into the pixels")
    metadata = header.technical(dataset, frame, frames)
    if stored.ndim == 3 or dataset.PhotometricInterpretation == "PALETTE COLOR":
        if selection.window is not None:
            raise InvalidArgument(f"`window` means nothing for {file.label}, a colour picture")
        pixels, value_range = _colour(dataset, stored)
    else:
        pixels, value_range = _grey(dataset, stored, frame, selection.window, metadata, notes)
    if notes:
        metadata["notes"] = tuple(notes)
    return Image(
        pixels,
        "YXC" if pixels.ndim == 3 else "YX",
        value_range,
        name=_name(file.name, dataset),
        spacing=header.spacing(dataset, frame),
        affine=header.affine(dataset, frame),
        metadata=metadata,
    )


def _opened(file: Opened) -> Any:
    """The data set with pixels still encoded; an error where there are none."""
    try:
        import pydicom
    except ImportError as error:
        raise MissingDependency("pydicom", "medical", "reading DICOM") from error
    file.stream.seek(0)
    try:
        dataset = pydicom.dcmread(file.stream, force=file.head[128:132] != b"DICM")
        kind = str(dataset.get("Modality", "") or "of unknown kind")
        complete = all(key in dataset for key in ("Rows", "Columns", "PhotometricInterpretation"))
        known = len(dataset) > 0 and "SOPClassUID" in dataset
    except Exception as error:  # pydicom raises nearly anything on damaged files
        raise UnreadableImage(
            f"{file.label} is a DICOM file that is damaged ({error}); get a fresh copy"
        ) from error
    has_pixels = any(
        key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    )
    if has_pixels and complete:
        return dataset
    if known or file.head[128:132] == b"DICM":
        cut = " or is cut off" if complete else ""
        raise UnreadableImage(f"{file.label} is a DICOM file ({kind}) that has no pixels{cut}")
    raise UnreadableImage(f"{file.label} is not a DICOM file: {describe(file.head)}")


def _decoded(dataset: Any, frame: int, label: str) -> npt.NDArray[Any]:
    """Stored values of one frame, (H, W) or (H, W, 3); YBR comes as RGB."""
    from pydicom.pixels import pixel_array

    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", {}):  # older than the header
        from pydicom.uid import ImplicitVRLittleEndian

        dataset.ensure_file_meta()
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    try:
        array: npt.NDArray[Any] = pixel_array(dataset, index=frame)
    except Exception as error:  # pydicom raises nearly anything on damaged files
        if "Unable to decompress" in str(error):
            syntax = dataset.file_meta.TransferSyntaxUID.name
            raise UnreadableImage(
                f"{label} is compressed as {syntax}, which needs another decoder: {_DECODERS}"
            ) from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableImage(
            f"{label} is a DICOM file that is damaged or cut off ({reason}); get a fresh copy"
        ) from error
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _colour(dataset: Any, stored: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], tuple[float, float]]:
    bits = int(dataset.get("BitsStored", 8))
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        stored = apply_color_lut(stored, dataset)[..., :3]
        bits = 8 * stored.dtype.itemsize
    dtype = np.uint8 if bits <= 8 else np.uint16
    return stored.astype(dtype, copy=False), (0.0, float(2**bits - 1))


def _grey(
    dataset: Any,
    stored: npt.NDArray[Any],
    frame: int,
    window: tuple[float, float] | int | str | None,
    metadata: dict[str, Any],
    notes: list[str],
) -> tuple[npt.NDArray[np.float32], tuple[float, float]]:
    """Rescale, window, invert: float32 pixels and their range."""
    real = header.rescaled(dataset, stored, frame)
    padding = dataset.get("PixelPaddingValue")
    outside = None if padding is None else stored == padding
    if outside is not None and outside.any() and not outside.all():
        notes.append("pixels that the scanner marked as outside are shown at the range's low end")
        inside = real[~outside]
    else:
        inside, outside = real, None
    pixels, (low, high) = _windowed(dataset, real, inside, frame, window, metadata)
    if outside is not None:
        pixels[outside] = low
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        metadata["inverted"] = True
        pixels = (low + high) - pixels
    return np.clip(pixels, low, high).astype(np.float32), _float32_range(low, high)


def _windowed(
    dataset: Any,
    real: npt.NDArray[np.float64],
    inside: npt.NDArray[np.float64],
    frame: int,
    window: tuple[float, float] | int | str | None,
    metadata: dict[str, Any],
) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
    """Values within the window, and the values at its ends."""
    windows = header.windows(dataset, frame)
    if window is None and not windows and (table := header.table(dataset, frame)) is not None:
        metadata["window"] = "table"
        return header.looked_up(table, real)
    if window == "full" or (window is None and not windows):
        low, high = float(inside.min()), float(inside.max())
        return real.copy(), (low, high if high > low else low + 1.0)
    function = "LINEAR_EXACT"
    if isinstance(window, tuple):
        centre, width = float(window[0]), float(window[1])
    elif not windows:
        raise InvalidArgument("the file has no window of its own; give window=(centre, width)")
    else:
        number = window if isinstance(window, int) else 0
        centre, width = windows[pick(number, len(windows), "window", "the file")]
        function = header.window_function(dataset, frame)
    metadata["window"] = (centre, width)
    if function == "SIGMOID":
        return 1 / (1 + np.exp(-4 * (real - centre) / width)), (0.0, 1.0)
    if function == "LINEAR" and width > 1:  # PS3.3 C.11.2.1.2.1: half a step and one step less
        centre, width = centre - 0.5, width - 1
    low, high = centre - width / 2, centre + width / 2
    return np.clip(real, low, high), (low, high)


def _float32_range(low: float, high: float) -> tuple[float, float]:
    return float(np.float32(low)), float(np.float32(high))


def _name(name: str, dataset: Any) -> str:
    """The file's name, unless it tells who the patient is."""
    words: list[str] = []
    for key in ("PatientName", "PatientID", "OtherPatientIDs", "PatientBirthDate"):
        words += re.split(r"[\W_]+", str(dataset.get(key, "") or "").casefold())
    stem = Path(name).stem.casefold()
    if any(len(word) >= 3 and word in stem for word in words):
        number = dataset.get("InstanceNumber")
        return f"{dataset.get('Modality', 'DICOM')}" + (f" {number}" if number else "")
    return name
