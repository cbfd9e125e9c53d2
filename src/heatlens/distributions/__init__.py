"""Images and heatmaps as distributions: weights at points, with a stated unit.

What `heatlens.transport` measures and `heatlens.search` indexes. One constructor a file.
"""

from heatlens.distributions.as_distribution import as_distribution
from heatlens.distributions.constructor import kinds
from heatlens.distributions.distribution import Distribution

__all__ = ["Distribution", "as_distribution", "kinds"]
