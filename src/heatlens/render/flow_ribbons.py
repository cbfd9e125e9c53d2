"""Columns of swatches and the ribbons between them; all lengths are in inches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.render.cielab import to_srgb
from heatlens.render.flow_arrows import Arcs
from heatlens.render.flow_page import SMALL, share_of
from heatlens.render.panel import Page, clear
from heatlens.render.typography import INK, MUTED, font, line_height, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BETWEEN",
    "HEADING",
    "HIGH",
    "LABELS",
    "PICTURE",
    "SWATCH",
    "columns",
    "draw_picture",
    "draw_ribbons",
    "draw_swatches",
    "stacked",
]

Floats = npt.NDArray[np.float64]

HIGH, BETWEEN, SWATCH, LABELS, PICTURE, HEADING = 3.3, 2.5, 0.3, 0.4, 1.5, 0.2
"""Height of a column; widths of ribbons, column, shares, and picture; height of the names."""

_GAP = 0.012
"""Between two swatches, in units of a column."""


def columns(page: Page, left: float, top: float, names: tuple[str, str]) -> list[Axes]:
    """Axes for both columns and for the ribbons between them, with the names above."""
    y = top + HEADING
    room = SWATCH + LABELS + BETWEEN / 2 - 0.1
    places = (left + LABELS, left + LABELS + SWATCH + BETWEEN, left + LABELS + SWATCH)
    right = left + 2 * (LABELS + SWATCH) + BETWEEN
    found = []
    for x, wide, label in zip(
        places,
        (SWATCH, SWATCH, BETWEEN),
        ("first colours", "second colours", "ribbons"),
        strict=True,
    ):
        axes = page.axes(x, y, wide, HIGH)
        axes.set_label(label)
        clear(axes)
        axes.set(xlim=(0, 1), ylim=(1, 0), autoscale_on=False)
        axes.patch.set_alpha(0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        found.append(axes)
    for k, name in enumerate(names):
        [line] = wrapped(name, room, SMALL + 1, most=1) or [""]
        page.figure.text(
            (left if k == 0 else right) / page.width,
            1 - (top + 0.98 * (SMALL + 1) / 72) / page.height,
            line,
            color=INK,
            fontproperties=font(SMALL + 1),
            horizontalalignment="left" if k == 0 else "right",
            verticalalignment="baseline",
            parse_math=False,
            usetex=False,
        )
    return found


def stacked(shares: Floats, order: npt.NDArray[np.intp], longest: int) -> Floats:
    """(top, height) of each swatch (n, 2), of a column that is 1 high, with gaps between them.

    `longest` is the number of swatches of the longer column: a share is equally high in both.
    """
    gap = min(_GAP, 0.25 / longest)
    usable = 1 - gap * (longest - 1)
    spans = np.empty((len(order), 2))
    y = (1 - usable * shares.sum() - gap * (len(order) - 1)) / 2
    for k in order:
        spans[k] = y, usable * shares[k]
        y += usable * shares[k] + gap
    return spans


def draw_swatches(
    axes: Axes, spans: Floats, side: tuple[Floats, Floats], whole: float, *, on_left: bool
) -> None:
    """A column, with the share beside each swatch that is high enough for it."""
    from matplotlib.patches import Rectangle

    for (y, high), colour, weight in zip(spans, to_srgb(side[0][:, :3]), side[1], strict=True):
        axes.add_patch(Rectangle((0, y), 1, high, facecolor=colour, edgecolor=MUTED, linewidth=0.3))
        if high * HIGH < 0.9 * line_height(SMALL - 0.5):
            continue
        axes.text(
            -0.12 if on_left else 1.12,
            y + high / 2,
            share_of(weight / whole),
            color=MUTED,
            fontproperties=font(SMALL - 0.5),
            horizontalalignment="right" if on_left else "left",
            verticalalignment="center_baseline",
            parse_math=False,
            usetex=False,
        )


def draw_ribbons(
    axes: Axes,
    spans: list[Floats],
    orders: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
    sides: list[tuple[Floats, Floats]],
    arcs: Arcs,
) -> None:
    """Each ribbon leaves and arrives in the order of its other end, so that none twists."""
    ranks = [np.argsort(order) for order in orders]
    starts = _attached(spans[0], arcs.rows, ranks[1][arcs.columns], arcs.masses, sides[0][1])
    ends = _attached(spans[1], arcs.columns, ranks[0][arcs.rows], arcs.masses, sides[1][1])
    for k in np.argsort(-arcs.masses, kind="stable"):
        lab = sides[0][0][arcs.rows[k], :3], sides[1][0][arcs.columns[k], :3]
        _draw_ribbon(axes, starts[k], ends[k], lab)


def _attached(
    spans: Floats,
    index: npt.NDArray[np.intp],
    other: npt.NDArray[np.intp],
    masses: Floats,
    weights: Floats,
) -> Floats:
    """(top, height) of each ribbon at its swatch (k, 2)."""
    found = np.empty((len(masses), 2))
    filled = spans[:, 0].copy()
    for k in np.lexsort((other, index)):
        i = index[k]
        high = spans[i, 1] * masses[k] / weights[i]
        found[k] = filled[i], high
        filled[i] += high
    return found


def _draw_ribbon(axes: Axes, start: Floats, end: Floats, lab: tuple[Floats, Floats]) -> None:
    """A band between two places, whose colour goes from the one to the other."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (y0, high0), (y1, high1) = start, end
    corners = [
        *((0, y0), (0.5, y0), (0.5, y1), (1, y1)),
        *((1, y1 + high1), (0.5, y1 + high1), (0.5, y0 + high0), (0, y0 + high0)),
        (0, y0),
    ]
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    middle = (lab[0] + lab[1]) / 2
    middle[0] = min(middle[0], 72.0)  # the edge of a white ribbon is seen on white paper
    band = PathPatch(
        Path(corners, codes),
        facecolor="none",
        edgecolor=to_srgb(middle),
        linewidth=0.3,
        label="ribbon",
    )
    axes.add_patch(band)
    part = np.linspace(0, 1, 48)[:, None]
    mixed = to_srgb(lab[0] * (1 - part) + lab[1] * part)[None]
    low, high = min(y0, y1), max(y0 + high0, y1 + high1)
    image = axes.imshow(
        mixed, extent=(0, 1, high, low), aspect="auto", interpolation="bilinear", alpha=0.82
    )
    image.set_clip_path(band)
    axes.set(xlim=(0, 1), ylim=(1, 0))


def draw_picture(page: Page, x: float, y: float, pixels: npt.NDArray[np.uint8]) -> None:
    """A picture in the middle of its place, whose upper left corner is at (x, y)."""
    high, wide = pixels.shape[:2]
    factor = min(PICTURE / wide, HIGH / high)
    axes = page.axes(
        x + (PICTURE - factor * wide) / 2,
        y + (HIGH - factor * high) / 2,
        factor * wide,
        factor * high,
    )
    axes.set_label("picture")
    clear(axes)
    axes.imshow(pixels, aspect="auto", interpolation="antialiased")
    for spine in axes.spines.values():
        spine.set(linewidth=0.5, color="#9a9a9a", visible=True)
