"""A heatmap: a distribution of evidence over an image, a film, a sound or a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen
from heatlens.provenance import Provenance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from heatlens.distributions.distribution import Distribution
    from heatlens.image import Image
    from heatlens.render.hotspots import Hotspot
    from heatlens.sound import Sound
    from heatlens.text import Text

__all__ = ["Heatmap"]

_AXES = ("YX", "ZYX", "TYX", "FT", "T", "Z", "F", "L")


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Evidence per pixel of one picture, unnormalised, on the picture's own grid.

    Attributes:
        values: read-only float32, laid out as `axes`; finite everywhere.
        axes: "YX" (a picture), "ZYX" (a volume), "TYX" (a film), "FT" (a sound: frequency by
            time), "T" (frames or moments), "Z" (slices), "F" (frequencies), "L" (the words of a
            text).
        signed: whether negative values mean evidence against; else all values are >= 0.
        provenance: how it was made.
        error: standard error per pixel of a sampling method, shaped like `values`.
        valid: False where the model saw nothing (outside of a crop); None means all is valid.
            Values there are 0 and mean nothing.
        coordinates: what the places along an axis are, by axis: seconds for "T", millimetres for
            "Z", Hz for "F", the words for "L". An axis that is not in it counts its pixels.

    Example:
        >>> heat = Heatmap(np.array([[0.0, 2.0], [-1.0, 1.0]]), Provenance("by hand"))
        >>> heat.peak
        (0, 1)
        >>> heat.normalized().values.tolist()
        [[0.0, 1.0], [-0.5, 0.5]]
    """

    values: npt.NDArray[np.float32]
    provenance: Provenance
    axes: str = "YX"
    signed: bool = True
    error: npt.NDArray[np.float32] | None = None
    valid: npt.NDArray[np.bool_] | None = None
    coordinates: Mapping[str, tuple[float, ...] | tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and values; arrays become read-only float32 and bool, copied if need be."""
        if self.axes not in _AXES:
            raise InvalidArgument(f"axes {self.axes!r} are not one of {', '.join(_AXES)}")
        values = frozen(self.values, np.float32)
        if values.ndim != len(self.axes) or 0 in values.shape:
            raise InvalidArgument(
                f"a heatmap with axes {self.axes!r} cannot have shape {values.shape}"
            )
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise InvalidArgument(
                f"{bad} of {values.size} heatmap values are NaN or infinite: the method or the "
                "model's scores overflowed"
            )
        if not self.signed and values.min() < 0:
            raise InvalidArgument(f"an unsigned heatmap has a negative value, {values.min():g}")
        object.__setattr__(self, "values", values)
        for name, dtype in (("error", np.float32), ("valid", np.bool_)):
            given = getattr(self, name)
            if given is None:
                continue
            array = frozen(given, dtype)
            if array.shape != values.shape:
                raise InvalidArgument(
                    f"`{name}` has shape {array.shape}, the values have {values.shape}"
                )
            object.__setattr__(self, name, array)
        places = {axis: _places(axis, given) for axis, given in self.coordinates.items()}
        for axis, along in places.items():
            if axis not in self.axes or len(along) != values.shape[self.axes.index(axis)]:
                raise InvalidArgument(
                    f"coordinates name {len(along)} places along {axis!r}; the values have axes "
                    f"{self.axes!r} and shape {values.shape}"
                )
        object.__setattr__(self, "coordinates", MappingProxyType(places))

    @classmethod
    def of_checked(
        cls, values: npt.NDArray[np.float32], provenance: Provenance, *, signed: bool
    ) -> Heatmap:
        """A flat map of values that are known to be right, without a look at each of them.

        For makers whose values cannot be otherwise: interpolated from ones that were checked.

        Args:
            values: (H, W) float32, read-only, finite, and >= 0 unless `signed`; nobody else's.
            provenance: how it was made.
            signed: whether negative values mean evidence against.
        """
        heat: Heatmap = object.__new__(cls)
        fields = {item.name: item.default for item in dataclasses.fields(cls)}
        fields |= {"values": values, "provenance": provenance, "signed": signed}
        fields["coordinates"] = MappingProxyType({})
        for name, value in fields.items():
            object.__setattr__(heat, name, value)
        return heat

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels; of a map along one axis its height is 1."""
        return (1, *self.values.shape)[-2], self.values.shape[-1]

    @property
    def empty(self) -> bool:
        """Whether there is no evidence at all: every value is exactly 0."""
        return not self.values.any()

    @property
    def peak(self) -> tuple[int, ...]:
        """Index of the highest valid value; the first one in reading order if tied."""
        values = self.values if self.valid is None else np.where(self.valid, self.values, -np.inf)
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))

    def normalized(self, by: str = "max-abs") -> Heatmap:
        """Scale the values so that pictures can share one scale; zero stays zero.

        Args:
            by: "max-abs" divides by the largest magnitude, "mass" by the sum of magnitudes.
                A map without evidence comes back unchanged.
        """
        if by not in ("max-abs", "mass"):
            raise InvalidArgument(f"`by` is {by!r}; it can be 'max-abs' or 'mass'")
        magnitude = np.abs(self.values.astype(np.float64))
        total = magnitude.max() if by == "max-abs" else magnitude.sum()
        if total == 0:
            return self
        error = None if self.error is None else (self.error / total).astype(np.float32)
        return self.with_(values=(self.values / total).astype(np.float32), error=error)

    def positive(self) -> Heatmap:
        """Only the evidence for the target: negative values become 0."""
        return self.with_(values=np.maximum(self.values, 0), signed=False, error=None)

    def over(self, axes: str) -> Heatmap:
        """The evidence along some of the axes, summed over the others: `over("T")` per frame.

        Example:
            >>> film = Heatmap(np.ones((3, 2, 2)), Provenance("by hand"), axes="TYX")
            >>> film.over("T").values.tolist()
            [4.0, 4.0, 4.0]
        """
        if axes not in _AXES or not set(axes) <= set(self.axes):
            able = [name for name in _AXES if set(name) <= set(self.axes)]
            raise InvalidArgument(
                f"a heatmap with axes {self.axes!r} has none over {axes!r}; it can be over "
                f"{', '.join(able)}"
            )
        if axes == self.axes:
            return self
        others = tuple(place for place, axis in enumerate(self.axes) if axis not in axes)
        values = self.values.astype(np.float64).sum(others).astype(np.float32)
        # Standard errors of pixels that share their samples are added: an upper bound.
        error = None if self.error is None else self.error.sum(others)
        valid = None if self.valid is None else self.valid.any(others)
        kept = {axis: along for axis, along in self.coordinates.items() if axis in axes}
        return self.with_(values=values, axes=axes, error=error, valid=valid, coordinates=kept)

    def resized(self, size: tuple[int, int]) -> Heatmap:
        """The same evidence on a grid of `size` (height, width), half-pixel centres."""
        from heatlens.images.geometry import resized

        return resized(self, size)

    def hotspots(self, method: str = "otsu", **parameters: Any) -> list[Hotspot]:
        """Hot regions, strongest first; see `heatlens.render.hotspots`."""
        from heatlens.render.hotspots import hotspots

        return hotspots(self, method, **parameters)

    def as_distribution(self, **parameters: Any) -> Distribution:
        """The evidence as mass on a grid; see `heatlens.distributions`."""
        from heatlens.distributions.as_distribution import as_distribution

        return as_distribution(self, "mass", **parameters)

    def distance(self, other: Heatmap | Image, **parameters: Any) -> float:
        """How far the evidence has to be carried to become `other`'s; see `wasserstein`.

        Example:
            >>> left, right = np.zeros((2, 4, 4))
            >>> left[0, 0], right[0, 3] = 1, 1
            >>> here, there = (Heatmap(v, Provenance("by hand")) for v in (left, right))
            >>> here.distance(there, unit="pixels")
            3.0
        """
        from heatlens.distributions.wasserstein import wasserstein

        return wasserstein(self, other, **{**parameters, "plan": False})

    def plot(self, image: Image | Sound | Text | None = None, **parameters: Any) -> Figure:
        """Draw the map, over what it belongs to if given; see `heatlens.render.figure`."""
        from heatlens.render.figure import plot

        return plot(self, image, **parameters)

    def save(self, path: str | PathLike[str]) -> None:
        """Write `.npz` or `.tif`/`.tiff` without loss, or a `.png`/`.svg` picture of it.

        Raises:
            InvalidArgument: another suffix, or a folder that does not exist.
        """
        target = Path(path).expanduser()
        if not target.parent.is_dir():
            raise InvalidArgument(f"the folder {target.parent} does not exist; make it first")
        if target.suffix.lower() in (".png", ".svg"):
            from heatlens.render.figure import save_picture

            save_picture(self, target)
        else:
            from heatlens.images.heatmap_files import save

            save(self, target)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Heatmap:
        """Read a `.npz` or `.tif`/`.tiff` that `save` wrote."""
        from heatlens.images.heatmap_files import load

        return load(path)

    def with_(self, **changes: Any) -> Heatmap:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made by the constructor: checked, and read-only as well."""
        fields = [getattr(self, item.name) for item in dataclasses.fields(self)]
        return type(self), (*fields[:-1], dict(self.coordinates))

    def _repr_png_(self) -> bytes:
        from heatlens.render.figure import png

        return png(self)

    def __repr__(self) -> str:
        """Method, target, size and range in one line."""
        shape = " x ".join(map(str, self.values.shape))
        made = self.provenance
        of = f" for {made.target!r}" if made.target else ""
        return (
            f"Heatmap({made.method}{of}, {self.axes} {shape}, "
            f"{self.values.min():.3g}..{self.values.max():.3g})"
        )


def _places(axis: str, given: Any) -> tuple[float, ...] | tuple[str, ...]:
    """The places along an axis as plain, unchangeable values."""
    return tuple(map(str, given)) if axis == "L" else tuple(float(place) for place in given)
