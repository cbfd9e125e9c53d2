"""`explain_film` and `heatlens explain` on a film: one scale, one class, one frame in memory."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import heatlens as hl
from heatlens.attribution import explain_film, explain_frames
from heatlens.cli import app
from heatlens.errors import InvalidArgument
from heatlens.images.films import FilmWriter, open_film
from heatlens.render.colour import Scale
from heatlens.render.over_frame import over_frame
from heatlens.testing.scenes import scenes


@pytest.fixture(scope="module")
def clip():
    wide = np.pad(scenes(1, seed=3).images[0], ((0, 0), (0, 12), (0, 0)), mode="reflect")
    return np.stack([wide[:, 2 * k : 2 * k + 96] for k in range(4)])


def test_the_scale_rises_and_never_falls(clip, tmp_path):
    model = hl.load_model("bundled:scene-cnn")
    told = []
    made = explain_film(
        model, clip, tmp_path / "heat.mkv", target=3, progress=lambda *done: told.append(done)
    )
    assert told == [(k, 4) for k in range(1, 5)]
    assert made.provenance.target == "digit 3"
    top = 0.0
    with open_film(tmp_path / "heat.mkv") as film:
        for shown, item in zip(film, explain_frames(model, clip, target=3), strict=True):
            top = max(top, float(item.heat.values.max()))
            expected = over_frame(item.pixels, item.heat.values, Scale(0, top), 0.75)
            np.testing.assert_array_equal(shown.pixels, expected)
    assert made.top == pytest.approx(top)


def test_the_verb(clip, tmp_path):
    with FilmWriter(tmp_path / "clip.mkv", (96, 96), 10) as writer:
        for frame in clip:
            writer.write(frame)
    command = ["explain", str(tmp_path / "clip.mkv"), "--model", "bundled:scene-cnn", "--json"]
    done = CliRunner().invoke(app, [*command, "--target", "digit 3", "--out", str(tmp_path / "x")])
    assert done.exit_code == 0, done.output
    (heat,) = json.loads(done.stdout)["results"][0]["heatmaps"]
    assert heat["frames"] == 4
    assert heat["target"] == "digit 3"
    with open_film(heat["files"][0]) as film:
        assert sum(1 for _ in film) == 4
    refused = CliRunner().invoke(app, [*command, "--top", "2", "--out", str(tmp_path / "x")])
    assert isinstance(refused.exception, InvalidArgument)
    assert "a film was given" in str(refused.exception)


@pytest.mark.parametrize("settings", [{"alpha": 2}, {"top": 0}, {"top": float("nan")}], ids=str)
def test_numbers_out_of_range(clip, tmp_path, settings):
    with pytest.raises(InvalidArgument, match=r"lies in|above 0"):
        explain_film(hl.load_model("bundled:scene-cnn"), clip, tmp_path / "x.mp4", **settings)
