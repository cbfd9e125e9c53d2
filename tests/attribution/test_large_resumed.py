"""Interrupted runs over large pictures: what is kept, for whom, and where it may be written."""

import os

import numpy as np
import pytest
import torch

import heatlens as hl
from heatlens.attribution.large import explain_large
from heatlens.errors import InvalidArgument, InvalidType
from heatlens.images.large import open_large, write_pyramid

pytest.importorskip("tifffile")
pytest.importorskip("imagecodecs")

SIZE = (70, 115)


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 5, padding=2),
        torch.nn.Tanh(),
        torch.nn.AvgPool2d(2),
        torch.nn.Conv2d(6, 5, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(5, 4),
    ).eval()


@pytest.fixture
def model():
    return hl.load_model(network(), input_size=(32, 32), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    pixels[:, 40:] //= 3
    return pixels


def values_of(heat):
    with heat:
        return np.concatenate([band for _, band in heat.rows()])


def scaled(by):
    def score(output):
        return output[:, 0] * by

    return score


@pytest.mark.parametrize("method", ["input-x-gradient", "gradcam"])
def test_an_interrupted_run_goes_on(model, pixels, tmp_path, method):
    target = tmp_path / "heat.tif"

    class Stopped(Exception):
        pass

    def stop(done, total):
        if done > total * 0.7:
            raise Stopped

    with open_large(pixels) as large:
        with pytest.raises(Stopped):
            explain_large(model, large, method, 0, out=target, progress=stop)
        assert not target.exists()
        kept = sorted(path.name for path in tmp_path.iterdir())
        assert kept == [".heat.tif.rows", ".heat.tif.rows.json"]
        told = []
        again = explain_large(
            model, large, method, 0, out=target, progress=lambda done, total: told.append(done)
        )
        once = explain_large(model, large, method, 0)
    assert told[-1] == once.provenance.parameters["tiles"] > len(told) * 8 - 8
    np.testing.assert_allclose(values_of(again), values_of(once), atol=1e-6)
    assert again.provenance.score == pytest.approx(once.provenance.score)
    assert [path.name for path in tmp_path.iterdir()] == ["heat.tif"]


def test_kept_rows_of_other_weights_are_not_used(model, pixels, tmp_path):
    target = tmp_path / "heat.tif"

    def stop(done, total):
        if done > total * 0.7:
            raise KeyboardInterrupt

    other = hl.load_model(
        network(1), input_size=(32, 32), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25)
    )
    with open_large(pixels) as large:
        with pytest.raises(KeyboardInterrupt):
            explain_large(other, large, "gradient", 0, out=target, progress=stop)
        heat = explain_large(model, large, "gradient", 0, out=target)
        once = explain_large(model, large, "gradient", 0)
    np.testing.assert_allclose(values_of(heat), values_of(once), atol=1e-7)


CASES = {
    "another picture of the same name and first window": {},
    "another time of change": {"touch": True},
    "another value range": {"ranges": ((0, 255), (0, 200))},
    "lambdas": {"targets": (lambda output: output[:, 0], lambda output: output[:, 3])},
    "functions of one name": {"targets": (scaled(2), scaled(1))},
    "another class": {"targets": (0, 1)},
}


@pytest.mark.parametrize("case", CASES)
def test_rows_of_another_request_are_not_used(model, pixels, tmp_path, case):
    given, target = CASES[case], tmp_path / "heat.tif"
    first = pixels.copy()
    first[:40, :40] = 255
    second = first.copy()
    if not given:
        second[:, 60:] = 255 - second[:, 60:]
    file = tmp_path / "picture.tif"

    def stop(done, total):
        if done > total * 0.7:
            raise KeyboardInterrupt

    told = []
    for turn, array in enumerate((first, second)):
        if turn == 0 or not given:
            write_pyramid(file, [array], SIZE, np.uint8, channels=3)
        if turn and given.get("touch"):
            os.utime(file, ns=(5, 5))
        value_range = given.get("ranges", (None, None))[turn]
        aim = given.get("targets", (0, 0))[turn]
        with open_large(file, value_range=value_range) as large:
            if turn == 0:
                with pytest.raises(KeyboardInterrupt):
                    explain_large(model, large, "input-x-gradient", aim, out=target, progress=stop)
                continue
            heat = explain_large(
                model,
                large,
                "input-x-gradient",
                aim,
                out=target,
                progress=lambda done, total: told.append(done),
            )
            once = explain_large(model, large, "input-x-gradient", aim)
    assert told[0] <= 8  # from the start
    np.testing.assert_allclose(values_of(heat), values_of(once), atol=1e-7)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heat.tif", "picture.tif"]


def third_score(output):
    return output[:, 2]


@pytest.mark.parametrize(
    "aim",
    [third_score, "1 - 2", "top-2", "predicted"],
    ids=["function", "difference", "top", "predicted"],
)
def test_what_has_a_name_is_resumed(model, pixels, tmp_path, aim):
    def stop(done, total):
        if done > total * 0.7:
            raise KeyboardInterrupt

    told = []
    with open_large(pixels) as large:
        with pytest.raises(KeyboardInterrupt):
            explain_large(model, large, "gradient", aim, out=tmp_path / "a.tif", progress=stop)
        heat = explain_large(
            model,
            large,
            "gradient",
            aim,
            out=tmp_path / "a.tif",
            progress=lambda done, total: told.append(done),
        )
        once = explain_large(model, large, "gradient", aim)
    assert told[0] > 8
    np.testing.assert_allclose(values_of(heat), values_of(once), atol=1e-6)


def test_the_picture_is_never_written_over(model, pixels, tmp_path):
    file = write_pyramid(tmp_path / "slide.tif", [pixels], SIZE, np.uint8, channels=3)
    before = file.read_bytes()
    (tmp_path / "link.tif").symlink_to(file)
    with open_large(file) as large:
        for name in ("slide.tif", "link.tif"):
            with pytest.raises(InvalidArgument, match="the picture itself"):
                explain_large(model, large, "gradient", 0, out=tmp_path / name)
        with pytest.raises(InvalidArgument, match="the picture itself"):
            explain_large(model, large, "gradient", 0).save(file)
    assert file.read_bytes() == before


def test_a_bad_place_is_told_before_any_work(pixels, tmp_path):
    class Counting(torch.nn.Module):
        looked = 0

        def __init__(self):
            super().__init__()
            self.inner = network()

        def forward(self, batch):
            self.looked += len(batch)
            return self.inner(batch)

    network_ = Counting()
    model = hl.load_model(network_, input_size=(32, 32), mean=(0, 0, 0), std=(1, 1, 1))
    network_.looked = 0
    (tmp_path / "folder.tif").mkdir()
    places = {
        tmp_path / "heat.png": "a pyramid is a .tif",
        tmp_path / "no/heat.tif": "cannot be written",
        tmp_path / "folder.tif": "it is a folder",
    }
    with open_large(pixels) as large:
        for place, words in places.items():
            with pytest.raises(InvalidArgument, match=words):
                explain_large(model, large, "gradient", "predicted", out=place)
        with pytest.raises(InvalidType, match="`out` is a path"):
            explain_large(model, large, "gradient", "predicted", out=5)
    assert network_.looked == 0


@pytest.mark.parametrize(
    "given",
    [
        {"window": 32.5},
        {"window": "a"},
        {"window": True},
        {"overlap": "a"},
        {"batch": 2.5},
        {"skip": "x"},
    ],
    ids=str,
)
def test_numbers_that_are_none(model, pixels, given):
    with open_large(pixels) as large, pytest.raises(InvalidType, match=next(iter(given))):
        explain_large(model, large, "gradient", 0, **given)
