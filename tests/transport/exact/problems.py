"""Random transport problems of every shape that makes a solver stumble."""

import numpy as np


def problem(seed):
    """Masses a (n,) and b (m,) of one total, points x and y: random, tied, degenerate, sparse."""
    rng = np.random.default_rng(seed)
    n, m = (int(size) for size in rng.integers(1, 14, 2))
    dimensions = int(rng.integers(1, 4))
    kind = seed % 6
    a, b = rng.random(n) + 1e-3, rng.random(m) + 1e-3
    x, y = rng.normal(size=(n, dimensions)), rng.normal(size=(m, dimensions))
    if kind == 1:  # tied distances, duplicate points
        x, y = rng.integers(0, 3, (n, dimensions)), rng.integers(0, 3, (m, dimensions))
    elif kind == 2:  # partial sums that agree
        a, b = rng.integers(1, 4, n), rng.integers(1, 4, m)
    elif kind == 3:  # empty places
        a, b = a * (rng.random(n) < 0.5), b * (rng.random(m) < 0.5)
        a[rng.integers(n)] = b[rng.integers(m)] = 1
    elif kind == 4:  # an assignment
        m, y = n, rng.normal(size=(n, dimensions))
        a, b = np.ones(n), np.ones(n)
    elif kind == 5:  # masses of very different size
        a, b = 10.0 ** rng.uniform(-9, 0, n), 10.0 ** rng.uniform(-9, 0, m)
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a, b * (a.sum() / b.sum()), np.asarray(x, float), np.asarray(y, float)
