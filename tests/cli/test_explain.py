"""`heatlens explain` as a person and as a script would use it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import HeatlensError
from heatlens.heatmap import Heatmap
from heatlens.render.figure import read_provenance

MODEL = ("--model", "bundled:scene-cnn")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    drawn = np.random.default_rng(0).integers(0, 255, (2, 40, 60, 3), dtype=np.uint8)
    Image.fromarray(drawn[0]).save(folder / "first.png")
    Image.fromarray(drawn[1]).save(folder / "second.jpg")
    return folder


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, HeatlensError):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_folder_of_photos_becomes_pictures(photos, tmp_path):
    code, said, _ = run("explain", photos, *MODEL, "--out", tmp_path / "out", "--target", 3)
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["first.gradcam.digit-3.png", "second.gradcam.digit-3.png"]
    assert "digit 3" in said
    assert "rank correlation with a random head" in said
    made = read_provenance(tmp_path / "out" / names[0])
    assert (made.method, made.target, made.image) == ("gradcam", "digit 3", "first.png")


def test_json_is_for_machines(photos, tmp_path):
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path, "--json", "--no-checks"),
        *("--method", "gradient", "--format", "npz", "--format", "tif"),
    )
    assert code == 0
    [result] = json.loads(said)["results"]
    assert len(result["predictions"]) == 5
    assert sum(item["probability"] for item in result["predictions"]) <= 1
    [heat] = result["heatmaps"]
    assert heat["trust"] == {}
    values = Heatmap.load(heat["files"][0]).values
    assert tuple(heat["peak"]) == np.unravel_index(values.argmax(), values.shape)
    np.testing.assert_array_equal(values, Heatmap.load(heat["files"][1]).values)


def test_one_bad_file_does_not_stop_the_rest(photos, tmp_path):
    (photos / "broken.jpg").write_bytes(b"<html>not found</html>")
    code, said, told = run(
        *("explain", photos, tmp_path / "nowhere.png", tmp_path / "*.bmp", *MODEL),
        *("--out", tmp_path / "out", "--json", "--no-checks"),
    )
    assert code == 1
    answer = json.loads(said)
    assert len(answer["results"]) == 2
    assert len(answer["errors"]) == 3
    assert "HTML" in told
    assert "matches no file" in told
    assert "3 of 5 could not be explained" in told


def test_several_methods_and_classes_are_compared(photos, tmp_path):
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", "--json"),
        *("--top", 2, "--method", "gradcam", "--method", "layercam", "--no-checks"),
    )
    assert code == 0
    [result] = json.loads(said)["results"]
    assert len(result["heatmaps"]) == 4
    assert len({heat["target"] for heat in result["heatmaps"]}) == 2
    assert Path(result["comparison"]).exists()


def test_photos_of_one_name_do_not_overwrite_each_other(photos, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (30, 30), "red").save(other / "first.png")
    code, _, _ = run(
        *("explain", photos / "first.png", other / "first.png", *MODEL, "--no-checks"),
        *("--out", tmp_path / "out", "--target", 0),
    )
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["first-2.gradcam.digit-0.png", "first.gradcam.digit-0.png"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--method", "grad-cam"), "did you mean 'gradcam'"),
        (("--target", "digit9"), "did you mean 'digit 9'"),
        (("--colour-map", "virdis"), "did you mean 'viridis'"),
        (("--format", "jpg"), "unknown --format 'jpg'"),
        (("--set", "steps=4"), "gradcam has no parameter 'steps'"),
        (("--set", "steps"), "NAME=VALUE"),
        (("--model", "bundled:scene-cn"), "did you mean"),
        (("--style", "panel"), "did you mean 'panels'"),
        (("--sign", "plus"), "positive"),
        (("--fit", "stretch"), "squash"),
        (("--channels", "max"), "max-abs"),
        (("--layer", "stage4"), "did you mean"),
    ],
)
def test_a_wrong_word_is_answered_before_any_work(photos, tmp_path, words, hint):
    with pytest.raises(HeatlensError, match=hint):
        run("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", *words)
    assert not list((tmp_path / "out").glob("*"))
