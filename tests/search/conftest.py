"""An index of crops of photographs, and queries that are not in it."""

import pytest

from benchmarks.photo_signatures import made
from heatlens.search.signatures import canonical
from tests.search.brute_force import stored
from tests.search.indexed import photo_index


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """An index of 400 crops, with ids and signatures from the table; not to be changed."""
    index = photo_index(tmp_path_factory.mktemp("photos") / "a.lance")
    return index, *stored(index)


@pytest.fixture(scope="module")
def queries():
    """Crops that no row was made from."""
    return [canonical(*pair) for pair in zip(*made(0, 12, 12, False, 99), strict=True)]
