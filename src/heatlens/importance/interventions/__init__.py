"""What can be changed about a picture, or inside a network: one kind a file.

`KINDS` lists them with what "taken from another picture" and "gone" mean of each; `intervention`
has what they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.importance.interventions.brightness import Brightness
    from heatlens.importance.interventions.channel import Channel, channels
    from heatlens.importance.interventions.colour import Colour
    from heatlens.importance.interventions.concept import ConceptDirection
    from heatlens.importance.interventions.contrast import Contrast
    from heatlens.importance.interventions.intervention import (
        KINDS,
        Intervention,
        Kind,
        LayerIntervention,
        PictureIntervention,
    )
    from heatlens.importance.interventions.layer import Layer
    from heatlens.importance.interventions.region import Region, regions
    from heatlens.importance.interventions.segment import Segment, segments
    from heatlens.importance.interventions.texture import Texture

__all__ = [
    "KINDS",
    "Brightness",
    "Channel",
    "Colour",
    "ConceptDirection",
    "Contrast",
    "Intervention",
    "Kind",
    "Layer",
    "LayerIntervention",
    "PictureIntervention",
    "Region",
    "Segment",
    "Texture",
    "channels",
    "regions",
    "segments",
]

_HOME = {
    "KINDS": "intervention",
    "Brightness": "brightness",
    "Channel": "channel",
    "Colour": "colour",
    "ConceptDirection": "concept",
    "Contrast": "contrast",
    "Intervention": "intervention",
    "Kind": "intervention",
    "Layer": "layer",
    "LayerIntervention": "intervention",
    "PictureIntervention": "intervention",
    "Region": "region",
    "Segment": "segment",
    "Texture": "texture",
    "channels": "channel",
    "regions": "region",
    "segments": "segment",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
