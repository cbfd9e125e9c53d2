"""The issue's proof at full size: 20,000 crops of photographs, and the digits; all slow."""

import numpy as np
import pytest

from benchmarks.photo_signatures import made, thumbnails
from heatlens import ImageIndex
from heatlens.distributions.constructor import constructors
from heatlens.image import Image
from heatlens.search.signatures import canonical
from tests.search.brute_force import (
    all_distances,
    assert_nearest,
    close,
    distance_table,
    stored,
)
from tests.search.indexed import KINDS, names


@pytest.fixture(scope="module")
def full_size():
    """20,000 signatures of 16 colours by id, 200 queries, and all distances between them."""
    rows, chosen = (
        [canonical(*pair) for pair in zip(*made(0, count, 16, False, seed), strict=True)]
        for count, seed in ((20_000, 0), (200, 99))
    )
    return dict(zip(names(len(rows)), rows, strict=True)), chosen, distance_table(chosen, rows)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shards", [1, 7])
def test_twenty_thousand_crops_and_two_hundred_queries(tmp_path, full_size, shards):
    """The issue's proof at full size; about a minute."""
    known, chosen, table = full_size
    count = len(known)
    weights, points = made(0, count, 16, False, 0)
    places = np.random.default_rng(shards).permutation(count) if shards > 1 else np.arange(count)
    index = ImageIndex.create(tmp_path / "a.lance", k=16, thumbnail=0)
    for piece in np.array_split(places, shards):
        index.add((weights[piece], points[piece], [names(count)[k] for k in piece]))
        index.searcher.view()
    index.remove(names(50))
    ids, rows = stored(index)
    assert set(ids) == set(names(count)[50:])
    for name, row in zip(ids, rows, strict=True):
        assert all(map(np.array_equal, row, known[name]))
    columns = [int(name[3:]) for name in ids]
    answers = index.search_batch(chosen, 10)
    for hits, distances in zip(answers, table, strict=True):
        assert_nearest(hits, ids, distances[columns], 10)


FULL_SIZE = KINDS | {
    "signature": {"k": 8},
    "signature-position": {"k": 8},
    "colour-histogram": {"bins": 3},
    "mass": {"grid": (5, 5)},
    "patches": {"k": 6, "count": 200},
}


def clear_crops(count, seed):
    """So many crops of photographs that are not flat, which have no orientation."""
    drawn = thumbnails(count + count // 10 + 20, 48, seed)
    found = [crop for crop in drawn if crop.mean(-1).std() > 1][:count]
    assert len(found) == count
    return [Image(crop, name=name) for crop, name in zip(found, names(count), strict=True)]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("on", constructors(), ids=lambda on: on.name)
def test_twenty_thousand_crops_of_every_kind(tmp_path, on):
    """20,000 crops in three shards, some removed, and 200 others as queries; a minute or three."""
    crops, others = clear_crops(20_000, 0), clear_crops(200, 99)
    index = ImageIndex.create(tmp_path / "a.lance", on.name, thumbnail=0, **FULL_SIZE[on.name])
    rng = np.random.default_rng(0)
    for piece in np.array_split(rng.permutation(len(crops)), 3):
        assert index.add([crops[k] for k in piece]).failed == ()
        index.searcher.view()
    assert index.remove(names(50, 100)) == 50
    ids, rows = stored(index)
    assert len(ids) == len(crops) - 50
    answers = index.search_batch(others, 10)
    table = distance_table([(hits.weights, hits.points) for hits in answers], rows, on.period)
    for hits, distances in zip(answers, table, strict=True):
        assert_nearest(hits, ids, distances, 10)
    own = all_distances(rows[:40], answers[0].weights, answers[0].points, on.period)
    assert np.all(np.abs(own - table[0, :40]) <= close(own))
    index.compact(keep=0)
    for hits, again in zip(answers, index.search_batch(others, 10), strict=True):
        assert np.array_equal(hits.distances, again.distances)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_digits(tmp_path):
    """1,797 digits as masses on their grid, 200 of them as queries."""
    from sklearn.datasets import load_digits

    images, _ = load_digits(return_X_y=True)
    grid = np.stack(np.mgrid[:8, :8], -1).reshape(-1, 2).astype(float)
    index = ImageIndex.create(tmp_path / "a.lance", "mass", thumbnail=0)
    index.add((images, [grid] * len(images), names(len(images))))
    ids, rows = stored(index)
    for k in np.random.default_rng(0).choice(len(ids), 200, replace=False):
        assert_nearest(index.search(rows[k], 4), ids, all_distances(rows, *rows[k]), 4)
