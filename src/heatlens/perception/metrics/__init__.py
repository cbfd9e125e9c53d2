"""How well a map foretells where people look: the metrics of the saliency benchmarks.

    auc_judd(heat, fixations)                       # fixations: (n, 2) rows and columns
    kld(heat, fixations, sigma=35.0)                # points are blurred into a density
    evaluate(maps, fixations, convention="mit")     # many pictures: means with intervals

| file or folder | what it gives |
|---|---|
| `kinds/` | the metrics, one a file; their registry is `metric.METRICS` |
| `convention` | the two conventions, "tuebingen" (as pysaliency) and "mit" (as the MIT benchmark) |
| `density` | `fixation_density`: from points to a density |
| `baseline` | `baseline_density`: what information gain is measured from |
| `evaluating` | `evaluate`: many metrics on many pictures, with intervals |
| `evaluation` | `Evaluation`: what it found |
| `picture`, `pictures`, `redrawn`, `negatives` | its parts: one and all; fixations drawn again; of others |
| `given`, `scaling`, `roc` | checks of what was given; maps on one scale; areas under curves |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.perception.metrics.baseline import baseline_density
    from heatlens.perception.metrics.convention import CONVENTIONS
    from heatlens.perception.metrics.density import fixation_density
    from heatlens.perception.metrics.evaluating import evaluate
    from heatlens.perception.metrics.evaluation import Evaluation
    from heatlens.perception.metrics.kinds.auc_borji import auc_borji
    from heatlens.perception.metrics.kinds.auc_judd import auc_judd
    from heatlens.perception.metrics.kinds.auc_shuffled import auc_shuffled
    from heatlens.perception.metrics.kinds.correlation import cc
    from heatlens.perception.metrics.kinds.divergence import kld
    from heatlens.perception.metrics.kinds.earth_mover import emd
    from heatlens.perception.metrics.kinds.information import information_gain
    from heatlens.perception.metrics.kinds.scanpath import nss
    from heatlens.perception.metrics.kinds.similarity import sim
    from heatlens.perception.metrics.metric import METRICS

__all__ = [
    "CONVENTIONS",
    "METRICS",
    "Evaluation",
    "auc_borji",
    "auc_judd",
    "auc_shuffled",
    "baseline_density",
    "cc",
    "emd",
    "evaluate",
    "fixation_density",
    "information_gain",
    "kld",
    "nss",
    "sim",
]

_HOME = {
    "CONVENTIONS": "convention",
    "Evaluation": "evaluation",
    "METRICS": "metric",
    "auc_borji": "kinds.auc_borji",
    "auc_judd": "kinds.auc_judd",
    "auc_shuffled": "kinds.auc_shuffled",
    "baseline_density": "baseline",
    "cc": "kinds.correlation",
    "emd": "kinds.earth_mover",
    "evaluate": "evaluating",
    "fixation_density": "density",
    "information_gain": "kinds.information",
    "kld": "kinds.divergence",
    "nss": "kinds.scanpath",
    "sim": "kinds.similarity",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
