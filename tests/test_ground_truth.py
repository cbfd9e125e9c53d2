"""The figure the project stands on: maps of a network that is right point at the object."""

import pytest

from heatlens.testing.ground_truth import VIEWS, ground_truth
from heatlens.testing.localisation import NULL_MAPS

pytest.importorskip("sklearn", reason="scenes need the extra `scenes`")


@pytest.mark.parametrize(("view", "count"), [(VIEWS[0], 500), (VIEWS[-1], 160)])
def test_maps_point_at_the_object_and_null_maps_do_not(view, count):
    measured = ground_truth(count=count, views=(view,))
    found = measured[view.name]
    assert found.count >= 0.9 * count
    assert found.hit_rate >= 0.90
    assert found.gain >= 3
    for null in NULL_MAPS:
        assert found.hit_rate >= measured[null].hit_rate + 0.30
