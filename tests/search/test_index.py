"""`ImageIndex` finds what solving everything finds, whatever the kind and the history."""

import threading

import numpy as np
import ot
import pytest

from benchmarks.photo_signatures import made, thumbnails
from heatlens import ImageIndex
from heatlens.distributions import as_distribution
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.provenance import Provenance
from heatlens.search.signatures import canonical
from tests.search.brute_force import all_distances, assert_nearest, close, stored
from tests.search.indexed import KINDS, names, photo_index


def test_equals_brute_force_and_pot(photos, queries):
    index, ids, rows = photos
    for number, query in enumerate(queries):
        distances = all_distances(rows, *query)
        for k in (1, 10, 399, 400, 1000):
            assert_nearest(index.search(query, k), ids, distances, k)
        a, x = rows[number]
        cost = ot.dist(np.float64(x), np.float64(query[1]), metric="euclidean")
        shares = [np.float64(mass) / np.float64(mass).sum() for mass in (a, query[0])]
        assert distances[number] == pytest.approx(ot.emd2(*shares, cost), rel=1e-9)


def test_range_gives_all_within_and_no_other(photos, queries):
    index, ids, rows = photos
    for query in queries[:4]:
        distances = all_distances(rows, *query)
        order = np.sort(distances)
        for radius in (
            0.0,
            order[0] * 0.999,
            (order[3] + order[4]) / 2,
            order[200] * (1 + 1e-9),
            1e9,
            np.inf,
        ):
            hits = index.range(query, radius)
            assert set(hits.ids) == {name for name, d in zip(ids, distances) if d <= radius}
            assert hits.certified
            assert hits.radius == radius
            assert np.all(np.diff(hits.distances) >= 0)


def test_batches_and_threads_change_nothing(photos, queries):
    index, _, _ = photos
    for given in (
        {"threads": 1},
        {"threads": 2},
        {"threads": 5, "progress": lambda done, total: None},
    ):
        for hits, query in zip(index.search_batch(queries, 7, **given), queries, strict=True):
            one, two = (index.search(query, 7, threads=threads) for threads in (1, 2))
            assert hits.ids == one.ids == two.ids
            assert np.array_equal(hits.distances, one.distances)
            assert np.array_equal(hits.distances, two.distances)
    assert index.search_batch([]) == []


def test_a_stored_row_is_found_at_distance_zero(photos):
    index, ids, rows = photos
    for k in (0, 17, 399):
        hits = index.search(rows[k], 3)
        assert hits[0] == (ids[k], 0.0)
        assert hits.distances[1] > 0
        again = index.search(index.signature(ids[k]), 3)
        assert again.ids == hits.ids


def test_conditions_leave_rows_out(tmp_path, queries):
    weights, points = made(0, 90, 12, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=12)
    for part, tag in ((slice(0, 60), "odd"), (slice(60, 90), "even")):
        index.add((weights[part], points[part], names(90)[part]), tags=[tag])
    ids, rows = stored(index)
    for where, inside in (
        ("array_has(tags, 'even')", lambda name: name >= "row00060"),
        ("id < 'row00003'", lambda name: name < "row00003"),
        ("id = 'nobody'", lambda name: False),
    ):
        chosen = [k for k, name in enumerate(ids) if inside(name)]
        for query in queries[:3]:
            distances = all_distances([rows[k] for k in chosen], *query) if chosen else np.empty(0)
            assert_nearest(index.search(query, 5, where), [ids[k] for k in chosen], distances, 5)
            [hits] = index.search_batch([query], 5, where)
            assert hits.ids == index.search(query, 5, where).ids
            inside_too = index.range(query, 1e9, where)
            assert set(inside_too.ids) == {ids[k] for k in chosen}


@pytest.mark.parametrize("order", ["as they are", "reversed", "shuffled"])
def test_any_split_and_order_of_adding(tmp_path, photos, queries, order):
    whole, ids, rows = photos
    weights, points = made(0, 400, 12, False, 0)
    rng = np.random.default_rng(5)
    places = {"as they are": np.arange(400), "reversed": np.arange(400)[::-1]}.get(order)
    places = rng.permutation(400) if places is None else places
    index = ImageIndex.create(tmp_path / "a.lance", k=12, thumbnail=0)
    for piece in np.split(places, np.sort(rng.choice(399, 4, replace=False)) + 1):
        index.add((weights[piece], points[piece], [names(400)[k] for k in piece]))
        index.search(queries[0], 1)  # the working set grows with each
    for query in queries[:5]:
        found, wanted = index.search(query, 10), whole.search(query, 10)
        assert found.ids == wanted.ids
        assert np.array_equal(found.distances, wanted.distances)
        assert_nearest(found, ids, all_distances(rows, *query), 10)


def test_after_removals_and_replacements(tmp_path, queries):
    weights, points = made(0, 200, 12, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=12, thumbnail=0)
    index.add((weights[:120], points[:120], names(120)))

    def check():
        ids, rows = stored(index)
        for query in (*queries[:2], rows[0], (weights[0], points[0])):
            query = canonical(*query)
            distances = all_distances(rows, *query)
            assert_nearest(index.search(query, 6), ids, distances, 6)
            again = ImageIndex.open(tmp_path / "a.lance").search(query, 6)
            assert again.ids == index.search(query, 6).ids

    check()
    assert index.remove(names(5)) == 5
    check()
    replaced = index.add((weights[120:140], points[120:140], names(20, 50)))
    assert replaced.replaced == 20
    check()
    index.add((weights[:5], points[:5], names(5)))  # what was removed comes back
    check()
    index.compact(keep=0)
    check()
    assert index.remove(where="id >= 'row00030'") == 90
    index.add((weights[140:], points[140:], names(60, 500)))
    check()
    assert len(index) == 90
    index.remove(where="true")
    assert len(index.search(queries[0])) == 0


def test_duplicates_are_ties(tmp_path, queries):
    weights, points = made(0, 30, 12, False, 0)
    three = [np.concatenate([part] * 3) for part in (weights, points)]
    index = ImageIndex.create(tmp_path / "a.lance", k=12, thumbnail=0)
    index.add((*three, names(90)))
    ids, rows = stored(index)
    for query in (*queries[:3], canonical(weights[4], points[4])):
        distances = all_distances(rows, *query)
        for k in (1, 2, 3, 4, 9, 10):
            hits = index.search(query, k)
            assert_nearest(hits, ids, distances, k)
            assert hits.tied == (k % 3 > 0)
    assert len(index.range(canonical(weights[4], points[4]), 0.0)) == 3
    pairs = index.duplicates()
    assert len(pairs) == 90
    assert all(d == 0 and int(a[3:]) % 30 == int(b[3:]) % 30 and a < b for a, b, d in pairs)


def test_graph_duplicates_and_their_brute_force(tmp_path):
    weights, points = made(0, 60, 12, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=12, thumbnail=0)
    index.add((weights, points, names(60)))
    ids, rows = stored(index)
    table = np.array([all_distances(rows, *row) for row in rows])
    place = {name: k for k, name in enumerate(ids)}
    for k in (1, 4, 80):
        graph = index.knn_graph(k)
        assert graph.neighbours.shape == graph.distances.shape == (60, k)
        for own, near, far in zip(graph.ids, graph.neighbours, graph.distances, strict=True):
            others = np.sort(np.delete(table[place[own]], place[own]))[:k]
            count = len(others)
            assert np.all(np.abs(far[:count] - others) <= close(others))
            assert np.all(np.isinf(far[count:]))
            assert np.all(near[count:] == -1)
            assert own not in [graph.ids[n] for n in near[:count]]
    radius = float(np.sort(table[np.triu_indices(60, 1)])[25] * (1 + 1e-9))
    found = index.duplicates(radius)
    wanted = {
        tuple(sorted((ids[i], ids[j])))
        for i, j in zip(*np.triu_indices(60, 1))
        if table[i, j] <= radius
    }
    assert {(a, b) for a, b, _ in found} == wanted
    assert [d for *_, d in found] == sorted(d for *_, d in found)


def test_classify_votes_as_counted_by_hand(tmp_path, queries):
    weights, points = made(0, 60, 12, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=12, thumbnail=0)
    for part, tag in ((slice(0, 20), "a"), (slice(20, 40), "b"), (slice(40, 60), "c")):
        index.add((weights[part], points[part], names(60)[part]), tags=[tag])
    for query in queries[:5]:
        said = index.classify(query, 5)
        labels = ["abc"[int(name[3:]) // 20] for name, _ in said.hits]
        assert said.votes == {label: labels.count(label) for label in said.votes}
        assert sum(said.votes.values()) == 5
        assert said.votes[said.label] == max(said.votes.values())
    with pytest.raises(InvalidArgument, match="has a tag"):
        photo_index(tmp_path / "b.lance", 5).classify(queries[0])


def test_leave_one_out_on_digits(tmp_path):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images, labels = images[:240], labels[:240]
    grid = np.stack(np.mgrid[:8, :8], -1).reshape(-1, 2).astype(float)
    rows = [canonical(image, grid) for image in images]
    index = ImageIndex.create(tmp_path / "a.lance", "mass", thumbnail=0)
    for label in range(10):
        own = np.flatnonzero(labels == label)
        index.add((images[own], [grid] * len(own), [str(k) for k in own]), tags=[str(label)])
    table = np.array([all_distances(rows, *row) for row in rows])
    np.fill_diagonal(table, np.inf)
    right = 0
    for k, distances in enumerate(table):
        near = np.argsort(distances)[:3]
        votes = np.bincount(labels[near], minlength=10)
        best = np.flatnonzero(votes == votes.max())
        sums = [distances[near[labels[near] == label]].sum() for label in best]
        right += best[int(np.argmin(sums))] == labels[k]
    assert index.leave_one_out(3) == right / 240


@pytest.fixture
def cut_short(monkeypatch):
    """However few rows there are."""
    for module in ("searcher", "recall"):
        monkeypatch.setattr(f"heatlens.search.{module}.FEW", 0)


def test_few_rows_are_searched_exactly_in_any_case(photos, queries):
    index, _, _ = photos
    hits = index.search(queries[0], exact=False)
    assert hits.certified
    assert list(hits) == list(index.search(queries[0]))


def test_recall_is_kept_with_the_index(tmp_path, cut_short, monkeypatch):
    weights, points = made(0, 300, 8, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=8, thumbnail=0)
    index.add((weights, points, names(300)))
    found = index.recall(5, queries=20)
    assert 0.5 < found <= 1
    monkeypatch.setattr("heatlens.search.recall._measured", lambda *_: pytest.fail("once more"))
    assert ImageIndex.open(tmp_path / "a.lance").recall(5, queries=20) == found
    for wrong in (0, 1.5):
        with pytest.raises((InvalidArgument, InvalidType)):
            index.recall(5, queries=wrong)


def test_approximate_search_says_how_good_it_is(tmp_path, cut_short):
    weights, points = made(0, 3000, 16, False, 0)
    index = ImageIndex.create(tmp_path / "a.lance", k=16, thumbnail=0)
    index.add((weights, points, names(3000)))
    common = 0
    queries = list(zip(*made(0, 60, 16, False, 99), strict=True))
    for query in queries:
        short, exact = index.search(query, 10, exact=False), index.search(query, 10)
        assert not short.certified
        assert len(short) == 10
        assert exact.recall is None
        assert 0.9 <= short.recall <= 1
        common += int((short.distances <= exact.distances[-1] * (1 + 1e-9)).sum())
        rows = [index.signature(name) for name in short.ids[:2]]
        assert np.all(np.abs(all_distances(rows, *canonical(*query)) - short.distances[:2]) < 1e-9)
    assert common / (10 * len(queries)) >= 0.95


def test_approximate_search_of_few_rows_gives_them_all(photos, queries, cut_short):
    index, _, _ = photos
    assert len(index.search(queries[0], 1000, exact=False)) == 400
    assert len(index.search(queries[0], 399, exact=False)) == 399


def test_empty_one_row_and_rows_of_one_point(tmp_path):
    index = ImageIndex.create(tmp_path / "a.lance", thumbnail=0)
    query = ([1.0], [[50.0, 0.0, 0.0]])
    for hits in (index.search(query), index.range(query, 10), index.search(query, exact=False)):
        assert (len(hits), hits.certified, hits.images) == (0, True, 0)
    assert index.search_batch([query, query])[1].ids == ()
    assert index.duplicates() == []
    assert index.knn_graph(3).ids == ()
    index.add(([[1.0]], [[[50.0, 3.0, 4.0]]], ["one"]))
    assert list(index.search(query)) == [("one", 5.0)]
    assert index.knn_graph(2).neighbours.tolist() == [[-1, -1]]
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 1, 3)) * 20
    index.add((np.ones((300, 1)), points, names(300)))
    ids, rows = stored(index)
    distances = np.linalg.norm(np.float64([x[0] for _, x in rows]) - query[1], axis=1)
    for k in (1, 5, 301):
        assert_nearest(index.search(query, k), ids, distances, k)


def test_rows_of_very_different_sizes(tmp_path):
    rng = np.random.default_rng(1)
    sizes = rng.choice([1, 2, 17, 64, 150], 80)
    weights = [rng.random(n) for n in sizes]
    points = [rng.normal(size=(n, 3)) * 10 + rng.normal(size=3) * 20 for n in sizes]
    index = ImageIndex.create(tmp_path / "a.lance", thumbnail=0)
    index.add((weights, points, names(80)))
    ids, rows = stored(index)
    for n in (1, 40, 200):
        query = canonical(rng.random(n), rng.normal(size=(n, 3)) * 15)
        assert_nearest(index.search(query, 9), ids, all_distances(rows, *query), 9)


@pytest.mark.parametrize("on", KINDS)
def test_every_kind_of_distribution(tmp_path, on):
    few = 12 if on == "features" else 40
    crops = [Image(crop, name=f"crop{k}") for k, crop in enumerate(thumbnails(few + 3, 48))]
    index = ImageIndex.create(tmp_path / "a.lance", on, thumbnail=0, **KINDS[on])
    for start, stop in ((0, few // 2), (few // 2, few)):
        assert index.add(crops[start:stop]).failed == ()
    ids, rows = stored(index)
    period = 180.0 if on == "orientation" else None
    for crop in (*crops[few:], crops[0]):
        hits = index.search(crop, 5)
        distances = all_distances(rows, hits.weights, hits.points, period)
        assert_nearest(hits, ids, distances, 5)
        assert_nearest(index.search(crop, few), ids, distances, few)
        inside = index.range(crop, float(np.sort(distances)[few // 2] * (1 + 1e-9)))
        assert len(inside) == few // 2 + 1
    assert hits[0] == ("crop0", 0.0)
    if on not in ("features", "mass"):
        query = as_distribution(crops[few], on, **KINDS[on])
        assert index.search(query, 5).ids == index.search(crops[few], 5).ids


def heatmaps(count, seed=0, signed=False):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:12, :16]
    maps = []
    for k in range(count):
        middle = rng.uniform(0, (12, 16), (2, 2))
        bumps = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in middle]
        values = bumps[0] + (-0.5 if signed else 0.5) * bumps[1]
        maps.append(Heatmap(values.astype(np.float32), Provenance("bumps", image=f"map{seed}-{k}")))
    return maps


@pytest.mark.parametrize("part", [None, "positive", "negative"])
def test_heatmaps_are_searched_like_photographs(tmp_path, part):
    more = {} if part is None else {"part": part}
    index = ImageIndex.create(tmp_path / "a.lance", "mass", grid=(8, 8), thumbnail=0, **more)
    index.add(heatmaps(40, signed=part is not None))
    ids, rows = stored(index)
    for query in heatmaps(3, 1, signed=part is not None):
        hits = index.search(query, 5)
        assert_nearest(hits, ids, all_distances(rows, hits.weights, hits.points), 5)
    own = heatmaps(1, signed=part is not None)[0]
    assert index.search(own, 1)[0] == ("map0-0", 0.0)


def test_around_the_circle_zero_and_the_period_are_one_place(tmp_path):
    index = ImageIndex.create(tmp_path / "a.lance", "orientation", thumbnail=0)
    points = [[[0.0]], [[1.0]], [[90.0]], [[179.0]], [[-1.5]], [[360.5]]]
    index.add(([[1.0]] * 6, points, ["0", "1", "90", "179", "-1.5", "360.5"]))
    found = dict(index.search(([1.0], [[180.0]]), 6))
    wanted = {"0": 0, "1": 1, "90": 90, "179": 1, "-1.5": 1.5, "360.5": 0.5}
    assert found == pytest.approx(wanted, abs=1e-12)
    assert dict(index.search(([1.0], [[-179.0]]), 6))["1"] == pytest.approx(0, abs=1e-12)


def test_hits_tell_what_they_are(photos, queries):
    index, _, _ = photos
    hits = index.search(queries[0], 3)
    assert hits.unit == index.unit == "CIELAB units"
    assert (hits.images, hits.version, hits.certified) == (400, index.version, True)
    assert 3 <= hits.solves <= hits.bounds <= 800
    assert hits.seconds > 0
    assert np.array_equal(hits.points, queries[0][1])
    assert index.rows(hits, ["id"])["id"].to_pylist() == list(hits.ids)
    assert "certified" in repr(hits)


def test_threads_search_while_the_index_grows(tmp_path, queries):
    index = photo_index(tmp_path / "a.lance", 40)
    weights, points = made(0, 140, 12, False, 0)
    counts, answers, failed, done = {index.version: 40}, [], [], threading.Event()

    def ask():
        try:
            while not done.is_set():
                answers.append(index.search(queries[0], 5))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(40, 140, 20):
        piece = slice(start, start + 20)
        index.add((weights[piece], points[piece], names(20, start)))
        counts[index.version] = start + 20
    index.search(queries[0], 5)
    done.set()
    for thread in threads:
        thread.join()
    assert failed == []
    answers.append(index.search(queries[0], 5))
    pairs = [canonical(*pair) for pair in zip(weights, points, strict=True)]
    distances = all_distances(pairs, *queries[0])
    for hits in answers:
        count = counts[hits.version]
        assert_nearest(hits, names(count), distances[:count], 5)
    assert len({hits.version for hits in answers}) > 1
    assert answers[-1].version == index.version
