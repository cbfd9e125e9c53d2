"""What a decision hangs on, in features that have names.

| file or folder | what it gives |
|---|---|
| `table` | `FeatureTable`: one row for each picture, one column for each feature |
| `pictures/` | `picture_features`, `learn_concept`: such tables made from pictures |
| `interventions/` | what can be changed about a picture, or inside a network |
| `permutation` | `permutation_importance`: the loss where a feature is another row's |
| `ablation` | `ablation_importance`: the loss where it is the mean, or gone |
| `shapley`, `shapley_mean` | `shapley_values`, `shapley_importance`: fair shares, by row and on average |
| `dependence` | `partial_dependence`: what the model says as a feature is moved |
| `h_statistic` | `interaction`: what two features do together and neither alone |

All of them take a model on tables (any scikit-learn estimator, or a function) with a table, or a
network with pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.importance.ablation import ablation_importance
    from heatlens.importance.dependence import PartialDependence, partial_dependence
    from heatlens.importance.h_statistic import interaction
    from heatlens.importance.interaction_result import Interaction
    from heatlens.importance.permutation import permutation_importance
    from heatlens.importance.pictures.concept import Concept, learn_concept
    from heatlens.importance.pictures.features import picture_features
    from heatlens.importance.result import Importance
    from heatlens.importance.shapley import shapley_values
    from heatlens.importance.shapley_mean import shapley_importance
    from heatlens.importance.shapley_result import ShapleyValues
    from heatlens.importance.table import FeatureTable

__all__ = [
    "Concept",
    "FeatureTable",
    "Importance",
    "Interaction",
    "PartialDependence",
    "ShapleyValues",
    "ablation_importance",
    "interaction",
    "learn_concept",
    "partial_dependence",
    "permutation_importance",
    "picture_features",
    "shapley_importance",
    "shapley_values",
]

_HOME = {
    "Concept": "pictures.concept",
    "FeatureTable": "table",
    "Importance": "result",
    "Interaction": "interaction_result",
    "PartialDependence": "dependence",
    "ShapleyValues": "shapley_result",
    "ablation_importance": "ablation",
    "interaction": "h_statistic",
    "learn_concept": "pictures.concept",
    "partial_dependence": "dependence",
    "permutation_importance": "permutation",
    "picture_features": "pictures.features",
    "shapley_importance": "shapley_mean",
    "shapley_values": "shapley",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
