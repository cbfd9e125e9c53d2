"""NIfTI volumes and slices, turned to DICOM's directions.

A file may store its voxels along any axes in any direction. Here they are brought to the nearest
of DICOM's: x to the patient's left, y to the back, z to the head. A slice is then laid out as
radiologists look at it: axial with the front on top, coronal and sagittal with the head on top;
in axial and coronal slices the patient's right is on the left.
"""

from __future__ import annotations

import gzip
import math
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import ImageTooLarge, InvalidArgument, MissingDependency, UnreadableImage
from heatlens.image import Image
from heatlens.images.files import Opened
from heatlens.images.ranges import native
from heatlens.images.selection import Selection, pick

__all__ = ["from_nifti"]

_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # nibabel's patient space is RAS


def from_nifti(file: Opened, selection: Selection, limit: int) -> Image:
    """Read a volume (axes `ZYX`) or, with `slice`, one slice of it (`YX`).

    Without a window the range is the header's (`cal_min`, `cal_max`), else the whole volume's
    minimum and maximum, so that its slices are comparable.

    Raises:
        MissingDependency: nibabel is not installed.
        UnreadableImage: damaged or cut off, no numbers per voxel, NaN or infinite values.
        ImageTooLarge: more voxels than `limit`; nothing was decoded.
    """
    volume, affine, codes, (low, high), metadata = _volume(file, selection, limit)
    window = selection.window
    notes: tuple[str, ...] = metadata.pop("notes", ())
    if isinstance(window, int):
        raise InvalidArgument("a NIfTI file has no numbered windows; give window=(centre, width)")
    pixels, value_range, about = native(volume, file.label, levels=False)
    if isinstance(window, tuple):
        value_range = (window[0] - window[1] / 2, window[0] + window[1] / 2)
        pixels = np.clip(pixels.astype(np.float32), *value_range)
        metadata["window"] = window
    elif window is None and high > low:
        value_range = (low, high)
    else:
        notes += about
    pixels = pixels.transpose(2, 1, 0)
    affine = affine[:, [2, 1, 0, 3]]
    axes = "ZYX"
    if selection.slice is not None:
        pixels, affine = _sliced(pixels, affine, selection.axis, selection.slice, file.label)
        metadata |= {"slice": selection.slice, "axis": selection.axis}
        axes = "YX"
    spacing = tuple(float(step) for step in np.linalg.norm(affine[:3, :3], axis=0))
    metadata |= {"format": "NIfTI", "space": "LPS", "stored_as": codes}
    if notes:
        metadata["notes"] = notes
    return Image(
        np.ascontiguousarray(pixels),
        axes,
        (float(value_range[0]), float(value_range[1])),
        name=file.name,
        spacing=spacing[3 - len(axes) :],
        affine=affine,
        metadata=metadata,
    )


def _volume(
    file: Opened, selection: Selection, limit: int
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64], str, tuple[float, float], dict[str, Any]]:
    """One time step as (x, y, z) in LPS directions, its affine to LPS space, and what is known."""
    try:
        import nibabel
        from nibabel.orientations import (
            apply_orientation,
            axcodes2ornt,
            inv_ornt_aff,
            io_orientation,
            ornt_transform,
        )
    except ImportError as error:
        raise MissingDependency("nibabel", "medical", "reading NIfTI") from error
    try:
        image = _loaded(nibabel, file)
        shape = tuple(image.shape)
        _check(shape, image.get_data_dtype(), limit, file.label)
        steps = math.prod(shape[3:])
        step = pick(selection.frame, steps, "frame", file.label)
        flat = (slice(None),) * 3 + tuple(np.unravel_index(step, shape[3:] or (1,)))
        data = np.asanyarray(image.dataobj[flat[: len(shape)]])
        data = data.reshape((*data.shape, 1, 1)[:3])
        to_lps = ornt_transform(io_orientation(image.affine), axcodes2ornt("LPS"))
        affine = _TO_LPS @ image.affine @ inv_ornt_aff(to_lps, data.shape)
        calibration = (float(image.header["cal_min"]), float(image.header["cal_max"]))
        codes = "".join(code or "?" for code in nibabel.aff2axcodes(image.affine))
        turned = apply_orientation(data, to_lps)
    except (UnreadableImage, InvalidArgument):
        raise
    except (
        OSError,
        ValueError,
        EOFError,
        zlib.error,
        nibabel.filebasedimages.ImageFileError,
    ) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnreadableImage(
            f"{file.label} is a NIfTI file that is damaged or cut off ({reason}); get a fresh copy"
        ) from error
    metadata: dict[str, Any] = {}
    if steps > 1:
        metadata |= {"frames": steps, "frame": step}
        if selection.frame is None:
            metadata["notes"] = (f"the first of {steps} time steps; frame= chooses another",)
    return turned, affine, codes, calibration, metadata


def _loaded(nibabel: Any, file: Opened) -> Any:
    """The file's header, with voxels read when asked for."""
    if file.path is not None and file.suffix in (".nii", ".nii.gz"):
        return nibabel.load(file.path)
    file.stream.seek(0)
    stream: Any = (
        gzip.GzipFile(fileobj=file.stream) if file.head[:2] == b"\x1f\x8b" else file.stream
    )
    kind = nibabel.Nifti2Image if file.head[4:8] == b"n+2\0" else nibabel.Nifti1Image
    return kind.from_stream(stream)


def _check(shape: tuple[int, ...], dtype: np.dtype[Any], limit: int, label: str) -> None:
    if len(shape) < 2 or 0 in shape:
        raise UnreadableImage(f"{label} holds no picture: its shape is {shape}")
    if dtype.kind not in "iuf":
        raise UnreadableImage(f"{label} holds {dtype} voxels, not one number each")
    voxels = math.prod(shape[:3])
    if voxels > limit:
        raise ImageTooLarge(
            f"{label} has {' x '.join(map(str, shape[:3]))} voxels, the limit is {limit}; raise "
            "it with max_pixels= or HEATLENS_MAX_PIXELS"
        )


def _sliced(
    volume: npt.NDArray[Any],
    affine: npt.NDArray[np.float64],
    axis: str,
    index: int,
    label: str,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    """One slice (rows, columns) of (z, y, x) and the affine of its (0, row, column) indices."""
    position = "zyx".index(axis)
    at = pick(index, volume.shape[position], "slice", label)
    pixels = np.take(volume, at, axis=position)
    corner = affine[:3, 3] + affine[:3, position] * at
    rest = [k for k in range(3) if k != position]
    matrix = np.eye(4)
    matrix[:3, 0] = affine[:3, position]
    matrix[:3, 1:3] = affine[:3, rest]
    matrix[:3, 3] = corner
    if axis != "z":  # rows run along z: head on top
        pixels = pixels[::-1]
        matrix[:3, 3] += matrix[:3, 1] * (pixels.shape[0] - 1)
        matrix[:3, 1] *= -1
    return pixels, matrix
