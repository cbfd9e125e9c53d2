"""What lies under the arrows: both pictures in one frame, and where mass leaves and arrives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.cielab import to_srgb
from heatlens.render.colour import scale_for
from heatlens.render.sheet import pixels_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Room", "draw_wheel", "heading_colours"]

Floats = npt.NDArray[np.float64]

_LONGEST = 900
"""Pixels of the longer side of what is drawn."""

_OUTSIDE = 238
"""The grey of a frame that the picture does not reach."""

_TINT = 0.5
"""How strongly the cell with the most mass is tinted."""

_FULL = 98
"""From this percentile of the cells on, a tint is as strong as it gets."""

_LEAVES, _ARRIVES, _STAYS = (np.array(c) / 255 for c in ((31, 105, 190), (205, 85, 20), (95,) * 3))


@dataclass(frozen=True, eq=False)
class Room:
    """Two pictures in one frame, whose upper left corner they share.

    Attributes:
        grids: height and width of both, in cells.
        frames: height and width of both, in the unit of the distances.
        whole: height and width of the smallest frame that holds both.
        step: height and width of a cell of the first, in the unit.
    """

    grids: tuple[tuple[int, int], tuple[int, int]]
    frames: tuple[tuple[float, float], tuple[float, float]]
    whole: tuple[float, float]
    step: Floats

    @classmethod
    def of(
        cls,
        grids: tuple[tuple[int, int], tuple[int, int]],
        frames: tuple[tuple[float, float] | None, tuple[float, float] | None],
    ) -> Room:
        """Check and complete what the caller gave; without frames a cell is one unit wide."""
        for grid in grids:
            if len(grid) != 2 or min(grid) < 1 or any(int(side) != side for side in grid):
                raise InvalidArgument(f"grid is {grid}; height and width in whole cells are meant")
        given = [
            grid if frame is None else frame for grid, frame in zip(grids, frames, strict=True)
        ]
        for frame in given:
            if len(frame) != 2 or not (min(frame) > 0 and max(frame) < np.inf):
                raise InvalidArgument(f"frame is {frame}; height and width above 0 are meant")
        first, second = ((float(high), float(wide)) for high, wide in given)
        whole = max(first[0], second[0]), max(first[1], second[1])
        return cls(grids, (first, second), whole, np.array(first) / np.array(grids[0]))

    @property
    def scale(self) -> float:
        """Pixels that are drawn per unit."""
        return _LONGEST / max(self.whole)

    @property
    def pixels(self) -> tuple[int, int]:
        """Height and width of what is drawn, in pixels."""
        high, wide = (max(1, round(side * self.scale)) for side in self.whole)
        return high, wide

    def places(self, k: int, points: Any, name: str) -> Floats:
        """(y, x) of each point in the unit; by default the centres of the cells, row by row."""
        if points is None:
            step = np.array(self.frames[k]) / np.array(self.grids[k])
            cells = np.mgrid[: self.grids[k][0], : self.grids[k][1]].reshape(2, -1).T
            return np.asarray((cells + 0.5) * step, np.float64)
        found = np.asarray(points, np.float64)
        if found.ndim != 2 or found.shape[1] != 2 or not np.isfinite(found).all():
            raise InvalidArgument(
                f"the points of {name} have shape {found.shape}; (y, x) pairs, finite, are meant"
            )
        return found

    def drawn(self, cells: Floats) -> Floats:
        """Places in cells of the first as (row, column) of the drawn pixels."""
        return cells * self.step * self.scale - 0.5

    def framed(self, picture: Image | Heatmap | npt.NDArray[Any], k: int) -> npt.NDArray[np.uint8]:
        """The picture at its place in the common frame; grey where it does not reach."""
        if isinstance(picture, Heatmap):
            if picture.axes != "YX":
                advice = "; take one slice of it" if len(picture.axes) == 3 else ""
                raise InvalidArgument(
                    f"the flow of a heatmap with axes {picture.axes!r} cannot be drawn{advice}"
                )
            pixels = scale_for(picture, sign="positive").colours(picture.values)
        else:
            pixels = pixels_of(picture)
        page = np.full((*self.pixels, 3), _OUTSIDE, np.uint8)
        sides = [max(1, round(side * self.scale)) for side in self.frames[k]]
        high, wide = (min(side, most) for side, most in zip(sides, self.pixels, strict=True))
        # Small maps keep their cells; photographs are interpolated.
        way = Pillow.Resampling.NEAREST if high >= 6 * len(pixels) else Pillow.Resampling.LANCZOS
        page[:high, :wide] = np.asarray(Pillow.fromarray(pixels).resize((wide, high), way))
        return page

    def ground(
        self, starts: Floats, ends: Floats, masses: Floats, still: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """White, tinted where mass leaves, arrives and stays.

        Args:
            starts: of each arc (k, 2), in cells of the first.
            ends: of each arc (k, 2).
            masses: of each arc (k,).
            still: whether it ends where it starts (k,).
        """
        rows, columns = np.ceil(np.array(self.whole) / self.step - 1e-9).astype(int)

        def gathered_in(places: Floats, carried: Floats) -> Floats:
            y, x = np.clip(places, 0, np.array([rows, columns]) - 1).astype(np.intp).T
            flat = np.bincount(y * columns + x, carried, rows * columns)
            return flat.reshape(rows, columns).astype(np.float64)

        layers = (
            (_STAYS, gathered_in(starts[still], masses[still])),
            (_LEAVES, gathered_in(starts[~still], masses[~still])),
            (_ARRIVES, gathered_in(ends[~still], masses[~still])),
        )
        rgb = np.ones((rows, columns, 3))
        carried = np.concatenate([layer[layer > 0] for _, layer in layers])
        strongest = float(np.percentile(carried, _FULL))  # a few hot cells leave the rest visible
        for colour, layer in layers:
            rgb = rgb * (1 - _TINT * np.minimum(layer / strongest, 1)[..., None] * (1 - colour))
        tints = np.rint(rgb * 255).astype(np.uint8)
        # Each drawn pixel takes the cell that its centre lies in.
        y, x = (
            ((np.arange(n) + 0.5) / (self.scale * step)).astype(np.intp).clip(0, most - 1)
            for n, step, most in zip(self.pixels, self.step, (rows, columns), strict=True)
        )
        return tints[y][:, x]


def heading_colours(along: Floats) -> npt.NDArray[np.uint8]:
    """sRGB for directions (k, 2), as (down, right); opposite ones have opposite hues."""
    return np.rint(_wheel(np.arctan2(-along[:, 0], along[:, 1])) * 255).astype(np.uint8)


def _wheel(angles: Floats) -> Floats:
    """sRGB of angles, counted against the clock from the right."""
    lightness = np.full(np.shape(angles), 62.0)
    return to_srgb(np.stack([lightness, 55 * np.cos(angles), 55 * np.sin(angles)], axis=-1))


def draw_wheel(axes: Axes) -> None:
    """The meaning of the colours in the upper right corner."""
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    inset = axes.inset_axes((0.86, 0.86, 0.13, 0.13))
    inset.set_label("directions")
    inset.axis("off")
    inset.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    for angle, colour in zip(angles, _wheel(angles), strict=True):
        tip = np.array([np.cos(angle), np.sin(angle)])
        for paint, thick in (("white", 3.4), (tuple(colour), 2.0)):
            inset.plot(
                [0.35 * tip[0], tip[0]],
                [0.35 * tip[1], tip[1]],
                color=paint,
                linewidth=thick,
                solid_capstyle="round",
                zorder=2 if paint == "white" else 3,
            )
