"""Games with known worths: what each method estimates, and that it does so exactly."""

from __future__ import annotations

import itertools
import re

import pytest
import torch

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument
from heatlens.testing.games import PatchGame, PolynomialGame, ReluGate

GATES = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "xor": lambda a, b: a != b,
    "count": lambda a, b: a + b,
}


@pytest.fixture
def game():
    generator = torch.Generator().manual_seed(3)
    return PolynomialGame(
        torch.randn(2, 3, 3, generator=generator),
        alone=[1.0, -0.5, 0.0, 2.0, 0.3, -1.0],
        together={(0, 1): 2.0, (1, 2, 5): -1.5, (0, 2, 3, 4): 0.7},
    )


@pytest.fixture
def batch():
    return torch.randn(3, 2, 6, 9, generator=torch.Generator().manual_seed(4)) / 3


def per_patch(game, batch, method, **settings):
    if method == "integrated-gradients":
        settings["baseline"] = torch.zeros_like(batch)
    return game.per_patch(attribute(game, batch, method, 0, **settings)).double()


@pytest.mark.parametrize("worth", ["shapley", "banzhaf", "leave_one_out"])
def test_closed_forms_equal_enumeration(game, batch, worth):
    torch.testing.assert_close(getattr(game, worth)(batch), getattr(PatchGame, worth)(game, batch))


def test_shapley_values_share_out_the_whole_score(game, batch):
    torch.testing.assert_close(game.shapley(batch).sum(1), game(batch)[:, 0].double())


def test_integrated_gradients_from_zero_are_shapley_values(game, batch):
    found = per_patch(game, batch, "integrated-gradients", steps=4)  # exact for degree 4
    torch.testing.assert_close(found, game.shapley(batch), rtol=1e-5, atol=1e-6)


def test_input_x_gradient_is_leave_one_out(game, batch):
    found = per_patch(game, batch, "input-x-gradient")
    torch.testing.assert_close(found, game.leave_one_out(batch), rtol=1e-5, atol=1e-6)


def test_the_estimands_differ(game, batch):
    """No method can be right about all of them: each must say which one it estimates."""
    worths = [game.shapley(batch), game.banzhaf(batch), game.leave_one_out(batch)]
    for first, second in itertools.combinations(worths, 2):
        assert (first - second).abs().max() > 0.01


def lit(pair):
    """Two 2x2 patches side by side, white where lit."""
    return torch.tensor(pair, dtype=torch.float).repeat_interleave(2).expand(1, 1, 2, 4)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("pair", [*itertools.product((0, 1), repeat=2)])
def test_truth_tables(kind, pair):
    assert ReluGate(kind)(lit(pair)).item() == float(GATES[kind](*pair))


@pytest.mark.parametrize("kind", GATES)
def test_gates_with_both_patches_lit(kind):
    gate, x = ReluGate(kind), lit((1, 1))
    shared = gate(x).item() / 2
    assert gate.shapley(x).tolist() == [[shared, shared]]
    # Gauss-Legendre is no rule for kinks; the midpoint rule is exact where they lie between nodes.
    found = per_patch(gate, x, "integrated-gradients", steps=40, rule="riemann")
    torch.testing.assert_close(found, gate.shapley(x), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(per_patch(gate, x, "input-x-gradient"), gate.leave_one_out(x))


def test_majority():
    gate = ReluGate("majority", patches=4, patch=1)
    values = [gate(torch.tensor([[[x]]], dtype=torch.float)).item() for x in
              itertools.product((0, 1), repeat=4)]  # fmt: skip
    assert values == [float(sum(x) > 2) for x in itertools.product((0, 1), repeat=4)]
    x = torch.ones(1, 1, 1, 4)
    torch.testing.assert_close(gate.shapley(x), torch.full((1, 4), 0.25, dtype=torch.float64))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PolynomialGame(torch.ones(2, 2), [1.0], {}), "(C, P, P)"),
        (lambda: PolynomialGame(torch.ones(1, 1, 1), [1.0], {(0, 0): 1.0}), "no set of two"),
        (lambda: PolynomialGame(torch.ones(1, 1, 1), [1.0, 1.0], {(0, 2): 1.0}), "not in 0..1"),
        (lambda: ReluGate("nand"), "there are and, or"),
        (lambda: ReluGate("xor", patches=3), "no 'xor' gate of 3"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(InvalidArgument, match=re.escape(message)):
        make()


def test_too_many_coalitions():
    with pytest.raises(InvalidArgument, match="at most 12"):
        PatchGame.shapley(ReluGate("and", patches=13, patch=1), torch.ones(1, 1, 1, 13))
