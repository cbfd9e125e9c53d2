"""The exact map between a photograph's grid and a model's input grid, and back.

Coordinates are continuous and half-pixel exact: pixel `i` covers [i, i + 1) and its centre is
i + 0.5. A preprocessing that resizes H to H' rows and then crops `top` rows away is

    u = scale * x + offset,   scale = H' / H,   offset = -top

from photograph (x) to input (u), separately for rows and columns. A map on any coarser grid that
spans the whole input (7 x 7 cells of a CAM, 14 x 14 tokens, 224 x 224 gradients) goes back in one
resampling, so that no second interpolation blurs or shifts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.images.resample import Band, band, separable

if TYPE_CHECKING:
    from heatlens.heatmap import Heatmap

__all__ = ["Placement", "resized"]


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in a model's input: u = scale * x + offset, per axis (rows, columns).

    Attributes:
        original: height and width of the picture.
        input: height and width of the model's input.
        scale: input pixels per picture pixel.
        offset: input position of the picture's top left corner; negative where a crop cuts,
            positive where there is padding.

    Example:
        The centre crop of a picture twice as wide as high:

        >>> place = Placement((100, 200), (50, 50), scale=(0.5, 0.5), offset=(0.0, -25.0))
        >>> place.hidden_fraction
        0.5
        >>> heat = place.back(np.ones((7, 7)))
        >>> heat.shape, bool((heat == place.valid()).all())
        ((100, 200), True)
    """

    original: tuple[int, int]
    input: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        """Check that sizes and scales are positive."""
        if min(*self.original, *self.input) < 1 or min(self.scale) <= 0:
            raise InvalidArgument(f"sizes and scales must be positive: {self!r}")

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the picture whose pixel centres lie inside the input."""
        return self._seen(0), self._seen(1)

    @property
    def hidden_fraction(self) -> float:
        """Share of the picture's area that lies outside of the input."""
        shown = 1.0
        for axis in (0, 1):
            low, high = (
                (edge - self.offset[axis]) / self.scale[axis] for edge in (0, self.input[axis])
            )
            size = self.original[axis]
            shown *= max(0.0, min(high, size) - max(low, 0.0)) / size
        return max(0.0, 1.0 - shown)

    def valid(self) -> npt.NDArray[np.bool_]:
        """(H, W) mask of the picture's pixels whose centre the model saw."""
        mask = np.zeros(self.original, np.bool_)
        mask[self.window] = True
        return mask

    def to_input(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Continuous (..., 2) positions (y, x) of the picture, in the input's coordinates."""
        return np.asarray(points, np.float64) * self.scale + np.asarray(self.offset)

    def to_original(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Continuous (..., 2) positions (y, x) of the input, in the picture's coordinates."""
        return (np.asarray(points, np.float64) - self.offset) / self.scale

    def forward(self, array: npt.ArrayLike, fill: float = 0.0) -> npt.NDArray[Any]:
        """Resample (..., H, W) on the picture's grid to (..., h, w) on the input's.

        What `fit` does to the pixels with bilinear interpolation, in floating point; for masks
        and maps. Padding gets `fill`.
        """
        values = _grid(array)
        if values.shape[-2:] != self.original:
            raise InvalidArgument(
                f"an array on the picture's grid has to end in {self.original}, "
                f"this one has shape {values.shape}"
            )
        bands, inside = [], []
        for axis in (0, 1):
            size, scale = self.original[axis], self.scale[axis]
            centres = (_centres(self.input[axis]) - self.offset[axis]) / scale
            inside.append((centres >= 0) & (centres < size))
            bands.append(band(centres, size, 1 / scale))
        result = separable(values, *bands)
        result[..., ~(inside[0][:, None] & inside[1])] = fill
        return result

    def back(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """Bring a map on a grid that spans the whole input back on the picture's pixels.

        Args:
            values: (..., gh, gw), any grid over the input: cells of a CAM, tokens or pixels.
                Magnification is bilinear between cell centres, reduction is antialiased; up to
                half a cell from the input's edge the outermost cells extend as constants.

        Returns:
            (..., H, W), float64 for float64 and else float32; 0 where the model saw nothing.
        """
        grid = _grid(values)
        window = self.window
        result = np.zeros((*grid.shape[:-2], *self.original), _float(grid))
        result[(..., *window)] = self.back_window(grid)
        return result

    def back_window(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """Like `back`, but only the pixels inside of `window`."""
        grid = _grid(values)
        rows, columns = (self._band(axis, grid.shape[axis - 2]) for axis in (0, 1))
        return separable(grid, rows, columns)

    def positions(self, axis: int) -> npt.NDArray[np.float64]:
        """Input positions of the picture's pixel centres along `axis` (0 rows, 1 columns)."""
        return _centres(self.original[axis]) * self.scale[axis] + self.offset[axis]

    def _seen(self, axis: int) -> slice:
        positions = self.positions(axis)
        seen = np.flatnonzero((positions >= 0) & (positions < self.input[axis]))
        if len(seen) == 0:  # pixels wider than the input: the one nearest to its middle
            seen = np.array([np.abs(positions - self.input[axis] / 2).argmin()])
        return slice(int(seen[0]), int(seen[-1]) + 1)

    def _band(self, axis: int, cells: int) -> Band:
        per_pixel = cells / self.input[axis]
        centres = self.positions(axis)[self._seen(axis)] * per_pixel
        return band(centres, cells, self.scale[axis] * per_pixel)


def resized(heatmap: Heatmap, size: tuple[int, int]) -> Heatmap:
    """The same evidence on a grid of `size` (height, width), half-pixel centres.

    Values keep their scale: a constant map stays the same constant, the sum changes with the
    area. Pixels that are not `valid` lend nothing to their neighbours; a new pixel is valid where
    at least half of what it is made of was. The error is mixed like the values, which is its
    upper bound (neighbouring errors taken as fully dependent). Of a sound the rows are bands of
    frequency and the columns moments; their Hz and seconds are those of the new centres.

    Raises:
        InvalidArgument: a size that is not two positive whole numbers, or a map along one axis.

    Example:
        >>> from heatlens.heatmap import Heatmap
        >>> from heatlens.provenance import Provenance
        >>> heat = Heatmap(np.array([[0.0, 1.0]]), Provenance("by hand"))
        >>> resized(heat, (1, 4)).values.tolist()
        [[0.0, 0.25, 0.75, 1.0]]
    """
    if heatmap.values.ndim < 2:
        raise InvalidArgument(
            f"a heatmap with axes {heatmap.axes!r} has no rows and columns that could be resized"
        )
    new = tuple(size)
    if len(new) != 2 or any(int(n) != n or n < 1 for n in new):
        raise InvalidArgument(f"`size` is {size!r}; it has to be (height, width), both at least 1")
    bands = []
    for old, n in zip(heatmap.size, new, strict=True):
        bands.append(band(_centres(n) * (old / n), old, old / n))
    rows, columns = bands
    places = _resized_places(heatmap, new)

    def resample(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return separable(array, rows, columns)

    if heatmap.valid is None:
        error = None if heatmap.error is None else resample(heatmap.error)
        return heatmap.with_(values=resample(heatmap.values), error=error, coordinates=places)
    seen = heatmap.valid
    share = resample(seen)
    valid = share >= 0.5
    weight = np.where(valid, share, 1)

    def masked(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.where(valid, resample(np.where(seen, array, 0)) / weight, 0)

    error = None if heatmap.error is None else masked(heatmap.error)
    values = masked(heatmap.values)
    return heatmap.with_(values=values, error=error, valid=valid, coordinates=places)


def _resized_places(heatmap: Heatmap, new: tuple[int, ...]) -> dict[str, Any]:
    """The coordinates at the new centres, beyond the outermost old ones by the same step.

    Of a single row or column nobody knows the step: enlarged, it has none any more.
    """
    places: dict[str, Any] = dict(heatmap.coordinates)
    for axis, old, n in zip(heatmap.axes[-2:], heatmap.size, new, strict=True):
        if axis not in places or old == n:
            continue
        if old == 1:
            del places[axis]
            continue
        along = np.asarray(places[axis], np.float64)
        where = _centres(n) * (old / n) - 0.5
        first = np.clip(np.floor(where).astype(int), 0, old - 2)
        places[axis] = (along[first] + (where - first) * (along[first + 1] - along[first])).tolist()
    return places


def _centres(count: int) -> npt.NDArray[np.float64]:
    return np.arange(count, dtype=np.float64) + 0.5


def _grid(values: npt.ArrayLike) -> npt.NDArray[Any]:
    grid = np.asarray(values)
    if grid.ndim < 2 or 0 in grid.shape:
        raise InvalidArgument(f"a map needs at least rows and columns, got shape {grid.shape}")
    return grid.astype(_float(grid), copy=False)


def _float(array: npt.NDArray[Any]) -> type[np.float32] | type[np.float64]:
    return np.float64 if array.dtype == np.float64 else np.float32
