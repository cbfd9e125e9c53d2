"""The first line of trust: right maps pass, wrong maps are told."""

import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.attribution.first_checks import (
    blur_drops,
    first_checks,
    in_words,
    rank_correlation,
)
from heatlens.attribution.method import METHODS, Attribution
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex, Similarity
from tests.attribution.networks import ResidualNet, pictures, seeded


class Corner(nn.Module):
    """Scores the contrast in the upper left quarter and nothing else."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        height, width = batch.shape[-2:]
        corner = batch[..., : height // 4, : width // 4]
        return corner.var((1, 2, 3)).unsqueeze(1) * 100


def test_blurring_where_the_evidence_is_hurts_more():
    batch = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    right = torch.zeros(2, 32, 32)
    right[:, :10, :10] = 1
    hot, elsewhere = blur_drops(TorchModel(Corner()), batch, right, ClassIndex(0))
    assert (hot > 1).all()
    assert (elsewhere < 0.5 * hot).all()


def test_a_map_on_the_wrong_place_does_not_pass():
    batch = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    wrong = torch.zeros(2, 32, 32)
    wrong[:, 20:30, 20:30] = 1
    hot, _ = blur_drops(TorchModel(Corner()), batch, wrong, ClassIndex(0))
    assert (hot.abs() < 1e-4).all()
    assert "do not trust it" in in_words({"hot_drop": 0.0, "random_drop": 0.1})[0]


@given(
    st.lists(st.integers(-5, 5), min_size=3, max_size=40),
    st.randoms(use_true_random=False),
)
def test_rank_correlation_is_scipys(values, random):
    other = values[:]
    random.shuffle(other)
    if len(set(values)) == 1:
        assert rank_correlation(torch.tensor(values), torch.tensor(other)) == 0.0
        return
    expected = scipy.stats.spearmanr(values, other).statistic
    found = rank_correlation(torch.tensor(values).float(), torch.tensor(other).float())
    assert found == pytest.approx(expected, abs=1e-5)


def test_words_for_every_check():
    words = in_words(
        {"completeness_gap": 0.01, "random_head_correlation": 0.95, "hot_drop": 2, "random_drop": 1}
    )
    assert len(words) == 3
    assert "hardly depends" in words[1]


@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_knows_as_much_correlates_fully(method, monkeypatch):
    """If the "random" head were the same head, both maps would be the same for every method."""
    network = seeded(ResidualNet())
    model = TorchModel(network)
    monkeypatch.setattr(TorchModel, "with_random_head", lambda *_: model)
    parameters = {"layer": "conv4"} if METHODS[method].level == "layer" else {}
    batch = pictures(2)
    result = attribute(model, batch, method, 1, full=True, **parameters)
    checks = first_checks(
        model, batch, result, method, ClassIndex(1), parameters, METHODS[method].reduction({})
    )
    assert all(row["random_head_correlation"] > 0.999 for row in checks)


class TwoHeads(nn.Module):
    """An auxiliary head runs after the main one, as in torchvision's segmentation models."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 8, 5, stride=4)
        self.main = nn.Linear(8, 4)
        self.auxiliary = nn.Linear(8, 4)

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        cells = self.body(batch).relu().mean((2, 3))
        return {"out": self.main(cells), "aux": self.auxiliary(cells)}


def test_the_head_that_is_randomised_is_one_the_score_depends_on():
    model = TorchModel(seeded(TwoHeads()))
    twin = model.with_random_head(pictures(1), ClassIndex(1), 0)
    assert twin is not None
    changed = [
        name
        for (name, ours), theirs in zip(
            model.network.named_parameters(), twin.module.parameters(), strict=True
        )
        if not torch.equal(ours, theirs)
    ]
    assert changed == ["main.weight"]
    # A score that is read below every head has none.
    below = model.with_random_head(pictures(1), Similarity(torch.ones(8), layer="body"), 0)
    assert below is not None
    assert torch.equal(below.module.main.weight, model.network.main.weight)


def test_a_map_without_differences_is_not_checked():
    model = TorchModel(seeded(ResidualNet()))
    batch = pictures(1)
    flat = Attribution(torch.zeros_like(batch))
    assert first_checks(model, batch, flat, "gradient", ClassIndex(1), {}, "sum") == [{}]
