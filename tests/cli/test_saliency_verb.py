"""`heatlens saliency`: pictures, films, pipes and large pictures, without a model."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.images.films import FilmWriter, open_film
from heatlens.images.large import LargeHeatmap


def scene(size=(48, 64), at=(10, 40)):
    levels = np.full((*size, 3), 90, np.uint8)
    levels[at[0] : at[0] + 6, at[1] : at[1] + 6] = (230, 60, 40)
    return levels


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "scene.png"
    Pillow.fromarray(scene()).save(path)
    return path


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "clip.mp4"
    generator = np.random.default_rng(0)
    ground = generator.integers(60, 120, (48, 64, 3), dtype=np.uint8)
    with FilmWriter(path, (48, 64), 10) as writer:
        for k in range(6):
            frame = ground.copy()
            frame[20:30, 5 + 5 * k : 15 + 5 * k] = (230, 200, 40)
            writer.write(frame)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["saliency", *map(str, arguments)])


def test_pictures_get_a_map_each(picture, tmp_path):
    out = tmp_path / "out"
    done = run(picture, "--out", out, "--format", "png", "--format", "npz", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    (heat,) = answer["results"][0]["heatmaps"]
    assert answer["errors"] == []
    assert sorted(path.name for path in out.iterdir()) == sorted(
        file.rpartition("/")[2] for file in heat["files"]
    )
    kept = Heatmap.load(out / f"scene.{heat['method']}.npz")
    assert list(kept.peak) == heat["peak"]
    assert 8 <= kept.peak[0] < 18
    assert 38 <= kept.peak[1] < 48


def test_several_methods_are_compared_in_one_picture(picture, tmp_path):
    done = run(picture, "--out", tmp_path / "out", "--method", "gbvs", "--method", "itti-koch")
    assert done.exit_code == 0, done.output
    assert "gbvs: first look at row" in done.stdout
    assert (tmp_path / "out/scene.compare.png").is_file()


def test_a_film_becomes_a_film(film, tmp_path):
    done = run(film, "--out", tmp_path / "heat.avi")
    assert done.exit_code == 0, done.output
    assert "fusion: 6 frames" in done.stdout
    with open_film(tmp_path / "heat.avi") as heat, open_film(film) as before:
        assert heat.size == before.size
        changed = [
            np.abs(now.pixels.astype(int) - was.pixels).mean((1, 2)).max()
            for now, was in zip(heat, before, strict=True)
        ]
    assert len(changed) == 6
    assert min(changed) > 0


def test_the_flow_stands_beside_it(film, tmp_path):
    done = run(film, "--out", tmp_path, "--method", "motion-contrast", "--flow", "--json")
    assert done.exit_code == 0, done.output
    (result,) = json.loads(done.stdout)["results"]
    assert result["frames"] == 6
    with open_film(result["file"]) as heat:
        assert heat.size == (48, 64 + 8 + 64)


def test_a_large_picture_becomes_a_pyramid_to_zoom(picture, tmp_path):
    done = run(picture, "--out", tmp_path / "heat.tif", "--zoomable", "--json")
    assert done.exit_code == 0, done.output
    (heat,) = json.loads(done.stdout)["results"][0]["heatmaps"]
    assert (tmp_path / "heat/index.html").is_file()
    with LargeHeatmap.load(tmp_path / "heat.tif") as kept:
        assert kept.size == (48, 64)
        whole = kept.reduced(64)
    assert 8 <= whole.peak[0] < 18
    assert heat["peak"] == list(whole.peak)


def test_what_fails_does_not_stop_the_rest(picture, film, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(film.read_bytes()[:40])
    done = run(tmp_path / "none.jpg", picture, broken, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert [result["source"] for result in answer["results"]] == [str(picture)]
    assert {error["source"] for error in answer["errors"]} == {
        str(tmp_path / "none.jpg"),
        str(broken),
    }


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (["--method", "spectral"], UnknownName, "did you mean 'spectral-residual'"),
        (["--method", "motion-contrast"], InvalidArgument, "sees motion"),
        (["--set", "sigm=2"], InvalidArgument, "has no parameter 'sigm'"),
        (["--format", "jpg"], UnknownName, "--format"),
        (["--style", "panel"], UnknownName, "did you mean 'panels'"),
        (["--out", "heat.mp4"], InvalidArgument, "is one film: give one film"),
    ],
    ids=lambda item: " ".join(item) if isinstance(item, list) else None,
)
def test_what_would_fail_for_all_is_said_before_any_work(picture, arguments, kind, words):
    done = run(picture, *arguments)
    assert isinstance(done.exception, kind)
    assert words in str(done.exception)


def test_models_of_saliency_are_listed():
    for kind, name in (("saliency", "gbvs"), ("films", "motion-contrast")):
        done = CliRunner().invoke(app, ["methods", "--kind", kind])
        assert done.exit_code == 0
        assert name in done.stdout
    done = CliRunner().invoke(app, ["methods", "gbvs", "--json"])
    assert json.loads(done.stdout)[0]["family"] == "graph"
    with pytest.raises(UnknownName, match="saliency"):
        CliRunner().invoke(app, ["methods", "--kind", "salience"], catch_exceptions=False)


def test_a_source_is_never_written_over(film, tmp_path):
    tiff = tmp_path / "same.tif"
    Pillow.fromarray(scene()).save(tiff)
    for source, out in ((tiff, tiff), (film, film)):
        before = source.read_bytes()
        done = run(source, "--out", out)
        assert done.exit_code != 0
        assert source.read_bytes() == before


def test_globs_and_folders_hold_films_too(picture, film, tmp_path):
    for typed in (str(tmp_path / "*.*"), str(tmp_path)):
        out = tmp_path / "out"
        done = run(typed, "--out", out, "--json")
        assert done.exit_code == 0, done.output
        sources = {result["source"] for result in json.loads(done.stdout)["results"]}
        assert sources == {str(picture), str(film)}


def test_a_pipe_in_and_a_pipe_out(film, tmp_path):
    command = [sys.executable, "-m", "heatlens", "saliency", "-", "--out", "-"]
    with film.open("rb") as stream:
        done = subprocess.run(command, stdin=stream, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"fusion: 6 frames" in done.stderr
    with open_film(done.stdout) as heat:  # nothing but the film is on standard output
        assert sum(1 for _ in heat) == 6
        assert heat.notes == []


def test_a_broken_animation_does_not_stop_the_rest(picture, tmp_path):
    broken = tmp_path / "broken.gif"
    broken.write_bytes(b"GIF89a" + bytes(30))
    done = run(picture, broken, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert [result["source"] for result in answer["results"]] == [str(picture)]
    assert [error["source"] for error in answer["errors"]] == [str(broken)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "map_side=8"], "fusion has no parameter 'map_side'"),
        (["--zoomable"], "--zoomable is for pictures"),
        (["--format", "npz"], "--format is for pictures"),
        (["--out", "heat.m4v"], "is the name of a file that is not written here"),
    ],
    ids=lambda item: " ".join(item) if isinstance(item, list) else None,
)
def test_options_that_would_do_nothing_to_a_film_are_refused(film, arguments, words):
    done = run(film, *arguments)
    assert isinstance(done.exception, InvalidArgument)
    assert words in str(done.exception)


def test_a_film_by_two_methods_keeps_its_name(film, tmp_path):
    done = run(film, "--out", tmp_path, "--method", "fusion", "--method", "image-signature")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "clip.fusion.mp4").is_file()
    assert (tmp_path / "clip.image-signature.mp4").is_file()
    twice = run("-", "--method", "fusion", "--method", "image-signature")
    assert "a pipe can be gone through once" in str(twice.exception)
