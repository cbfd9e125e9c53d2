"""`heatlens search` as a person and as a script would use it; the engine is tested elsewhere."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from heatlens.cli import app
from heatlens.errors import HeatlensError, InvalidArgument, MissingImage, MissingIndex
from heatlens.render.files import read_provenance

pytest.importorskip("lancedb", reason="lancedb is not installed: pip install 'heatlens[search]'")

from heatlens.images.read import read_image
from heatlens.search.index import ImageIndex

COLOURS = {"red": (220, 30, 30), "dark red": (150, 20, 20), "green": (20, 180, 40)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three coloured pictures, one of them twice, and one with a name that needs care."""
    made = tmp_path_factory.mktemp("searched")
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        noisy = np.clip(np.array(colour) + rng.normal(0, 6, (30, 40, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(made / f"{name}.png")
    shutil.copy(made / "green.png", made / "green again.png")
    blue = np.full((20, 30, 3), (20, 30, 200), np.uint8)
    Image.fromarray(blue).save(made / "[bold] 青 <b>.png")
    return made


@pytest.fixture(scope="module")
def index(folder, tmp_path_factory) -> Path:
    """An index of them; one row has no thumbnail, one no path."""
    path = tmp_path_factory.mktemp("index") / "photos.lance"
    made = ImageIndex.create(path, k=4)
    made.add(folder)
    made.add(read_image(folder / "dark red.png"), ids=["in memory"])
    made.remove(ids=[str(folder / "dark red.png")])
    return path


@pytest.fixture
def run(index):
    def command(*words: object) -> tuple[int, str, str]:
        typed = [str(word) for word in ("search", "--index", index, *words)]
        result = CliRunner().invoke(app, typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return command


def names(said: str) -> list[str]:
    return [hit["name"] for hit in json.loads(said)["hits"]]


def test_the_nearest_come_first(run, folder):
    code, said, _ = run(folder / "red.png", "-k", 3)
    assert code == 0
    lines = said.splitlines()
    assert re.fullmatch(r"rank +distance +picture", lines[0].strip())
    assert re.match(r"1 +0 +/", lines[1].strip())
    assert "red.png" in said
    assert "The 3 nearest by W1 on signature, in CIELAB units: 3 of 5 images." in said
    assert "Certified: none of the others is nearer." in said
    assert re.search(r"\d+ bounds and \d+ exact distances were computed, in [\d.]+ m?s\.", said)
    assert "Not" not in said


def test_ties_are_said_in_words(run, folder):
    code, said, _ = run(folder / "green.png", "-k", 2)
    assert code == 0
    assert said.count("1=") == 2
    assert "Equally far away: hits 1 to 2." in said
    code, said, _ = run(folder / "green.png", "-k", 1)
    assert "Others lie exactly as far away as the last one." in said


def test_json_has_the_numbers(run, folder):
    code, said, _ = run(folder / "green.png", "-k", 3, "--json")
    assert code == 0
    found = json.loads(said)
    assert [hit["rank"] for hit in found["hits"]] == [1, 1, 3]
    assert names(said)[:2] == ["green again.png", "green.png"]
    assert found["hits"][0]["distance"] == pytest.approx(0, abs=1e-6)
    assert found["hits"][0]["path"] == str(folder / "green again.png")
    assert (found["unit"], found["on"], found["parameters"]["k"]) == (
        "CIELAB units",
        "signature",
        4,
    )
    assert (found["certified"], found["tied"], found["k"], found["images"]) == (True, False, 3, 5)
    assert found["files"] == []


def test_within_a_radius(run, folder):
    code, said, _ = run(folder / "red.png", "--radius", 40, "--json")
    assert code == 0
    assert names(said) == ["red.png", "dark red.png"]
    code, said, _ = run(folder / "red.png", "--radius", 40)
    assert "All images within 40 by W1 on signature, in CIELAB units: 2 of 5 images." in said
    assert "Certified: none is missing." in said


def test_a_condition_on_rows(run, folder):
    where = "name LIKE 'green%'"
    code, said, _ = run(folder / "red.png", "--where", where)
    assert code == 0
    assert f"2 of 2 images where {where}." in said
    code, said, _ = run(folder / "red.png", "--where", "name = 'none'")
    assert code == 0
    assert "None by W1" in said
    assert "rank" not in said


def test_few_images_are_searched_exactly_in_any_case(run, folder):
    code, said, _ = run(folder / "red.png", "--approximate")
    assert code == 0
    assert "Certified: none of the others is nearer." in said


def test_approximate_is_not_called_certified(run, folder, monkeypatch):
    for module in ("searcher", "recall"):
        monkeypatch.setattr(f"heatlens.search.{module}.FEW", 0)
    code, said, _ = run(folder / "red.png", "--approximate")
    assert code == 0
    assert "Not certified: nearer ones may be missing; on this index 100 % of the nearest" in said


def test_a_large_jpeg_finds_itself(tmp_path):
    """Decoded at a fraction of its size, it is described as the index describes it."""
    noise = np.random.default_rng(0).integers(0, 255, (600, 900, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.jpg")
    index = ImageIndex.create(tmp_path / "index.lance")
    index.add(tmp_path / "large.jpg")
    for query in (tmp_path / "large.jpg", str(tmp_path / "large.jpg")):
        assert index.search(query, k=1).distances[0] == pytest.approx(0, abs=1e-6)
    typed = ["search", tmp_path / "large.jpg", "--index", tmp_path / "index.lance", "--json"]
    said = CliRunner().invoke(app, [str(word) for word in typed]).stdout
    assert json.loads(said)["hits"][0]["distance"] == pytest.approx(0, abs=1e-6)


def test_a_sheet_is_written_and_found_again(run, folder, tmp_path):
    out = tmp_path / "out"
    code, said, _ = run(folder / "red.png", "--out", out)
    assert code == 0
    assert sorted(file.name for file in out.iterdir()) == ["red-nearest.html", "red-nearest.png"]
    assert f"-> {out / 'red-nearest.png'}" in said.replace("\n", "")
    made = read_provenance(out / "red-nearest.png")
    assert (made.method, made.parameters["on"]) == ("search", "signature")
    page = (out / "red-nearest.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "[bold] 青 &lt;b&gt;.png" in page
    run(folder / "red.png", "--out", out)
    assert len(list(out.iterdir())) == 2, "the same question: written anew"
    run(folder / "red.png", "--out", out, "-k", 2)
    assert len(list(out.iterdir())) == 4, "another one: not overwritten"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--radius", 3, "-k", 2), "one of the two"),
        (("--radius", -1), "0 or more"),
        (("--radius", 3, "--approximate"), "always exact"),
    ],
)
def test_options_that_do_not_go_together(run, folder, options, words):
    with pytest.raises(InvalidArgument, match=words):
        run(folder / "red.png", *options)


def test_what_cannot_be_used_is_an_error(run, folder, tmp_path):
    with pytest.raises(MissingImage):
        run(folder / "no such.png")
    with pytest.raises(MissingIndex):
        run(folder / "red.png", "--index", tmp_path / "none.lance")
    (tmp_path / "file").write_text("")
    with pytest.raises(HeatlensError, match="not a folder"):
        run(folder / "red.png", "--out", tmp_path / "file")
    with pytest.raises(HeatlensError):
        run(folder / "red.png", "--where", "colour = = 3")
    result = CliRunner().invoke(app, ["search", str(folder / "red.png"), "-k", "0"])
    assert result.exit_code == 2


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from heatlens.cli import app\n"
        "sys.argv = ['heatlens', 'search', '--help']\n"
        "try: app()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "heavy = {'torch', 'numpy', 'scipy', 'matplotlib', 'numba', 'PIL', 'lancedb', 'pyarrow'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in said.stdout
    assert "--radius" in said.stdout


def test_a_search_without_a_sheet_imports_no_plotting():
    code = (
        "import sys, heatlens.cli.searching, heatlens.search.answer, heatlens.cli.searched\n"
        "print(sorted({'torch', 'matplotlib', 'sklearn'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
