"""A picture: pixels in their native range, and what they mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnreadableImage
from heatlens.frozen import frozen

__all__ = ["AXES", "Image"]

AXES = ("YX", "YXC", "ZYX", "ZYXC", "TYX", "TYXC")
"""Layouts a picture may have: T time, Z slice, Y row, X column, C colour channel."""


@dataclass(frozen=True, eq=False)
class Image:
    """Pixels in their native range with their meaning.

    Attributes:
        pixels: read-only array laid out as `axes` says; uint8, uint16 or float32.
        axes: one of `AXES`.
        value_range: the pixel values that mean black and white, (0, 255) for uint8. A file's
            real range: 16 bits stay 16 bits.
        name: file name or whatever the caller calls it.
        spacing: millimetres between pixel centres, one per spatial axis in the order of `axes`.
        affine: 4 x 4 matrix from (z, y, x, 1) indices of the pixels, z = 0 for a single slice, to
            patient space (DICOM's directions, LPS, in mm), where the file has one.
        alpha: opacity in 0..1 on the same grid, where the file has one; the pixels lie under it.
        metadata: what else the file said and a reader may need (no patient's name).

    Example:
        >>> Image(np.zeros((4, 6, 3), np.uint8), "YXC").size
        (4, 6)
    """

    pixels: npt.NDArray[Any]
    axes: str = "YXC"
    value_range: tuple[float, float] = (0.0, 255.0)
    name: str = ""
    spacing: tuple[float, ...] | None = None
    affine: npt.NDArray[np.float64] | None = None
    alpha: npt.NDArray[np.float32] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shape, layout and values; arrays become read-only, copied if need be."""
        if self.axes not in AXES:
            raise InvalidArgument(f"axes {self.axes!r} are not one of {', '.join(AXES)}")
        pixels = np.asarray(self.pixels)
        if pixels.ndim != len(self.axes):
            raise UnreadableImage(
                f"axes {self.axes!r} need {len(self.axes)} dimensions, the array has shape "
                f"{pixels.shape}"
            )
        if 0 in pixels.shape:
            raise UnreadableImage(f"a picture of size zero: shape {pixels.shape}")
        if not np.issubdtype(pixels.dtype, np.number) or np.iscomplexobj(pixels):
            raise UnreadableImage(f"pixels of type {pixels.dtype} are not numbers one can show")
        if np.issubdtype(pixels.dtype, np.floating) and not np.isfinite(pixels).all():
            bad = int((~np.isfinite(pixels)).sum())
            raise UnreadableImage(
                f"{bad} pixel values are NaN or infinite; replace them first, for example with "
                "numpy.nan_to_num"
            )
        low, high = self.value_range
        if not low < high:
            raise InvalidArgument(f"value_range {self.value_range} must rise")
        object.__setattr__(self, "pixels", frozen(pixels))
        for name, dtype in (("affine", np.float64), ("alpha", np.float32)):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, frozen(given, dtype))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        y = self.axes.index("Y")
        return self.pixels.shape[y], self.pixels.shape[y + 1]

    @property
    def channels(self) -> int:
        """Number of colour channels; 1 where there is no such axis."""
        return self.pixels.shape[-1] if self.axes.endswith("C") else 1

    def unit(self) -> npt.NDArray[np.float32]:
        """The pixels as float32 with `value_range` mapped on 0..1 (values outside stay outside)."""
        low, high = self.value_range
        unit = self.pixels.astype(np.float32)
        unit -= np.float32(low)
        unit /= np.float32(high - low)
        return unit

    def rgb(self) -> npt.NDArray[np.uint8]:
        """What a screen shows: uint8 (H, W, 3), clipped; only for `YX` and `YXC`.

        One channel is shown grey, two or more than three by their first (three).
        """
        if self.axes not in ("YX", "YXC"):
            raise InvalidArgument(f"a picture with axes {self.axes!r} has no single RGB view")
        if self.pixels.dtype == np.uint8 and self.value_range == (0.0, 255.0):
            levels = self.pixels
        else:
            levels = np.rint(np.clip(self.unit(), 0, 1) * 255).astype(np.uint8)
        if levels.ndim == 2:
            levels = levels[..., None]
        if levels.shape[-1] < 3:
            levels = np.repeat(levels[..., :1], 3, axis=-1)
        return np.ascontiguousarray(levels[..., :3])

    def with_(self, **changes: Any) -> Image:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made by the constructor: checked, and read-only as well."""
        return type(self), tuple(getattr(self, item.name) for item in dataclasses.fields(self))

    def _repr_png_(self) -> bytes | None:
        if self.axes not in ("YX", "YXC"):
            return None
        import io

        from PIL import Image as PillowImage

        buffer = io.BytesIO()
        PillowImage.fromarray(self.rgb()).save(buffer, format="PNG")
        return buffer.getvalue()

    def __repr__(self) -> str:
        """Name, layout, type and range in one line."""
        shape = " x ".join(map(str, self.pixels.shape))
        low, high = self.value_range
        return f"Image({self.name!r}, {self.axes} {shape}, {self.pixels.dtype}, {low:g}..{high:g})"
