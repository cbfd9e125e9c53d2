"""Masses far below the rounding of the total neither crash the exact solver nor keep it busy."""

import numpy as np
import ot
import pytest

from heatlens.transport import emd, emd_matrix
from heatlens.transport.exact.start import whole_units


@pytest.mark.parametrize("n", [1, 2, 4, 7, 64, 1000])
def test_whole_units_are_above_zero_and_of_one_total(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        for masses in (10.0 ** rng.integers(-30, 1, n), np.r_[1.0, np.full(n - 1, 1e-300)]):
            others = np.r_[rng.random(5), 1e-30]
            supply, demand = whole_units(masses / masses.sum(), others / others.sum())
            assert supply.min() >= 1
            assert demand.min() >= 1
            assert supply.sum() == demand.sum()


def test_signatures_with_masses_over_thirty_orders_of_magnitude():
    rng = np.random.default_rng(0)
    for _ in range(150):
        n, m, d = rng.integers(1, 40), rng.integers(1, 40), rng.integers(1, 9)
        a, b = 10.0 ** rng.integers(-30, 1, n), 10.0 ** rng.integers(-30, 1, m)
        a[rng.integers(n)] = b[rng.integers(m)] = 1
        a, b = a / a.sum(), b / b.sum()
        x, y = 1000 + rng.normal(size=(n, d)), 1000 + rng.normal(size=(m, d))
        value = emd(a, b, x=x, y=y, mass="normalise").value
        kept = a > 1e-14, b > 1e-14
        shares = a[kept[0]] / a[kept[0]].sum(), b[kept[1]] / b[kept[1]].sum()
        cost = ot.dist(x[kept[0]], y[kept[1]], metric="euclidean")
        assert value == pytest.approx(ot.emd2(*shares, cost), rel=1e-9, abs=1e-10)
        both = emd_matrix([a], [b], x=[x], y=[y], mass="normalise")
        assert both[0, 0] == pytest.approx(value, rel=1e-12)
