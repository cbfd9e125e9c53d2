"""What a DICOM header says about one frame: scale, windows, spacing, position.

Enhanced multi-frame objects keep these in functional groups, one per frame or shared by all;
older ones at the top. `_groups` looks in all three places, the most specific first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "affine",
    "looked_up",
    "rescaled",
    "spacing",
    "table",
    "technical",
    "window_function",
    "windows",
]


def rescaled(dataset: Any, stored: npt.NDArray[Any], frame: int) -> npt.NDArray[np.float64]:
    """Stored values in the unit of the modality: look-up table or slope and intercept."""
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels import apply_modality_lut

        return np.asarray(apply_modality_lut(stored, dataset), np.float64)
    slope = _value(dataset, frame, "PixelValueTransformationSequence", "RescaleSlope")
    intercept = _value(dataset, frame, "PixelValueTransformationSequence", "RescaleIntercept")
    if slope is None and dataset.get("Modality") == "RTDOSE":
        slope = dataset.get("DoseGridScaling")
    scale = 1.0 if slope is None else float(slope)
    return stored.astype(np.float64) * scale + float(intercept or 0)


def windows(dataset: Any, frame: int) -> list[tuple[float, float]]:
    """All (centre, width) of the frame in the file's order; widths that make no sense left out."""
    centres = _numbers(_value(dataset, frame, "FrameVOILUTSequence", "WindowCenter"))
    widths = _numbers(_value(dataset, frame, "FrameVOILUTSequence", "WindowWidth"))
    return [(c, w) for c, w in zip(centres, widths, strict=False) if w > 0]


def window_function(dataset: Any, frame: int) -> str:
    """LINEAR, LINEAR_EXACT or SIGMOID."""
    return str(_value(dataset, frame, "FrameVOILUTSequence", "VOILUTFunction") or "LINEAR")


def table(dataset: Any, frame: int) -> Any:
    """The first VOI look-up table, None without one."""
    for group in _groups(dataset, frame, "FrameVOILUTSequence"):
        if group.get("VOILUTSequence"):
            return group.VOILUTSequence[0]
    return None


def looked_up(
    table: Any, real: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
    """Values through a VOI table, and the range of its output."""
    count, first, bits = (int(entry) for entry in table.LUTDescriptor)
    entries = table.LUTData
    if isinstance(entries, bytes):
        entries = np.frombuffer(entries, np.uint8 if bits <= 8 else "<u2")
    values = np.asarray(entries, np.float64)[: count or 65536]
    if first > 32767 and real.min() < 0:  # a signed value that was read as unsigned
        first -= 65536
    index = np.clip(np.rint(real).astype(np.int64) - first, 0, len(values) - 1)
    return values[index], (0.0, float(2**bits - 1))


def spacing(dataset: Any, frame: int) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; the detector's where there is no other."""
    value = _value(dataset, frame, "PixelMeasuresSequence", "PixelSpacing")
    numbers = _numbers(value if value is not None else dataset.get("ImagerPixelSpacing"))
    if len(numbers) != 2 or min(numbers) <= 0:
        return None
    return numbers[0], numbers[1]


def affine(dataset: Any, frame: int) -> npt.NDArray[np.float64] | None:
    """4 x 4 from (slice, row, column, 1) to patient space (LPS, mm); the slice is number 0."""
    turn = _numbers(_value(dataset, frame, "PlaneOrientationSequence", "ImageOrientationPatient"))
    corner = _numbers(_value(dataset, frame, "PlanePositionSequence", "ImagePositionPatient"))
    steps = spacing(dataset, frame)
    if len(turn) != 6 or len(corner) != 3 or steps is None:
        return None
    along_row, along_column = np.array(turn[:3]), np.array(turn[3:])
    between = _numbers(
        _value(dataset, frame, "PixelMeasuresSequence", "SpacingBetweenSlices")
        or _value(dataset, frame, "PixelMeasuresSequence", "SliceThickness")
    )
    matrix = np.eye(4)
    matrix[:3, 0] = np.cross(along_row, along_column) * (abs(between[0]) if between else 1.0)
    matrix[:3, 1] = along_column * steps[0]
    matrix[:3, 2] = along_row * steps[1]
    matrix[:3, 3] = corner
    return matrix


def technical(dataset: Any, frame: int, frames: int) -> dict[str, Any]:
    """The attributes that may leave the file: none of them names a person."""
    found: dict[str, Any] = {"format": "DICOM"}
    for key, name in (
        ("Modality", "modality"),
        ("BodyPartExamined", "body_part"),
        ("PhotometricInterpretation", "photometric"),
    ):
        if dataset.get(key):
            found[name] = str(dataset.get(key))
    unit = _value(dataset, frame, "PixelValueTransformationSequence", "RescaleType")
    if not unit and dataset.get("Modality") == "CT":
        unit = "HU"
    unit = unit or dataset.get("DoseUnits")
    if unit:
        found["unit"] = str(unit)
    if affine(dataset, frame) is not None:
        found["space"] = "LPS"
    if frames > 1:
        found |= {"frames": frames, "frame": frame}
    return found


def _groups(dataset: Any, frame: int, sequence: str) -> Iterator[Any]:
    """Where a frame's attributes may stand, the most specific place first."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in [*per_frame[frame : frame + 1], *shared[:1]]:
        yield from (group.get(sequence) or [])[:1]
    yield dataset


def _value(dataset: Any, frame: int, sequence: str, key: str) -> Any:
    for group in _groups(dataset, frame, sequence):
        if group.get(key) is not None:
            return group.get(key)
    return None


def _numbers(value: Any) -> list[float]:
    """One or several numbers as a list; empty where there are none."""
    if value is None or value == "":
        return []
    return [float(number) for number in (value if hasattr(value, "__iter__") else [value])]
