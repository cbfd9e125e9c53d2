import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatlens.errors import InvalidArgument
from heatlens.transport import emd, sinkhorn


def problem(n, m, seed=0, d=2):
    chance = np.random.default_rng(seed)
    a, b = chance.random(n), chance.random(m)
    a[chance.random(n) < 0.2] = 0
    a[0] += 0.1
    return a / a.sum(), b / b.sum(), chance.normal(size=(n, d)), chance.normal(size=(m, d)) + 0.5


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 999), st.sampled_from([1, 2]),
       st.sampled_from([1, 7, 500]), st.sampled_from([1.0, 0.1, 1e-3]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_bracket_holds_wherever_it_stops(n, m, seed, p, iterations, epsilon):
    a, b, x, y = problem(n, m, seed)
    truth = emd(a, b, x=x, y=y, p=p).value
    found = sinkhorn(a, b, x=x, y=y, p=p, epsilon=epsilon, iterations=iterations)
    assert found.lower <= truth + 1e-12 <= found.value + 2e-12
    assert found.plan.min() >= 0
    np.testing.assert_allclose(found.plan.sum(1), a, atol=1e-14)
    np.testing.assert_allclose(found.plan.sum(0), b, atol=1e-14)
    cost = np.linalg.norm(x[:, None] - y, axis=2) ** p
    assert (found.plan * cost).sum() == pytest.approx(found.value)
    u, v = found.potentials
    assert (u[:, None] + v - cost).max() < 1e-12
    assert a @ u + b @ v == pytest.approx(found.lower)
    assert found.iterations <= iterations
    assert found.converged == (found.marginal_error <= 1e-4)


def test_tends_to_the_exact_value_and_reports_its_bias():
    a, b, x, y = problem(30, 40)
    truth = emd(a, b, x=x, y=y).value
    found = [sinkhorn(a, b, x=x, y=y, epsilon=e, iterations=20_000) for e in (1, 0.1, 0.01, 0.001)]
    errors = [result.value - truth for result in found]
    assert errors == sorted(errors, reverse=True)
    assert all(result.converged and result.bias >= error for result, error in zip(found, errors))
    assert found[-1].bias < 0.001 * truth


def test_equals_the_plain_iteration():
    a, b, x, y = problem(8, 9)
    a = a + 0.01
    a /= a.sum()
    cost = np.linalg.norm(x[:, None] - y, axis=2)
    kernel, v = np.exp(-cost / 0.2), np.ones(9)
    for _ in range(5000):
        u = a / (kernel @ v)
        v = b / (kernel.T @ u)
    found = sinkhorn(a, b, cost, epsilon=0.2, tolerance=1e-12, iterations=5000)
    np.testing.assert_allclose(found.plan, u[:, None] * kernel * v, rtol=1e-8, atol=1e-14)


def test_costs_a_million_times_epsilon_do_not_underflow():
    a, b, x, y = problem(10, 10)
    found = sinkhorn(a, b, x=1000 * x, y=1000 * y, p=2, epsilon=0.1, iterations=200)
    truth = emd(a, b, x=1000 * x, y=1000 * y, p=2).value
    assert np.isfinite(found.plan).all()
    assert found.lower <= truth * (1 + 1e-12) <= found.value * (1 + 2e-12)


def test_running_out_of_sweeps_is_said():
    a, b, x, y = problem(20, 20)
    found = sinkhorn(a, b, x=x, y=y, epsilon=1e-3, iterations=3)
    assert not found.converged
    assert "NOT converged" in repr(found)
    assert found.bias > 0


def kl(r, a):
    return (r * np.log(np.where(r > 0, r, 1) / np.where(a > 0, a, 1)) - r + a).sum()


@pytest.mark.parametrize("penalty", [0.05, 1.0, 20.0])
def test_unbalanced_bracket_and_its_value(penalty):
    a, b, x, y = problem(15, 12)
    b = 3 * b
    cost = np.linalg.norm(x[:, None] - y, axis=2)
    found = sinkhorn(a, b, cost, mass="unbalanced-kl", penalty=penalty, epsilon=1e-3,
                     iterations=20_000)  # fmt: skip
    plan = found.plan
    value = (plan * cost).sum() + penalty * (kl(plan.sum(1), a) + kl(plan.sum(0), b))
    assert found.value == pytest.approx(value)
    assert 0 <= found.bias < 0.02 * found.value
    u, v = found.potentials
    assert (u[:, None] + v - cost).max() < 1e-12


def test_unbalanced_between_two_points_in_closed_form():
    """min over t of c t + penalty (KL(t, 2) + KL(t, 3)):  t = sqrt(6) exp(-c / (2 penalty))."""
    found = sinkhorn([2.0], [3.0], [[1.5]], mass="unbalanced-kl", penalty=0.7, epsilon=1e-4)
    t = 6**0.5 * np.exp(-1.5 / 1.4)
    assert found.plan[0, 0] == pytest.approx(t)
    assert found.value == pytest.approx(0.7 * (5 - 2 * t))
    assert found.bias == pytest.approx(0, abs=1e-9)


def test_value_is_proportional_to_the_mass():
    a, b, x, y = problem(6, 7)
    one = sinkhorn(a, b, x=x, y=y)
    assert sinkhorn(5 * a, 5 * b, x=x, y=y).value == pytest.approx(5 * one.value)
    assert sinkhorn(5 * a, b, x=x, y=y, mass="normalise").value == pytest.approx(one.value)


def test_equal_costs_and_one_point():
    assert sinkhorn([1, 2], [3], [[4.0], [4.0]]).value == pytest.approx(12)
    assert sinkhorn([2.0], [2.0], x=[1.0]).value == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"a": [0.5, -0.5]}, r"a\[1\] is -0.5"),
        ({"a": [0.5, np.nan]}, r"a\[1\] is nan"),
        ({"a": [0.5, 1.0]}, "totals differ"),
        ({"cost": None}, "no ground cost"),
        ({"cost": [[0, np.inf], [1, 0]]}, r"cost\[0, 1\] is inf"),
        ({"x": [0.0, 1.0]}, "not both"),
        ({"mass": "partial"}, "solved exactly by heatlens.transport.emd"),
        ({"mass": "unbalanced", "penalty": 1.0}, "solved exactly by heatlens.transport.emd"),
        ({"mass": "unbalanced-kl"}, "needs one"),
        ({"penalty": 1.0}, "the others none"),
        ({"mass": "unbalanced-kl", "penalty": -1.0}, "penalty is -1"),
        ({"mass": "all"}, "expected one of"),
        ({"epsilon": 0.0}, "epsilon is 0"),
        ({"tolerance": np.nan}, "tolerance nan"),
        ({"iterations": 0}, "iterations 0"),
    ],
)
def test_what_cannot_be(change, said):
    with pytest.raises(InvalidArgument, match=said):
        sinkhorn(**{"a": [0.5, 0.5], "b": [0.5, 0.5], "cost": [[0, 1], [1, 0]], **change})
