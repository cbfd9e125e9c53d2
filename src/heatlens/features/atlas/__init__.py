"""The activation atlas: what a layer sees over a whole folder, on one map.

| file | what it gives |
|---|---|
| `collect` | one random cell's activations for each picture of a folder, streamed |
| `plane` | the activations laid out on a plane: t-SNE, or principal components |
| `layout` | `atlas_layout`: the plane in tiles, each with its mean direction |
| `atlas` | `activation_atlas`: every tile's direction visualised, as one picture |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.features.atlas.atlas import ActivationAtlas, activation_atlas
    from heatlens.features.atlas.collect import CollectedCells, collect_cells
    from heatlens.features.atlas.layout import AtlasLayout, atlas_layout

__all__ = [
    "ActivationAtlas",
    "AtlasLayout",
    "CollectedCells",
    "activation_atlas",
    "atlas_layout",
    "collect_cells",
]

_HOME = {
    "ActivationAtlas": "atlas",
    "AtlasLayout": "layout",
    "CollectedCells": "collect",
    "activation_atlas": "atlas",
    "atlas_layout": "layout",
    "collect_cells": "collect",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
