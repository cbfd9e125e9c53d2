"""From names to interventions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.importance.interventions.channel import Channel
from heatlens.importance.interventions.concept import ConceptDirection
from heatlens.importance.interventions.intervention import KINDS, Intervention
from heatlens.importance.interventions.region import regions
from heatlens.importance.pictures.concept import Concept
from heatlens.models.protocol import Model

__all__ = ["interventions_for"]


def interventions_for(features: Any, model: Model) -> tuple[Intervention, ...]:
    """The interventions that are meant.

    Args:
        features: an `Intervention`; a `Concept`, which is read along its direction and moved along
            its pattern; a name ("brightness", "contrast", "colour", "texture", "regions",
            "regions-4" for 4 x 4 cells, "superpixels-9", "stage3:12" for a channel); a sequence of
            any of these; or None: brightness, contrast, colour (of a network that sees colour),
            texture and nine regions.
        model: the network.

    Raises:
        UnknownName: a name that is none of these.
        InvalidArgument: two features of one name, or none; a concept of maxima.

    Example:
        >>> from heatlens.models.load import load_model
        >>> named = interventions_for(["texture", "stem:3"], load_model("bundled:scene-cnn"))
        >>> [one.name for one in named]
        ['texture', 'stem:3']
    """
    if features is None:
        coloured = model.contract.channels == 3
        features = ["brightness", "contrast", *["colour"] * coloured, "texture", "regions"]
    given = [features] if isinstance(features, str | Intervention | Concept) else features
    if not isinstance(given, list | tuple):
        raise InvalidType(
            f"features is {type(features).__name__}; give interventions, or names such as "
            "'brightness'"
        )
    found = [one for item in given for one in _named(item)]
    if not found:
        raise InvalidArgument("no feature was named; leave features= out for the usual ones")
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise InvalidArgument(f"two features are called {twice[0]!r}; give one another name")
    return tuple(found)


def _named(item: Any) -> tuple[Intervention, ...]:
    if isinstance(item, Intervention):
        return (item,)
    if isinstance(item, Concept):
        if item.pooling == "max":
            raise InvalidArgument(
                f"the concept {item.name!r} was learnt from the largest value of each channel, "
                "which may lie at any place: it has no coefficient that could be replaced; learn "
                "it with pooling='mean'"
            )
        return (ConceptDirection(item.name, item.layer, item.direction, item.pattern),)
    if isinstance(item, list | tuple):  # what regions() and segments() return
        return tuple(one for inner in item for one in _named(inner))
    if not isinstance(item, str):
        raise InvalidType(
            f"{item!r} is no feature of pictures; give an Intervention or a name such as "
            f"{', '.join(repr(name) for name, kind in KINDS.items() if kind.make)}"
        )
    layer, colon, index = item.rpartition(":")
    if colon and index.isdecimal():
        return (Channel(layer, int(index)),)
    kind, dash, number = item.partition("-")
    if dash and number.isdecimal() and kind in ("regions", "superpixels"):
        return regions(int(number) if kind == "regions" else item)
    made = KINDS[item].make
    if made is None:
        raise InvalidArgument(f"{item!r} has to say which: {KINDS[item].written.replace('`', '')}")
    return made()
