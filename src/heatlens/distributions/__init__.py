"""Images and heatmaps as distributions: weights at points, with a stated unit.

What `heatlens.transport` measures and `heatlens.search` indexes. One constructor a file.
"""

from heatlens.distributions.as_distribution import as_distribution
from heatlens.distributions.constructor import constructors
from heatlens.distributions.distances import Distance, distances
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.wasserstein import Comparison, wasserstein

__all__ = [
    "Comparison",
    "Distance",
    "Distribution",
    "as_distribution",
    "constructors",
    "distances",
    "wasserstein",
]
