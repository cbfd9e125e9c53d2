"""`heatlens explain` as a person and as a script would use it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from heatlens.attribution.explain import explain
from heatlens.cli import app
from heatlens.errors import HeatlensError, InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.models.load import load_model
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
        (("--top", 2, "--target", 3), "leave out --top or --target"),
        (("--target", 33), "class 33 is out of range; the model has 10 classes, 0 to 9"),
        (("--target", "3 - 10"), "class 10 is out of range"),
        (("--target", "top-11"), "the model has 10 classes"),
        (("--set", "relu=no"), "gradcam: relu is 'no'; it must be True or False"),
        (("--set", "relu=1"), "relu is 1; it must be"),
        (
            ("--method", "smoothgrad", "--set", "samples=abc"),
            "samples is 'abc'; it must be a whole number",
        ),
        (("--method", "smoothgrad", "--set", "samples=2.5"), "samples is 2.5; it must be"),
        (("--method", "smoothgrad", "--set", "samples=true"), "samples is True; it must be"),
        (("--method", "smoothgrad", "--set", "noise=much"), "noise is 'much'; it must be"),
    ],
)
def test_a_wrong_word_is_answered_before_any_work(photos, tmp_path, words, hint):
    with pytest.raises(HeatlensError, match=hint):
        run("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", *words)
    assert not list((tmp_path / "out").glob("*"))


def test_settings_of_the_right_kind_are_taken(photos, tmp_path):
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", "--json"),
        *("--method", "smoothgrad", "--set", "samples=2", "--set", "noise=1", "--no-checks"),
        *("--set", "of=integrated-gradients", "--set", "steps=2", "--set", "baseline=white"),
    )
    assert code == 0
    [heat] = json.loads(said)["results"][0]["heatmaps"]
    made = heat["parameters"]
    assert (made["samples"], made["noise"], made["steps"]) == (2, 1, 2)


@pytest.fixture
def relabelled(monkeypatch):
    """Let the command load the bundled model with other labels."""

    def with_labels(*labels: str) -> None:
        model = load_model("bundled:scene-cnn", labels=labels)
        monkeypatch.setattr("heatlens.cli.loading.load_model", lambda *_, **__: model)

    return with_labels


@pytest.mark.parametrize("labels", [["crane"] * 10, [f"{'?' * i}crane!" for i in range(10)]])
def test_classes_of_one_name_do_not_overwrite_each_other(photos, tmp_path, relabelled, labels):
    relabelled(*labels)
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", "--json"),
        *("--target", 3, "--target", 5, "--no-checks", "--format", "png", "--format", "npz"),
    )
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").glob("*.npz"))
    assert names == ["first.gradcam.crane-2.npz", "first.gradcam.crane.npz"]
    heatmaps = json.loads(said)["results"][0]["heatmaps"]
    assert [heat["target_index"] for heat in heatmaps] == [3, 5]
    for heat in heatmaps:
        assert Path(heat["files"][0]).stem == Path(heat["files"][1]).stem
        assert Heatmap.load(heat["files"][1]).provenance.score == heat["score"]


def test_top_is_by_index_even_if_labels_are_numbers(photos, tmp_path, relabelled):
    relabelled(*(str(9 - index) for index in range(10)))
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", "--json"),
        *("--top", 3, "--method", "gradcam", "--method", "layercam", "--no-checks"),
    )
    assert code == 0
    [result] = json.loads(said)["results"]
    ranked = [item["index"] for item in result["predictions"][:3]]
    assert [heat["target_index"] for heat in result["heatmaps"]] == ranked * 2
    assert [heat["target"] for heat in result["heatmaps"][:3]] == [str(9 - i) for i in ranked]


def test_target_index_is_of_single_classes(photos, tmp_path):
    code, said, _ = run(
        *("explain", photos / "first.png", *MODEL, "--out", tmp_path / "out", "--json"),
        *("--target", "predicted", "--target", "digit 4", "--target", "1 - 2", "--no-checks"),
    )
    assert code == 0
    [result] = json.loads(said)["results"]
    best = result["predictions"][0]
    assert [heat["target_index"] for heat in result["heatmaps"]] == [best["index"], 4, None]
    assert result["heatmaps"][0]["target"] == best["label"]


def failing(monkeypatch, error: BaseException, name: str) -> None:
    """Let the explanation of the photo of that name raise the error."""

    def explained(model, image, *rest, **options):
        if image.name == name:
            raise error
        return explain(model, image, *rest, **options)

    monkeypatch.setattr("heatlens.cli.explaining.explain", explained)


def test_a_foreign_error_does_not_stop_the_rest(photos, tmp_path, monkeypatch):
    failing(monkeypatch, RuntimeError("shapes do not match"), "first.png")
    code, said, told = run(
        "explain", photos, *MODEL, "--out", tmp_path / "out", "--json", "--no-checks"
    )
    assert code == 1
    answer = json.loads(said)
    assert [Path(item["source"]).name for item in answer["results"]] == ["second.jpg"]
    [failed] = answer["errors"]
    assert failed["error"] == "RuntimeError: shapes do not match"
    assert "first.png: RuntimeError: shapes do not match" in told


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_ctrl_c_tells_what_is_finished(photos, tmp_path, monkeypatch, words):
    failing(monkeypatch, KeyboardInterrupt(), "second.jpg")
    code, said, told = run(
        "explain", photos, *MODEL, "--out", tmp_path / "out", "--no-checks", *words
    )
    assert code == 130
    assert "stopped; 1 of 2 are explained" in told
    assert "first.gradcam." in said
    if words:
        answer = json.loads(said)
        assert [Path(item["source"]).name for item in answer["results"]] == ["first.png"]
        assert answer["errors"] == []


@pytest.mark.parametrize("inside", ["", "sub"])
def test_out_that_is_a_file_is_refused(photos, tmp_path, inside):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InvalidArgument, match="there is a file of that name, not a folder"):
        run("explain", photos, *MODEL, "--out", tmp_path / "notes" / inside)
    assert (tmp_path / "notes").read_text() == "mine"


def test_out_that_cannot_be_written_to_is_refused(photos, tmp_path, monkeypatch):
    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("heatlens.cli.folders.TemporaryFile", denied)
    with pytest.raises(InvalidArgument, match="cannot be written to: Permission denied"):
        run("explain", photos, *MODEL, "--out", tmp_path)
