"""From a picture to a heatmap on the picture's own pixels."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.models.contract import Contract
from heatlens.models.pytorch.model import TorchModel


class Bright(nn.Module):
    """Class 0 is the mean of the red channel, class 1 of the green one; a CAM layer in between."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.AvgPool2d(8)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.cells(batch).square().mean((2, 3))[:, :2]


@pytest.fixture
def model() -> TorchModel:
    contract = Contract(input_size=(64, 64), labels=("red", "green"))
    return TorchModel(Bright(), contract, name="bright")


def photo(height: int, width: int, spot: tuple[int, int]) -> np.ndarray:
    """Black, with one red square of a tenth of the shorter side."""
    pixels = np.zeros((height, width, 3), np.uint8)
    half = min(height, width) // 20
    y, x = spot
    pixels[y - half : y + half, x - half : x + half, 0] = 255
    return pixels


@pytest.mark.parametrize("fit", ["crop", "squash", "pad", "tile"])
@pytest.mark.parametrize("size", [(200, 300), (300, 200), (40, 50)])
def test_the_map_lies_where_the_evidence_is(model, fit, size):
    spot = (size[0] * 2 // 5, size[1] * 3 // 5)
    heat = hl.explain(model, photo(*size, spot), "input-x-gradient", "red", fit=fit)
    assert heat.size == size
    mass = heat.values.astype(float)
    rows, columns = np.indices(size)
    centre = (mass * rows).sum() / mass.sum(), (mass * columns).sum() / mass.sum()
    # The square's middle lies half a pixel before `spot`.
    tolerance = 0.02 * max(size) + 1
    assert centre == pytest.approx((spot[0] - 0.5, spot[1] - 0.5), abs=tolerance)


def test_what_the_crop_hides_is_marked_and_said(model):
    heat = hl.explain(model, photo(100, 300, (50, 150)), "gradient", "red")
    assert heat.valid is not None
    assert heat.valid.mean() == pytest.approx(1 / 3, abs=0.01)
    assert not heat.values[~heat.valid].any()
    assert any("hides 67 %" in note for note in heat.provenance.notes)
    assert hl.explain(model, photo(100, 300, (50, 150)), "gradient", fit="tile").valid is None


def test_provenance_tells_how_it_was_made(model):
    heat = hl.explain(model, photo(64, 64, (30, 30)), "integrated-gradients", "red", steps=10)
    made = heat.provenance
    assert (made.method, made.model, made.target) == ("integrated-gradients", "bright", "red")
    assert made.parameters["steps"] == 10
    assert made.parameters["baseline"] == "black"
    assert made.score == pytest.approx(float(Bright()(torch.zeros(1, 3, 64, 64))[0, 0]), abs=0.1)
    assert made.backward_passes == 10
    assert made.info["completeness_gap"] < 1e-5
    # Completeness holds for the whole map, too: the score of black is 0.
    assert heat.values.sum() == pytest.approx(made.score, rel=1e-4)
    assert {"completeness_gap", "hot_drop", "random_drop"} <= set(made.trust)
    assert "trust" in made.to_json()


def test_lists_give_lists(model):
    photos = [photo(64, 64, (30, 30)), photo(50, 80, (20, 40))]
    maps = hl.explain(model, photos, "gradient", ["red", "green"], checks=False)
    assert [[heat.provenance.target for heat in row] for row in maps] == [["red", "green"]] * 2
    assert [row[0].size for row in maps] == [(64, 64), (50, 80)]


def test_no_evidence_is_said_and_not_stretched(model):
    heat = hl.explain(model, photo(64, 64, (30, 30)), "input-x-gradient", "green")
    assert heat.empty
    assert any("no evidence" in note for note in heat.provenance.notes)


def test_every_channel_reduction(model):
    picture = photo(64, 64, (30, 30))
    for channels in ("max-abs", "sum", "mean-abs", "norm"):
        heat = hl.explain(model, picture, "gradient", "red", channels=channels, checks=False)
        assert heat.provenance.parameters["channels"] == channels
        assert heat.signed == (channels == "sum")
    with pytest.raises(InvalidArgument, match="max-abs, sum"):
        hl.explain(model, picture, "gradient", channels="mean")


def test_standard_error_comes_back_on_the_grid(model):
    heat = hl.explain(model, photo(100, 130, (50, 60)), "smoothgrad", "red", samples=3)
    assert heat.error is not None
    assert heat.error.shape == (100, 130)
    assert (heat.error >= 0).all()
    assert heat.error.any()


def test_similarity_to_another_picture(model):
    red = photo(64, 64, (30, 30))
    heat = hl.explain(model, red, "gradient", hl.Similarity(red, name="itself"))
    assert heat.provenance.score == pytest.approx(1.0, abs=1e-5)
    assert heat.provenance.target == "similarity to itself"


class Halves(nn.Module):
    """A segmentation: class 0 follows red, class 1 green, at a quarter of the resolution."""

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"out": nn.functional.avg_pool2d(batch[:, :2], 4)}


def test_a_region_of_a_segmentation_given_on_the_photograph():
    model = TorchModel(Halves(), Contract(input_size=(32, 32), labels=("red", "green")))
    picture = np.full((64, 64, 3), 200, np.uint8)
    mask = np.zeros((64, 64), bool)
    mask[:32, 32:] = True
    heat = hl.explain(model, picture, "gradient", hl.Region("red", mask), checks=False)
    inside = heat.values[4:28, 36:60]
    assert (inside > 0).all()
    assert not heat.values[36:, :28].any()


def test_the_same_map_from_a_path_and_an_array(model, tmp_path):
    from PIL import Image

    picture = photo(60, 70, (30, 30))
    Image.fromarray(picture).save(tmp_path / "red.png")
    from_path = hl.explain(model, tmp_path / "red.png", "gradient", "red")
    from_array = hl.explain(model, picture, "gradient", "red")
    np.testing.assert_array_equal(from_path.values, from_array.values)
    assert from_path.provenance.image == "red.png"


def test_names_are_checked_before_any_work(model):
    with pytest.raises(UnknownName, match="'gradient'"):
        hl.explain(model, "nowhere.jpg", "gradint")
    with pytest.raises(UnknownName, match="'green'"):
        hl.explain(model, photo(64, 64, (30, 30)), "gradient", "gren")
