"""A transport plan drawn as flow: from place to place, from colour to colour, from bin to bin.

| function | what moves | how it is drawn |
|---|---|---|
| `place_flow` | mass over a picture | arrows, as wide as what they carry |
| `colour_flow` | the colours of a palette | ribbons between two columns of swatches |
| `histogram_flow` | the bins of a histogram | two histograms, and the area between their cumulated curves |

Plans come from `heatlens.transport.emd(...).plan` or from anything else that gives a matrix.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.render.bar import Bar
from heatlens.render.colour import Scale
from heatlens.render.flow_arrows import Arcs, Arrows, alike_below, arcs_of, draw_arrows, gathered
from heatlens.render.flow_colours import colour_flow
from heatlens.render.flow_histograms import histogram_flow
from heatlens.render.flow_page import left_over, share_of
from heatlens.render.flow_places import Room, draw_wheel, heading_colours
from heatlens.render.layout import figure_of
from heatlens.render.panel import Panel
from heatlens.render.typography import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Picture = Image | Heatmap | npt.NDArray[Any]

__all__ = ["LAYOUTS", "Layout", "colour_flow", "histogram_flow", "place_flow"]

Layout = Literal["beside", "over"]
LAYOUTS: tuple[Layout, ...] = ("beside", "over")


def place_flow(
    first: Picture,
    second: Picture,
    plan: Any,
    grid: tuple[int, int],
    *,
    second_grid: tuple[int, int] | None = None,
    frame: tuple[float, float] | None = None,
    second_frame: tuple[float, float] | None = None,
    points: tuple[Any, Any] | None = None,
    unit: str = "cells",
    layout: Layout = "beside",
    colour: Literal["distance", "direction"] = "distance",
    most: int = 60,
    share: float = 0.9,
    totals: tuple[float, float] | None = None,
    names: tuple[str, str] = ("first", "second"),
    title: str = "",
    subtitle: str = "",
    notes: Sequence[str] = (),
) -> Figure:
    """Draw where mass leaves, where it arrives and where it stays.

    Args:
        first: an `Image`, a `Heatmap` (of which the positive part is shown) or uint8 pixels: what
            the mass of the rows of the plan belongs to.
        second: the same for the columns.
        plan: mass moved from each place of the first to each of the second, (n, m); dense or of
            scipy.sparse.
        grid: height and width of the first, in cells.
        second_grid: height and width of the second, if they differ.
        frame: height and width of the first in `unit`; by default a cell is one unit wide.
        second_frame: the same for the second. Both pictures share their upper left corner.
        points: places (n, 2) and (m, 2), as (y, x) in `unit` from that corner. By default the
            centres of the cells, row by row.
        unit: of the distances.
        layout: "beside" draws the flow between the two pictures, on a ground that shows what
            leaves, arrives and stays; "over" draws it over the mean of both.
        colour: of an arrow: how far its mass goes, or in which direction.
        most: how many arrows are drawn at most; arcs between common blocks become one.
        share: how much of the moved mass is meant to be shown.
        totals: mass of the first and of the second, in the unit of the plan, where some of it may
            have no part in the plan ("partial", "unbalanced"): the caption says how much. By
            default all of it takes part.
        names: of both.
        title: stands above, bold; by default what moves.
        subtitle: stands below the title.
        notes: sentences to add to the caption.

    Returns:
        A figure that pyplot does not know of.

    Raises:
        InvalidArgument: sizes that do not fit each other, or a plan that is none.

    Example:
        >>> dark, light = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
        >>> plan = np.zeros((4, 4))
        >>> plan[0, 3] = 1.0  # all goes from the upper left to the lower right
        >>> figure = place_flow(dark, light, plan, (2, 2))
        >>> [axes.get_label() for axes in figure.axes]
        ['picture', 'picture', 'picture', 'colour bar']
    """
    if layout not in LAYOUTS:
        raise UnknownName("layout", str(layout), LAYOUTS)
    if colour not in ("distance", "direction"):
        raise UnknownName("colour of arrows", str(colour), ("distance", "direction"))
    room = Room.of((grid, second_grid or grid), (frame, second_frame or frame))
    sides = [room.places(k, None if points is None else points[k], names[k]) for k in (0, 1)]
    arcs = arcs_of(plan, (len(sides[0]), len(sides[1])))
    if not len(arcs.masses):
        raise InvalidArgument("the plan is empty: it moves no mass, and none stays")
    starts, ends = sides[0][arcs.rows], sides[1][arcs.columns]
    ways = np.linalg.norm(ends - starts, axis=1)
    ways[ways <= 1e-9 * max(room.whole)] = 0.0
    cells = starts / room.step, ends / room.step
    arrows = gathered(*cells, arcs.masses, ways, max(grid), most=most, share=share)

    shown = [room.framed(picture, k) for k, picture in enumerate((first, second))]
    scale = Scale(0.0, float(arrows.distances.max(initial=0.0)), "plasma")
    along = (arrows.ends - arrows.starts) * room.step
    colours = heading_colours(along) if colour == "direction" else scale.colours(arrows.distances)
    mark = functools.partial(
        _draw, arrows=arrows, room=room, colours=colours, wheel=colour == "direction"
    )
    carried = float(arcs.masses.sum())
    apart = [] if totals is None else left_over(totals, carried, names)
    part = f"{share_of(float(arcs.masses[ways > 0].sum() / carried))} of the mass"
    part += " that takes part" if apart else ""
    nothing = "" if len(arrows.masses) else "nothing moves"
    if layout == "over":
        ground = np.rint((shown[0].astype(np.float64) + shown[1]) / 2).astype(np.uint8)
        panels = [Panel(ground, room.pixels, f"{names[0]} → {names[1]}", None, nothing, (mark,))]
    else:
        ground = room.ground(*cells, arcs.masses, ways == 0)
        panels = [
            Panel(shown[0], room.pixels, f"from: {names[0]}"),
            Panel(ground, room.pixels, f"what moves: {part}", None, nothing, (mark,)),
            Panel(shown[1], room.pixels, f"to: {names[1]}"),
        ]
    bar = Bar(scale, f"distance in {unit}") if len(arrows.masses) and colour == "distance" else None
    caption = [_told(arrows, arcs, ways == 0, grid, layout, apart), *notes]
    heading = title or f"what moves from {names[0]} to {names[1]}"
    return figure_of(
        panels, title=heading, subtitle=subtitle, caption=caption, bar=bar, columns=len(panels)
    )


def _draw(
    axes: Axes, arrows: Arrows, room: Room, colours: npt.NDArray[np.uint8], wheel: bool
) -> None:
    starts, ends = room.drawn(arrows.starts), room.drawn(arrows.ends)
    draw_arrows(axes, starts, ends, arrows.masses, colours / 255)
    if wheel and len(arrows.masses):
        draw_wheel(axes)


def _told(
    arrows: Arrows,
    arcs: Arcs,
    still: npt.NDArray[np.bool_],
    grid: tuple[int, int],
    layout: Layout,
    apart: list[str],
) -> str:
    """What is drawn and what is not, in sentences."""
    mass = "mass that takes part" if apart else "mass"
    if not len(arrows.masses):
        return ". ".join([f"All {mass} stays where it is", *apart]) + "."
    total, count, side = float(arcs.masses.sum()), len(arrows.masses), arrows.side
    drawn = "1 arrow shows" if count == 1 else f"{count} arrows show"
    drawn += f" {share_of(arrows.shown)} of the mass that moves"
    if side:
        drawn += f"; arcs between common blocks of {side} x {side} cells are one arrow"
    heaviest = 100 * float(arrows.masses[0]) / total
    sentences = [
        f"{drawn}, on a grid of {grid[0]} x {grid[1]}",
        f"An arrow is as wide as what it carries, the widest {number(heaviest, 2)} % of all {mass}"
        + _alike(arrows, total),
        f"{share_of(float(arcs.masses[still].sum()) / total)} of the {mass} stays where it is",
        *apart,
    ]
    if layout == "beside":
        sentences.append("Blue: mass leaves. Orange: it arrives. Grey: it stays")
    return ". ".join(sentences) + "."


def _alike(arrows: Arrows, total: float) -> str:
    """Which arrows are wider than what they carry, so that they can be seen."""
    least = alike_below(arrows.masses)
    alike = int((arrows.masses < least).sum())
    if not alike:
        return ""
    which = f"{alike} of {len(arrows.masses)} arrows carry" if alike > 1 else "1 arrow carries"
    below = f"{number(100 * least / total, 2)} %"
    return f"; {which} less than {below} and {'are' if alike > 1 else 'is'} drawn as wide as that"
