"""AIM: its sum written out slowly, and the basis that is shipped."""

from __future__ import annotations

import json
from importlib import resources

import numpy as np
import pytest

from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.perception.displays import hit, popout
from heatlens.perception.static.aim import aim, self_information
from heatlens.perception.static.aim_basis import filters


def test_the_map_is_the_sum_of_surprises():
    pixels = np.random.default_rng(0).random((9, 12, 3)).astype(np.float32)
    padded = np.pad(pixels, ((10, 10), (10, 10), (0, 0)), mode="symmetric").astype(np.float64)
    expected = np.zeros((9, 12))
    for kernel in filters().double().numpy():
        response = np.array([
            [(padded[i : i + 21, j : j + 21].transpose(2, 0, 1) * kernel).sum() for j in range(12)]
            for i in range(9)
        ])  # fmt: skip
        counts, edges = np.histogram(response, bins=8)
        place = np.clip(np.searchsorted(edges, response, side="right") - 1, 0, 7)
        expected -= np.log(counts[place] / response.size)
    found = aim(Image(pixels, "YXC", (0, 1)), bins=8, blur=0.0)
    # A response on the edge of a bin may fall on either side in float32.
    assert np.mean(np.abs(found - expected) < 1e-2) > 0.9
    np.testing.assert_allclose(found.mean(), expected.mean(), rtol=0.01)


def test_self_information_is_the_entropy_on_average():
    values = np.random.default_rng(1).normal(size=(40, 50)).astype(np.float32)
    shares = np.histogram(values, bins=16)[0] / values.size
    entropy = -sum(share * np.log(share) for share in shares if share)
    assert self_information(values, 16).mean() == pytest.approx(entropy, rel=1e-3)


def test_the_basis_is_what_its_card_says():
    folder = resources.files("heatlens.perception.static.aim_basis")
    card = json.loads((folder / "filters.json").read_text("utf-8"))
    basis = filters()
    assert list(basis.shape) == [card["filters"], *card["shape"]]
    assert float(basis.sum(dim=(1, 2, 3)).abs().max()) < 1e-4
    assert np.linalg.matrix_rank(basis.flatten(1).numpy()) == card["filters"]


def test_the_basis_has_uncorrelated_responses_of_variance_one_on_photographs():
    sources = pytest.importorskip("heatlens.testing.scenes.sources")
    pytest.importorskip("skimage")
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(5)
    levels = [level for photo in sources.photographs("train") for level in photo.levels[1:4]]
    levels = [one for one in levels if one.shape[2] == 3 and min(one.shape[:2]) >= 21]
    rows = []
    for index in range(4000):
        level = levels[index % len(levels)]
        top, left = (rng.integers(0, n - 20) for n in level.shape[:2])
        rows.append(level[top : top + 21, left : left + 21].transpose(2, 0, 1).ravel())
    responses = np.stack(rows) @ filters().flatten(1).numpy().T
    C = np.cov(responses.T)
    assert np.median(np.diag(C)) == pytest.approx(1, abs=0.2)
    off = np.corrcoef(responses.T) - np.eye(len(C))
    assert np.sqrt((off**2).mean()) < 0.08


@pytest.mark.parametrize("kind", ["colour", "size"])
def test_the_odd_item_is_found_far_above_chance(kind):
    displays = [popout(kind, seed=seed) for seed in range(100, 108)]
    assert sum(hit(aim(one.image), one) for one in displays) >= 4


@pytest.mark.parametrize("wrong", [{"bins": 1}, {"blur": -1.0}])
def test_numbers_that_mean_nothing_are_refused(wrong):
    with pytest.raises(InvalidArgument):
        aim(Image(np.zeros((8, 8), np.uint8), "YX"), **wrong)
