"""Objectives from what a person writes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, InvalidType, UnknownName, did_you_mean
from heatlens.features.visualisation.objectives.channel import Channel
from heatlens.features.visualisation.objectives.layer import Layer
from heatlens.features.visualisation.objectives.logit import Logit
from heatlens.features.visualisation.objectives.neuron import Neuron
from heatlens.features.visualisation.objectives.objective import Objective
from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["as_objective"]

_TERMS = re.compile(r"\s+([+-])\s+")
_FACTORS = re.compile(r"\s*\*\s*")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def as_objective(spec: Any, model: Model) -> Objective:
    """Whatever names an objective, as one.

    Args:
        spec: an `Objective`; a `Target` or class index (its logit); or words, joined by " + ",
            " - " and "*", each of them

            - "layer4:12": channel 12 of layer4, or unit 12 of a layer without cells;
            - "layer4:12@3,5": its neuron at row 3, column 5; "@centre" in the middle;
            - "layer4": the whole layer (DeepDream);
            - "logit:tabby" or "logit:281": a class; a label alone means it too;
            - a number, as a factor.
        model: whose layers and labels count.

    Raises:
        InvalidArgument: words that are none of these.

    Example:
        >>> from heatlens.models.load import load_model
        >>> model = load_model("bundled:scene-cnn")
        >>> print(as_objective("stage3:4 - 0.5*stage3:5@centre", model))
        stage3:4 - 0.5 * stage3:5@centre
        >>> print(as_objective("digit 3", model))
        logit:digit 3
    """
    if isinstance(spec, Objective):
        return spec
    if isinstance(spec, Target) or (isinstance(spec, int | np.integer) and type(spec) is not bool):
        return Logit(spec if isinstance(spec, Target) else int(spec))
    if not isinstance(spec, str):
        raise InvalidType(
            f"{spec!r} is no objective: give words like 'layer4:12' or 'logit:tabby', a class "
            "index, a heatlens target, or an objective such as Channel('layer4', 12)"
        )
    words = spec.strip()
    if words.startswith("logit:") and _is_label(words[6:], model):
        return Logit(words[6:].strip())
    if _is_label(words, model):
        return _class(words, model)
    first, *rest = _TERMS.split(spec.strip())
    total = _product(first, model, spec)
    for sign, words in zip(rest[::2], rest[1::2], strict=True):
        term = _product(words, model, spec)
        total = total + term if sign == "+" else total - term
    return total


def _product(words: str, model: Model, whole: str) -> Objective:
    number, factor = 1.0, None
    for part in _FACTORS.split(words):
        if _NUMBER.fullmatch(part):
            number *= float(part)
        else:
            unit = _unit(part, model, whole)
            factor = unit if factor is None else factor * unit
    if factor is None:
        raise InvalidArgument(f"objective {whole!r}: {words!r} names no layer and no class")
    return factor if number == 1 else number * factor


def _unit(words: str, model: Model, whole: str) -> Objective:
    text = words.strip()
    if text.startswith("-") and text[1:].strip():
        return -_unit(text[1:], model, whole)
    if _is_label(text, model):
        return _class(text, model)
    layer, colon, what = (part.strip() for part in text.rpartition(":"))
    if not text or (colon and (not layer or not what)):
        raise InvalidArgument(f"objective {whole!r}: write LAYER:CHANNEL, such as 'layer4:12'")
    if layer == "logit" and layer not in model.layers():
        return Logit(int(what) if what.isdecimal() and not _is_label(what, model) else what)
    if not colon:
        near = did_you_mean(text, model.contract.labels, count=1)
        if near and text not in model.layers() and not did_you_mean(text, model.layers()):
            raise UnknownName("class", text, model.contract.labels)
        return Layer(text)
    channel, at, cell = (part.strip() for part in what.partition("@"))
    if not channel.isdecimal():
        hint = "; write ' + ' and ' - ' with spaces around them" if channel[:1].isdecimal() else ""
        raise InvalidArgument(
            f"objective {whole!r}: {channel!r} is no number of a channel of {layer!r}{hint}"
        )
    if not at:
        return Channel(layer, int(channel))
    return Neuron(layer, int(channel), _cell(cell, whole))


def _class(label: str, model: Model) -> Objective:
    if label in model.layers():
        raise InvalidArgument(
            f"{label!r} is a class and a layer: write 'logit:{label}', or heatlens.features.Layer"
            f"({label!r})"
        )
    return Logit(label)


def _cell(words: str, whole: str) -> tuple[int, ...] | None:
    if words in ("centre", "center"):
        return None
    numbers = [part.strip() for part in words.split(",")]
    if not all(number.isdecimal() for number in numbers):
        raise InvalidArgument(
            f"objective {whole!r}: write a cell as @ROW,COLUMN, such as '@3,5', or '@centre'"
        )
    return tuple(map(int, numbers))


def _is_label(words: str, model: Model) -> bool:
    wanted = words.strip().casefold()
    return any(label.casefold() == wanted for label in model.contract.labels)
