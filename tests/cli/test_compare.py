"""`heatlens compare` as a person and as a script would use it."""

import csv
import doctest
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import wasserstein_distance
from typer.testing import CliRunner

from heatlens.cli import app, comparison_files
from heatlens.errors import HeatlensError, InvalidArgument, MissingImage, UnreadableImage
from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.render.files import read_provenance


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Pictures of different sizes and types, and heatmaps with and without negative values."""
    made = tmp_path_factory.mktemp("compared")
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 200, (40, 60, 3), dtype=np.uint8)).save(made / "first.png")
    Image.fromarray(rng.integers(50, 255, (24, 30, 3), dtype=np.uint8)).save(made / "second.png")
    Image.fromarray(rng.integers(0, 255, (40, 60), dtype=np.uint8)).save(made / "grey.png")
    y, x = np.mgrid[:32, :32]
    for name, row, low in (("left", 8, 0.0), ("right", 20, 0.0), ("signed", 12, -0.1)):
        values = np.exp(-((y - 16) ** 2 + (x - row) ** 2) / 4) + low
        Heatmap(values, Provenance("gradcam", target="cat")).save(made / f"{name}.npz")
    Heatmap(np.eye(32) + 0.1, Provenance("gradient")).save(made / "map.tif")
    Heatmap(-np.eye(32) + 0.2, Provenance("gradient")).save(made / "other.npz")
    return made


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["compare", *(str(word) for word in words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def distances(said: str) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads(said)["distances"]}


def test_two_photographs_of_different_sizes(folder, tmp_path):
    code, said, _ = run(folder / "first.png", folder / "second.png", "--out", tmp_path, "--k", 4)
    assert code == 0
    kinds = ("mass", "signature", "signature-position", "histogram")
    for name in (*(f"W1 on {kind}" for kind in kinds), "euclidean", "cosine", "js", "ssim"):
        assert name in said
    assert "colour, 40 x 60" in said
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(f"first-second.{kind}.png" for kind in kinds)
    made = read_provenance(tmp_path / "first-second.mass.png")
    assert (made.method, made.parameters["on"], made.parameters["p"]) == ("wasserstein", "mass", 1)
    assert made.info["unit"] == "fractions of the diagonal"


def test_json_has_the_numbers(folder):
    photos = folder / "first.png", folder / "grey.png", "--json", "--on", "histogram"
    code, said, _ = run(*photos)
    assert code == 0
    rows = distances(said)
    red, green, blue = np.moveaxis(np.asarray(Image.open(folder / "first.png"), float), -1, 0)
    first = np.rint(0.299 * red + 0.587 * green + 0.114 * blue)
    second = np.asarray(Image.open(folder / "grey.png"), float)
    expected = wasserstein_distance(first.ravel(), second.ravel())
    found = rows["wasserstein:histogram"]
    assert found["value"] == pytest.approx(expected, rel=1e-9), "every level is a bin"
    assert found["notes"] == []
    coarse = distances(run(*photos, "--bins", 10)[1])["wasserstein:histogram"]
    expected = 25.6 * wasserstein_distance(*(x.ravel() * 10 // 256 for x in (first, second)))
    assert coarse["value"] == pytest.approx(expected, rel=1e-9)
    assert "25.6 grey levels" in coarse["notes"][0]
    assert found["unit"] == "grey levels of 0..255"
    assert set(rows) == {
        *("wasserstein:histogram", "euclidean", "cosine", "kl", "js", "chi-square", "ssim")
    }


def test_a_shift_is_as_long_as_it_is(folder, tmp_path):
    """One map is the other one, twelve cells to the right: on a grid of 32 x 32."""
    maps = folder / "left.npz", folder / "right.npz"
    code, said, _ = run(*maps, "--on", "mass", "--json", "--out", tmp_path)
    assert code == 0
    row = distances(said)["wasserstein:mass"]
    assert row["value"] == pytest.approx(12 / (32 * 2**0.5), rel=1e-3)
    assert [Path(file).name for file in row["files"]] == ["left-right.mass.png"]


def test_heatmaps_have_mass_only_and_it_says_why(folder):
    code, said, _ = run(folder / "left.npz", folder / "map.tif")
    assert code == 0, "what was not asked for by name is not missed"
    assert "heatmap, gradcam for cat, 32 x 32" in said
    assert "W1 on mass" in said
    assert "not possible here" in said
    assert "is made from pictures, and this is a heatmap" in said
    code, _, told = run(folder / "left.npz", folder / "map.tif", "--on", "signature,mass")
    assert code == 1, "what was asked for by name is"
    assert "is made from pictures" in told


def test_where_nothing_can_be_compared_it_fails(folder, tmp_path):
    Heatmap(np.ones((2, 4, 4)), Provenance("gradient"), axes="ZYX").save(tmp_path / "volume.npz")
    code, said, told = run(folder / "left.npz", tmp_path / "volume.npz")
    assert code == 1
    assert "what it says" not in said, "no table without rows"
    assert "taken apart first" in told


def test_what_cannot_be_drawn_is_said(folder, tmp_path):
    photos = folder / "first.png", folder / "grey.png"
    code, said, _ = run(*photos, "--on", "orientation", "--out", tmp_path)
    assert code == 0
    assert "orientation: what moves cannot be drawn" in said
    assert list(tmp_path.iterdir()) == []


def test_a_picture_beside_a_heatmap(folder):
    code, said, _ = run(folder / "first.png", folder / "signed.npz", "--json")
    assert code == 0
    rows = distances(said)
    assert rows["wasserstein:mass"]["value"] > 0
    assert "a map's positive evidence" in rows["wasserstein:mass"]["notes"][0]
    assert rows["euclidean"]["value"] is None
    assert "no common unit" in rows["euclidean"]["error"]


def test_signed_maps_are_compared_part_by_part(folder, tmp_path):
    maps = folder / "signed.npz", folder / "other.npz"
    code, said, _ = run(*maps, "--on", "mass", "--out", tmp_path, "--json")
    assert code == 0
    names = sorted(Path(file).name for file in distances(said)["wasserstein:mass"]["files"])
    assert names == ["signed-other.mass-negative.png", "signed-other.mass-positive.png"]
    whole = distances(said)["wasserstein:mass"]["value"]
    parts = []
    for part in ("positive", "negative"):
        _, said, _ = run(*maps, "--on", "mass", "--part", part, "--json")
        parts.append(distances(said)["wasserstein:mass"]["value"])
    assert min(parts) < whole < max(parts)


def test_one_signed_map_is_compared_by_its_evidence_for(folder):
    code, said, _ = run(folder / "signed.npz", folder / "left.npz", "--on", "mass", "--json")
    assert code == 0
    assert "only the evidence for" in distances(said)["wasserstein:mass"]["notes"][0]


def test_the_same_file_twice(folder):
    code, said, _ = run(folder / "first.png", folder / "first.png", "--json", "--k", 4)
    assert code == 0
    for row in json.loads(said)["distances"]:
        assert row["value"] == pytest.approx(1.0 if row["name"] == "ssim" else 0.0, abs=1e-9)


def test_infinity_is_said(folder, tmp_path):
    black = np.full((20, 20), 255, np.uint8)
    black[5] = 0
    Image.fromarray(black).save(tmp_path / "black.png")
    Image.fromarray(np.full((20, 20), 255, np.uint8)).save(tmp_path / "white.png")
    code, said, _ = run(tmp_path / "white.png", tmp_path / "black.png", "--json")
    assert code == 0
    assert distances(said)["kl"]["value"] == "inf"


def test_three_give_a_matrix(folder, tmp_path):
    photos = [folder / name for name in ("first.png", "second.png", "grey.png")]
    code, said, _ = run(*photos, "--k", 4, "--json", "--out", tmp_path)
    assert code == 0
    [matrix] = json.loads(said)["matrices"]
    values = np.array(matrix["values"])
    assert matrix["on"] == "signature"
    assert (values == values.T).all()
    assert (np.diag(values) == 0).all()
    _, said, _ = run(photos[0], photos[2], "--k", 4, "--json", "--on", "signature")
    assert values[0, 2] == distances(said)["wasserstein:signature"]["value"]
    with (tmp_path / "distances.signature.csv").open() as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["signature (CIELAB units)", "first.png", "second.png", "grey.png"]
    assert [float(x) for x in rows[1][1:]] == pytest.approx(values[0])


def test_a_matrix_says_what_it_leaves_out(folder):
    code, said, told = run(
        *(folder / name for name in ("first.png", "left.npz", "right.npz", "nowhere.png")),
        *("--on", "mass", "--on", "signature"),
    )
    assert code == 1
    assert "W1 on mass" in said
    assert "W1 on signature" not in said, "no two of them have one"
    assert "nowhere.png" in told
    assert "is made from pictures" in told


def test_p_and_mass(folder):
    maps = folder / "left.npz", folder / "right.npz", "--on", "mass", "--json"
    value = {}
    for words in ((), ("--p", 2), ("--mass", "partial"), ("--mass", "unbalanced", "--penalty", 1)):
        code, said, _ = run(*maps, *words)
        assert code == 0
        value[words] = distances(said)["wasserstein:mass"]
    assert value["--p", 2]["value"] >= value[()]["value"]
    assert "x mass" in value["--mass", "partial"]["unit"]


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (("first.png",), InvalidArgument, "there is 1"),
        (("first.png", "nowhere.png"), MissingImage, "nowhere.png"),
        (("first.png", "broken.npz"), UnreadableImage, "broken.npz"),
        (
            ("first.png", "grey.png", "--on", "signatures"),
            HeatlensError,
            "did you mean 'signature'",
        ),
        (("first.png", "grey.png", "--on", "features"), InvalidArgument, "needs a model"),
        (("first.png", "grey.png", "--mass", "equals"), HeatlensError, "did you mean 'equal'"),
        (("first.png", "grey.png", "--mass", "unbalanced"), InvalidArgument, "--penalty"),
        (("first.png", "grey.png", "--penalty", "1"), InvalidArgument, "--mass unbalanced"),
        (
            ("first.png", "grey.png", "--mass", "unbalanced", "--penalty", "-1"),
            InvalidArgument,
            "--penalty is -1",
        ),
        (
            ("first.png", "grey.png", "--mass", "unbalanced", "--penalty", "nan"),
            InvalidArgument,
            "--penalty is nan",
        ),
        (("first.png", "grey.png", "--on", ","), InvalidArgument, "--on names nothing"),
        (("first.png", "grey.png", "--on", "mass", "--seed", "3"), InvalidArgument, "--seed says"),
        (("first.png", "grey.png", "--on", "mass", "--bins", "3"), InvalidArgument, "--bins says"),
        (
            ("first.png", "grey.png", "--on", "histogram", "--grid", "3"),
            InvalidArgument,
            "--grid says",
        ),
        (("first.png", "grey.png", "--part", "negative"), InvalidArgument, "--part says"),
        (("left.npz", "right.npz", "--k", "3"), InvalidArgument, "--k says"),
        (
            ("first.png", "grey.png", "second.png", "--grid", "3"),
            InvalidArgument,
            "--grid says nothing about --on signature",
        ),
        (("first.png", "grey.png", "--p", "0.5"), InvalidArgument, "at least 1"),
        (("first.png", "grey.png", "--on", "mass", "--k", "3"), InvalidArgument, "--k says"),
        (("left.npz", "right.npz", "--part", "plus"), InvalidArgument, "--part is 'plus'"),
        (("first.png", "grey.png", "--out", "first.png"), InvalidArgument, "not a folder"),
    ],
)
def test_what_cannot_be_compared_is_said(folder, monkeypatch, words, error, hint):
    monkeypatch.chdir(folder)
    (folder / "broken.npz").write_bytes(b"PK not a heatmap")
    with pytest.raises(error, match=hint):
        run(*words)


def test_a_tiff_is_what_it_is(folder, tmp_path):
    Image.fromarray(np.arange(400, dtype=np.uint8).reshape(20, 20)).save(tmp_path / "photo.tif")
    code, said, _ = run(tmp_path / "photo.tif", folder / "map.tif", "--on", "mass", "--json")
    assert code == 0
    assert [one["kind"] for one in json.loads(said)["sources"]] == ["picture", "heatmap"]


@pytest.mark.parametrize("option", ["--k", "--bins", "--grid"])
def test_numbers_that_cannot_be_are_usage_errors(folder, option):
    photos = folder / "first.png", folder / "grey.png"
    assert run(*photos, option, 0)[0] == 2
    assert run(*photos, "--seed", -1)[0] == 2


def test_where_nothing_is_carried_the_number_stays(folder, tmp_path):
    photos = folder / "first.png", folder / "grey.png", "--on", "signature,mass", "--k", 4
    how = "--mass", "unbalanced", "--penalty", 1e-6, "--out", tmp_path, "--json"
    code, said, _ = run(*photos, *how)
    assert code == 0
    found = distances(said)["wasserstein:signature"]
    assert found["value"] == pytest.approx(2e-6), "a whole made and a whole destroyed"
    assert found["files"] == []
    notes = " | ".join(found["notes"])
    assert "the penalty is 1e-06 CIELAB units for a unit of mass" in notes
    assert "nothing is carried: all mass is destroyed and made anew" in notes
    assert "cannot be drawn" not in notes
    mass = " | ".join(distances(said)["wasserstein:mass"]["notes"])
    assert "the penalty is 1e-06 fractions of the diagonal" in mass


def test_meanings_depend_on_exponent_and_policy(folder):
    maps = folder / "left.npz", folder / "right.npz", "--on", "mass", "--json"
    said = {}
    for words in ((), ("--p", 2), ("--mass", "partial")):
        said[words] = distances(run(*maps, *words)[1])["wasserstein:mass"]["meaning"]
    assert said[()].endswith(": the mean.")
    assert said["--p", 2].endswith(": the root mean square.")
    assert said["--mass", "partial"].endswith("mass x distance, summed over the smaller total.")


@pytest.fixture
def drawn(monkeypatch):
    """What is written on each figure, by the name of its file."""
    found = {}

    def save(figure, path, made):
        inside = [text.get_text() for text in figure.texts]
        inside += [text.get_text() for axes in figure.axes for text in axes.texts]
        found[path.name] = " ".join(inside).replace("\u00a0", " ")
        path.write_bytes(b"")

    monkeypatch.setattr(comparison_files, "save_figure", save)
    return found


def test_pictures_say_which_evidence_they_show(folder, tmp_path, drawn):
    maps = folder / "signed.npz", folder / "other.npz", "--on", "mass", "--out", tmp_path
    code, _, _ = run(*maps, "--json")
    assert code == 0
    against = drawn["signed-other.mass-negative.png"]
    assert "evidence against: W1 = " in against
    assert "from: signed.npz, evidence against" in against
    assert "of the maps' evidence; for and against together W1 = " in against
    assert "evidence for: W1 = " in drawn["signed-other.mass-positive.png"]
    run(*maps, "--part", "negative")
    assert "evidence against: W1 = " in drawn["signed-other.mass.png"]


def test_what_takes_no_part_is_on_the_picture(folder, tmp_path, drawn):
    photos = folder / "first.png", folder / "second.png", "--on", "mass", "--out", tmp_path
    run(*photos, "--mass", "partial")
    assert "% of the mass of first.png takes no part" in drawn["first-second.mass.png"]


def test_the_area_is_not_called_the_distance_where_it_is_not(folder, tmp_path, drawn):
    photos = folder / "first.png", folder / "second.png", "--on", "histogram", "--out", tmp_path
    run(*photos)
    assert "is the distance W1" in drawn["first-second.histogram.png"]
    run(*photos, "--p", 2)
    assert ", not W2 = " in drawn["first-second.histogram-2.png"]


def test_no_file_is_overwritten_by_another_result(folder, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    Image.open(folder / "first.png").save(tmp_path / "a/x.png")
    Image.open(folder / "grey.png").save(tmp_path / "b/x.png")
    out = tmp_path / "out"
    words = "--on", "histogram", "--out", out
    for more in ((), (), ("--bins", 8)):
        assert run(tmp_path / "a/x.png", tmp_path / "b/x.png", *words, *more)[0] == 0
    found = sorted(path.name for path in out.iterdir())
    assert found == ["a-x.png-b-x.png.histogram-2.png", "a-x.png-b-x.png.histogram.png"]
    photos = [folder / name for name in ("first.png", "second.png", "grey.png")]
    for more in ((), (), ("--bins", 8)):
        assert run(*photos, *words, *more)[0] == 0
    assert (out / "distances.histogram-2.csv").exists()
    assert not (out / "distances.histogram-3.csv").exists()


def test_eight_and_sixteen_bits_share_a_unit(tmp_path):
    grey = np.arange(0, 250, dtype=np.uint16).reshape(25, 10)
    Image.fromarray(grey.astype(np.uint8)).save(tmp_path / "eight.png")
    Image.fromarray(grey * 257).save(tmp_path / "sixteen.png")
    both = tmp_path / "eight.png", tmp_path / "sixteen.png"
    code, said, _ = run(*both, "--on", "histogram,colour-histogram", "--json")
    assert code == 0
    found = distances(said)["wasserstein:histogram"]
    assert found["value"] <= 0.5 / 255, "half a bin"
    assert found["unit"] == "fractions of the range of grey levels"
    assert "the ranges differ (0..255 and 0..65535)" in found["notes"][0]
    assert distances(said)["wasserstein:colour-histogram"]["value"] == pytest.approx(0, abs=1e-9)


def test_errors_speak_of_options(folder, tmp_path):
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "black.png")
    _, _, told = run(folder / "first.png", tmp_path / "black.png", "--on", "mass")
    assert "in Python invert=True" in told
    _, _, told = run(folder / "left.npz", folder / "right.npz", "--on", "histogram,signature")
    assert "in Python pass range=(low, high)" in told
    assert "has --on mass" in told
    assert "on='mass'" not in told
    _, _, told = run(folder / "first.png", folder / "second.png", "--on", "mass", "--mass", "equal")
    assert "--mass normalise" in told
    assert "mass=" not in told


def test_one_rule_holds_for_all_pairs(folder, tmp_path):
    """Of two signed maps and one without negative values only the evidence for is compared."""
    maps = [folder / name for name in ("signed.npz", "other.npz", "left.npz")]
    code, said, _ = run(*maps, "--json")
    assert code == 0
    [matrix] = json.loads(said)["matrices"]
    assert matrix["notes"] == ["only the evidence for is compared: left.npz has none against"]
    _, said, _ = run(*maps[:2], "--on", "mass", "--part", "positive", "--json")
    assert matrix["values"][0][1] == distances(said)["wasserstein:mass"]["value"]
    Heatmap(-np.eye(32) + 0.3, Provenance("gradient")).save(tmp_path / "third.npz")
    _, said, _ = run(*maps[:2], tmp_path / "third.npz", "--json")
    [matrix] = json.loads(said)["matrices"]
    assert any(note.startswith("signed.npz and other.npz: positive") for note in matrix["notes"])


def test_a_matrix_has_one_frame_and_names_its_sources(folder):
    photos = [folder / name for name in ("first.png", "second.png", "grey.png")]
    code, said, _ = run(*photos, "--on", "mass,signature", "--k", 4, "--json")
    assert code == 0
    mass, signature = json.loads(said)["matrices"]
    assert any("on one frame of 43 x 60 cells" in note for note in mass["notes"])
    values = np.array(mass["values"])
    assert values[0, 1] <= values[0, 2] + values[2, 1] + 1e-12, "one space, one triangle"
    assert [note.split(":")[0] for note in signature["notes"]] == [p.name for p in photos]


def test_every_number_in_the_documentation():
    page = Path(__file__).resolve().parents[2] / "docs/distances.md"
    blocks = re.findall(r"```pycon\n(.*?)```", page.read_text(), re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples).failed == 0
    assert len(examples.examples) > 30
