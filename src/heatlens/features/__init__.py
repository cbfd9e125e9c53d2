"""Inside the network: what its layers say, and what they would like to see.

| folder | what it gives |
|---|---|
| `activations/` | what layers say of a picture; top pictures; receptive fields |
| `visualisation/` | `visualize`, `invert`, `between`: pictures that units would like to see |
| `atlas/` | all that a layer tells apart, as one map |

Objectives of `visualize`: `Channel`, `Neuron`, `Layer`, `Direction`, `Logit`, `Caricature`,
`Style`, `Match`, and between pictures `Alignment`, `Diversity`; they add, subtract and multiply.
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
    from heatlens.features.atlas.atlas import ActivationAtlas, activation_atlas
    from heatlens.features.atlas.collect import CollectedCells, collect_cells
    from heatlens.features.atlas.layout import AtlasLayout, atlas_layout
    from heatlens.features.visualisation.interpolation import between
    from heatlens.features.visualisation.inversion import invert
    from heatlens.features.visualisation.objectives.alignment import Alignment
    from heatlens.features.visualisation.objectives.caricature import Caricature
    from heatlens.features.visualisation.objectives.channel import Channel
    from heatlens.features.visualisation.objectives.direction import Direction
    from heatlens.features.visualisation.objectives.diversity import Diversity
    from heatlens.features.visualisation.objectives.layer import Layer
    from heatlens.features.visualisation.objectives.logit import Logit
    from heatlens.features.visualisation.objectives.match import Match
    from heatlens.features.visualisation.objectives.neuron import Neuron
    from heatlens.features.visualisation.objectives.objective import Objective
    from heatlens.features.visualisation.objectives.style import Style
    from heatlens.features.visualisation.parametrisations.natural import mean_magnitude
    from heatlens.features.visualisation.result import Visualisation
    from heatlens.features.visualisation.visualize import visualize

__all__ = [
    "ActivationAtlas",
    "Alignment",
    "AtlasLayout",
    "Caricature",
    "Channel",
    "CollectedCells",
    "Direction",
    "Diversity",
    "Layer",
    "LayerActivations",
    "LayerLine",
    "Logit",
    "Match",
    "Neuron",
    "Objective",
    "ReceptiveField",
    "Style",
    "TopPictures",
    "Visualisation",
    "activation_atlas",
    "atlas_layout",
    "between",
    "channel_grid",
    "collect_cells",
    "invert",
    "layer_activations",
    "layer_tree",
    "mean_magnitude",
    "receptive_field",
    "top_pictures",
    "visualize",
]

_OBJECTIVES = "visualisation.objectives"

_HOME = {
    "ActivationAtlas": "atlas.atlas",
    "AtlasLayout": "atlas.layout",
    "CollectedCells": "atlas.collect",
    "activation_atlas": "atlas.atlas",
    "atlas_layout": "atlas.layout",
    "collect_cells": "atlas.collect",
    "Alignment": f"{_OBJECTIVES}.alignment",
    "Caricature": f"{_OBJECTIVES}.caricature",
    "Channel": f"{_OBJECTIVES}.channel",
    "Direction": f"{_OBJECTIVES}.direction",
    "Diversity": f"{_OBJECTIVES}.diversity",
    "Layer": f"{_OBJECTIVES}.layer",
    "LayerActivations": "activations.layer",
    "LayerLine": "activations.tree",
    "Logit": f"{_OBJECTIVES}.logit",
    "Match": f"{_OBJECTIVES}.match",
    "Neuron": f"{_OBJECTIVES}.neuron",
    "Objective": f"{_OBJECTIVES}.objective",
    "ReceptiveField": "activations.field",
    "Style": f"{_OBJECTIVES}.style",
    "TopPictures": "activations.top_result",
    "Visualisation": "visualisation.result",
    "between": "visualisation.interpolation",
    "channel_grid": "activations.grid",
    "invert": "visualisation.inversion",
    "layer_activations": "activations.layer",
    "layer_tree": "activations.tree",
    "mean_magnitude": "visualisation.parametrisations.natural",
    "receptive_field": "activations.field",
    "top_pictures": "activations.top",
    "visualize": "visualisation.visualize",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
