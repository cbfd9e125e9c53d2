"""Many channels of a layer beside each other, on one common scale of colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, NoSpatialLayer
from heatlens.features.activations.channels import checked_channel
from heatlens.features.activations.layer import By, LayerActivations
from heatlens.render.bar import Bar, draw_bar
from heatlens.render.colour import Scale
from heatlens.render.layout import bar_room
from heatlens.render.page import MARGIN, page_for
from heatlens.render.panel import Page, Panel, draw_panel
from heatlens.render.typography import INK, line_height

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST_CHANNELS", "channel_grid"]

MOST_CHANNELS = 1024
"""Channels that one page can show and a person can still tell apart."""

_WIDTH, _GAP, _HEADING = 8.2, 0.06, 6.5
_LARGEST, _BAR = 1.7, 0.11


def channel_grid(
    activations: LayerActivations,
    channels: Sequence[int] | npt.NDArray[np.integer] | int | None = None,
    *,
    by: By = "max",
    percentile: float | None = None,
    colour_map: str | None = None,
    title: str | None = None,
) -> Figure:
    """The picture as the model saw it, then channels in the layer's own cells, on one scale.

    Args:
        activations: of a layer with rows and columns.
        channels: numbers of the channels, in the order of drawing; or how many of the strongest,
            all of them where the layer has fewer. None is the 35 strongest.
        by: what makes a channel strong: its largest cell ("max") or their mean ("mean").
        percentile: end the scale at this percentile of the magnitudes shown, above 0 and up to
            100; None shows the whole range. The bar says "≥" then.
        colour_map: a name; by default viridis, or blue-red about 0 if any value shown is negative.
        title: instead of layer, picture and model; "" for none.

    Raises:
        NoSpatialLayer: the layer has no rows and columns.
        InvalidArgument: no channel, more than 1024, or one that the layer does not have.

    Example:
        >>> from torch import nn
        >>> from heatlens.features.activations.layer import layer_activations
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 8, stride=8))
        >>> seen = layer_activations(network, np.zeros((32, 48, 3), np.uint8), "0")
        >>> [axes.get_label() for axes in channel_grid(seen, [2, 0]).axes]
        ['picture', 'picture', 'picture', 'colour bar']
    """
    if len(activations.grid) != 2:
        raise NoSpatialLayer(
            f"layer {activations.layer!r} has {'no grid' if not activations.grid else 'a grid of '}"
            f"{' x '.join(map(str, activations.grid))}: a grid of channels needs rows and columns"
        )
    strongest = channels is None or isinstance(channels, int | np.integer)
    chosen = _chosen(activations, channels, by)
    shown = activations.values[chosen].numpy()
    scale = _scale(shown, percentile, colour_map)
    size = (int(activations.pixels.shape[1]), int(activations.pixels.shape[2]))
    panels = [Panel(_picture(activations), size, "input")]
    panels += [
        Panel(scale.colours(cells), size, str(k)) for k, cells in zip(chosen, shown, strict=True)
    ]
    grid = _Grid.of(panels, _bar(scale, shown))
    name = activations.source.name
    return page_for(
        lambda page, top: grid.draw(page, MARGIN, top),
        grid.width,
        grid.height,
        title=f"{activations.layer}{f' on {name}' if name else ''}" if title is None else title,
        subtitle=activations.model if title is None else "",
        caption=_caption(activations, shown, by if strongest else None, scale),
    )


def _chosen(
    activations: LayerActivations,
    channels: Sequence[int] | npt.NDArray[np.integer] | int | None,
    by: By,
) -> list[int]:
    if channels is None or isinstance(channels, int | np.integer):
        count = min(35 if channels is None else int(channels), MOST_CHANNELS + 1)
        chosen = [k for k, _ in activations.top(count, by)]
    else:
        width = activations.channels
        chosen = [checked_channel(k, width, activations.layer) for k in channels]
    if not 1 <= len(chosen) <= MOST_CHANNELS:
        raise InvalidArgument(
            f"{len(chosen)} channels on one page; 1 to {MOST_CHANNELS} can be told apart: name "
            "some, or ask for the strongest"
        )
    return chosen


def _scale(
    shown: npt.NDArray[np.float32], percentile: float | None, colour_map: str | None
) -> Scale:
    """From 0 up, or about 0 where any value is negative."""
    if percentile is not None and not 0 < percentile <= 100:
        raise InvalidArgument(f"percentile is {percentile:g}; it lies above 0 and up to 100")
    signed = bool((shown < 0).any())
    sizes = np.abs(shown).astype(np.float64)
    end = float(sizes.max())
    if percentile is not None and end > 0:
        end = float(np.percentile(sizes[sizes > 0], percentile))
    name = colour_map or ("blue-red" if signed else "viridis")
    return Scale(-end if signed else 0.0, end, name, symmetric=signed)


def _bar(scale: Scale, shown: npt.NDArray[np.float32]) -> Bar | None:
    if scale.empty:
        return None
    beyond = (bool(shown.min() < scale.low), bool(shown.max() > scale.high))
    return Bar(scale, "activation", beyond=beyond)


def _picture(activations: LayerActivations) -> npt.NDArray[np.uint8]:
    colours = activations.pixels
    if len(colours) < 3:
        colours = colours[:1].expand(3, -1, -1)
    levels: npt.NDArray[np.uint8] = (colours[:3] * 255).round().byte().permute(1, 2, 0).numpy()
    return levels


def _caption(
    activations: LayerActivations,
    shown: npt.NDArray[np.float32],
    by: By | None,
    scale: Scale,
) -> list[str]:
    rows, columns = activations.grid
    ranked = {"max": "largest cell", "mean": "mean"}
    order = "" if by is None else f", strongest first by their {ranked[by]}"
    lines = [
        f"{len(shown)} of {activations.channels} channels{order}; {rows} x {columns} cells each; "
        "one scale for all"
    ]
    silent = int((activations.values.flatten(1) == 0).all(1).sum())
    if scale.empty:
        lines.append("every activation that is shown is 0")
    elif silent:
        lines.append(f"{silent} of {activations.channels} channels are 0 in every cell")
    return [*lines, *activations.ready.notes]


@dataclass(frozen=True, eq=False)
class _Grid:
    """Small pictures of one size in rows; all lengths in inches."""

    panels: list[Panel]
    columns: int
    cell: tuple[float, float]
    bar: Bar | None

    @classmethod
    def of(cls, panels: list[Panel], bar: Bar | None) -> _Grid:
        high, wide = panels[0].size
        aspect = min(max(wide / high, 0.1), 10.0)
        columns = _columns(len(panels), aspect)
        width = min((_WIDTH + _GAP) / columns - _GAP, _LARGEST * max(1.0, math.sqrt(aspect)))
        return cls(panels, columns, (width / aspect, width), bar)

    @property
    def rows(self) -> int:
        return -(-len(self.panels) // self.columns)

    @property
    def step(self) -> float:
        """From the top of a row to that of the next."""
        return line_height(_HEADING) + self.cell[0] + _GAP

    @property
    def height(self) -> float:
        return self.rows * self.step - _GAP

    @property
    def width(self) -> float:
        room = 0.0 if self.bar is None else bar_room(self.bar, self._bar_length)
        return self.columns * (self.cell[1] + _GAP) - _GAP + room

    @property
    def _bar_length(self) -> float:
        return min(self.height - line_height(_HEADING), 3.4)

    def draw(self, page: Page, left: float, top: float) -> None:
        heading = line_height(_HEADING)
        for place, panel in enumerate(self.panels):
            row, column = divmod(place, self.columns)
            x, y = left + column * (self.cell[1] + _GAP), top + row * self.step
            page.write(x, y, panel.title, _HEADING, False, INK)
            draw_panel(page.axes(x, y + heading, self.cell[1], self.cell[0]), panel)
        if self.bar is not None:
            length = self._bar_length
            x = left + self.width - bar_room(self.bar, length) + 0.07
            draw_bar(page.axes(x, top + heading, _BAR, length), self.bar, length)


def _columns(count: int, aspect: float) -> int:
    """Pictures in a row: a page about 1.4 times as wide as high, no last row of one or two."""
    ideal = math.sqrt(1.4 * count / aspect)
    near = range(max(1, math.floor(0.75 * ideal)), min(count, math.ceil(1.3 * ideal)) + 1)
    return min(near, key=lambda columns: -count % columns / count + abs(columns / ideal - 1) / 3)
