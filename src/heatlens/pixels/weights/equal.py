"""All features count alike, each in its own standard deviations."""

from __future__ import annotations

import numpy as np

from heatlens.pixels.part import WEIGHTINGS, register
from heatlens.pixels.stack import FeatureStack
from heatlens.pixels.weighing import Weights, standardised, weighed

__all__ = ["equal"]


@register(WEIGHTINGS)
def equal(stack: FeatureStack) -> Weights:
    """The mean of the standardised features."""
    middle, spread, notes = standardised(stack)
    shares = np.full(len(middle), 1 / len(middle))
    return weighed(stack, shares, middle, spread, "equal", notes=notes)
