"""The figure the project stands on: maps of a network that is right point at the object."""

import pytest

from heatlens.testing.ground_truth import VIEWS, ground_truth
from heatlens.testing.localisation import NULL_MAPS

pytest.importorskip("sklearn", reason="scenes need the extra `scenes`")


@pytest.fixture(scope="module")
def measured():
    return ground_truth(count=160, views=(VIEWS[0], VIEWS[-1]))


@pytest.mark.parametrize("view", [VIEWS[0], VIEWS[-1]], ids=lambda view: view.name)
def test_the_hottest_point_lies_on_the_object(measured, view):
    found = measured[view.name]
    assert found.count >= 140
    assert found.hit_rate >= 0.90
    assert found.gain >= 3


@pytest.mark.parametrize("null", NULL_MAPS)
def test_maps_that_know_nothing_stay_far_behind(measured, null):
    best_excuse = measured[null].hit_rate
    for view in (VIEWS[0], VIEWS[-1]):
        assert measured[view.name].hit_rate >= best_excuse + 0.30
