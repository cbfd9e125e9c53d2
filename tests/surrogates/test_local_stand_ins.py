"""Local stand-ins against games whose answer is known, and on the bundled network."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import heatlens as hl
from heatlens.errors import InvalidArgument
from heatlens.models.load import load_model
from heatlens.surrogates.local.explained import shapley_of
from heatlens.surrogates.local.fidelity import r_squared, spread_of, weighted_line
from heatlens.surrogates.local.linear import chosen, local_linear
from heatlens.surrogates.local.neighbourhood import Neighbourhood, neighbourhood, proximity
from heatlens.surrogates.local.tree import local_tree
from heatlens.testing.games import PolynomialGame, ReluGate
from heatlens.testing.scenes import scene


def white(rows, columns, patch=4):
    return np.full((rows * patch, columns * patch), 255, np.uint8)


def game(alone, together=None):
    network = PolynomialGame(torch.full((1, 4, 4), 1 / 16), alone, together or {})
    return load_model(network, mean=(0.0,), std=(1.0,))


def gate(kind, patches):
    return load_model(ReluGate(kind, patches=patches, patch=4), mean=(0.0,), std=(1.0,))


def told(found):
    return {one.number: one.value for one in found.regions}


def test_sparse_linear_recovers_the_weights_of_a_linear_game():
    weights = [0.0, 3.0, 0.0, -2.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    found = local_linear(
        game(weights), white(3, 4), 0, features=(3, 4), samples=400, nonzero=4, baseline="black"
    )
    assert told(found) == pytest.approx({1: 3.0, 3: -2.0, 11: 1.0, 5: 0.5}, abs=1e-4)
    assert found.fidelity.stand_in == pytest.approx(1, abs=1e-6)
    assert found.fidelity.held_out
    assert found.fidelity.judged == 100
    assert found.explains


def test_sparse_linear_keeps_the_largest_when_not_all_are_allowed():
    found = local_linear(
        game([0.1, 3.0, 0.2, -2.0, 0.1, 0.0, 0.1, 0.0]),
        white(2, 4),
        0,
        features=(2, 4),
        samples=256,
        nonzero=2,
        baseline="black",
    )
    assert set(told(found)) == {1, 3}
    assert found.fidelity.stand_in > 0.95
    assert found.fidelity.lime > found.fidelity.stand_in


def test_chosen_is_the_best_subset_on_orthogonal_columns():
    z = np.array(list(itertools.product([0.0, 1.0], repeat=5)))
    worth = np.array([1.0, -4.0, 0.5, 2.0, 0.0])
    assert chosen(z, z @ worth, np.ones(len(z)), 2).tolist() == [1, 3]
    # A constant column and a copy of another bring nothing.
    twice = np.column_stack([z[:, 1], z, np.ones(len(z))])
    assert chosen(twice, z[:, 1] * 2.0, np.ones(len(z)), 4).tolist() == [0]


@pytest.mark.parametrize("kind", ["and", "or"])
def test_tree_gets_a_gate_exactly_and_a_line_cannot(kind):
    network = gate(kind, 2)
    shared = {"features": (1, 2), "samples": 40, "baseline": "black", "width": 100.0}
    tree = local_tree(network, white(1, 2), 0, **shared)
    line = local_linear(network, white(1, 2), 0, **shared)
    every = np.array(list(itertools.product([0, 1], repeat=2)))
    truth = every.all(1) if kind == "and" else every.any(1)
    np.testing.assert_allclose(tree.predict(every), truth, atol=1e-6)
    assert np.abs(line.predict(every) - truth).max() > 0.1
    assert tree.fidelity.over_all == pytest.approx(1)
    assert line.fidelity.over_all < 0.95
    # Of four scores none can be foretold from the others.
    assert not tree.fidelity.held_out
    assert not tree.explains
    assert "with 3 numbers it restates the 4 scores" in tree.verdict
    # Both players are worth the same: the Shapley value of the gate.
    assert told(tree) == pytest.approx({0: 0.5, 1: 0.5}, abs=1e-6)


@pytest.mark.parametrize("size", [(2, 2), (2, 3), (3, 3)], ids=str)
def test_a_conjunction_is_explained_where_all_coalitions_were_tried(size):
    together = game([0.0] * (size[0] * size[1]), {(0, 3): 2.0})
    shared = {"features": size, "samples": 600, "baseline": "black"}
    tree = local_tree(together, white(*size), 0, **shared)
    assert tree.explains
    assert not tree.fidelity.held_out
    assert tree.fidelity.stand_in == pytest.approx(1, abs=1e-5)
    assert set(told(tree)) == {0, 3}
    assert "each foretold from others" in tree.verdict


class Noise(nn.Module):
    """A score for each coalition of cells that says nothing of any other."""

    def __init__(self, size, seed):
        super().__init__()
        self.size = size
        count = size[0] * size[1]
        self.bits = 2.0 ** torch.arange(count)
        self.scores = torch.randn(2**count, generator=torch.Generator().manual_seed(seed))

    def forward(self, batch):
        there = torch.nn.functional.adaptive_avg_pool2d(batch[:, :1], self.size).flatten(1) > 0.5
        return self.scores[(there.float() @ self.bits).long()][:, None]


@pytest.mark.parametrize(
    ("size", "seeds"), [((2, 2), 12), ((2, 3), 12), ((3, 3), 12)], ids=["2x2", "2x3", "3x3"]
)
@pytest.mark.parametrize("stand_in", [local_linear, local_tree], ids=["linear", "tree"])
def test_random_scores_are_never_explained(stand_in, size, seeds):
    more = {"depth": 4} if stand_in is local_tree else {}
    for seed in range(seeds):
        network = load_model(Noise(size, seed), mean=(0.0,), std=(1.0,))
        found = stand_in(
            network, white(*size), 0, features=size, samples=600, baseline="black", **more
        )
        assert not found.explains
        assert found.fidelity.judged == 2 ** (size[0] * size[1])
    if size == (2, 2):
        assert "it restates the 16 scores" in found.verdict


def test_cross_validation_never_shows_what_it_judges():
    z = np.array(list(itertools.product([0, 1], repeat=6)), bool)
    scores = np.arange(64.0)
    near = Neighbourhood(z, scores, np.ones(64), 64)
    learnt = []

    def learn(z, scores, weights):
        learnt.append(set(scores.tolist()))
        return lambda present: present @ np.array([32, 16, 8, 4, 2, 1]) + 1000 * len(learnt)

    foretold = near.unseen(learn, 0)
    fold, exact = np.divmod(foretold, 1000)
    assert (exact == scores).all()
    assert all(score not in learnt[int(i) - 1] for i, score in zip(fold, scores))
    assert {len(seen) for seen in learnt} == {60}


def test_tree_finds_a_conjunction_among_many_on_coalitions_it_never_saw():
    together = game([0.0] * 20, {(3, 17): 5.0})
    shared = {"features": (4, 5), "samples": 600, "baseline": "black", "seed": 4}
    tree = local_tree(together, white(4, 5), 0, **shared)
    line = local_linear(together, white(4, 5), 0, **shared)
    assert set(told(tree)) == {3, 17}
    assert tree.fidelity.held_out
    assert tree.fidelity.stand_in > 0.999
    assert line.fidelity.stand_in < 0.8
    assert tree.fidelity.lime < 0.8
    text = tree.text
    assert "cell 17 (bottom) is there" in text
    assert "cell 3 (top right) is there" in text


def test_heat_adds_up_to_the_stand_ins_own_difference():
    network = game([1.0, 2.0, 0.0, 0.0], {(0, 3): 2.0})
    found = local_tree(network, white(2, 2), 0, features=2, samples=64, baseline="black", depth=4)
    ends = found.predict(np.array([[0] * 4, [1] * 4]))
    assert sum(told(found).values()) == pytest.approx(ends[1] - ends[0], abs=1e-5)
    assert found.heat.signed
    # 4 x 4 pixels share a cell's value.
    assert found.heat.values.sum() / 16 == pytest.approx(ends[1] - ends[0], abs=1e-4)


@pytest.mark.parametrize("stand_in", [local_linear, local_tree], ids=["linear", "tree"])
def test_a_score_that_never_changes_is_said_to_explain_nothing(stand_in):
    found = stand_in(game([0.0] * 4), white(2, 2), 0, features=2, samples=40, baseline="black")
    assert not found.explains
    assert np.isnan(found.fidelity.stand_in)
    assert "does not change" in found.verdict
    assert found.regions == ()
    assert found.heat.empty


def test_below_the_stated_fidelity_it_does_not_explain():
    noisy = nn.Sequential(nn.Flatten(), nn.Linear(768, 64), nn.Tanh(), nn.Linear(64, 1))
    generator = torch.Generator().manual_seed(0)
    for weight in noisy.parameters():
        weight.data = torch.randn(weight.shape, generator=generator) * 1.5
    network = load_model(noisy, mean=(0.0,), std=(1.0,), input_size=16)
    found = local_linear(
        network, white(4, 4), 0, features=4, nonzero=1, samples=200, baseline="black"
    )
    assert not found.explains
    assert "does not explain this decision" in found.verdict
    eager = local_linear(
        network,
        white(4, 4),
        0,
        features=4,
        nonzero=1,
        samples=200,
        baseline="black",
        least_fidelity=-10,
    )
    assert eager.explains


def test_arithmetic_equals_scikit_learns():
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    generator = np.random.default_rng(3)
    z = (generator.random((60, 7)) < 0.5).astype(float)
    scores, weights = generator.normal(size=60), generator.random(60) + 0.1
    intercept, slopes = weighted_line(z, scores, weights, 1e-3)
    theirs = Ridge(alpha=1e-3 * weights.sum()).fit(z, scores, sample_weight=weights)
    np.testing.assert_allclose(slopes, theirs.coef_, rtol=1e-8)
    assert intercept == pytest.approx(theirs.intercept_)
    foretold = intercept + z @ slopes
    expected = r2_score(scores, foretold, sample_weight=weights)
    assert r_squared(scores, foretold, weights) == pytest.approx(expected)


def test_shapley_values_are_the_games():
    network = game([1.0, -2.0, 0.5, 0.0], {(0, 1): 3.0, (1, 2, 3): -1.0})
    x = torch.ones(1, 1, 8, 8)

    def worth(z):
        cells = torch.from_numpy(z).float().view(-1, 1, 2, 2)
        return network.predict(cells.repeat_interleave(4, 2).repeat_interleave(4, 3))[:, 0].numpy()

    found = shapley_of(worth, [0, 1, 2, 3], 4)
    np.testing.assert_allclose(found, network.module.shapley(x)[0].numpy(), atol=1e-5)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    truth = 0.8  # of a line with noise of a fifth of the variance, however many are drawn
    inside = 0
    for seed in range(120):
        foretold = generator.normal(0, np.sqrt(0.8), 150)
        scores = foretold + generator.normal(0, np.sqrt(0.2), 150)
        low, high = spread_of(scores, foretold, np.ones(150), seed)
        inside += low <= truth <= high
    assert 0.88 < inside / 120 <= 1


def test_same_seed_same_stand_in_and_torch_state_kept():
    image = scene(5, split="test").image
    before = torch.get_rng_state()
    one, other = (
        local_tree("bundled:scene-cnn", image, features="superpixels-16", samples=60, seed=3)
        for _ in range(2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert one.rules == other.rules
    assert one.fidelity == other.fidelity
    np.testing.assert_array_equal(one.heat.values, other.heat.values)


def test_on_the_bundled_network_the_object_is_found_and_drawn(tmp_path):
    one = scene(5, split="test")
    found = local_tree("bundled:scene-cnn", one.image, features="superpixels-36", samples=240)
    assert found.explains
    assert found.heat.size == (96, 96)
    hot = found.regions[0]
    footprint = found.footprints[0]
    assert (footprint & one.edge).sum() / footprint.sum() > 0.5
    assert hot.name.startswith("superpixel")
    figure = found.plot()
    figure.savefig(tmp_path / "tree.png")
    words = " ".join(text.get_text() for text in figure.texts)
    assert "decision tree" in words
    assert hl.Heatmap(found.heat.values, found.heat.provenance).provenance.method == "local-tree"


def test_held_out_coalitions_are_none_of_the_fitted(monkeypatch):
    class Counted:
        count = 9
        players = type("P", (), {"sizes": staticmethod(lambda rows: torch.ones(1, 9))})()

        def worth(self, coalitions):
            return coalitions.double().sum(1).unsqueeze(0)

    near = neighbourhood(Counted(), 300, 0.25, 0)
    first, last = near.present[: near.fitted], near.present[near.fitted :]
    assert len(last) == 75
    assert not {row.tobytes() for row in first} & {row.tobytes() for row in last}
    np.testing.assert_allclose(near.weights, proximity(near.present, 0.25))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"nonzero": 0}, "nonzero is 0"),
        ({"samples": 10}, "at least 40"),
        ({"width": 0.0}, "width is 0.0"),
        ({"features": 1}, "at least two"),
        ({"features": "superpixel"}, "superpixels"),
    ],
    ids=["nonzero", "samples", "width", "one-feature", "name"],
)
def test_wrong_arguments_are_named(wrong, said):
    with pytest.raises(InvalidArgument, match=said):
        local_linear(game([1.0] * 4), white(2, 2), 0, **{"features": 2, "samples": 40, **wrong})


def test_wrong_depth_and_wrong_coalitions_are_named():
    with pytest.raises(InvalidArgument, match="from 1 to 4"):
        local_tree(game([1.0] * 4), white(2, 2), 0, depth=9)
    found = local_linear(game([1.0] * 4), white(2, 2), 0, features=2, samples=40)
    with pytest.raises(InvalidArgument, match=r"\(k, 4\)"):
        found.predict([[1, 0]])
    with pytest.raises(InvalidArgument, match="True and False"):
        found.predict([[0.5, 0, 0, 0]])


def test_films_are_refused():
    with pytest.raises(InvalidArgument, match="a local stand-in explains a picture"):
        local_linear("bundled:scene-cnn", hl.Image(np.zeros((2, 8, 8), np.uint8), "TYX"))


def test_progress_counts_coalitions():
    seen = []
    local_linear(
        game([1.0] * 9),
        white(3, 3),
        0,
        features=3,
        samples=200,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (200, 200)
    assert len(seen) == 2
