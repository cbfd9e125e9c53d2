"""The claim of the saliency models, on some displays; the benchmark has more, and more kinds."""

import functools

import numpy as np
import pytest

from benchmarks.cases.saliency_models import CLAIMED, PRIOR
from heatlens.perception.displays import hit, popout
from heatlens.perception.model import SALIENCY
from heatlens.statistics import wilson_interval

MANY, SOME = 100, 20
"""Displays of a kind, for models that take milliseconds and for those that take a tenth of a second."""

SLOW = ("boolean-map",)


@functools.cache
def shown(kind, count):
    return [popout(kind, seed=seed) for seed in range(count)]


@pytest.fixture(scope="module", autouse=True)
def _let_go():
    yield
    shown.cache_clear()


def found(name, kind, count):
    displays = shown(kind, count)
    hits = [hit(SALIENCY[name](display.image), display) for display in displays]
    return sum(hits), float(np.mean([display.chance for display in displays]))


@pytest.mark.parametrize("kind", ["colour", "orientation"])
@pytest.mark.parametrize("name", CLAIMED)
def test_the_claimed_models_find_nine_of_ten(name, kind):
    count = SOME if name in SLOW else MANY
    assert found(name, kind, count)[0] >= 0.9 * count


@pytest.mark.parametrize(
    "name", [name for name in SALIENCY if name not in CLAIMED and SALIENCY[name].family != PRIOR]
)
def test_the_others_are_above_chance(name):
    hits, chance = found(name, "colour", 8)
    assert wilson_interval(hits, 8).low > chance


def test_a_prior_is_not():
    """A map of the middle alone: its interval holds what a peak anywhere gets."""
    hits, chance = found("centre-prior", "colour", MANY)
    assert wilson_interval(hits, MANY).holds(chance)


def test_grey_models_do_not_see_colours_of_one_brightness():
    """The control: `channels="grey"` finds what differs in brightness, and nothing else."""
    model = functools.partial(SALIENCY["spectral-residual"].function, channels="grey")
    hits, chance = {}, 0.0
    for kind in ("orientation", "isoluminant"):
        displays = shown(kind, SOME)
        hits[kind] = sum(hit(model(display.image), display) for display in displays)
        chance = float(np.mean([display.chance for display in displays]))
    assert hits["orientation"] >= 0.9 * SOME
    assert wilson_interval(hits["isoluminant"], SOME).low <= chance
