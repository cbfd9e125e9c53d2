"""CC, SIM, KLDiv, EMD: by hand, against libraries, and their symmetries."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.stats import entropy, pearsonr

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.perception.metrics import cc, emd, fixation_density, kld, sim

CONVENTIONS = ["tuebingen", "mit"]


def bumps(seed, size=(10, 12)):
    rng = np.random.default_rng(seed)
    return rng.random(size) ** 3 + 0.01


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_cc_is_pearsons(convention):
    a, b = bumps(0), bumps(1)
    expected = pearsonr(a.ravel(), b.ravel()).statistic
    assert cc(a, b, convention=convention) == pytest.approx(expected)
    assert cc(a, 3 - 2 * a, convention=convention) == pytest.approx(-1)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_constant_map_correlates_with_nothing(convention):
    assert cc(np.full((4, 4), 0.1), bumps(0, (4, 4)), convention=convention) == 0
    assert cc(np.zeros((4, 4)), np.zeros((4, 4)), convention=convention) == 0


def test_sim_by_hand():
    """1/4 3/4 against 1/2 1/2 share 3/4; of 2 3 and 3 2 less their floor nothing is common."""
    assert sim([[1, 3]], [[5, 5]]) == pytest.approx(0.75)
    assert sim([[2, 3]], [[3, 2]]) == pytest.approx(0.8)
    assert sim([[2, 3]], [[3, 2]], convention="mit") == 0
    # 0 1/3 2/3 against 0 1 0, from 1 2 3 and 4 5 4.
    assert sim([[1, 2, 3]], [[4, 5, 4]], convention="mit") == pytest.approx(1 / 3)


def test_sim_of_an_empty_map():
    """Uniform in one convention, nothing in the other."""
    density = [[1, 1, 2]]
    assert sim([[0, 0, 0]], density) == pytest.approx(0.25 + 0.25 + 1 / 3)
    assert sim([[0, 0, 0]], density, convention="mit") == 0
    assert sim([[7, 7, 7]], density, convention="mit") == 0


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("metric", [sim, cc])
def test_symmetric(metric, convention):
    a, b = bumps(2), bumps(3)
    one = metric(a, b, convention=convention)
    assert one == pytest.approx(metric(b, a, convention=convention))
    assert metric(a, a, convention=convention) == pytest.approx(1)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_kl_of_known_histograms(convention):
    """The fixations' density is the first argument of KL(q || p), in nats."""
    p, q = np.array([[0.1, 0.2, 0.7]]), np.array([[0.3, 0.3, 0.4]])
    expected = 0.3 * math.log(3) + 0.3 * math.log(1.5) + 0.4 * math.log(4 / 7)
    assert kld(p, q, convention=convention) == pytest.approx(expected, abs=1e-12)
    assert kld(5 * p, q, convention=convention) == pytest.approx(
        entropy(q.ravel(), p.ravel()), abs=1e-12
    )
    assert kld(p, p, convention=convention) == pytest.approx(0, abs=1e-12)


def test_kl_where_the_map_says_never():
    """q = 1 on a pixel of p = 0 costs -ln eps = 36.04, in both conventions."""
    for convention in CONVENTIONS:
        found = kld([[0, 1]], [[1, 0]], convention=convention)
        assert found == pytest.approx(-math.log(2.2204e-16), abs=1e-6)


def test_kl_of_an_empty_map():
    assert kld([[0, 0]], [[0, 1]]) == pytest.approx(math.log(2))
    assert kld([[0, 0]], [[0, 1]], convention="mit") == pytest.approx(36.0437, abs=1e-3)


def test_eight_bits_change_the_divergence():
    """A map with long tails, saved as a picture: another number, by more than a tenth."""
    rows, columns = np.mgrid[:48, :64]
    far = np.hypot(rows - 20, columns - 30)
    heat = np.exp(-far / 3) + 0.0015
    density = np.exp(-(far**2) / 300) + 0.001
    saved = np.rint(255 * heat / heat.max()).astype(np.uint8)
    exact = kld(heat, density)
    assert abs(kld(saved, density) - exact) > 0.1 * exact
    # What stays above 0 in 8 bits is not the trouble.
    lifted = heat + 0.05
    saved = np.rint(255 * lifted / lifted.max()).astype(np.uint8)
    assert kld(saved, density) == pytest.approx(kld(lifted, density), rel=0.05)


def emd_by_linear_programme(p, q):
    """min <P, |x - y|> over P >= 0 with the rows' sums p and the columns' sums q, by HiGHS."""
    n = p.size
    places = np.argwhere(np.ones(p.shape, bool)).astype(float)
    sums = np.concatenate([np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))])
    mass = np.concatenate([p.ravel() / p.sum(), q.ravel() / q.sum()])
    return linprog(cdist(places, places).ravel(), A_eq=sums, b_eq=mass).fun


@pytest.mark.parametrize("seed", range(3))
def test_emd_is_the_linear_programmes(seed):
    a, b = bumps(seed, (4, 5)), bumps(seed + 10, (4, 5))
    expected = emd_by_linear_programme(a, b)
    for convention in CONVENTIONS:
        found = emd(a, b, factor=1, convention=convention)
        assert found == pytest.approx(expected, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 50))
def test_emd_of_a_shift_is_its_length(down, right, seed):
    """Any way of carrying everything by one vector costs its length, and none is cheaper."""
    heat = np.zeros((14, 14))
    heat[4:10, 4:10] = bumps(seed, (6, 6))
    moved = np.roll(heat, (down, right), (0, 1))
    for convention in CONVENTIONS:
        found = emd(heat, moved, factor=1, convention=convention)
        assert found == pytest.approx(math.hypot(down, right), abs=1e-9)


def test_emd_on_the_reduced_grid():
    """64 pixels apart are two of the reduced grid; sizes that 32 does not divide are rounded up."""
    heat, density = np.zeros((2, 100, 130))
    heat[0:16, 0:16] = 1
    density[0:16, 64:80] = 2
    # 130 pixels become 5: a cell is 26 wide, so columns 0..16 are in the first cell alone,
    # and 64..80 lie 14 wide in the third and 2 in the fourth.
    assert emd(heat, density) == pytest.approx((14 * 2 + 2 * 3) / 16, abs=1e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_emd_sees_how_peaked_a_map_is(convention):
    """No histogram is matched: the benchmark left that out in September 2014."""
    a = bumps(4, (8, 8))
    assert emd(a**4, a, factor=1, convention=convention) > 0.1


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_emd_of_the_benchmark_on_blocks(convention):
    """Means over 32 x 32 blocks, divided by their sums, and an exact solver."""
    heat = bumps(5, (128, 160)) ** 4
    density = fixation_density([[9, 20], [100, 31], [64, 150]], heat.shape, 20.0)
    p, q = (x.reshape(4, 32, 5, 32).mean((1, 3)) for x in (heat, density))
    expected = emd_by_linear_programme(p, q)
    assert emd(heat, density, convention=convention) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1.7e308])
def test_cc_does_not_depend_on_the_unit(convention, scale):
    one = np.array([[0, 1.0], [-1, 0.5]])
    expected = pearsonr(one.ravel(), [0, 1.0, -1, 0]).statistic
    found = cc(one * scale, [[0, 1.0], [-1, 0]], convention=convention)
    assert found == pytest.approx(expected)


def test_sim_of_huge_values():
    assert sim([[-1e308, 1e308]], [[0, 1]], convention="mit") == 1
    assert sim([[1e308, 1e308]], [[0, 1]]) == 0.5


@pytest.mark.parametrize("metric", [cc, sim, kld, emd])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_points_are_blurred(metric, convention):
    heat = bumps(7, (40, 50))
    points = [[10.0, 10.0], [30.0, 41.0], [30.0, 41.0]]
    density = fixation_density(points, (40, 50), 4.0, convention=convention)
    found = metric(heat, points, sigma=4.0, convention=convention)
    assert found == metric(heat, density, convention=convention)


@pytest.mark.parametrize("metric", [sim, kld, emd])
def test_negative_values_are_no_density(metric):
    with pytest.raises(InvalidArgument, match="the map has values down to -1"):
        metric([[-1.0, 2.0]], [[1.0, 2.0]])
    with pytest.raises(InvalidArgument, match="density of the fixations has values down to -1"):
        metric([[1.0, 2.0]], [[-1.0, 2.0]])


def test_a_density_is_not_blurred_again():
    with pytest.raises(InvalidArgument, match="a density already"):
        cc(bumps(0), bumps(1), sigma=3.0)
    with pytest.raises(InvalidArgument, match="factor is 0"):
        emd(bumps(0), bumps(1), factor=0)
    for wrong in (1.5, "a", True):
        with pytest.raises(InvalidType, match="factor is"):
            emd(bumps(0), bumps(1), factor=wrong)
