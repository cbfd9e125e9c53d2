"""`heatlens visualize` from the shell."""

import json

import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import InvalidArgument

MODEL = ["visualize", "--model", "bundled:scene-cnn", "--steps", "3", "--size", "48"]


def run(*arguments):
    return CliRunner().invoke(app, [*MODEL, *map(str, arguments)])


def test_pictures_sheet_and_film_are_written(tmp_path):
    done = run("--unit", "stage2:5", "--unit", "digit 3", "--film", 3, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "logit-digit-3.png",
        "logit-digit-3.webp",
        "sheet.png",
        "stage2-5.png",
        "stage2-5.webp",
    ]
    assert "logit:digit 3: value" in done.output
    assert "probability" in done.output
    with Pillow.open(tmp_path / "stage2-5.png") as picture:
        assert picture.size == (48, 48)
        about = json.loads(picture.text["heatlens"])
    assert about["objective"] == "stage2:5"
    assert about["seed"] == 0
    with Pillow.open(tmp_path / "stage2-5.webp") as film:
        assert film.n_frames == 3


def test_json(tmp_path):
    done = run("--unit", "stage2:5@centre", "--count", 2, "--json", "--out", tmp_path)
    answer = json.loads(done.stdout)
    first, second = answer["results"]
    assert first["objective"] == second["objective"] == "stage2:5@3,3"
    assert first["file"] != second["file"]
    assert answer["sheet"].endswith("sheet.png")


def test_stopped_by_hand_what_was_reached_is_written(tmp_path, monkeypatch):
    from heatlens.features.visualisation.rows import Rows

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Rows, "_flat", interrupt)
    done = run("--unit", "stage2:5", "--tolerance", 0.1, "--out", tmp_path)
    assert done.exit_code == 130
    assert "stopped; 1 of 1 pictures" in done.output
    assert (tmp_path / "stage2-5.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--unit", "stge2:5"], "did you mean 'stage2'"),
        (["--unit", "stage2:64"], "has 64, 0 to 63"),
        (["--unit", "digit 10"], "unknown class"),
        (["--unit", "stage2:1", "--transforms", "jiter"], "did you mean 'jitter'"),
        (["--unit", "stage2:1", "--size", "large"], "--size 'large'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, arguments, message):
    done = run(*arguments, "--out", tmp_path)
    assert done.exit_code != 0
    assert isinstance(done.exception, InvalidArgument)
    assert message in str(done.exception)
    assert not list(tmp_path.iterdir())
