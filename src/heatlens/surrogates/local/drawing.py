"""A local stand-in as a picture: its features on the photograph, beside its rules and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.render.colour import scale_for
from heatlens.render.overlay import overlay
from heatlens.render.page import MARGIN, framed
from heatlens.render.panel import Panel, draw_panel
from heatlens.render.typography import INK, MUTED, font, line_height, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.render.panel import Page
    from heatlens.surrogates.local.stand_in import LocalStandIn

__all__ = ["drawn"]

_PICTURE, _GAP, _WORDS, _SIZE = 3.2, 0.25, 3.6, 7.5
_INDENT = 0.16


def drawn(found: LocalStandIn) -> Figure:
    """The picture with its used features numbered, and the rules to its right.

    Args:
        found: the stand-in.
    """
    height, width = found.image.size
    wide = _PICTURE * min(1.0, width / height)
    high = _PICTURE * min(1.0, height / width)
    lines = _rule_lines(found)
    made = found.heat.provenance
    tall = max(high, len(lines) * line_height(_SIZE))
    page, top = framed(
        wide + _GAP + _WORDS,
        tall,
        title=f"{found.kind}: {made.target}",
        subtitle=f"{made.model}, score {made.score or 0.0:.3g}",
        caption=[
            f"Red counts for {made.target}, blue against it; the numbers are those of the rules.",
            f"{found.verdict[0].upper()}{found.verdict[1:]}.",
        ],
    )
    scale = scale_for(found.heat, sign="signed")
    rgb = overlay(found.heat, found.image, scale=scale, alpha=0.7)
    axes = page.axes(MARGIN, top, wide, high)
    draw_panel(axes, Panel(rgb, found.image.size))
    for region, inside in zip(found.regions, found.footprints, strict=True):
        _outlined(axes, inside, region.number)
    _write(page, MARGIN + wide + _GAP, top, lines)
    return page.figure


def _rule_lines(found: LocalStandIn) -> list[tuple[float, str]]:
    """Indent in inches and words of each line."""
    lines = []
    for rule in found.rules:
        bare = rule.lstrip()
        indent = _INDENT * ((len(rule) - len(bare)) // 4)
        broken = wrapped(bare, _WORDS - indent, _SIZE, most=3)
        lines += [(indent + (0.08 if k else 0.0), part) for k, part in enumerate(broken)]
    return lines


def _write(page: Page, x: float, y: float, lines: list[tuple[float, str]]) -> None:
    for indent, words in lines:
        colour = INK if words.startswith(("score", "+", "-")) else MUTED
        page.write(x + indent, y, words, _SIZE, False, colour)
        y += line_height(_SIZE)


def _outlined(axes: Axes, inside: npt.NDArray[np.bool_], number: int) -> None:
    """Draw the edge of a feature, with its number in it."""
    if not inside.any() or inside.all():
        return
    axes.contour(inside.astype(float), levels=[0.5], colors="white", linewidths=1.4)
    axes.contour(inside.astype(float), levels=[0.5], colors=INK, linewidths=0.6)
    rows, columns = np.nonzero(inside)
    # The pixel of the feature that is nearest to its middle: the middle may lie outside.
    nearest = int(((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin())
    axes.text(
        float(columns[nearest]),
        float(rows[nearest]),
        str(number),
        color=INK,
        fontproperties=font(7, bold=True),
        horizontalalignment="center",
        verticalalignment="center",
        parse_math=False,
        usetex=False,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0.0},
    )
