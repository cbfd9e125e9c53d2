"""What `ImageIndex` says to queries and numbers that cannot be used."""

import numpy as np
import pytest

from benchmarks.photo_signatures import thumbnails
from heatlens.distributions import as_distribution
from heatlens.errors import HeatlensError, InvalidArgument, InvalidType
from heatlens.image import Image


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("nowhere.jpg", "nowhere.jpg"),
        (np.zeros((4, 4, 3)), "ndarray cannot be looked up"),
        (None, "NoneType cannot be looked up"),
        (([1.0], [[1.0, 2.0]]), "2 coordinates, those of the index 3"),
        (([1.0, 1.0], [[1.0, 2.0, 3.0]]), "2 weights and 1 points"),
        (([1.0], [[np.nan, 0, 0]]), r"\[0, 0\] is nan"),
        (([np.nan], [[0.0, 0, 0]]), "is nan"),
        (([-1.0], [[0.0, 0, 0]]), "negative"),
        (([0.0], [[0.0, 0, 0]]), "no mass"),
        (([1.0], [[1e20, 0, 0]]), "up to 1e\\+15"),
        (([1.0], [[0.0, 0, 0]], ["id"]), "tuple of 3"),
        ("other kind", "index is on 'signature'"),
    ],
)
def test_queries_that_cannot_be_used(photos, query, words):
    index, _, _ = photos
    if isinstance(query, str) and query == "other kind":
        query = as_distribution(Image(thumbnails(1, 16)[0]), "histogram")
    for ask in (index.search, lambda q: index.range(q, 1.0), lambda q: index.search_batch([q])):
        with pytest.raises((HeatlensError, OSError), match=words) as caught:
            ask(query)
        assert isinstance(caught.value, ValueError | TypeError | OSError)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"k": 0}, InvalidArgument),
        ({"k": -3}, InvalidArgument),
        ({"k": 2.5}, (InvalidArgument, InvalidType)),
        ({"k": "ten"}, (InvalidArgument, InvalidType)),
        ({"k": True}, (InvalidArgument, InvalidType)),
        ({"threads": 0}, InvalidArgument),
        ({"where": "no_such_column = 1"}, InvalidArgument),
        ({"where": "id ="}, InvalidArgument),
        ({"where": 5}, (InvalidArgument, InvalidType)),
    ],
)
def test_arguments_that_cannot_be_used(photos, queries, given, kind):
    index, _, _ = photos
    with pytest.raises(kind):
        index.search(queries[0], **given)
    with pytest.raises(kind):
        index.search_batch(queries[:1], **given)


@pytest.mark.parametrize("radius", [-1.0, np.nan, "far", None])
def test_a_radius_is_a_distance(photos, queries, radius):
    index, _, _ = photos
    for ask in (lambda: index.range(queries[0], radius), lambda: index.duplicates(radius)):
        with pytest.raises((InvalidArgument, InvalidType), match="radius"):
            ask()


def test_many_queries_are_a_list(photos, queries):
    index, _, _ = photos
    for given in ("photo.jpg", iter(queries), 5):
        with pytest.raises(InvalidType, match="give a list"):
            index.search_batch(given)
