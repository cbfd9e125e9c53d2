"""The first line of trust: right maps pass, wrong maps are told."""

import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from heatlens.attribution.first_checks import blur_drops, in_words, rank_correlation
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.targets import ClassIndex


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
