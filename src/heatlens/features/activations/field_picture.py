"""A receptive field drawn on its photo: the box by architecture, the heat of what is measured."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from heatlens.features.activations.reach import Box
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.render.bar import bar_for
from heatlens.render.cells import Look, panel_of
from heatlens.render.colour import scale_for
from heatlens.render.display import view
from heatlens.render.layout import figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from heatlens.features.activations.field import ReceptiveField

__all__ = ["draw_field"]

_SHARE = 0.95
_SEEN = 99.5
"""Percentile at which the colours end: a few pixels' slopes are far above the rest."""


def draw_field(field: ReceptiveField, *, title: str | None = None) -> Figure:
    """The figure of `ReceptiveField.draw`."""
    heat = field.heatmap() if field.gradient is not None else _nothing(field)
    look = Look("overlay" if field.image is not None else "heatmap", 0.8, 0.0, 0.5, None)
    scale = scale_for(heat, sign="positive", percentile=_SEEN)
    panel = panel_of(view(heat, field.image), scale, look)
    marks = list(panel.marks)
    caption = [f"input of {' x '.join(map(str, field.placement.input))} pixels"]
    if field.box is not None:
        marks.append(functools.partial(_draw_box, box=field.on_picture(field.box), dashed=False))
        caption.append(_by_architecture(field))
    effective = field.effective_box(_SHARE)
    if effective is not None:
        marks.append(functools.partial(_draw_box, box=field.on_picture(effective), dashed=True))
        rows, columns = effective[2] - effective[0], effective[3] - effective[1]
        over = f"{field.pictures} pictures" if field.pictures > 1 else "this picture"
        caption.append(
            f"dashed: {_SHARE:.0%} of the gradient's size, measured on "
            f"{over if field.pictures else 'noise'}: {rows} x {columns} pixels".replace("%", " %")
        )
    elif field.gradient is not None:
        caption.append("the unit's gradient is 0 at every pixel: it is silent on this input")
    if field.reason:
        caption.append(field.reason)
    message = panel.message if field.gradient is not None and not field.gradient.any() else ""
    panel = dataclasses.replace(panel, marks=tuple(marks), message=message)
    bar = None if scale.empty else bar_for(scale, (heat,), "mean |gradient| of the unit")
    return figure_of(
        [panel],
        title=f"receptive field of {field.unit}" if title is None else title,
        subtitle=" · ".join(
            part for part in (field.model, "" if field.image is None else field.image.name) if part
        )
        if title is None
        else "",
        caption=caption,
        bar=look.explained(bar, field.image),
    )


def _nothing(field: ReceptiveField) -> Heatmap:
    return Heatmap(
        np.zeros(field.placement.original, np.float32), Provenance("receptive-field"), signed=False
    )


def _by_architecture(field: ReceptiveField) -> str:
    rows, columns = field.extent or (0, 0)
    if not field.exact:
        return (
            f"solid line: at most {rows} x {columns} pixels can reach the unit by architecture; "
            "gradients do not confirm all of it"
        )
    if (rows, columns) == field.placement.input:
        return "solid line: by architecture every pixel of the input can reach the unit"
    cut = ", cut at the border" if field.clipped else ""
    return f"solid line: what can reach the unit by architecture, {rows} x {columns} pixels{cut}"


def _draw_box(axes: Axes, box: Box, *, dashed: bool) -> None:
    """A box in pixels of the picture, legible on any ground."""
    from matplotlib.patches import Rectangle

    top, left, bottom, right = box
    for colour, thick in (("black", 2.6), ("#ffd166" if dashed else "white", 1.2)):
        axes.add_patch(
            Rectangle(
                (left - 0.5, top - 0.5),
                right - left,
                bottom - top,
                fill=False,
                edgecolor=colour,
                linewidth=thick,
                linestyle=(0, (3.0, 2.0)) if dashed and colour != "black" else "solid",
                joinstyle="miter",
            )
        )
