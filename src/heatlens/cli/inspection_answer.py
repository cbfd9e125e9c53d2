"""What `heatlens inspect --json` says of layers and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from heatlens.features.activations.field import ReceptiveField
from heatlens.features.activations.tree import LayerLine

__all__ = ["told_field", "told_tree"]


def told_tree(names: Sequence[str], lines: Sequence[LayerLine]) -> list[dict[str, Any]]:
    """The layers; without `lines`, their names alone."""
    if not lines:
        return [{"name": name} for name in names]
    return [
        {
            "name": line.name,
            "kind": line.kind,
            "shape": None if line.shape is None else list(line.shape),
            "kernel": list(line.kernel),
            "stride": list(line.stride),
            "words": line.words(),
        }
        for line in lines
    ]


def told_field(field: ReceptiveField) -> dict[str, Any]:
    """A receptive field, boxes as top, left, bottom, right."""
    effective = field.effective_box()
    return {
        "unit": field.unit,
        "channel": field.channel,
        "cell": list(field.cell),
        "input": list(field.placement.input),
        "box": None if field.box is None else list(field.box),
        "exact": field.exact,
        "extent": None if field.extent is None else list(field.extent),
        "clipped": field.clipped,
        "box_on_picture": None if field.box is None else list(field.on_picture(field.box)),
        "effective_box": None if effective is None else list(effective),
        "effective_box_on_picture": (
            None if effective is None else list(field.on_picture(effective))
        ),
        "reason": field.reason,
    }
