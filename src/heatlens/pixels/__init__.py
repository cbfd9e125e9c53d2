"""Heatmaps from pixels: no model, only the picture's own numbers.

| file or folder | what it gives |
|---|---|
| `chain` | `pixel_heatmap`: clean, describe, weigh, map |
| `preprocess/` | one step a file: denoise, normalise; by name in `STEPS` |
| `features/` | one feature a file: brightness, texture, edges; by name in `FEATURES` |
| `weights/` | how features become one map: `given_weights`, `learned_weights`, names in `WEIGHTINGS` |
| `comparing` | `similarity`, `difference`: to a pixel, a region or a second picture |
| `large` | `large_similarity`: to a pixel or box, of pictures too large for memory |
| `measures/` | one measure a file, by name in `MEASURES` |
| `clustering` | `clusters`, `Clusters`: what belongs together |
| `groupings/` | one method a file, by name in `CLUSTERINGS` |
| `points/` | `density`: points as a map, and the rules for its bandwidth |
| `change` | `picture_difference`: two pictures laid on one another, and what differs |

The known parts are scikit-image's, scikit-learn's and OpenCV's (`pip install 'heatlens[pixels]'`);
brightness, colour, gradients, Gabor filters, k-means and densities need nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.pixels.chain import pixel_heatmap
    from heatlens.pixels.change import picture_difference
    from heatlens.pixels.clustering import clusters
    from heatlens.pixels.comparing import difference, similarity
    from heatlens.pixels.found_clusters import Clusters
    from heatlens.pixels.large import large_similarity
    from heatlens.pixels.part import CLUSTERINGS, FEATURES, MEASURES, STEPS, WEIGHTINGS
    from heatlens.pixels.points.kernel_density import density
    from heatlens.pixels.stack import FeatureStack, feature_stack, preprocessed
    from heatlens.pixels.weighing import Weights, given_weights
    from heatlens.pixels.weights.learned import learned_weights

__all__ = [
    "CLUSTERINGS",
    "FEATURES",
    "MEASURES",
    "STEPS",
    "WEIGHTINGS",
    "Clusters",
    "FeatureStack",
    "Weights",
    "clusters",
    "density",
    "difference",
    "feature_stack",
    "given_weights",
    "large_similarity",
    "learned_weights",
    "picture_difference",
    "pixel_heatmap",
    "preprocessed",
    "similarity",
]

_HOME = {
    "CLUSTERINGS": "part",
    "Clusters": "found_clusters",
    "FEATURES": "part",
    "FeatureStack": "stack",
    "MEASURES": "part",
    "STEPS": "part",
    "WEIGHTINGS": "part",
    "Weights": "weighing",
    "clusters": "clustering",
    "density": "points.kernel_density",
    "difference": "comparing",
    "feature_stack": "stack",
    "given_weights": "weighing",
    "large_similarity": "large",
    "learned_weights": "weights.learned",
    "picture_difference": "change",
    "pixel_heatmap": "chain",
    "preprocessed": "stack",
    "similarity": "comparing",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
