"""The model of `heatlens explain`: loaded, with what had to be assumed said; a method that suits it."""

from __future__ import annotations

import math
import warnings
from typing import Any

from heatlens.attribution.method import METHODS
from heatlens.cli.exits import report
from heatlens.errors import AssumptionWarning, InvalidArgument
from heatlens.models.load import load_model
from heatlens.models.protocol import Model

__all__ = ["chosen_method", "input_size_of", "loaded", "numbers", "weights_of"]

_PICTURES = ("gradcam", "integrated-gradients", "rise")
_WORDS = ("integrated-gradients", "feature-ablation")


def loaded(name: str, **wishes: Any) -> Model:
    """`load_model`, with its warning as one line that names the options of the shell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        model = load_model(name, **wishes)
    if model.contract.assumed:
        report(
            f"{model.name} does not say how its input is prepared, so this is assumed: "
            f"{'; '.join(model.contract.assumed)}. --input-size, --mean, --std, --value-range and "
            "--channel-order say what holds"
        )
    return model


def chosen_method(model: Model, words: str | None) -> str:
    """The first of the usual methods that the model can run; one that is not the first is told.

    Args:
        model: what it can be asked for counts.
        words: the text that is explained instead of a picture, if any.
    """
    usual = _PICTURES if words is None else _WORDS
    able = [name for name in usual if METHODS[name].needs <= model.capabilities]
    if not able or able[0] == usual[0]:
        return usual[0]
    missing = ", ".join(sorted(METHODS[usual[0]].needs - model.capabilities))
    report(
        f"{model.name} cannot give {missing}, which {usual[0]} needs: {able[0]} is taken instead; "
        "--method chooses another"
    )
    return able[0]


def numbers(option: str, text: str | None, count: int | None = None) -> tuple[float, ...] | None:
    """Numbers with commas between them.

    Args:
        option: for the message.
        text: what was typed; None if nothing was.
        count: how many there must be; None: any number.

    Raises:
        InvalidArgument: they are no numbers, or not as many.

    Example:
        >>> numbers("--mean", "0.5, 0.4,0.3")
        (0.5, 0.4, 0.3)
    """
    if text is None:
        return None
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(map(math.isfinite, found)) or count not in (None, len(found)):
        example = "0,255" if count == 2 else "0.5 or 0.485,0.456,0.406"
        raise InvalidArgument(f"{option} {text!r}: write numbers, such as {example}")
    return found


def input_size_of(text: str | None, option: str = "--input-size") -> int | tuple[int, ...] | None:
    """What `--input-size` says: 224, or numbers with an x between them.

    Raises:
        InvalidArgument: it is something else.

    Example:
        >>> input_size_of("224x320")
        (224, 320)
    """
    if text is None:
        return None
    parts = text.lower().split("x")
    if not all(part.strip().isdecimal() for part in parts):
        raise InvalidArgument(f"{option} {text!r}: write 224, or 224x320 (rows x columns)")
    sides = tuple(int(part) for part in parts)
    return sides[0] if len(sides) == 1 else sides


def weights_of(text: str | None) -> bool | str:
    """What `--weights` says: a file, 'random' (False), or nothing (True: the model's own)."""
    if text is None:
        return True
    return False if text == "random" else text
