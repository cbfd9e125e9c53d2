"""Parameters of registered functions: what they are, and whether given ones fit."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from heatlens.errors import InvalidArgument, did_you_mean

__all__ = ["check_at_least", "check_kind", "checked_parameters", "parameters_of", "summary_of"]


def parameters_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Names and defaults of the parameters that a function takes by keyword alone.

    Example:
        >>> def blur(image, *, sigma=2.0): ...
        >>> parameters_of(blur)
        {'sigma': 2.0}
    """
    return dict(_by_keyword_alone(function))


@functools.lru_cache(256)  # a signature takes longer to read than a small map to compute
def _by_keyword_alone(function: Callable[..., Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, item.default)
        for name, item in inspect.signature(function).parameters.items()
        if item.kind is inspect.Parameter.KEYWORD_ONLY
    )


def summary_of(item: object) -> str:
    """First paragraph of a docstring, as one line."""
    return (inspect.getdoc(item) or "").split("\n\n")[0].replace("\n", " ")


def checked_parameters(
    owner: str, given: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """The full parameters: the known ones with their defaults, replaced by those given.

    Args:
        owner: whose they are, for messages ("gradcam").
        given: what the caller said.
        known: all that there are, with their defaults.

    Raises:
        InvalidArgument: an unknown name (with the nearest), or a value of another kind than the
            default, which would mean something by accident.

    Example:
        >>> checked_parameters("blur", {"sigm": 1.0}, {"sigma": 2.0})
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: blur has no parameter 'sigm'; did you mean 'sigma'? It takes: sigma
    """
    for name in given:
        if name not in known:
            near = did_you_mean(name, known)
            hint = f"; did you mean {near[0]!r}? It" if near else ". It"
            takes = ", ".join(known) or "none"
            raise InvalidArgument(f"{owner} has no parameter {name!r}{hint} takes: {takes}")
    for name, value in given.items():
        check_kind(owner, name, value, known[name])
    return {**known, **given}


def check_kind(owner: str, name: str, value: Any, default: Any) -> None:
    """Refuse a value of another kind than the default; where that is None, anything goes.

    Where the default is a name, what is neither a name nor a number (an array, a function) may
    stand for one: the function knows.
    """
    if name == "layer":
        expected, fits = "a layer's name", value is None or isinstance(value, str)
    elif isinstance(default, bool):
        expected, fits = "True or False", isinstance(value, bool)
    elif isinstance(default, int):
        whole = isinstance(value, int | np.integer)
        expected, fits = "a whole number", whole and not isinstance(value, bool)
    elif isinstance(default, float):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        expected, fits = "a finite number", number and math.isfinite(value)
    elif isinstance(default, str):
        no_name = value is None or isinstance(value, bool | int | float | np.number)
        expected, fits = f"a name, as {default!r} is", not no_name
    elif isinstance(default, tuple):
        listed = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
        expected, fits = f"a list, as {default} is", listed
    else:
        return
    if not fits:
        raise InvalidArgument(f"{owner}: {name} is {value!r}; it must be {expected}")


def check_at_least(owner: str, least: float, **values: float) -> None:
    """Refuse numbers below `least`, and NaN.

    Example:
        >>> check_at_least("blur", 0, sigma=-1.0)
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: blur: sigma is -1.0; it must be 0 or more
    """
    for name, value in values.items():
        if not value >= least:
            raise InvalidArgument(f"{owner}: {name} is {value!r}; it must be {least:g} or more")
