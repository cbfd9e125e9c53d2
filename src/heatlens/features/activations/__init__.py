"""What a layer says: channels, projections, top pictures, receptive fields.

| file | what it gives |
|---|---|
| `layer` | `layer_activations`: every channel of a layer on its grid, and as heatmaps |
| `grid` | `channel_grid`: many channels beside each other on one scale |
| `top` | `top_pictures`: the pictures of a folder that drive each channel most |
| `field` | `receptive_field`: what a unit can see, and what it does see |
| `tree` | `layer_tree`: all layers with the shapes of their outputs |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.features.activations.field import ReceptiveField, receptive_field
    from heatlens.features.activations.grid import channel_grid
    from heatlens.features.activations.layer import LayerActivations, layer_activations
    from heatlens.features.activations.top import top_pictures
    from heatlens.features.activations.top_result import TopPictures
    from heatlens.features.activations.tree import LayerLine, layer_tree

__all__ = [
    "LayerActivations",
    "LayerLine",
    "ReceptiveField",
    "TopPictures",
    "channel_grid",
    "layer_activations",
    "layer_tree",
    "receptive_field",
    "top_pictures",
]

_HOME = {
    "LayerActivations": "layer",
    "LayerLine": "tree",
    "ReceptiveField": "field",
    "TopPictures": "top_result",
    "channel_grid": "grid",
    "layer_activations": "layer",
    "layer_tree": "tree",
    "receptive_field": "field",
    "top_pictures": "top",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
