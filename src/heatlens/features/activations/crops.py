"""What a cell saw of a picture, cut from the original pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from heatlens.errors import InvalidArgument, UnknownName, UnsupportedMethod
from heatlens.features.activations.measured_field import box_holding, slope
from heatlens.features.activations.reach import Box, fields
from heatlens.features.activations.reading import Reading, reading_of
from heatlens.features.activations.streaming import Picture
from heatlens.image import Image
from heatlens.images.geometry import Placement
from heatlens.images.read import read_image
from heatlens.models.inputs.picture import PreparedPicture
from heatlens.models.prepare import prepared
from heatlens.models.protocol import Model

__all__ = ["FIELDS", "Crop", "cut_crops", "on_picture"]

FIELDS = ("auto", "architecture", "measured")
"""Which field a crop shows; see `TopPictures.crops`."""

_MOST = 0.6
"""Share of the input above which "auto" takes the measured field instead."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A cut of a picture.

    Attributes:
        image: the cut.
        box: top, left, bottom, right in pixels of the picture.
        kind: "architecture" or "measured", which field it is.
        whole: the picture.
    """

    image: Image
    box: Box
    kind: str
    whole: Image = field(repr=False)


def cut_crops(
    model: Model,
    layer: str,
    channel: int,
    wanted: Sequence[tuple[Picture, tuple[int, ...]]],
    fit: str | None,
    field: str,
) -> list[Crop]:
    """The crops of some pictures' cells; see `TopPictures.crops`."""
    if field not in FIELDS:
        raise UnknownName("field", field, FIELDS)
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], Box | None] = {}
    crops = []
    for picture, cell in wanted:
        if picture.source is None:
            raise InvalidArgument(
                f"{picture.name} came by in a stream and cannot be read again: give a folder, or a "
                "list of paths or pictures"
            )
        source = read_image(picture.source)
        ready = prepared(model, source, fit)
        if not isinstance(ready, PreparedPicture):
            raise InvalidArgument(f"crops are cut from pictures, not from axes {source.axes!r}")
        reading = reading_of(model, ready.batch, layer)
        where = ready.placements[0]
        key = tuple(ready.batch.shape), cell
        if field != "measured" and key not in known:
            known[key] = _by_architecture(model, ready, reading, cell, channel)
        box, kind = known.get(key), "architecture"
        if field == "architecture" and box is None:
            raise UnsupportedMethod(
                f"which pixels reach layer {layer!r} by architecture cannot be followed in "
                f"{model.name}: take field='measured'"
            )
        if box is None or (field == "auto" and _share(box, where) > _MOST):
            box, kind = _measured(model, ready, reading, cell, channel, box), "measured"
        top, left, bottom, right = on_picture(where, box)
        name = f"{source.name} [{top}:{bottom}, {left}:{right}]"
        cut = source.with_(
            pixels=source.pixels[top:bottom, left:right],
            alpha=None if source.alpha is None else source.alpha[top:bottom, left:right],
            affine=None,
            name=name,
        )
        crops.append(Crop(cut, (top, left, bottom, right), kind, source))
    return crops


def on_picture(where: Placement, box: Box) -> Box:
    """A box of the model's input in whole pixels of the picture, cut at its borders, never empty.

    Example:
        >>> on_picture(Placement((100, 200), (50, 50), (0.5, 0.5), (0.0, -25.0)), (0, 10, 20, 50))
        (0, 70, 40, 150)
    """
    corners = where.to_original([box[:2], box[2:]])
    edges = []
    for axis in (0, 1):
        size = where.original[axis]
        # Rounding of the scale must not add a row of pixels.
        first = min(max(math.floor(corners[0, axis] + 1e-6), 0), size - 1)
        last = min(max(math.ceil(corners[1, axis] - 1e-6), first + 1), size)
        edges.append((first, last))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _by_architecture(
    model: Model, ready: PreparedPicture, reading: Reading, cell: tuple[int, ...], channel: int
) -> Box | None:
    try:
        return fields(model, ready.batch, reading, [cell], channel)[0]
    except UnsupportedMethod:
        return None


def _measured(
    model: Model,
    ready: PreparedPicture,
    reading: Reading,
    cell: tuple[int, ...],
    channel: int,
    instead: Box | None,
) -> Box:
    """The box that holds 95 % of the gradient; `instead` where there is none."""
    height, width = ready.placements[0].input
    whole = (0, 0, height, width) if instead is None else instead
    if "gradient" not in model.capabilities:
        return whole
    found = slope(model, ready.batch, reading, cell, channel, 0)
    return box_holding(found) if found.any() else whole


def _share(box: Box, where: Placement) -> float:
    area = (box[2] - box[0]) * (box[3] - box[1])
    return area / (where.input[0] * where.input[1])
