"""`heatlens inspect` as a person and as a script would use it."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.cli.inspection_words import print_photo
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.features.activations import layer_activations, receptive_field
from heatlens.models.load import load_model
from heatlens.testing.scenes import scenes

MODEL = ("--model", "bundled:scene-cnn")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for k, pixels in enumerate(scenes(4, split="test").images):
        Image.fromarray(pixels).save(folder / f"{k}.png")
    return folder


def run(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, HeatlensError):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("with_photo", [True, False], ids=["photo", "no-photo"])
def test_without_a_layer_the_tree_is_printed(photos, with_photo):
    code, said, _ = run("inspect", *([photos / "0.png"] if with_photo else []), *MODEL)
    assert code == 0
    assert "  stem.0  " in said
    assert "Conv2d 16 x 48 x 48, kernel 3 x 3, stride 2" in said
    assert said.index("stage1") < said.index("stage3.1.conv1") < said.index("head")


def test_the_tree_as_json():
    _, said, _ = run("inspect", *MODEL, "--json")
    answer = json.loads(said)
    assert [line["name"] for line in answer["layers"]] == list(
        load_model("bundled:scene-cnn").layers()
    )
    assert answer["layers"][-1]["shape"] == [10]
    assert answer["errors"] == []


def test_a_layer_becomes_pictures(photos, tmp_path):
    code, said, _ = run("inspect", photos / "0.png", *MODEL, "--layer", "stage2", "--out", tmp_path)
    assert code == 0
    names = {path.name.removeprefix("0.stage2.") for path in tmp_path.iterdir()}
    units = {name for name in names if name.startswith("unit-")}
    assert names - units == {
        *("channels.png", "mean.png", "maximum.png", "receptive-field.png"),
    }
    assert len(units) == 1
    assert "64 channels on 12 x 12 cells" in said
    assert "receptive field of stage2" in said
    assert all(path.stat().st_size > 2000 for path in tmp_path.iterdir())


def test_json_says_what_the_functions_say(photos, tmp_path):
    _, said, _ = run(
        *("inspect", photos / "1.png", *MODEL, "--layer", "stage1", "--unit", 5),
        *("--out", tmp_path, "--json", "--by", "mean", "--channels", 4),
    )
    [result] = json.loads(said)["results"]
    model = load_model("bundled:scene-cnn")
    seen = layer_activations(model, photos / "1.png", "stage1")
    assert [item["channel"] for item in result["top_channels"]] == [
        k for k, _ in seen.top(10, by="mean")
    ]
    cell = tuple(int(k) for k in np.unravel_index(int(seen.values[5].argmax()), seen.grid))
    field = receptive_field(model, "stage1", cell, channel=5, image=photos / "1.png")
    told = result["receptive_field"]
    assert (tuple(told["cell"]), told["channel"]) == (cell, 5)
    assert tuple(told["box"]) == field.box
    assert told["exact"]
    assert tuple(told["effective_box"]) == field.effective_box()
    assert result["grid"] == [24, 24]
    result["receptive_field"]["exact"] = False
    console = Console(file=io.StringIO())
    print_photo(console, result)
    assert "at most 23 x 23 pixels" in console.file.getvalue()
    assert len(result["files"]) == 5


def test_a_head_has_no_maps_but_a_field(photos, tmp_path):
    _, said, _ = run("inspect", photos / "1.png", *MODEL, "--layer", "head", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["1.head.receptive-field.png"]
    assert "the whole input by architecture" in said


def test_over_a_folder_the_top_pictures_are_found(photos, tmp_path):
    code, said, _ = run(
        *("inspect", *MODEL, "--layer", "stage1", "--over", photos, "--out", tmp_path / "new"),
        *("--channels", 2, "--top", 3, "--json"),
    )
    assert code == 0
    top = json.loads(said)["top"]
    assert (top["seen"], top["complete"], len(top["channels"])) == (4, True, 2)
    for pictures in top["channels"].values():
        values = [item["value"] for item in pictures]
        assert len(values) == 3
        assert values == sorted(values, reverse=True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["stage1.top.png"]


def test_what_is_broken_is_told_once_and_the_rest_is_done(photos, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "good.png").write_bytes((photos / "0.png").read_bytes())
    (folder / "bad.png").write_bytes(b"<html>not found</html>")
    code, said, told = run(
        *("inspect", folder, *MODEL, "--layer", "head", "--over", folder),
        *("--out", tmp_path / "out", "--json"),
    )
    assert code == 1
    answer = json.loads(said)
    assert (len(answer["results"]), len(answer["errors"]), answer["top"]["seen"]) == (1, 1, 1)
    assert told.count("HTML") == 1
    assert "1 picture could not be used" in told


def test_a_folder_that_fails_does_not_lose_the_photos(photos, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "bad.png").write_bytes(b"<html>not found</html>")
    code, said, told = run(
        *("inspect", photos / "0.png", *MODEL, "--layer", "head", "--over", folder),
        *("--out", tmp_path / "out", "--json"),
    )
    answer = json.loads(said)
    assert code == 1
    assert len(answer["results"]) == 1
    assert [item["source"] for item in answer["errors"]] == [str(folder)]
    assert "none of 1 pictures could be used" in told


def test_a_single_photo_that_cannot_be_read_is_a_failure_as_in_explain(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"")
    code, _, told = run("inspect", tmp_path / "bad.png", *MODEL, "--layer", "head", "-o", tmp_path)
    assert code == 1
    assert run("explain", tmp_path / "bad.png", *MODEL, "--out", tmp_path)[0] == code
    assert "1 picture could not be used" in told


def test_ctrl_c_keeps_what_is_done(photos, tmp_path, monkeypatch):
    from heatlens.cli import inspecting

    real, done = inspecting.layer_activations, []

    def once(*given, **more):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return real(*given, **more)

    monkeypatch.setattr(inspecting, "layer_activations", once)
    code, said, told = run(
        "inspect", photos, *MODEL, "--layer", "head", "--out", tmp_path, "--json"
    )
    assert code == 130
    assert len(json.loads(said)["results"]) == 1
    assert "stopped" in told


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--layer", "stage2.0.conv9"), r"did you mean 'stage2.0.conv2'[\s\S]*Conv2d 64 x 12 x 12"),
        (("--layer", "stge2"), r"did you mean 'stage2'[\s\S]*head  \(Linear 10\)"),
        (("--layer", "stage1", "--unit", 32), "no channel 32: it has 32"),
        (("--layer", "stage1", "--channels", 33), "--channels is 33, and layer 'stage1' has 32"),
        (("--layer", "stage1", "--by", "median"), "--by 'median'"),
        (("--layer", "stage1", "--fit", "tile"), "--fit 'tile'"),
        (("--unit", 3), "--unit is about one layer"),
        (("--over", "photos"), "--over is about one layer"),
        (("--layer", "stage1", "--over", "nowhere"), "no folder 'nowhere'"),
    ],
    ids=["deep", "top", "unit", "channels", "by", "fit", "no-layer", "over", "folder"],
)
def test_what_cannot_be_used_is_told_before_any_work(photos, tmp_path, words, hint):
    with pytest.raises(HeatlensError, match=hint):
        run("inspect", photos / "0.png", *MODEL, *words, "--out", tmp_path / "out")


def test_a_layer_needs_a_picture():
    with pytest.raises(InvalidArgument, match="give a photo, or a folder with --over"):
        run("inspect", *MODEL, "--layer", "stage1")
