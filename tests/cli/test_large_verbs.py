"""Large pictures in the shell: explained window by window, never written over, told early."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.large import LargeHeatmap, open_large, write_pyramid

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

MODEL = ("--model", "bundled:scene-cnn")


@pytest.fixture(scope="module")
def wide():
    """Coloured squares, 96 x 192."""
    colours = np.random.default_rng(0).integers(0, 256, (6, 12, 3), dtype=np.uint8)
    return np.kron(colours, np.ones((16, 16, 1), np.uint8))


@pytest.fixture
def picture(wide, tmp_path):
    return write_pyramid(tmp_path / "slide.tif", [wide], wide.shape[:2], np.uint8, channels=3)


def run(verb, *arguments):
    return CliRunner().invoke(app, [verb, *map(str, arguments)])


def test_explain_writes_a_pyramid_an_overview_and_tiles(picture, tmp_path):
    out = tmp_path / "why.tif"
    given = (*MODEL, "--target", "0", "--out", out, "--zoomable", "--json")
    done = run("explain", picture, *given)
    assert done.exit_code == 0, done.output
    (heat,) = json.loads(done.stdout)["results"][0]["heatmaps"]
    assert heat["files"] == [
        str(out),
        str(tmp_path / "why.overview.png"),
        str(tmp_path / "why/index.html"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["slide.tif", "why.tif", "why.overview.png", "why"]
    )
    with LargeHeatmap.load(out) as kept:
        assert kept.size == (96, 192)
        assert kept.provenance.method == "gradcam"
        assert heat["peak"] == list(kept.reduced(192).peak)
        assert kept.extent() == (heat["minimum"], heat["maximum"])


def test_explain_takes_large_pictures_window_by_window(picture, tmp_path, monkeypatch):
    monkeypatch.setattr("heatlens.cli.large.LARGEST_WHOLE", 96 * 96)
    small = tmp_path / "small.png"
    Pillow.new("RGB", (96, 96)).save(small)
    out = tmp_path / "out"
    done = run("explain", picture, small, *MODEL, "--target", "0", "--out", out)
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert {name for name in names if name.startswith("slide")} == {
        "slide.gradcam.0.tif",
        "slide.gradcam.0.overview.png",
    }
    assert {name.rpartition(".")[2] for name in names if name.startswith("small")} == {"png"}
    refused = run("explain", picture, small, *MODEL, "--top", "2", "--out", out, "--json")
    answer = json.loads(refused.stdout)
    assert refused.exit_code == 1
    assert [result["source"] for result in answer["results"]] == [str(small)]
    assert "--top is for pictures that are seen whole" in answer["errors"][0]["error"]


@pytest.mark.parametrize("verb", ["saliency", "explain"])
def test_nothing_is_written_over(wide, tmp_path, verb):
    model = () if verb == "saliency" else (*MODEL, "--target", "0")
    source = tmp_path / "slide.png"
    Pillow.fromarray(wide).save(source)
    before = source.read_bytes()
    done = run(verb, source, *model, "--out", tmp_path / "slide.tif")
    assert done.exit_code == 0, done.output
    assert source.read_bytes() == before
    before = (tmp_path / "slide.tif").read_bytes()
    done = run(verb, tmp_path / "slide.tif", *model, "--out", tmp_path / "slide.tif")
    assert done.exit_code == 1
    assert "is the picture itself" in done.output
    assert (tmp_path / "slide.tif").read_bytes() == before
    (tmp_path / "slide.overview.png").write_bytes(source.read_bytes())
    done = run(verb, tmp_path / "slide.overview.png", *model, "--out", tmp_path / "slide.tif")
    assert "is the picture itself" in done.output


@pytest.mark.parametrize("verb", ["saliency", "explain"])
def test_where_tiles_cannot_go_is_told_before_any_work(picture, tmp_path, verb, monkeypatch):
    model = () if verb == "saliency" else (*MODEL, "--target", "0")
    (tmp_path / "heat").mkdir()
    (tmp_path / "heat/mine.txt").write_text("x")
    done = run(verb, picture, *model, "--out", tmp_path / "heat.tif", "--zoomable")
    assert done.exit_code == 1
    assert "mine.txt" in done.output
    assert not (tmp_path / "heat.tif").exists()


def test_the_peak_of_a_long_picture(tmp_path):
    long = np.full((33, 6000), 90, np.uint8)
    long[25:30, 5000:5005] = 250
    path = write_pyramid(tmp_path / "a.tif", [long], long.shape, np.uint8)
    done = run("saliency", path, "--method", "fine-grained", "--out", tmp_path / "h.tif", "--json")
    assert done.exit_code == 0, done.output
    (heat,) = json.loads(done.stdout)["results"][0]["heatmaps"]
    with open_large(tmp_path / "h.tif") as values:
        row, column = np.unravel_index(values.region(0, 0, 33, 6000).argmax(), (33, 6000))
    assert abs(heat["peak"][0] - row) <= 3
    assert abs(heat["peak"][1] - column) <= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "0", "--target", "1"], "one picture, one method and one target"),
        (["--target", "0", "--fit", "crop"], "--fit is for pictures that are seen whole"),
        (["--top", "2"], "--top is for pictures that are seen whole"),
        (["--target", "0", "--format", "npz"], "--format is for pictures"),
    ],
    ids=["targets", "fit", "top", "format"],
)
def test_what_a_map_file_cannot_be(picture, tmp_path, arguments, words):
    done = run("explain", picture, *MODEL, *arguments, "--out", tmp_path / "why.tif")
    assert isinstance(done.exception, InvalidArgument | InvalidType)
    assert words in str(done.exception)
