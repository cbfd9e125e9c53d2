"""What a screen can show of a heatmap and its picture: one slice, and not too many pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.colour import Scale, Sign
from heatlens.render.typography import number

__all__ = [
    "View",
    "check_same_grid",
    "hottest_slice",
    "part_of",
    "place_of",
    "slice_of",
    "smoothed",
    "spread",
    "view",
]


@dataclass(frozen=True, eq=False)
class View:
    """A two-dimensional heatmap and its picture, reduced for display only.

    Attributes:
        heatmap: values, averaged over blocks where the original is too large to be shown.
        rgb: the picture, uint8 on the same grid; None where there is none.
        size: height and width in pixels of the original.
    """

    heatmap: Heatmap
    rgb: npt.NDArray[np.uint8] | None
    size: tuple[int, int]


def view(heatmap: Heatmap, image: Image | None, longest: int = 1600) -> View:
    """Both with at most `longest` pixels a side, by averaging whole blocks.

    Values next to invalid pixels are averages of the valid ones alone.
    """
    check_same_grid(heatmap, image)
    rgb = None if image is None else image.rgb()
    block = -(-max(heatmap.size) // longest)
    if block <= 1:
        return View(heatmap, rgb, heatmap.size)
    values, valid = _reduced(heatmap.values, block), None
    if heatmap.valid is not None:
        seen = _reduced(heatmap.valid.astype(np.float32), block)
        values = np.where(seen > 0, values / np.maximum(seen, 1e-6), 0).astype(np.float32)
        valid = seen >= 0.5
    if rgb is not None:
        rgb = np.asarray(Pillow.fromarray(rgb).reduce(block))
    return View(heatmap.with_(values=values, valid=valid, error=None), rgb, heatmap.size)


def slice_of(
    heatmap: Heatmap, image: Image | None, index: int | None = None, scale: Scale | None = None
) -> tuple[Heatmap, Image | None, int | None]:
    """One slice or frame of a volume or film, by default the one with the most evidence.

    Args:
        heatmap: of a picture, a volume or a film.
        image: what it belongs to, or a single picture that lies behind every slice.
        index: which slice, from 0; negative ones count from the end.
        scale: only evidence of a sign that it shows counts for the default.

    Returns:
        The map and the picture in two dimensions, and the index (None if there was only one).
    """
    if image is not None and not isinstance(image, Image):
        raise InvalidType(
            f"the picture is a {type(image).__name__}; read_image makes an Image of a file, an "
            "array, a tensor or a PIL image"
        )
    if heatmap.axes == "YX":
        if index is not None:
            raise InvalidArgument(f"index is {index}, but the heatmap has no slices")
        return heatmap, image, None
    count = len(heatmap.values)
    if index is None:
        index = hottest_slice(heatmap, scale)
    if not -count <= index < count:
        raise InvalidArgument(f"index is {index}; the heatmap has {count} slices")
    index %= count

    def cut(array: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
        return None if array is None else array[index]

    flat = heatmap.with_(
        values=heatmap.values[index],
        axes="YX",
        error=cut(heatmap.error),
        valid=cut(heatmap.valid),
        coordinates={axis: along for axis, along in heatmap.coordinates.items() if axis in "YX"},
    )
    if image is not None and image.axes[0] == heatmap.axes[0]:
        if len(image.pixels) != count:
            raise InvalidArgument(
                f"the heatmap has {count} slices, the picture {len(image.pixels)}"
            )
        image = image.with_(
            pixels=image.pixels[index],
            axes=image.axes[1:],
            alpha=None,
            spacing=None,
            affine=None,
        )
    return flat, image, index


def hottest_slice(heatmap: Heatmap, scale: Scale | None = None) -> int:
    """Index of the slice or frame with the most evidence of the signs that `scale` shows.

    Args:
        heatmap: of a volume or a film.
        scale: a scale of one sign leaves the other out; None counts both.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> film = Heatmap(np.reshape([1.0, -5.0], (2, 1, 1)), Provenance("by hand"), "TYX")
        >>> hottest_slice(film), hottest_slice(film, Scale(0.0, 1.0))
        (1, 0)
    """
    values = heatmap.values
    if scale is not None:
        low, high = -np.inf if scale.low < 0 else 0.0, np.inf if scale.high > 0 else 0.0
        values = np.clip(values, low, high)
    others = tuple(range(1, values.ndim))
    return int(np.argmax(np.abs(values).sum(axis=others, dtype=np.float64)))


def part_of(heatmap: Heatmap, scale: Scale) -> str:
    """What one of several is called, "slice" or "frame"; empty if none of them shows anything."""
    if len(heatmap.axes) != 3 or not scale.strength(heatmap.values).any():
        return ""
    return "frame" if heatmap.axes[0] == "T" else "slice"


def place_of(heatmap: Heatmap, index: int) -> str:
    """What the slice or frame `index` is called, counted from 1, with a frame's time if known.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> film = Heatmap(np.ones((2, 1, 1)), Provenance("x"), "TYX", coordinates={"T": (0, 0.04)})
        >>> place_of(film, 1)
        'frame 2 (0.04 s)'
    """
    along = heatmap.coordinates.get("T")
    name = f"{'frame' if heatmap.axes[0] == 'T' else 'slice'} {index + 1}"
    return name if along is None else f"{name} ({number(float(along[index]))} s)"


def spread(heatmap: Heatmap, most: int, always: int) -> list[int]:
    """At most `most` slices or frames, evenly spaced among those seen, `always` one of them.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> spread(Heatmap(np.ones(100), Provenance("x"), "T"), 5, always=40)
        [0, 33, 40, 66, 99]
    """
    seen = np.arange(len(heatmap.values))
    if heatmap.valid is not None and heatmap.valid.any():
        seen = np.flatnonzero(heatmap.valid.reshape(len(seen), -1).any(1))
    if len(seen) > most:
        seen = seen[np.linspace(0, len(seen) - 1, most - 1).round().astype(int)]
    return sorted({*seen.tolist(), always})[:most]


def smoothed(heatmap: Heatmap, sigma: float, sign: Sign = "positive") -> Heatmap:
    """The density of the evidence: the part with that sign, averaged around each pixel.

    Neighbours of both signs cancel only if both are meant to be seen, so a map that flickers
    around zero keeps its positive mass.

    Args:
        heatmap: a map of one picture, of a sound, or along one axis.
        sigma: standard deviation of the Gaussian in pixels; 0 leaves the map as it is.
        sign: see `heatlens.render.colour.scale_for`.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> heat = Heatmap(np.array([[0.0, 4.0, -4.0, 0.0]]), Provenance("by hand"))
        >>> float(smoothed(heat, 1.0).values.sum())
        4.0
    """
    from scipy import ndimage

    if not 0 <= sigma < np.inf:
        raise InvalidArgument(f"smooth is {sigma:g}; it is a number of pixels, at least 0")
    if sigma == 0:
        return heatmap
    values = heatmap.values.astype(np.float64)
    if sign in ("positive", "negative"):
        values = np.maximum(values, 0) if sign == "positive" else np.minimum(values, 0)
    values = ndimage.gaussian_filter(values, sigma, mode="reflect")
    if heatmap.valid is not None:
        seen = ndimage.gaussian_filter(heatmap.valid.astype(np.float64), sigma, mode="reflect")
        values = np.where(heatmap.valid, values / np.where(heatmap.valid, seen, 1), 0)
    return heatmap.with_(values=values.astype(np.float32), error=None)


def check_same_grid(heatmap: Heatmap, image: Image | None) -> None:
    """Raise an `InvalidArgument` that says what to do if the two do not match."""
    if image is not None and image.size != heatmap.size:
        raise InvalidArgument(
            "the heatmap is {} x {} pixels, the picture {} x {}: bring the map onto the picture's "
            "grid first, heatmap.resized(image.size)".format(*heatmap.size, *image.size)
        )


def _reduced(values: npt.NDArray[np.float32], block: int) -> npt.NDArray[np.float32]:
    return np.asarray(Pillow.fromarray(values).reduce(block))
