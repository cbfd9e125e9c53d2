"""Exact search in a local PostgreSQL with pgvector equals brute force."""

import io

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.search.export import pgvector
from heatlens.search.signatures import Signatures
from heatlens.transport import emd_matrix
from tests.search.local_postgres import PASSWORD, Missing, server
from tests.search.photo_crops import photo_crops

pg8000 = pytest.importorskip("pg8000.dbapi", reason="pg8000 is not installed: pip install pg8000")

COUNT, QUERIES, K = 2000, 50, 10


@pytest.fixture(scope="module")
def port():
    try:
        with server() as listening:
            yield listening
    except Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def stored():
    """Crops of photographs, ten of them twice: ties at distance 0."""
    made = list(photo_crops(COUNT - 10))
    return Signatures.laid_out(made + made[:10])


@pytest.fixture(scope="module")
def queries(stored):
    """New crops, and five that are in the table."""
    return [*photo_crops(QUERIES - 5, seed=1), *(stored[k] for k in range(5))]


@pytest.fixture(scope="module")
def truth(stored, queries):
    """Exact distances (queries, stored) by brute force."""
    weights, points = (list(side) for side in zip(*stored))
    asked, places = (list(side) for side in zip(*queries))
    return emd_matrix(asked, weights, x=places, y=points, mass="normalise")


@pytest.fixture(scope="module")
def table(port, stored):
    connection = connected(port)
    fill(connection, "photos", stored)
    connection.commit()
    yield connection
    connection.close()


def connected(port):
    return pg8000.connect(
        "heatlens", host="127.0.0.1", port=port, password=PASSWORD, database="postgres", timeout=60
    )


def names(count):
    return [f"crop {k:05d}" for k in range(count)]


def fill(connection, name, stored, ids=None, paths=None):
    cursor = connection.cursor()
    for statement in pgvector.table_statements(stored.dimensions, name):
        cursor.execute(statement)
    ids = ids or names(len(stored))
    rows = pgvector.copy_rows(ids, stored, *([paths] if paths else []))
    cursor.execute(pgvector.copy_statement(name), stream=io.BytesIO("".join(rows).encode()))


def test_what_is_copied_is_what_was_stored(table, stored):
    cursor = table.cursor()
    cursor.execute("SELECT id, weights, points, reach FROM photos ORDER BY id")
    for k, (name, weights, points, reach) in enumerate(cursor.fetchall()):
        assert name == names(COUNT)[k]
        assert np.array_equal(np.float32(weights), stored[k][0]), "to the last bit"
        assert np.array_equal(np.float32(points), stored[k][1].ravel())
        assert reach >= np.linalg.norm(stored[k][1].astype(float), axis=1).max()


def test_search_equals_brute_force(table, queries, truth):
    fetched = solves = 0
    for row, query in zip(truth, queries):
        found = pgvector.exact_search(table, query, K, table="photos")
        expected = np.sort(row)
        assert found.certified
        assert found.distances == pytest.approx(expected[:K], rel=1e-9, abs=1e-9)
        at = [int(name.split()[1]) for name in found.ids]
        assert len(set(at)) == K
        assert row[at] == pytest.approx(found.distances, rel=1e-9, abs=1e-9)
        assert found.tied == bool(expected[K] <= expected[K - 1] * (1 + 2e-9))
        fetched, solves = fetched + found.fetched, solves + found.solves
    print(f"of {COUNT} rows {fetched / QUERIES:.0f} were fetched and {solves / QUERIES:.0f} solved")
    assert solves < fetched < QUERIES * COUNT


def test_ties_are_reported(table, stored):
    found = pgvector.exact_search(table, stored[3], 1, table="photos")
    assert (found.ids, found.tied) == ((names(COUNT)[3],), True)
    found = pgvector.exact_search(table, stored[3], 2, table="photos")
    assert set(found.ids) == {names(COUNT)[3], names(COUNT)[COUNT - 10 + 3]}
    assert found.distances == pytest.approx([0, 0], abs=1e-9)


def test_range_equals_brute_force(table, queries, truth):
    for row, query in zip(truth[::5], queries[::5]):
        radius = float(np.sort(row)[7])  # the eighth lies exactly on it
        found = pgvector.exact_range(table, query, radius, table="photos")
        assert found.certified
        inside = np.flatnonzero(row <= radius)
        assert set(found.ids) == {names(COUNT)[k] for k in inside}
    assert len(pgvector.exact_range(table, queries[0], 0.0, table="photos")) == 0


def test_no_index_is_used(table, queries, truth):
    """An index is approximate: a search that is called exact does without one."""
    cursor = table.cursor()
    cursor.execute(pgvector.hnsw_statement("photos"))
    cursor.execute("SET LOCAL enable_seqscan = off")
    found = pgvector.exact_search(table, queries[0], K, table="photos")
    assert found.distances == pytest.approx(np.sort(truth[0])[:K], rel=1e-9)
    vector = f"[{','.join(['0'] * 48)}]"
    plans = {}
    for order in ("l1_distance(embedding, %s::vector)", "embedding <+> %s::vector"):
        cursor.execute(f"EXPLAIN SELECT id FROM photos ORDER BY {order} LIMIT 5", (vector,))
        plans[order.partition(" ")[0]] = " ".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" in plans["l1_distance(embedding,"]
    assert "Index Scan" in plans["embedding"]
    hits = 0
    for row, query in zip(truth, queries):
        found = pgvector.approximate_search(table, query, K, candidates=100, table="photos")
        assert not found.certified, "nobody has proved it"
        hits += (found.distances <= np.sort(row)[K - 1] * (1 + 1e-9)).sum()
    print(f"recall@{K} through HNSW {hits / (K * QUERIES):.3f}")
    assert hits > 0.9 * K * QUERIES
    table.rollback()


def test_where_and_fewer_rows_than_wanted(table, queries, truth):
    where = {
        "where": "id < %s AND path IS NULL AND id LIKE 'crop%%'",
        "parameters": ("crop 00500",),
        "table": "photos",
    }
    found = pgvector.exact_search(table, queries[0], K, **where)
    assert found.distances == pytest.approx(np.sort(truth[0][:500])[:K], rel=1e-9)
    few = {**where, "parameters": ("crop 00004",)}
    found = pgvector.exact_search(table.cursor(), queries[0], K, **few)
    assert len(found) == 4, "all there are"
    assert found.certified
    none = pgvector.exact_search(table, queries[0], K, **{**where, "parameters": ("crop 0",)})
    assert len(none) == 0
    assert none.certified


class Meddling:
    """A cursor beside which somebody else deletes rows, once, after the first statement."""

    def __init__(self, cursor, statement):
        self.inner, self.statement, self.count = cursor, statement, 0

    def execute(self, *given):
        self.count += 1
        if self.count == 2:
            self.inner.execute(self.statement)
        self.inner.execute(*given)

    def fetchmany(self, count):
        return self.inner.fetchmany(count)


def test_rows_that_go_while_it_searches(table, stored, truth, queries):
    """The threshold came from rows that are gone: it is found anew."""
    order = np.argsort(truth[0], kind="stable")
    gone = ", ".join(f"'{names(COUNT)[k]}'" for k in order[:30])
    cursor = Meddling(table.cursor(), f"DELETE FROM photos WHERE id IN ({gone})")
    found = pgvector.exact_search(cursor, queries[0], K, table="photos")
    assert cursor.count == 3
    assert found.certified
    assert found.distances == pytest.approx(truth[0][order[30 : 30 + K]], rel=1e-9)
    table.rollback()


def test_far_from_the_origin_rounding_is_allowed_for(port):
    """Coordinates of a million that differ by less than their rounding."""
    rng = np.random.default_rng(0)
    stored = Signatures.of(
        (rng.random(6), 1e6 + rng.normal(size=(6, 3)) * rng.choice([0.1, 2])) for _ in range(300)
    )
    connection = connected(port)
    fill(connection, "far", stored)
    weights, points = (list(side) for side in zip(*stored))
    for k in range(0, 300, 30):
        [row] = emd_matrix([weights[k]], weights, x=[points[k]], y=points, mass="normalise")
        found = pgvector.exact_search(connection, stored[k], 5, table="far")
        assert found.certified
        assert found.distances == pytest.approx(np.sort(row)[:5], rel=1e-9, abs=1e-9)
    connection.rollback()
    connection.close()


def test_names_of_all_kinds_and_points_of_many_coordinates(port):
    rng = np.random.default_rng(1)
    ids = ["tab\tin it", "line\nin it", r"back\slash \N", "雨.jpg", "quote'\"", "x" * 3000]
    stored = Signatures.of((rng.random(5), rng.normal(size=(5, 27))) for _ in ids)
    connection = connected(port)
    fill(connection, 'odd "name".x'.replace(".", "_"), stored, ids, [None, *ids[1:]])
    for k, name in enumerate(ids):
        found = pgvector.exact_search(connection, stored[k], 1, table='odd "name"_x')
        assert found.ids == (name,)
        assert found.distances[0] == pytest.approx(0, abs=1e-9)
    connection.rollback()
    connection.close()


def test_what_cannot_be_used_is_said(table, stored):
    flat = ([1.0], [[0.0]])
    with pytest.raises(InvalidArgument, match="k is 0"):
        pgvector.exact_search(table, stored[0], 0, table="photos")
    with pytest.raises(InvalidArgument, match="candidates is 5"):
        pgvector.approximate_search(table, stored[0], 10, candidates=5, table="photos")
    with pytest.raises(InvalidArgument, match="no name of a table"):
        pgvector.table_statements(3, "a..b")
    with pytest.raises(pg8000.DatabaseError):
        pgvector.exact_search(table, flat, 1, table="photos")
    table.rollback()
    with pytest.raises(InvalidArgument, match="null character"):
        list(pgvector.copy_rows(["a\0"], Signatures.of([flat])))
    for ids in ([], ["a", "b"]):
        with pytest.raises(InvalidArgument, match="ids than signatures"):
            list(pgvector.copy_rows(ids, Signatures.of([flat])))
