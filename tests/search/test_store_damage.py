"""Any changed byte is found, and what is no index is told from one."""

import errno
import json
import os
import shutil
import warnings
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pyarrow
import pytest

from heatlens.errors import DamagedIndex, MissingIndex, NotAnIndex, UnwritableIndex
from heatlens.search.store import commit, seals
from heatlens.search.store.lance import reading, writing
from heatlens.search.store.schema import schema, table_of
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.search.store.verify import verify
from tests.search.stores import content, row, store_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An index with all kinds of files: several commits, replaced and removed rows."""
    path = tmp_path_factory.mktemp("whole") / "a.lance"
    store = store_of(path, 40, batches=2, thumbnail=b"picture" * 20)
    store.append([row("row0001", seed=1), row("new")])
    store.remove(["row0002"])
    return path


def files_of(path):
    return sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())


def test_a_whole_index_has_no_problem(whole):
    report = verify(whole)
    assert report.ok
    assert not report.unsealed
    assert (report.rows, report.files) == (40, len(files_of(whole)) - 1)  # but the lock


def test_every_flipped_byte_is_found_and_its_file_named(whole, tmp_path):
    rng = np.random.default_rng(0)
    copy = tmp_path / "a.lance"
    for file in files_of(whole):
        size = (whole / file).stat().st_size
        for _ in range(12 if size else 0):
            shutil.copytree(whole, copy)
            data = bytearray((copy / file).read_bytes())
            place, bit = int(rng.integers(size)), int(rng.integers(8))
            data[place] ^= 1 << bit
            (copy / file).write_bytes(data)
            report = verify(copy)
            assert not report.ok, (file, place, bit)
            assert report.problems[0].startswith(str(file)), (file, place, bit, report.problems)
            shutil.rmtree(copy)


def test_every_truncated_or_lost_file_is_found(whole, tmp_path):
    copy = tmp_path / "a.lance"
    for file in files_of(whole):
        size = (whole / file).stat().st_size
        for left in {size - 1, size // 2, 0, None} if size else ():
            shutil.copytree(whole, copy)
            if left is None:
                (copy / file).unlink()
            else:
                (copy / file).write_bytes((copy / file).read_bytes()[:left])
            report = verify(copy)
            last = max(files_of(whole)) == file  # the newest seal: its files have none now
            hint = file.name == "latest_version_hint.json"
            if left is not None or not (last or hint):
                assert not report.ok, (file, left)
                assert str(file) in report.problems[0]
            elif last:
                assert report.unsealed
            shutil.rmtree(copy)


def reading_of(path):
    """Points by id; what the error says where there is one."""
    try:
        read = Store.open(path).read(columns=["id", "points"])
        return {item["id"]: item["points"] for batch in read for item in batch.to_pylist()}
    except DamagedIndex as error:
        return str(error)


def test_damage_gives_errors_of_ours_or_the_right_rows(whole, tmp_path):
    """Flips in any file: reading gives what was written, or says that the index is damaged."""
    rng = np.random.default_rng(1)
    good = {name: item["points"] for name, item in content(Store.open(whole)).items()}
    copy, told = tmp_path / "a.lance", 0
    table = [file for file in files_of(whole) if file.parts[0] == "images.lance"]
    for file in table:
        for cut in (False, False, False, True):
            shutil.copytree(whole, copy)
            data = bytearray((copy / file).read_bytes())
            data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
            (copy / file).write_bytes(data[: len(data) // 2] if cut else data)
            found = reading_of(copy)
            if isinstance(found, str):
                told += 1
                assert "damaged" in found
                assert "backup" in found
            elif file.parts[1] != "_deletions":  # which rows are gone: `verify` knows
                assert found == good
            shutil.rmtree(copy)
    assert told > len(table) / 2


def test_newest_manifest_is_checked_when_opening(whole, tmp_path):
    for cut in (False, True):
        copy = shutil.copytree(whole, tmp_path / f"{cut}.lance")
        newest = min((copy / "images.lance/_versions").glob("*.manifest"))  # names count down
        data = bytearray(newest.read_bytes())
        data[len(data) // 2] ^= 1
        newest.write_bytes(data[:-9] if cut else data)
        with pytest.raises(
            DamagedIndex, match=rf"{newest.name} of the index .* is damaged.*backup"
        ):
            Store.open(copy)
        newest.unlink()
        with pytest.raises(DamagedIndex, match=r"version 5 was committed, and the newest .* is 4"):
            Store.open(copy)


def test_a_row_that_does_not_fit_its_key_is_named(tmp_path):
    store = Store.create(tmp_path / "a.lance", Settings.of("signature", k=4))
    store.append([row("good")])
    wrong = table_of([row("bad")])
    key = wrong.schema.get_field_index("key")
    wrong = wrong.set_column(key, wrong.schema.field("key"), pyarrow.array([7], pyarrow.uint64()))
    lancedb.connect(tmp_path / "a.lance").open_table("images").add(wrong)
    store.refresh()
    for read in (store.read, store.signatures):
        with pytest.raises(DamagedIndex, match=r"the row 'bad' of the index .* does not fit"):
            list(read())
    with pytest.raises(DamagedIndex, match=r"'bad'"):
        store.rows(["bad"])
    assert store.rows(["good"], ["id"]).num_rows == 1
    assert any("'bad'" in problem for problem in store.verify().problems)
    with pytest.raises(DamagedIndex, match=r"'bad'"):  # nor is it sealed by the next writer
        store.append([row("next")])


def test_a_writer_that_was_killed_is_settled_by_the_next(tmp_path, monkeypatch):
    store = store_of(tmp_path / "a.lance", 5)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(commit, "seal", killed)
        with pytest.raises(KeyboardInterrupt):
            store.append([row("last")])
    report = store.verify()
    assert report.ok
    assert len(report.unsealed) == 3  # data, transaction, manifest
    assert store.refresh()
    assert len(store) == 6
    assert store.append([row("last"), row("more")]).unchanged == 1
    assert store.verify().ok
    assert not store.verify().unsealed


def test_nothing_is_written_over_damage(whole, tmp_path):
    copy = shutil.copytree(whole, tmp_path / "a.lance")
    data = next((copy / "images.lance/data").iterdir())
    was = data.read_bytes()
    data.write_bytes(was[:-1] + bytes([was[-1] ^ 1]))
    store = Store.open(copy)
    with pytest.raises(DamagedIndex, match=rf"{data.name} is damaged.*joining files would hide"):
        store.compact()
    data.unlink()
    assert f"{data.name} is missing" in store.verify().problems[0]
    with pytest.raises(DamagedIndex, match=rf"cannot be read.*{data.name}"):
        store.append([row("more")])
    data.write_bytes(was)
    assert store.verify().ok


def test_what_other_programs_did_is_looked_at_and_sealed(whole, tmp_path):
    copy = shutil.copytree(whole, tmp_path / "a.lance")
    before = content(Store.open(copy))
    with warnings.catch_warnings(action="ignore"):
        lancedb.connect(copy).open_table("images").optimize(cleanup_older_than=timedelta(0))
    assert any("is missing" in problem for problem in verify(copy).problems)
    store = Store.open(copy)
    assert content(store) == before
    store.compact()
    assert content(store) == before
    assert store.verify().ok


def test_seals_are_joined_from_time_to_time(tmp_path, monkeypatch):
    monkeypatch.setattr(seals, "_MOST", 4)
    store = store_of(tmp_path / "a.lance", 20, batches=20)
    assert len(list((tmp_path / "a.lance/seals").iterdir())) <= 5
    assert store.verify().ok
    assert not store.verify().unsealed


def test_seals_that_are_damaged_can_be_made_anew(whole, tmp_path):
    copy = shutil.copytree(whole, tmp_path / "a.lance")
    seal = sorted((copy / "seals").iterdir())[1]
    seal.write_bytes(seal.read_bytes()[:-1])
    store = Store.open(copy)
    with pytest.raises(DamagedIndex, match=r"is damaged.*--compact"):
        store.append([row("more")])
    before = content(store)
    store.compact()
    assert content(store) == before
    assert store.append([row("more")]).added == 1
    assert store.verify().ok


def test_foreign_tables_and_later_formats(tmp_path):
    numbers = pyarrow.table({"vector": [[1.0]], "text": ["x"]})
    lancedb.connect(tmp_path / "other").create_table("images", numbers)
    with pytest.raises(NotAnIndex, match=r"heatlens did not make, with the columns vector, text"):
        Store.open(tmp_path / "other")
    later = json.loads(Settings.of("signature").to_json()) | {"format": 2, "version": "9.1"}
    for name, settings in (("later", json.dumps(later)), ("broken", "{"), ("empty", "{}")):
        place = tmp_path / name
        made = schema(settings.encode())
        lancedb.connect(place).create_table("images", schema=made)
        wanted = NotAnIndex if name == "later" else DamagedIndex
        with pytest.raises(wanted) as caught:
            Store.open(place)
        if name == "later":
            assert "format 2, written by heatlens 9.1" in str(caught.value)
            assert "install a later one" in str(caught.value)
    with pytest.raises(MissingIndex):
        verify(tmp_path / "nothing")


def test_making_that_was_cut_off_begins_again(tmp_path):
    settings = Settings.of("signature", k=4)
    for left in ("", "seals/pending", "images.lance/_transactions/0.txn"):
        place = tmp_path / str(len(left))
        for file in {left, "seals/pending"} if left else ():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).touch()
        store = Store.create(place, settings, exist_ok=True)
        store.append([row("a")])
        assert store.verify().ok


@pytest.mark.parametrize("change", ["append", "compact"])
def test_lost_seals_are_made_anew(whole, tmp_path, change):
    copy = shutil.copytree(whole, tmp_path / "a.lance")
    shutil.rmtree(copy / "seals")
    store = Store.open(copy)
    [problem] = store.verify().problems
    assert f"`heatlens index --compact --out {copy}` compares each row" in problem
    before = content(store)
    if change == "append":
        assert store.append([row("more")]).added == 1
        store.remove(["more"])
    else:
        store.compact()
    assert content(store) == before
    assert store.verify().ok
    assert not store.verify().unsealed


def test_without_seals_damaged_rows_are_not_sealed(whole, tmp_path):
    copy = shutil.copytree(whole, tmp_path / "a.lance")
    shutil.rmtree(copy / "seals")
    for data in (copy / "images.lance/data").iterdir():
        data.write_bytes(bytes(data.stat().st_size))
    store = Store.open(copy)
    for change in (store.compact, lambda: store.append([row("more")])):
        with pytest.raises(DamagedIndex):
            change()


@pytest.mark.parametrize("name", ["touch", "mkdir", "write_bytes"])
def test_a_folder_that_refuses_is_named(tmp_path, monkeypatch, name):
    store = store_of(tmp_path / "a.lance", 5)
    done = getattr(Path, name)

    def refused(path, *rest, **more):
        if "seals" in path.parts:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return done(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, name, refused)
        changes = (
            lambda: store.append([row("more")]),
            lambda: store.remove(["row0001"]),
            lambda: store.remove(where="id = 'row0002'"),
            lambda: store.retag(["row0003"], ["x"]),
            store.compact,
        )
        for change in changes:
            with pytest.raises(UnwritableIndex, match=rf"{store.place.uri} cannot be .*Read-only"):
                change()
        assert store.verify().problems == ()
    store.append([row("last")])
    assert store.verify().ok
    assert not store.verify().unsealed


def test_a_file_that_cannot_be_read_is_a_problem(whole, monkeypatch):
    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("heatlens.search.store.verify.digest_of", refused)
    problems = verify(whole).problems
    assert problems[0].endswith("cannot be read: Permission denied")


@pytest.mark.parametrize("kind", [TypeError, AttributeError, NameError, AssertionError])
@pytest.mark.parametrize(
    ("context", "told"), [(reading, DamagedIndex), (writing, UnwritableIndex)], ids=["r", "w"]
)
def test_mistakes_of_a_program_are_no_damage(kind, context, told):
    with pytest.raises(kind, match=r"^ours$"), context("a.lance"):
        raise kind("ours")
    theirs = {"__name__": "lancedb.table", "kind": kind}
    exec("def fail(): raise kind('theirs')", theirs)
    with pytest.raises(told, match=r"theirs"), context("a.lance"):
        theirs["fail"]()


def test_a_table_that_is_being_made_is_not_there_yet(tmp_path):
    for file in ("seals/pending", "images.lance/_transactions/0.txn"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(MissingIndex, match=r"its making was cut off"):
        Store.open(tmp_path)
