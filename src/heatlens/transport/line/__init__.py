"""Optimal transport on a line and on a circle, where a formula gives the exact value.

| file | what it gives |
|---|---|
| `wasserstein` | `wasserstein_1d`: any exponent, weighted, batched |
| `circular` | `wasserstein_circular`: angles, hues, hours of the day |
| `histograms` | `histogram_distance`, `histogram_matrix`, `histogram_nearest`: equal bins |
| `merge`, `circle`, `cumulated` | their compiled loops |
"""
