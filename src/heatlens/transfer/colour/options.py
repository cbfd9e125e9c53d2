"""What each method of colour transfer takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from heatlens.distributions.given import checked_seed, checked_whole
from heatlens.errors import InvalidArgument, InvalidType, UnknownName

__all__ = ["METHODS", "check_options"]

METHODS = ("exact", "regularised", "pixelwise")

_OPTIONS = {
    "exact": ("smoothness", "stages"),
    "regularised": ("smoothness",),
    "pixelwise": ("sweeps",),
}
"""Which of the options each method takes."""


def check_options(method: str, k: Any, seed: Any, **options: Any) -> None:
    """An error for a number out of range and for an option that the method does not take."""
    if method not in METHODS:
        raise UnknownName("method of colour transfer", method, METHODS)
    checked_whole(k, "k")
    checked_seed(seed)
    for name, value in options.items():
        if value is None:
            continue
        if name not in _OPTIONS[method]:
            raise InvalidArgument(
                f"{method!r} has no {name} (got {value!r}); of {', '.join(options)} it takes "
                f"{' and '.join(_OPTIONS[method])}"
            )
        if name == "smoothness":
            _check_smoothness(value)
        else:
            checked_whole(value, name)


def _check_smoothness(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InvalidType(f"smoothness is {value!r}; it is a number of CIELAB units")
    if not (np.isfinite(value) and value > 0):
        raise InvalidArgument(f"smoothness is {value}; CIELAB units, finite and above 0, are meant")
