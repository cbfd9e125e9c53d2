"""Receptive field of a unit: the pixels that can reach it, and those that in fact move it.

By architecture it is a box (see `heatlens.features.activations.reach`). Measured, it is the mean
size of the unit's slope at each pixel,

    E(p) = mean over pictures of sum_c |d a / d x_{p,c}|,

which in deep networks is a small bump inside of the box.

Luo, Li, Urtasun, Zemel: Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks, NeurIPS 2016, arXiv:1701.04128, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnsupportedMethod
from heatlens.features.activations.channels import checked_channel
from heatlens.features.activations.crops import on_picture
from heatlens.features.activations.field_inputs import field_inputs
from heatlens.features.activations.measured_field import box_holding, fills, inside, slope
from heatlens.features.activations.reach import Box, fields
from heatlens.features.activations.reading import Reading, reading_of
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.geometry import Placement
from heatlens.models.load import as_model
from heatlens.provenance import Provenance
from heatlens.version import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ReceptiveField", "receptive_field"]


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What a unit of a layer can see, and what it does see.

    Attributes:
        layer: the layer's name.
        cell: (row, column) in the layer's grid; () for a layer without one.
        channel: of one channel; None for all of them together.
        box: top, left, bottom, right in pixels of the model's input, by architecture; the last
            two lie beyond it. None where it cannot be told; `reason` says why.
        exact: whether gradients on noise come from all four sides of the box. If not, it is an
            upper bound: nothing beyond it reaches the unit, but the field may be smaller, as
            behind masked attention.
        reason: why a part is missing; empty if none is.
        gradient: mean |gradient| of the unit at each pixel of the input, (h, w) float32; None if
            it was not asked for, or the model has no gradients.
        placement: where the first picture lies in the input; of noise, the input itself.
        pictures: over how many pictures was measured; 0 means over noise.
        image: the first picture; None for noise.
        model: what the model calls itself.
    """

    layer: str
    cell: tuple[int, ...]
    channel: int | None
    box: Box | None
    exact: bool
    reason: str
    gradient: npt.NDArray[np.float32] | None = field(repr=False)
    placement: Placement = field(repr=False)
    pictures: int = 0
    image: Image | None = field(default=None, repr=False)
    model: str = ""

    @property
    def extent(self) -> tuple[int, int] | None:
        """Rows and columns of the box by architecture, in pixels of the input; see `exact`."""
        if self.box is None:
            return None
        return self.box[2] - self.box[0], self.box[3] - self.box[1]

    @property
    def clipped(self) -> bool:
        """Whether the box ends at the input's border, and may be larger in a larger input."""
        height, width = self.placement.input
        return self.box is not None and (
            self.box[0] == 0 or self.box[1] == 0 or self.box[2] == height or self.box[3] == width
        )

    @property
    def unit(self) -> str:
        """The unit in words, "stage3, channel 5, cell (6, 6)"."""
        parts = [self.layer]
        if self.channel is not None:
            parts.append(f"channel {self.channel}")
        if self.cell:
            parts.append(f"cell ({', '.join(map(str, self.cell))})")
        return ", ".join(parts)

    def effective_box(self, share: float = 0.95) -> Box | None:
        """The box that holds `share` of the measured gradient; see `box_holding`."""
        if self.gradient is None or not self.gradient.any():
            return None
        return box_holding(self.gradient, share)

    def on_picture(self, box: Box) -> Box:
        """A box of the input in whole pixels of the picture, cut at its borders, never empty."""
        return on_picture(self.placement, box)

    def heatmap(self) -> Heatmap:
        """The measured field on the picture's own grid (of noise, on the input's).

        Raises:
            UnsupportedMethod: it was not measured.
        """
        if self.gradient is None:
            raise UnsupportedMethod(
                f"the field was not measured by gradient{': ' if self.reason else ''}{self.reason}"
            )
        valid = self.placement.valid()
        return Heatmap(
            self.placement.back(self.gradient),
            Provenance(
                method="receptive-field",
                parameters={"layer": self.layer, "cell": self.cell, "channel": self.channel},
                model=self.model,
                target=self.unit,
                image="" if self.image is None else self.image.name,
                version=__version__,
            ),
            signed=False,
            valid=None if valid.all() else valid,
        )

    def draw(self, *, title: str | None = None) -> Figure:
        """Both on the photo: the box by architecture, the heat of the measured field."""
        from heatlens.features.activations.field_picture import draw_field

        return draw_field(self, title=title)


def receptive_field(
    model: Any,
    layer: str,
    cell: tuple[int, int] | None = None,
    *,
    channel: int | None = None,
    image: Any = None,
    size: int | tuple[int, int] | None = None,
    fit: str | None = None,
    measure: bool = True,
    seed: int = 0,
) -> ReceptiveField:
    """The receptive field of one unit, by architecture and measured by gradient.

    Args:
        model: a loaded model, a bare network of any framework whose layers can be read, or a name.
        layer: the unit's layer.
        cell: (row, column) in the layer's grid; None is the one in the middle.
        channel: the unit's channel. None is all of them: by architecture the fields joined;
            measured, the slope of a random +-1 mix of them, whose square is on average the sum
            over channels of squared slopes.
        image: the picture, or a list of pictures to average over, on which it is measured and
            drawn; without any, Gaussian noise of `size`.
        size: height and width of the noise; None is the model's own input size.
        fit: "crop", "squash" or "pad"; None is the model's own way.
        measure: whether to measure the gradient too, one backward pass per picture.
        seed: of the noise and the mix.

    Raises:
        UnknownLayer: no such layer.
        InvalidArgument: no such cell or channel, no size for noise, image and size at once.
        UnsupportedMethod: the field can be told neither way; the message says why.

    Example:
        >>> from torch import nn
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 4, 5))
        >>> receptive_field(network, "2", (3, 4), size=40, measure=False).box
        (6, 8, 17, 19)
    """
    adapted = as_model(model)
    if image is not None and size is not None:
        raise InvalidArgument("image and size at once: the picture brings its own size")
    inputs = field_inputs(adapted, image, size, fit, seed)
    first, source, placement = next(inputs)
    if first.ndim != 4:
        raise InvalidArgument("a receptive field is drawn on pictures, not on films or volumes")
    reading = reading_of(adapted, first, layer)
    place = _checked_cell(reading, cell)
    if channel is not None:
        width = reading.units(adapted.activations(first[:1], [layer])[layer]).shape[1]
        channel = checked_channel(channel, int(width), layer)
    reasons = []
    box: Box | None = None
    try:
        [box] = fields(adapted, first[:1], reading, [place], channel)
    except UnsupportedMethod as error:
        reasons.append(str(error))
    gradient: npt.NDArray[np.float32] | None = None
    if measure and "gradient" in adapted.capabilities:
        total, rows = slope(adapted, first, reading, place, channel, seed), len(first)
        for batch, _, where in inputs:
            if where.input != placement.input:
                raise InvalidArgument(
                    f"the pictures come to inputs of different sizes, {placement.input} and "
                    f"{where.input}: measure them one at a time, or fit them to one size"
                )
            total += slope(adapted, batch, reading, place, channel, seed)
            rows += len(batch)
        gradient = (total / rows).astype(np.float32)
        if box is not None and not inside(gradient, box):
            box = None
            reasons.append(
                f"the gradient comes from beyond where NaN does: an operation before {layer!r} of "
                f"{adapted.name} turns NaN into numbers"
            )
    elif measure:
        reasons.append(f"{adapted.name} gives no gradients, so nothing was measured")
    if box is None and gradient is None:
        raise UnsupportedMethod("; ".join(reasons))
    return ReceptiveField(
        layer,
        place,
        channel,
        box,
        box is not None and fills(adapted, first[:1], reading, place, box, seed),
        "; ".join(reasons),
        gradient,
        placement,
        0 if source is None else len(image) if isinstance(image, list | tuple) else 1,
        source,
        adapted.name,
    )


def _checked_cell(reading: Reading, cell: tuple[int, int] | None) -> tuple[int, ...]:
    grid = reading.grid
    if cell is None:
        return tuple(size // 2 for size in grid)
    found = tuple(int(place) for place in cell)
    if not grid:
        raise InvalidArgument(f"layer {reading.layer!r} has no grid of cells: leave cell out")
    if len(found) != len(grid) or not all(
        -size <= place < size for place, size in zip(found, grid, strict=False)
    ):
        raise InvalidArgument(
            f"cell {cell} does not lie in the grid of layer {reading.layer!r}, "
            f"{' x '.join(map(str, grid))} cells counted from 0 (rows, columns)"
        )
    return tuple(place % size for place, size in zip(found, grid, strict=True))
