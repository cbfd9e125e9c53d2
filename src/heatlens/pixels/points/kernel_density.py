"""`density`: points as a map, by a Gaussian about each.

    f(p) = sum_i w_i K_h(p - x_i)

Binned linearly and smoothed by Fourier or cosine transforms, so the cost hardly depends on the
number of points (Silverman 1982; Wand 1994).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.pixels.checks import checked_count, one_of
from heatlens.pixels.points.bandwidth import bandwidth_of, effective_number
from heatlens.pixels.points.binning import binned, binned_beyond
from heatlens.pixels.points.smoothing import NOTHING, smoothed
from heatlens.provenance import Provenance
from heatlens.version import __version__

__all__ = ["density"]

Floats = npt.NDArray[np.float64]


def density(
    points: npt.ArrayLike,
    size: tuple[int, int],
    *,
    weights: npt.ArrayLike | None = None,
    bandwidth: Any = "scott",
    boundary: str | None = "reflect",
    total: str = "weights",
    outside: str = "refuse",
) -> Heatmap:
    """Where points are dense: detections, fixations, tracks, clicks.

    Args:
        points: (n, 2), row and column in pixels; pixel centres are whole numbers, so the picture
            covers -0.5 to H - 0.5 and -0.5 to W - 0.5.
        size: height and width of the picture.
        weights: (n,), at least 0; all 1 by default.
        bandwidth: standard deviation of the Gaussian: "scott" or "silverman" (for one blob),
            "improved-sheather-jones" (for several), pixels, or (rows, columns) in pixels.
        boundary: "reflect": what would cross the picture's edge comes back, so that no border is
            darker and nothing is lost; None: it is lost.
        total: what the values add up to: "weights" (expected number of points in each pixel) or
            "one" (share of all). Without reflection less, by what was lost.
        outside: points beyond the picture: "refuse" them or "drop" them with a note.

    Returns:
        A heatmap, method "kernel-density"; `info` has the bandwidth in pixels. The values are the
        mass in each pixel: the Gaussian is integrated over it. Binning widens the Gaussian by at
        most a quarter of a pixel squared.

    Raises:
        InvalidArgument: no points, NaN, points outside, weights that are negative, all 0 or beyond
            float32, or a rule for points that do not spread (one point, or all at one place).
        InvalidType: not numbers.
        UnknownName: no such rule, boundary or total.

    Example:
        >>> heat = density([[2, 3], [2, 3], [6, 1]], (8, 8), bandwidth=1.0)
        >>> heat.peak, round(float(heat.values.sum()), 4)
        ((2, 3), 3.0)
    """
    started = time.perf_counter()
    one_of("total", total, ("weights", "one"))
    one_of("way to treat points outside", outside, ("refuse", "drop"))
    if boundary is not None:
        one_of("boundary", boundary, ("reflect",))
    height, width = _size(size)
    x, w = _points(points), None if weights is None else _weights(weights)
    w = np.ones(len(x)) if w is None else w
    if len(w) != len(x):
        raise InvalidArgument(f"{len(w)} weights for {len(x)} points")
    x, w, notes = _inside(x, w, (height, width), outside)
    if not w.any():
        raise InvalidArgument("all weights are 0; there is nothing to show")
    reflect = boundary == "reflect"
    widths, about = bandwidth_of(bandwidth, x, w, (height, width), reflect)
    most = float(w.max())
    w = w / most  # numbers near 1, whose squares and sums are within range
    values = _spread(x, w, (height, width), widths, reflect)
    mass = float(w.sum())
    kept = float(values.sum()) / mass
    if kept < 0.999:
        notes += (f"{1 - kept:.1%} of the mass lies beyond the picture's edge",)
    values *= 1 / mass if total == "one" else _in_range(most, values)
    provenance = Provenance(
        "kernel-density",
        {
            "bandwidth": bandwidth if isinstance(bandwidth, str) else list(widths),
            "boundary": boundary,
            "total": total,
        },
        version=__version__,
        seconds=time.perf_counter() - started,
        info={
            "unit": "points per pixel" if total == "points" else "mass per pixel",
            "points": len(x),
            "effective number of points": round(effective_number(w), 3),
            "bandwidth in rows": widths[0],
            "bandwidth in columns": widths[1],
            "mass": most * mass,
        },
        notes=(*notes, *about),
    )
    return Heatmap(values.astype(np.float32), provenance, signed=False)


def _spread(
    x: Floats, w: Floats, size: tuple[int, int], widths: tuple[float, float], reflect: bool
) -> Floats:
    """Points after the Gaussian, (H, W)."""
    if reflect or min(widths) <= NOTHING:
        return smoothed(binned(x, w, size), widths, reflect)
    return smoothed(binned_beyond(x, w, size, widths), widths, False)[1:-1, 1:-1]


def _in_range(most: float, values: Floats) -> float:
    """The largest weight, if the map in these units fits the numbers of a heatmap."""
    limits, peak = np.finfo(np.float32), float(values.max())
    least, largest = float(limits.tiny), float(limits.max)
    if not least <= most * peak <= largest:
        raise InvalidArgument(
            f"weights are up to {most:.3g}; a heatmap holds numbers from {least:.0e} to "
            f"{largest:.0e}. total='one' gives shares, or give the weights another unit"
        )
    return most


def _size(size: Any) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise InvalidType(f"size is {size!r}; height and width are meant, image.size")
    return checked_count("height", size[0]), checked_count("width", size[1])


def _points(points: npt.ArrayLike) -> Floats:
    x = _numbers("points", points)
    if x.size == 0:
        raise InvalidArgument("there are no points; a density needs at least one")
    if x.ndim != 2 or x.shape[1] != 2:
        raise InvalidArgument(f"points have shape {x.shape}; (n, 2) is meant: row and column")
    return x


def _weights(weights: npt.ArrayLike) -> Floats:
    w = _numbers("weights", weights)
    if w.ndim != 1:
        raise InvalidArgument(f"weights have shape {w.shape}; one for each point is meant, (n,)")
    if (w < 0).any():
        raise InvalidArgument(
            f"{int((w < 0).sum())} weights are negative; a density counts what is there. For a "
            "difference, subtract two densities with the same bandwidth"
        )
    return w


def _numbers(name: str, given: npt.ArrayLike) -> Floats:
    try:
        array = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InvalidType(f"{name} are not numbers in rows of equal length") from None
    bad = int((~np.isfinite(array)).sum())
    if bad:
        raise InvalidArgument(f"{bad} of {array.size} numbers in {name} are NaN or infinite")
    return array


def _inside(
    x: Floats, w: Floats, size: tuple[int, int], outside: str
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """The points on the picture, and a note on the others."""
    within = ((x >= -0.5) & (x <= np.asarray(size) - 0.5)).all(axis=1)
    beyond = int((~within).sum())
    if beyond == 0:
        return x, w, ()
    said = f"{beyond} of {len(x)} points lie outside of {size[0]} rows and {size[1]} columns"
    if outside == "refuse":
        first = tuple(float(v) for v in x[~within][0])
        raise InvalidArgument(
            f"{said}, the first at row {first[0]:g}, column {first[1]:g}; are rows and columns "
            "swapped? outside='drop' leaves such points out"
        )
    if beyond == len(x):
        raise InvalidArgument(f"{said}; none is left")
    return x[within], w[within], (f"{said} and were left out",)
