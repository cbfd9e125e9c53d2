"""Colour maps by name, and what a colour means: the scale.

A colour map is fit for reading values from if equal steps of value look equally large and if its
lightness runs in one direction (for signed maps: away from the centre, alike on both sides).
`evenness` measures the first: the coefficient of variation of the CIEDE2000 difference between
neighbouring entries, 0 for a perfect map. vanimo .01, blue-red .07, cividis .14, viridis .15,
magma and inferno .26, turbo .36, ocean .46, jet .49, hot .51. The last four are here because
people ask for them: they draw edges where the values have none, and jet, turbo and ocean are not
even ordered by lightness. Do not read values from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.render import cielab
from heatlens.render.diverging import blue_red

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = [
    "Scale",
    "Sign",
    "colour_map",
    "colour_maps",
    "colourise",
    "evenness",
    "lightness",
    "scale_for",
]

Sign = Literal["positive", "signed", "negative", "auto"]
SIGNS = ("positive", "signed", "negative", "auto")

_DEFAULTS = {"positive": "viridis", "negative": "viridis_r", "signed": "blue-red"}


def colour_maps() -> tuple[str, ...]:
    """All names that `colour_map` knows: `blue-red` and those of matplotlib, sorted."""
    import matplotlib

    return tuple(sorted({*matplotlib.colormaps, "blue-red", "blue-red_r"}))


def colour_map(name: str) -> Colormap:
    """The colour map called `name`; one that ends in `_r` runs the other way.

    Raises:
        UnknownName: with the nearest names.

    Example:
        >>> colour_map("virids")
        Traceback (most recent call last):
        heatlens.errors.UnknownName: unknown colour map 'virids'; did you mean 'viridis' ...?
    """
    import matplotlib

    if name in ("blue-red", "blue-red_r"):
        return blue_red(reverse=name.endswith("_r"))
    if name not in matplotlib.colormaps:
        raise UnknownName("colour map", name, colour_maps())
    return matplotlib.colormaps[name]


def colourise(
    values: npt.NDArray[Any], colour_map: str = "viridis", low: float = 0.0, high: float = 1.0
) -> npt.NDArray[np.uint8]:
    """sRGB colours, uint8 (..., 3), of finite `values` (...); beyond the ends means the end.

    Args:
        values: numbers of any shape.
        colour_map: name of the map.
        low: the value of the first colour.
        high: the value of the last colour. With `low == high` there is nothing to tell apart,
            and all take the first colour.

    Raises:
        InvalidArgument: ends that do not rise or are not finite, or values that are NaN.

    Example:
        >>> colourise(np.array([0.0, 5.0, 9.0]), "gray", 0, 5).tolist()
        [[0, 0, 0], [255, 255, 255], [255, 255, 255]]
    """
    return Scale(low, high, colour_map).colours(values)


@dataclass(frozen=True)
class Scale:
    """What colours mean: one scale can serve many pictures, which makes them comparable.

    Attributes:
        low: the value of the first colour, in the heatmap's own unit.
        high: the value of the last colour.
        colour_map: name of the colour map.
        symmetric: whether the scale is centred at zero.

    Example:
        >>> Scale(0.0, 4.0).strength(np.array([-1.0, 1.0, 8.0])).tolist()
        [0.0, 0.25, 1.0]
    """

    low: float
    high: float
    colour_map: str = "viridis"
    symmetric: bool = False

    def __post_init__(self) -> None:
        """Check the ends and the name."""
        if not (np.isfinite([self.low, self.high]).all() and self.low <= self.high):
            raise InvalidArgument(
                f"a scale from {self.low:g} to {self.high:g}: both ends have to be finite and rise"
            )
        if self.symmetric and self.low != -self.high:
            raise InvalidArgument(
                f"a symmetric scale cannot run from {self.low:g} to {self.high:g}"
            )
        colour_map(self.colour_map)

    @property
    def empty(self) -> bool:
        """Whether the scale has no extent: there was no evidence to show."""
        return self.low == self.high

    @property
    def magnitude(self) -> float:
        """The largest magnitude on the scale."""
        return max(abs(self.low), abs(self.high))

    def position(self, values: npt.NDArray[Any] | float) -> npt.NDArray[np.float64]:
        """Where `values` lie between the ends, in 0..1."""
        values = np.asarray(values, np.float64)
        if np.isnan(values).any():
            raise InvalidArgument("NaN has no place on a colour scale")
        if self.empty:
            return np.full(values.shape, 0.5 if self.symmetric else 0.0)
        # Halves, so that the difference of the ends cannot overflow.
        span = self.high / 2 - self.low / 2
        return np.asarray((np.clip(values, self.low, self.high) / 2 - self.low / 2) / span)

    def strength(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Magnitude of the part of `values` on the scale, in units of the largest, 0..1."""
        part = np.clip(np.asarray(values, np.float64), self.low, self.high)
        return np.abs(part) / self.magnitude if self.magnitude else np.zeros(part.shape)

    def colours(self, values: npt.NDArray[Any] | float) -> npt.NDArray[np.uint8]:
        """sRGB colours, uint8 (..., 3), of `values` (...)."""
        table = _table(self.colour_map)
        # As matplotlib: equal shares of 0..1 for each entry, the last one closed.
        entry = np.minimum((self.position(values) * len(table)).astype(np.intp), len(table) - 1)
        return np.rint(table[entry] * 255).astype(np.uint8)


def scale_for(
    *heatmaps: Heatmap,
    sign: Sign = "auto",
    percentile: float | None = None,
    colour_map: str | None = None,
) -> Scale:
    """The one scale on which all `heatmaps` can be shown, zero always being "no evidence".

    Args:
        heatmaps: at least one; pixels that are not valid do not count.
        sign: "positive" runs from 0 to the highest value, "negative" from the lowest to 0,
            "signed" is symmetric about 0; "auto" is signed if any map has a negative value.
        percentile: end the scale at this percentile (above 0, to 100) of the magnitudes that
            are shown and not zero, so that a few outliers do not darken the rest. None, the
            default, shows the whole range.
        colour_map: a name; by default viridis (reversed for "negative") or blue-red.

    Returns:
        A scale; an empty one where there is nothing of that sign.

    Example:
        >>> from heatlens.provenance import Provenance
        >>> weak, strong = (Heatmap(np.array([[0.0, top]]), Provenance("x")) for top in (1.0, 4.0))
        >>> scale_for(weak, strong)
        Scale(low=0.0, high=4.0, colour_map='viridis', symmetric=False)
    """
    if not heatmaps:
        raise InvalidArgument("a scale needs at least one heatmap")
    if sign not in SIGNS:
        raise UnknownName("sign", str(sign), SIGNS)
    if percentile is not None and not 0 < percentile <= 100:
        raise InvalidArgument(f"percentile is {percentile:g}; it lies above 0 and up to 100")
    seen = [heat.values if heat.valid is None else heat.values[heat.valid] for heat in heatmaps]
    if sign == "auto":
        sign = "signed" if any((values < 0).any() for values in seen) else "positive"
    end = _end(seen, sign, percentile)
    name = colour_map if colour_map is not None else _DEFAULTS[sign]
    low, high = {"positive": (0.0, end), "negative": (-end, 0.0), "signed": (-end, end)}[sign]
    return Scale(low + 0.0, high, name, symmetric=sign == "signed")


def _end(seen: list[npt.NDArray[np.float32]], sign: str, percentile: float | None) -> float:
    if sign == "signed":
        magnitudes = [np.abs(values) for values in seen]
    else:
        side = -1 if sign == "negative" else 1
        magnitudes = [np.maximum(side * values, 0) for values in seen]
    if percentile is None:
        return max((float(part.max()) for part in magnitudes if part.size), default=0.0)
    nonzero = np.concatenate([part[part > 0] for part in magnitudes])
    return float(np.percentile(nonzero.astype(np.float64), percentile)) if nonzero.size else 0.0


def evenness(name: str) -> float:
    """How uneven the steps of a colour map look: 0 is perfectly even, jet has .49.

    The coefficient of variation of the CIEDE2000 difference between neighbouring entries.

    Example:
        >>> evenness("viridis") < 0.16 < 0.48 < evenness("jet")
        True
    """
    lab = cielab.from_srgb(_table(name))
    steps = cielab.ciede2000(lab[:-1], lab[1:])
    return float(steps.std() / steps.mean()) if steps.any() else 0.0


def lightness(name: str) -> npt.NDArray[np.float64]:
    """CIELAB lightness L* (0..100) of each entry of a colour map."""
    return cielab.from_srgb(_table(name))[:, 0]


def _table(name: str) -> npt.NDArray[np.float64]:
    chosen = colour_map(name)
    entries: npt.NDArray[np.float64] = np.asarray(chosen(np.arange(chosen.N)))
    return entries[:, :3]
