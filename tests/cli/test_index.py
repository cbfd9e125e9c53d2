"""`heatlens index` as a person and as a script would use it."""

import json
import shutil
import subprocess
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from heatlens import ImageIndex
from heatlens.cli import app
from heatlens.errors import (
    DamagedIndex,
    HeatlensError,
    InvalidArgument,
    MissingIndex,
    UnwritableIndex,
)
from heatlens.search.store.store import Store
from tests.search.photographs import crops


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    crops(folder, 8)
    return folder


def run(*words):
    result = CliRunner().invoke(app, ["index", *(str(word) for word in words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_folder_then_again_then_one_more(photos, tmp_path):
    folder, out = tmp_path / "photos", tmp_path / "a.lance"
    shutil.copytree(photos, folder)
    code, said, told = run(folder, "--out", out, "--k", 8, "--tag", "holiday")
    assert (code, told) == (0, "")
    assert "8 added, 0 replaced, 0 unchanged, 0 failed" in said
    assert f"{out}: 8 rows, of signature" in said
    Image.new("RGB", (20, 20), "red").save(folder / "red.png")
    code, said, _ = run(folder, "--out", out, "--json", "--verify")
    found = json.loads(said)
    assert (code, found["added"], found["unchanged"], found["rows"]) == (0, 1, 8, 9)
    assert found["settings"]["parameters"]["k"] == 8
    assert found["verified"]["problems"] == []
    assert len(Store.open(out).matching("array_has(tags, 'holiday')")) == 8


def test_what_failed_is_listed_at_the_end(photos, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff and no more")
    code, said, told = run(folder, "--out", tmp_path / "a.lance")
    assert code == 1
    assert "8 added, 0 replaced, 0 unchanged, 1 failed" in said
    assert f"{folder}/broken.jpg is a JPEG that is" in told
    code, said, _ = run(folder, tmp_path / "nowhere", "--out", tmp_path / "a.lance", "--json")
    failed = json.loads(said)["failed"]
    assert code == 1
    assert [item["source"].rpartition("/")[2] for item in failed] == ["nowhere", "broken.jpg"]


def test_options_belong_to_the_index(photos, tmp_path):
    out = tmp_path / "a.lance"
    assert run(photos, "--out", out, "--on", "mass", "--grid", 8, "--thumbnail", 0)[0] == 0
    assert run(photos, "--out", out, "--on", "mass", "--grid", 8, "--thumbnail", 0)[0] == 0
    assert Store.open(out).settings.parameters["grid"] == (8, 8)
    with pytest.raises(InvalidArgument, match=r"made with grid=\(8, 8\), not \(9, 9\)\. Its rows"):
        run(photos, "--out", out, "--on", "mass", "--grid", 9)
    with pytest.raises(HeatlensError, match="did you mean 'signature'"):
        run(photos, "--out", tmp_path / "b.lance", "--on", "signatures")
    with pytest.raises(HeatlensError, match="'signature' has no parameter 'bins'"):
        run(photos, "--out", tmp_path / "b.lance", "--bins", 3)
    assert not (tmp_path / "b.lance").exists()
    for typed in ((), ("--on", "mass"), ("--grid", 8), ("--thumbnail", 0)):  # the rest is known
        assert run(photos, "--out", out, *typed)[0] == 0
    with pytest.raises(InvalidArgument, match=r"made with on='mass', not 'signature'"):
        run(photos, "--out", out, "--on", "signature")
    with pytest.raises(InvalidArgument, match=r"'mass' has no parameter 'k'"):
        run(photos, "--out", out, "--k", 8)


def test_tags_are_added_to_rows_that_are_there(photos, tmp_path):
    out = tmp_path / "a.lance"
    run(photos, "--out", out, "--tag", "x")
    code, said, _ = run(photos, "--out", out, "--tag", "y")
    assert code == 0
    assert "0 added, 0 replaced, 8 unchanged (8 tagged), 0 failed" in said
    store = Store.open(out)
    assert len(store.matching("array_has(tags, 'x') AND array_has(tags, 'y')")) == 8


def test_lost_files_are_pruned(photos, tmp_path):
    folder, out = tmp_path / "photos", tmp_path / "a.lance"
    shutil.copytree(photos, folder)
    run(folder, "--out", out)
    (folder / "crop000.jpg").rename(folder / "renamed.jpg")
    (folder / "crop001.jpg").unlink()
    assert json.loads(run(folder, "--out", out, "--json")[1])["rows"] == 9
    code, said, _ = run(folder, "--out", out, "--prune")
    assert code == 0
    assert "2 rows were removed, whose files are gone" in said
    assert "7 rows, of signature" in said
    for file in folder.iterdir():
        file.unlink()
    found = json.loads(run(folder, "--out", out, "--prune", "--json")[1])
    assert (found["pruned"], found["rows"]) == (7, 0)
    folder.rmdir()
    for typed in ((folder,), (), (photos / "crop000.jpg",)):
        with pytest.raises(InvalidArgument):
            run(*typed, "--out", out, "--prune")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidArgument, match="no pictures"):
        run(tmp_path / "empty", "--out", tmp_path / "b.lance", "--prune")
    assert not (tmp_path / "b.lance").exists()


def test_sources_that_hold_nothing_leave_no_index(tmp_path):
    out, maps = tmp_path / "a.lance", tmp_path / "maps"
    maps.mkdir()
    for name in ("a.npz", "b.npz"):
        (maps / name).write_bytes(b"PK")
    with pytest.raises(InvalidArgument, match=r"but 2 \.npz files: saved heatmaps need --on mass"):
        run(maps, "--out", out)
    for sources in ([tmp_path / "nowhere"], [tmp_path / "no1", tmp_path / "no2"], [maps / "*.jpg"]):
        with pytest.raises(InvalidArgument):
            run(*sources, "--out", out)
    assert not out.exists()


def test_an_index_that_cannot_be_written_to(photos, tmp_path, monkeypatch):
    out = tmp_path / "a.lance"
    run(photos / "crop000.jpg", "--out", out)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", str(out / "seals/pending"))

    monkeypatch.setattr("heatlens.search.store.seals.Path.touch", refused)
    for typed in ((photos / "crop001.jpg",), ("--remove", "id LIKE '%crop%'"), ("--compact",)):
        with pytest.raises(UnwritableIndex, match=rf"the index {out} cannot be written to"):
            run(*typed, "--out", out)
    assert run(photos / "crop000.jpg", "--out", out)[0] == 0  # nothing to write


def test_verify_checks_the_working_set_too(photos, tmp_path):
    out = tmp_path / "a.lance"
    run(photos, "--out", out)
    index = ImageIndex.open(out)
    index.search(photos / "crop000.jpg")
    assert run("--out", out, "--verify")[0] == 0
    largest = max((out / "bounds").rglob("*.*"), key=lambda file: file.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    code, _, told = run("--out", out, "--verify")
    assert code == 1
    assert "bounds/" in told


def test_remove_compact_and_verify(photos, tmp_path):
    out = tmp_path / "a.lance"
    run(photos, "--out", out)
    code, said, _ = run("--out", out, "--remove", "name = 'crop003.jpg'", "--compact", "--verify")
    assert code == 0
    assert "1 rows were removed" in said
    assert "all is as it was written" in said
    data = next((out / "images.lance/data").iterdir())
    data.write_bytes(data.read_bytes()[:-1])
    code, said, told = run("--out", out, "--verify")
    assert code == 1
    assert f"images.lance/data/{data.name} is damaged" in told
    with pytest.raises(DamagedIndex):
        run("--out", out, "--compact")


def test_what_makes_no_sense(tmp_path):
    with pytest.raises(InvalidArgument, match="no folder was given"):
        run("--out", tmp_path / "a.lance")
    with pytest.raises(InvalidArgument, match="belong to sources"):
        run("--out", tmp_path / "a.lance", "--verify", "--k", 3)
    with pytest.raises(MissingIndex, match="heatlens index FOLDER"):
        run("--out", tmp_path / "a.lance", "--verify")
    with pytest.raises(HeatlensError, match="no picture at"):
        run(tmp_path / "nowhere", "--out", tmp_path / "a.lance")


def test_stopped_by_ctrl_c_it_keeps_what_is_done(photos, tmp_path):
    out = tmp_path / "a.lance"
    code = (
        "import os, signal, sys\n"
        "from heatlens.search.adding import add as module\n"
        "work = module._Work.__call__\n"
        "def slow(self, item):\n"
        "    if item.name == 'crop005.jpg': os.kill(os.getpid(), signal.SIGINT)\n"
        "    return work(self, item)\n"
        "module._Work.__call__ = slow\n"
        "from heatlens.cli import main\n"
        "main()\n"
    )
    words = [sys.executable, "-c", code, "index", str(photos), "--out", str(out)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 130
    assert "stopped; " in done.stderr
    assert "the same command carries on" in done.stderr
    assert "Traceback" not in done.stderr
    code, said, _ = run(photos, "--out", out, "--json")
    found = json.loads(said)
    assert code == 0
    assert found["added"] + found["unchanged"] == found["rows"] == 8
