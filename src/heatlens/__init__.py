"""heatlens: heatmaps as distributions of evidence over an image.

Names are imported when they are first used, so that `import heatlens` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily
from heatlens.version import __version__

if TYPE_CHECKING:
    from heatlens.attribution.attribute import attribute
    from heatlens.attribution.explain import explain
    from heatlens.attribution.method import Attribution, methods
    from heatlens.distributions.as_distribution import as_distribution
    from heatlens.distributions.comparison import Comparison
    from heatlens.distributions.distances import distances
    from heatlens.distributions.distribution import Distribution
    from heatlens.distributions.wasserstein import wasserstein
    from heatlens.features.visualisation.visualize import visualize
    from heatlens.heatmap import Heatmap
    from heatlens.image import Image
    from heatlens.images.large.open import open_large
    from heatlens.images.read import read_image
    from heatlens.models.contract import Contract
    from heatlens.models.function.endpoint import Endpoint
    from heatlens.models.load import list_models, load_model
    from heatlens.models.predict import Prediction, predict
    from heatlens.models.targets import (
        ClassIndex,
        Difference,
        Label,
        OutputFunction,
        Predicted,
        Region,
        Similarity,
        Target,
        TopK,
    )
    from heatlens.perception.saliency import saliency
    from heatlens.provenance import Provenance
    from heatlens.render.hotspots import Hotspot, hotspots
    from heatlens.search.hits import Hits
    from heatlens.search.index import ImageIndex
    from heatlens.sound import Sound
    from heatlens.text import Text

__all__ = [
    "Attribution",
    "ClassIndex",
    "Comparison",
    "Contract",
    "Difference",
    "Distribution",
    "Endpoint",
    "Heatmap",
    "Hits",
    "Hotspot",
    "Image",
    "ImageIndex",
    "Label",
    "OutputFunction",
    "Predicted",
    "Prediction",
    "Provenance",
    "Region",
    "Similarity",
    "Sound",
    "Target",
    "Text",
    "TopK",
    "__version__",
    "as_distribution",
    "attribute",
    "distances",
    "explain",
    "hotspots",
    "list_models",
    "load_model",
    "methods",
    "open_large",
    "predict",
    "read_image",
    "saliency",
    "visualize",
    "wasserstein",
]

_HOME = {
    "Attribution": "attribution.method",
    "ClassIndex": "models.targets",
    "Comparison": "distributions.comparison",
    "Contract": "models.contract",
    "Difference": "models.targets",
    "Distribution": "distributions.distribution",
    "Endpoint": "models.function.endpoint",
    "Heatmap": "heatmap",
    "Hits": "search.hits",
    "Hotspot": "render.hotspots",
    "Image": "image",
    "ImageIndex": "search.index",
    "Label": "models.targets",
    "OutputFunction": "models.targets",
    "Predicted": "models.targets",
    "Prediction": "models.predict",
    "Provenance": "provenance",
    "Region": "models.targets",
    "Similarity": "models.targets",
    "Sound": "sound",
    "Target": "models.targets",
    "Text": "text",
    "TopK": "models.targets",
    "as_distribution": "distributions.as_distribution",
    "attribute": "attribution.attribute",
    "distances": "distributions.distances",
    "explain": "attribution.explain",
    "hotspots": "render.hotspots",
    "list_models": "models.load",
    "load_model": "models.load",
    "methods": "attribution.method",
    "open_large": "images.large.open",
    "predict": "models.predict",
    "read_image": "images.read",
    "saliency": "perception.saliency",
    "visualize": "features.visualisation.visualize",
    "wasserstein": "distributions.wasserstein",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
