"""Predictions and the way from a picture to a batch."""

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.models.contract import Contract
from heatlens.models.predict import probabilities, ranked
from heatlens.models.prepare import LARGEST_FREE_INPUT, prepared
from heatlens.models.pytorch.model import TorchModel


class Means(nn.Module):
    """The mean of each channel."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch.mean((2, 3))


def test_labels_scores_and_probabilities():
    model = TorchModel(Means(), Contract(input_size=(8, 8), labels=("red", "green", "blue")))
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 1] = 51
    best = hl.predict(model, pixels, k=5)
    assert [item.label for item in best] == ["green", "red", "blue"]
    assert best[0].score == pytest.approx(0.2)
    assert sum(item.probability for item in best) == pytest.approx(1)
    assert best[0].probability == pytest.approx(np.exp(0.2) / (np.exp(0.2) + 2))


def test_normalisation_is_inverted():
    contract = Contract(
        mean=(100.0, 110.0, 120.0), std=(50.0,) * 3, value_range=(0, 255), channel_order="BGR"
    )
    pixels = torch.rand(2, 3, 4, 5)
    batch = contract.normalise(pixels)
    # Blue comes first, and is measured by the first mean.
    torch.testing.assert_close(batch[:, 0], (pixels[:, 2] * 255 - 100) / 50)
    torch.testing.assert_close(contract.denormalise(batch), pixels)


@pytest.mark.parametrize(
    "bad", [{"mean": (0.0,)}, {"std": (1.0, 0.0, 1.0)}, {"channel_order": "X"}]
)
def test_a_contract_that_cannot_be_kept(bad):
    with pytest.raises(InvalidArgument):
        Contract(**bad)


def test_a_huge_picture_is_made_smaller_for_a_model_of_any_size():
    model = TorchModel(Means(), Contract())
    ready = prepared(model, Image(np.zeros((1500, 3000, 3), np.uint8)))
    assert ready.batch.shape[2] * ready.batch.shape[3] <= LARGEST_FREE_INPUT * 1.01
    assert any("made smaller" in note for note in ready.notes)
    assert prepared(model, Image(np.zeros((30, 50, 3), np.uint8))).batch.shape == (1, 3, 30, 50)


def test_tiles_are_rows():
    model = TorchModel(Means(), Contract(input_size=(32, 32)))
    ready = prepared(model, Image(np.zeros((64, 200, 3), np.uint8)), "tile")
    assert len(ready.batch) == len(ready.placements) > 2


def test_kinds_of_scores():
    torch.testing.assert_close(probabilities(torch.tensor([2.0])), torch.tensor([2.0]).sigmoid())
    torch.testing.assert_close(probabilities(torch.tensor([0.3])), torch.tensor([0.3]))
    map_scores = torch.randn(3, 4, 5)
    torch.testing.assert_close(probabilities(map_scores), map_scores.softmax(0))
    assert len(ranked(map_scores, ("a", "b", "c"), 2)) == 2
    with pytest.raises(InvalidArgument, match="ranks no classes"):
        ranked(torch.zeros(2, 2), (), 1)
    with pytest.raises(InvalidArgument, match="at least 1"):
        ranked(torch.zeros(3), (), 0)


def test_a_model_that_reads_and_has_no_prompts_ranks_no_classes():
    pytest.importorskip("transformers")
    model = hl.load_model("bundled:caption-clip")
    with pytest.raises(InvalidArgument, match="has no classes of its own"):
        hl.predict(model, np.zeros((8, 8, 3), np.uint8))
    prompted = hl.load_model(model, labels=["a red circle", "a blue square"])
    assert len(hl.predict(prompted, np.zeros((8, 8, 3), np.uint8))) == 2
