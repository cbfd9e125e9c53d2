"""The two conventions in which published figures are computed."""

from __future__ import annotations

from heatlens.errors import UnknownName

__all__ = ["CONVENTIONS", "EPSILON", "checked_convention"]

CONVENTIONS = ("tuebingen", "mit")
"""As pysaliency and the MIT/Tuebingen benchmark compute, and as the MIT benchmark's Matlab did."""

EPSILON = 2.2204e-16
"""Matlab's eps, as both conventions write it down."""


def checked_convention(convention: str) -> str:
    """The convention, if there is one of that name.

    Raises:
        UnknownName: there is none; the message has the nearest.

    Example:
        >>> checked_convention("mit")
        'mit'
    """
    if convention not in CONVENTIONS:
        raise UnknownName("convention", str(convention), CONVENTIONS)
    return convention
