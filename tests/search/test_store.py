"""The table: appended, replaced, read and removed in whole commits, at one version."""

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType, MissingIndex, NotAnIndex, UnknownName
from heatlens.search.bounds.quantile import embedding
from heatlens.search.signatures import Signatures
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Appended, Store
from tests.search.stores import content, row, store_of


def test_rows_come_back_as_they_were(tmp_path):
    store = Store.create(tmp_path / "a.lance", Settings.of("signature", k=4))
    given = [row("a", tags=("x", "y"), thumbnail=b"jpeg", notes=("n",), path="/a"), row("b'c", n=7)]
    assert store.append(given) == Appended(2, 0, 0)
    again = Store.open(tmp_path / "a.lance")
    assert again.settings == store.settings == Settings.of("signature", k=4)
    assert again.keys().tolist() == [item.key for item in given]
    found = content(again)
    assert found["a"]["tags"] == ["x", "y"]
    assert found["a"]["thumbnail"] == b"jpeg"
    assert (found["a"]["path"], found["b'c"]["path"]) == ("/a", None)
    assert found["b'c"]["weights"] == given[1].weights.tolist()
    assert found["b'c"]["points"] == given[1].points.ravel().tolist()
    laid = Signatures.laid_out([(item.weights, item.points) for item in given])
    assert np.array_equal([found[i]["embedding"] for i in ("a", "b'c")], embedding(laid))
    [(keys, ids, signatures)] = again.signatures()
    assert (keys.tolist(), ids) == (again.keys().tolist(), ["a", "b'c"])
    for (weights, points), item in zip(signatures, given):
        assert np.array_equal(weights, item.weights)
        assert np.array_equal(points, item.points)


def test_one_commit_a_batch_adds_replaces_and_passes_over(tmp_path):
    store = store_of(tmp_path / "a.lance", 10)
    version = store.version
    mixed = [row("row0003"), row("row0004", seed=1), row("new")]
    assert store.append(mixed) == Appended(1, 1, 1)
    assert store.version == version + 1
    known = store.known()
    assert len(known) == 11
    assert known["row0004"] == f"{1:032x}"
    assert store.append(mixed) == Appended(0, 0, 3)
    assert store.append([]) == Appended(0, 0, 0)
    assert store.version == version + 1
    assert store.verify().ok


def test_read_looks_up_and_scans_alike(tmp_path):
    store = store_of(tmp_path / "a.lance", 300, batches=3)
    store.remove(where="id IN ('row0007', 'row0150')")
    store.append([row("row0100", seed=1)])
    keys = store.keys()
    assert len(keys) == len(store) == 298
    rng = np.random.default_rng(0)
    for count in (0, 1, 20, 200, 298):
        wanted = rng.choice(keys, count, replace=False)
        inside = [key for key in keys.tolist() if key in set(wanted.tolist())]
        read = [
            key for batch in store.read(wanted, ["key"], 64) for key in batch["key"].to_pylist()
        ]
        assert read == inside
        pieces = list(store.signatures(wanted, 64))
        assert [key for found, _, _ in pieces for key in found.tolist()] == inside
        assert all(len(ids) == len(signatures) for _, ids, signatures in pieces)
        asked = store.rows(wanted, ["key", "id"])
        assert asked["key"].to_pylist() == wanted.tolist()
    names = ["row0299", "row0100", "row0000", "row0299"]
    assert store.rows(names, ["name"]).to_pylist() == [{"name": name} for name in names]
    assert store.rows(store.keys()[[5, 2]], ["id"])["id"].to_pylist() == ["row0005", "row0002"]
    with pytest.raises(InvalidArgument, match=r"no row 'row0007'"):
        store.rows(["row0007"])
    with pytest.raises(InvalidArgument, match=r"has no row with the key 1"):
        list(store.read(np.array([1], np.uint64)))
    with pytest.raises(InvalidArgument, match=r"no column 'weight'; they have id, path"):
        list(store.read(columns=["weight"]))
    with pytest.raises(InvalidType, match=r"list of ids"):
        store.rows("row0001")


def test_conditions(tmp_path):
    store = Store.create(tmp_path / "a.lance", Settings.of("signature", k=4))
    store.append([row("a", tags=("x",)), row("b", tags=("x", "y")), row("it's")])
    names = dict(zip(store.keys().tolist(), ["a", "b", "it's"]))

    def matching(where):
        return [names[key] for key in store.matching(where).tolist()]

    assert matching("array_has(tags, 'x')") == ["a", "b"]
    assert matching("id = 'it''s' OR array_has(tags, 'y')") == ["b", "it's"]
    assert matching("added < now() AND path IS NULL") == ["a", "b", "it's"]
    assert matching("id = 'nobody'") == []
    for bad in ("", "tag = 'x'", "id =", "id LIKE", "CAST(id AS INT) = 3", "; DROP TABLE images"):
        with pytest.raises(
            InvalidArgument, match=r"where.*condition in SQL on the columns id, .*tags"
        ):
            store.matching(bad)
    assert len(store) == 3


def test_remove(tmp_path):
    store = store_of(tmp_path / "a.lance", 20)
    store.append([row("it's")])
    assert store.remove(["row0003", "it's", "nobody"]) == 2
    assert store.remove("row0004") == 1
    assert store.remove(where="id >= 'row0015'") == 5
    version = store.version
    assert store.remove(where="id = 'nobody'") == store.remove([]) == 0
    assert store.version == version
    assert len(store.known()) == 13
    with pytest.raises(InvalidArgument, match=r"ids= or where="):
        store.remove()
    with pytest.raises(InvalidArgument, match=r"condition in SQL"):
        store.remove(where="nothing = 3")
    assert store.append([row("row0003")]) == Appended(1, 0, 0)
    assert store.verify().ok


def test_tags_are_kept_and_joined(tmp_path):
    store = Store.create(tmp_path / "a.lance", Settings.of("signature", k=4))
    store.append([row("a", tags=("x", "it's")), row("b"), row("c")])

    def tags():
        return {name: item["tags"] for name, item in content(store).items()}

    assert store.append([row("a", seed=1)]) == Appended(0, 1, 0)
    assert store.append([row("b", seed=1, tags=("new",))]) == Appended(0, 1, 0)
    assert tags() == {"a": ["x", "it's"], "b": ["new"], "c": []}
    version, before = store.version, content(store)
    assert store.retag(["a", "b", "nobody"], ["it's", "x", "y"]) == 2
    assert store.version == version + 1
    assert tags() == {"a": ["x", "it's", "y"], "b": ["new", "it's", "x", "y"], "c": []}
    assert store.retag(["a", "b"], ["x"]) == store.retag(["a"], []) == 0
    assert store.append([row("c", tags=("z",))]) == Appended(0, 0, 1)
    assert tags()["c"] == ["z"]
    rest = {name: item | {"tags": []} for name, item in content(store).items()}
    assert rest == {name: item | {"tags": []} for name, item in before.items()}
    assert store.verify().ok


def test_many_rows_are_removed_in_one_commit(tmp_path):
    store = Store.create(tmp_path / "a.lance", Settings.of("signature", k=4))
    names = [f"photos/it's {k}.jpg" for k in range(10_600)]
    store.append([row(name, n=1) for name in names])
    version = store.version
    assert store.remove(names[:10_500]) == 10_500
    assert (store.version, len(store)) == (version + 1, 100)
    assert sorted(store.known()) == sorted(names[10_500:])


@pytest.mark.parametrize("keep", [np.inf, -1, np.nan, "x", None, True, 1e300])
def test_compact_keeps_for_a_number_of_seconds(tmp_path, keep):
    store = store_of(tmp_path / "a.lance", 2)
    with pytest.raises((InvalidArgument, InvalidType), match=r"keep is .* seconds"):
        store.compact(keep)


def test_reader_stays_at_its_version(tmp_path):
    writer = store_of(tmp_path / "a.lance", 5)
    reader = Store.open(tmp_path / "a.lance")
    before = content(reader)
    writer.append([row("new"), row("row0001", seed=2)])
    writer.remove(["row0002"])
    assert content(reader) == before
    assert len(reader) == 5
    writer.compact()
    assert content(reader) == before
    assert reader.refresh() == writer.version == reader.version
    assert content(reader) == content(writer)
    assert len(reader) == 5


def test_compact_joins_files_and_keeps_the_rows(tmp_path):
    store = store_of(tmp_path / "a.lance", 60, batches=12)
    store.remove(where="id < 'row0010'")
    before = content(store)
    files = len(list((tmp_path / "a.lance").rglob("*")))
    store.compact(keep=0)
    assert content(store) == before
    assert len(list((tmp_path / "a.lance").rglob("*"))) < files
    assert len(list((tmp_path / "a.lance/seals").iterdir())) == 1
    assert store.verify().ok
    assert store.verify().rows == 50
    store.append([row("more")])
    assert store.verify().ok


def test_create_and_open_say_what_is_there(tmp_path):
    settings = Settings.of("signature", k=4)
    store = Store.create(tmp_path / "a.lance", settings)
    with pytest.raises(InvalidArgument, match=r"there is an index at .* already, of 'signature'"):
        Store.create(tmp_path / "a.lance", settings)
    assert Store.create(tmp_path / "a.lance", settings, exist_ok=True).version == store.version
    with pytest.raises(InvalidArgument, match=r"made with k=4, not 5\. Its rows"):
        Store.create(tmp_path / "a.lance", Settings.of("signature", k=5), exist_ok=True)
    with pytest.raises(MissingIndex, match=r"no index at .*did you mean a.lance.*heatlens index"):
        Store.open(tmp_path / "b.lance")
    assert not (tmp_path / "b.lance").exists()
    with pytest.raises(NotAnIndex, match=r"it holds a.lance"):
        Store.open(tmp_path)
    with pytest.raises(NotAnIndex, match=r"a Lance table itself"):
        Store.open(tmp_path / "a.lance/images.lance")
    with pytest.raises(InvalidArgument, match=r"the folder holds a.lance; give a folder"):
        Store.create(tmp_path, settings)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with pytest.raises(NotAnIndex, match=r"is a file"):
        Store.open(file)
    with pytest.raises(InvalidArgument, match=r"no index can be made at .*exists"):
        Store.create(file, settings)


def test_rows_that_cannot_be_kept(tmp_path):
    store = store_of(tmp_path / "a.lance", 2)
    flat = row("flat")
    with pytest.raises(InvalidArgument, match=r"2 coordinates do not fit into .* have 3"):
        store.append([type(flat)("flat", "", "00", flat.weights, flat.points[:, :2])])
    with pytest.raises(InvalidArgument, match=r"'twice' comes twice"):
        store.append([row("twice"), row("twice")])
    for bad in ("", "a\0b", "\udcff"):
        with pytest.raises(InvalidArgument, match=r"id"):
            store.append([type(flat)(bad, "", "00", flat.weights, flat.points)])
    assert len(store) == 2
    assert store.verify().ok


def test_settings_are_whole_and_checked():
    made = Settings.of("mass", unit="pixels")
    assert made.parameters["grid"] == (16, 16)
    assert Settings.from_json(made.to_json(), "x") == made
    assert Settings.of("mass", side=32).parameters["grid"] is None
    assert Settings.of("features", model="bundled:scene-cnn").resolution is None
    assert Settings.of("orientation").period == 180
    with pytest.raises(UnknownName, match=r"did you mean 'signature'"):
        Settings.of("signatures")
    with pytest.raises(InvalidArgument, match=r"no parameter 'bins'"):
        Settings.of("signature", bins=3)
    with pytest.raises(InvalidArgument, match=r"keeps the name of its model"):
        Settings.of("features", model=len)
    with pytest.raises(InvalidArgument, match=r"cannot keep"):
        Settings.of("signature", k=len)
    with pytest.raises(InvalidArgument, match=r"thumbnail is -1"):
        Settings.of("signature", thumbnail=-1)


def test_only_what_was_given_is_compared():
    made = Settings.of("mass", grid=(8, 8), thumbnail=0)
    assert made.differing() == made.differing("mass", grid=[8, 8], thumbnail=0) == []
    assert made.differing(grid=(9, 9), resolution=32) == [
        "grid=(8, 8), not (9, 9)",
        "resolution=64, not 32",
    ]
    assert made.differing("signature", k=3) == ["on='mass', not 'signature'"]
    with pytest.raises(InvalidArgument, match=r"'mass' has no parameter 'k'"):
        made.differing(k=3)
    with pytest.raises(UnknownName, match=r"did you mean 'mass'"):
        made.differing("mas")


def test_object_storage_has_the_same_code():
    store = Store.create("memory://", Settings.of("signature", k=4))
    assert store.append([row("a"), row("b")]) == Appended(2, 0, 0)
    assert store.append([row("a"), row("b", seed=1)]) == Appended(0, 1, 1)
    assert store.remove(["a"]) == 1
    assert list(store.known()) == ["b"]
    store.compact()
    assert len(store) == 1
