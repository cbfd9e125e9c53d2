"""The exactness rule holds in an engine's own arithmetic; Qdrant's requests, by brute force.

No Qdrant server is started here: `FakeQdrant` answers as one with `exact=true` does, in single
precision, summed in several orders.
"""

import doctest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument
from heatlens.search.bounds.quantile import embedding
from heatlens.search.export import pgvector, qdrant
from heatlens.search.export.rerank import Candidate, Query, nearest, within
from heatlens.search.export.rule import Rule, reaches
from heatlens.search.export.stored import stored
from heatlens.search.index import ImageIndex
from heatlens.search.signatures import Signatures
from heatlens.transport import emd_matrix
from tests.search.photo_crops import photo_crops

ORDERS = ("forwards", "backwards", "lanes", "tree")


def engine_l1(first, second, order="forwards"):
    """|a - b| summed in single precision, (N, n) and (n,), in one of the orders engines have."""
    apart = np.abs(first - second)
    assert apart.dtype == np.float32
    if order == "tree":
        while apart.shape[1] > 1:
            odd = apart[:, -1:] if apart.shape[1] % 2 else apart[:, :0]
            apart = np.hstack([apart[:, 0:-1:2] + apart[:, 1::2], odd])
        return apart[:, 0]
    lanes = 8 if order == "lanes" else 1
    total = np.zeros((len(apart), lanes), np.float32)
    columns = range(0, apart.shape[1], lanes)
    for k in reversed(columns) if order == "backwards" else columns:
        total += apart[:, k : k + lanes]
    summed = total[:, 0]
    for lane in total.T[1:]:
        summed = summed + lane
    return summed


def brute_force(query, stored):
    weights, points = (list(side) for side in zip(*stored))
    [row] = emd_matrix([query[0]], weights, x=[query[1]], y=points, mass="normalise")
    return row


def holds(stored):
    """The rule from the first signature to all, in every order of summation."""
    embedded, reach, rule = embedding(stored), reaches(stored), Rule(stored.dimensions)
    assert embedded.shape[1] == rule.length
    exact = brute_force(stored[0], stored)
    for order in ORDERS:
        l1 = engine_l1(embedded, embedded[0], order)
        for k, distance in enumerate(exact):
            together = reach[0] + reach[k]
            assert l1[k] <= rule.ceiling(distance, together)
            assert rule.floor(l1[k], together) <= distance * (1 + 2e-9)
            split = rule.ceiling(distance, reach[0]) + rule.slope * reach[k]
            assert split == pytest.approx(rule.ceiling(distance, together), rel=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3, 5, 8, 9, 27]),
    st.sampled_from([1, 2, 7, 40, 150]),
    st.sampled_from([0.0, 1.0, 1e3, 1e6]),
    st.sampled_from([1e-3, 1.0, 100.0]),
)
def test_the_rule_holds(seed, dimensions, size, offset, spread):
    """Also where coordinates are a million and differ by less than their rounding."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(4):
        n = int(rng.integers(1, size + 1))
        centre = rng.normal(size=(1 + n // 4, dimensions)) * spread
        points = offset + centre[rng.integers(len(centre), size=n)]
        points += rng.normal(size=points.shape) * spread * rng.choice([0, 1e-3, 1])
        made.append((rng.random(n) ** rng.choice([0, 1, 8]) + 1e-3, points))
    holds(Signatures.of([*made, made[0]]))


def test_the_rule_is_reached():
    """Where a shift goes along the diagonal, Cauchy and Schwarz hold with equality."""
    points = np.random.default_rng(0).normal(size=(20, 3))
    stored = Signatures.of((np.ones(20), points + move) for move in (0.0, 5.0))
    embedded, rule = embedding(stored), Rule(3)
    l1 = float(engine_l1(embedded[1:], embedded[0])[0])
    [distance] = brute_force(stored[0], Signatures.laid_out([stored[1]]))
    assert distance == pytest.approx(5 * 3**0.5, rel=1e-6)
    assert l1 == pytest.approx(rule.ceiling(distance, 0.0), rel=1e-5), "no slack but for rounding"
    assert rule.floor(l1, 0.0) == pytest.approx(distance, rel=1e-5)


@pytest.mark.parametrize("position", [False, True])
def test_the_rule_holds_on_photographs(position):
    holds(photo_crops(300, seed=2, position=position))


def test_without_the_allowance_for_rounding_the_rule_would_fail():
    """Why it is there: far from the origin the plain rule loses true neighbours."""
    rng = np.random.default_rng(3)
    base, weights = 1e6 + rng.normal(size=(30, 3)), rng.random(30)
    lost = 0
    for move in rng.uniform(1e-3, 0.2, size=(60, 1)):
        stored = Signatures.of([(weights, base), (weights, base + move)])
        embedded = embedding(stored)
        l1 = float(engine_l1(embedded[1:], embedded[0])[0])
        lost += l1 > brute_force(stored[0], stored)[1] * 16 * 3**0.5
    assert lost


class FakeQdrant:
    """Answers a query as an exact scan does; keeps what it was asked."""

    def __init__(self, points, order):
        self.points, self.order, self.asked = list(points), order, []
        self.vectors = np.float32([point["vector"] for point in self.points])

    def __call__(self, path, body):
        assert path == "/collections/photos/points/query"
        assert body["params"] == {"exact": True}
        self.asked.append(body)
        scores = engine_l1(self.vectors, np.float32(body["query"]), self.order)
        limit = np.float32(body.get("score_threshold", np.inf))
        best = [k for k in np.argsort(scores, kind="stable") if scores[k] < limit]
        found = [
            {"id": self.points[k]["id"], "score": float(scores[k]), "payload": self.points[k]["payload"]}
            for k in best[: body["limit"]]
        ]  # fmt: skip
        return {"result": {"points": found}, "status": "ok"}


@pytest.mark.parametrize("order", ORDERS)
def test_qdrant_equals_brute_force(order):
    stored = photo_crops(1200)
    ids = [f"crop {k}" for k in range(len(stored))]
    server = FakeQdrant(qdrant.points(ids, stored), order)
    reach = max(point["payload"]["reach"] for point in server.points)
    queries = [*photo_crops(10, seed=1), stored[7]]
    for query in queries:
        expected = np.sort(brute_force(query, stored))
        found = qdrant.exact_search(server, "photos", query, 10, reach=reach)
        assert found.certified
        assert found.distances == pytest.approx(expected[:10], rel=1e-9, abs=1e-9)
        near = qdrant.exact_range(server, "photos", query, expected[5], reach=reach)
        assert near.certified
        assert near.distances == pytest.approx(expected[expected <= expected[5]], abs=1e-9)
    assert found.fetched < 600, "most were ruled out by the server"


def test_qdrant_does_not_certify_what_it_could_not_see():
    stored = photo_crops(200)
    server = FakeQdrant(qdrant.points([str(k) for k in range(200)], stored), "lanes")
    found = qdrant.exact_search(server, "photos", photo_crops(1, seed=5)[0], 10, reach=200, most=12)
    assert not found.certified
    assert not qdrant.exact_range(server, "photos", stored[0], 1e3, reach=200, most=12).certified
    few = qdrant.exact_search(server, "photos", stored[0], 300, reach=200)
    assert len(few) == 200, "all there are"
    assert few.certified
    assert "score_threshold" not in server.asked[-1]


def test_points_of_qdrant_are_named_and_counted():
    stored = Signatures.of([([1.0], [[0.0]]), ([1.0], [[2.0]])])
    first, second = qdrant.points(["a", "b"], stored, ["a.jpg", None])
    assert first["id"] != second["id"]
    assert first["payload"]["path"] == "a.jpg"
    assert [point["id"] for point in qdrant.points(["a", "b"], stored)] == [
        first["id"],
        second["id"],
    ]
    for ids in (["a"], ["a", "b", "c"]):
        with pytest.raises(InvalidArgument, match="ids than signatures"):
            list(qdrant.points(ids, stored))


def test_what_the_quantiles_rule_out_is_not_solved():
    query = Query.of(([1.0], [[0.0]]))
    there = [Candidate(str(x), [1.0], [[x]]) for x in range(1000)]
    found = nearest(query, there, 3)
    assert found.ids == ("0", "1", "2")
    assert (found.fetched, found.tied) == (1000, False)
    assert found.solves <= 64
    assert not nearest(query, there[5:], 3, cut=2.0).certified, "something nearer may be missing"
    assert nearest(query, there, 3, cut=2.0).certified
    assert within(query, there, 2.5).ids == ("0", "1", "2")
    with pytest.raises(InvalidArgument, match="radius is -1"):
        within(query, there, -1)
    with pytest.raises(InvalidArgument, match="in the engine 2"):
        nearest(query, [Candidate("a", [1.0], [[0.0, 0.0]])], 1)
    with pytest.raises(InvalidArgument, match="'a' came with"):
        nearest(query, [Candidate("a", [1.0, 2.0], [[0.0]])], 1)


def test_the_page_of_the_documentation_is_true():
    page = Path(__file__).resolve().parents[2] / "docs/search.md"
    failed, tried = doctest.testfile(
        str(page),
        module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert tried
    assert not failed


def test_rows_of_an_index_come_as_they_are_stored(tmp_path):
    weights, points = (list(part) for part in zip(*photo_crops(30)))
    index = ImageIndex.create(tmp_path / "a.lance")
    index.add((weights, points, [f"{n}" for n in range(30)]))
    told = list(stored(index, size=7))
    ids = [name for names, _, _ in told for name in names]
    assert sorted(ids) == sorted(f"{n}" for n in range(30))
    for names, signatures, paths in told:
        assert paths == [None] * len(names)
        lines = list(pgvector.copy_rows(names, signatures, paths))
        assert [line.split("\t")[0] for line in lines] == names
        for name, (mass, place) in zip(names, signatures):
            own = index.signature(name)
            assert (own[0] == mass).all()
            assert (own[1] == place).all()


def test_an_index_on_a_circle_is_not_exported(tmp_path):
    index = ImageIndex.create(tmp_path / "a.lance", on="orientation")
    with pytest.raises(InvalidArgument, match="'orientation' lies on a circle"):
        next(stored(index))
