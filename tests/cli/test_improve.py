"""`heatlens improve` as a person and as a script would use it."""

import csv
import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import HeatlensError, InvalidArgument, UnknownName
from heatlens.testing.scenes import Shortcut, scenes

MODEL = ("--model", "bundled:scene-cheater")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("improve")
    photos, masks = folder / "photos", folder / "masks"
    photos.mkdir()
    masks.mkdir()
    batch = scenes(8, split="test", seed=3, shortcut=Shortcut())
    for i in range(8):
        Image.fromarray(batch.images[i]).save(photos / f"s{i}.png")
        Image.fromarray(batch.masks[i]).save(masks / f"s{i}.png")
    return photos, masks


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, HeatlensError):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_queue_a_sheet_crops_and_erased_pictures(folders, tmp_path):
    photos, masks = folders
    code, said, _ = run(
        *("improve", photos, *MODEL, "--masks", masks, "--crops", "--erase", "--out", tmp_path)
    )
    assert code == 0
    assert "of the heat lies off the object" in said
    queue = rows(tmp_path / "queue.csv")
    assert len(queue) == 8
    assert float(queue[0]["doubt"]) >= float(queue[-1]["doubt"])
    with Image.open(tmp_path / "queue.png") as sheet:
        assert sheet.size[1] > 300
    for line in rows(tmp_path / "crops/manifest.csv"):
        with Image.open(tmp_path / "crops" / line["file"]) as crop:
            box = [int(line[side]) for side in ("top", "left", "bottom", "right")]
            assert crop.size == (box[3] - box[1], box[2] - box[0])
        assert line["source"].startswith(str(photos))
        assert line["target"].startswith("digit")
    hidden = rows(tmp_path / "erased/manifest.csv")
    assert len(hidden) == 8
    assert all(0 < float(line["area_hidden"]) < 0.5 for line in hidden)
    with Image.open(tmp_path / "erased" / hidden[0]["file"]) as erased:
        assert erased.size == (96, 96)


def test_json_and_top(folders, tmp_path):
    photos, masks = folders
    code, said, _ = run(
        *("improve", photos, *MODEL, "--masks", masks, "--top", 3, "--json", "--out", tmp_path)
    )
    told = json.loads(said)
    assert code == 0
    assert [one["rank"] for one in told["results"]] == [1, 2, 3]
    assert told["looked_at"] == 8
    assert told["errors"] == []
    assert set(told["written"]) == {"queue", "sheet"}
    assert not (tmp_path / "crops").exists()


def test_a_broken_picture_stops_nothing(folders, tmp_path):
    photos, _ = folders
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    code, said, error = run(
        "improve", photos / "s0.png", broken, tmp_path / "none.png", *MODEL, "--out", tmp_path
    )
    assert code == 1
    assert "s0.png" in said
    assert "broken.png" in error
    assert "2 of 3 could not be looked at" in error
    assert len(rows(tmp_path / "queue.csv")) == 1


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (("--method", "gradcm"), UnknownName, "gradcam"),
        (("--masks", "/nowhere"), InvalidArgument, "is no folder"),
        (("--fill", "black"), UnknownName, "blur"),
        (("--threshold", "2"), InvalidArgument, "--threshold is 2"),
        (("--fit", "crp"), UnknownName, "crop"),
        (("--target", "digit 12"), UnknownName, "digit 1"),
        (("--target", "10"), InvalidArgument, "class 10 is out of range"),
    ],
    ids=["method", "masks", "fill", "threshold", "fit", "target", "index"],
)
def test_what_would_fail_for_all_fails_before_any_work(folders, tmp_path, words, kind, said):
    with pytest.raises(kind, match=said):
        run("improve", folders[0], *MODEL, "--out", tmp_path / "out", *words)
    assert not (tmp_path / "out" / "queue.csv").exists()


def test_nothing_looked_at_is_told_and_is_no_success(folders, tmp_path):
    broken = [tmp_path / name for name in ("one.png", "two.png")]
    for path in broken:
        path.write_bytes(b"\x89PNG\r\n\x1a\n")
    code, _, error = run("improve", *broken, *MODEL, "--out", tmp_path)
    assert code == 2
    assert "one.png" in error
    assert "2 of 2 could not be looked at" in error
    code, said, _ = run("improve", *broken, *MODEL, "--out", tmp_path, "--json")
    assert code == 2
    assert len(json.loads(said)["errors"]) == 2
    code, _, error = run("improve", tmp_path / "none.png", *MODEL, "--out", tmp_path)
    assert code == 2
    assert not (tmp_path / "queue.csv").exists()


def test_files_of_the_same_name_and_whose_masks_they_are(folders, tmp_path):
    photos, masks = folders
    both = [tmp_path / "left", tmp_path / "right"]
    for i, folder in enumerate(both):
        folder.mkdir()
        (folder / "0.png").write_bytes((photos / f"s{i}.png").read_bytes())
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "0.png").write_bytes((masks / "s0.png").read_bytes())
    words = ("improve", *both, *MODEL, "--out", tmp_path / "out")
    with pytest.raises(InvalidArgument, match="suits two pictures"):
        run(*words, "--masks", flat)
    code, said, _ = run(*words)
    assert code == 0
    assert "left/0.png" in said
    assert "right/0.png" in said


@pytest.mark.parametrize("done", [0, 3], ids=["before the first", "after three"])
def test_ctrl_c_keeps_what_was_done(folders, tmp_path, monkeypatch, done):
    from heatlens.improvement.review import review

    real, calls = review.explain, []

    def explain(*arguments, **named):
        calls.append(1)
        if len(calls) == done + 1:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(review, "explain", explain)
    code, _, error = run("improve", folders[0], *MODEL, "--out", tmp_path)
    assert code == 130
    assert f"stopped after {done} pictures" in error
    assert (tmp_path / "queue.csv").exists() == bool(done)
    if done:
        assert len(rows(tmp_path / "queue.csv")) == done
