"""What the evidence is for: one mechanism that turns a model's output into one score per row.

Every target has `scores(output) -> (N,)`, differentiable. Some have to look first: a label needs
the model's labels (`bind`), "predicted" needs an output (`fixed`), and a target with one choice
per row must follow when rows are repeated or split (`take`). A target with a `layer` is read from
that layer's output instead of the model's.
"""

from __future__ import annotations

from heatlens.models.targets.base import Target
from heatlens.models.targets.classes import ClassIndex, Label, Predicted, TopK
from heatlens.models.targets.difference import Difference
from heatlens.models.targets.function import OutputFunction
from heatlens.models.targets.region import Region
from heatlens.models.targets.similarity import Similarity, pooled
from heatlens.models.targets.spec import as_target

__all__ = [
    "ClassIndex",
    "Difference",
    "Label",
    "OutputFunction",
    "Predicted",
    "Region",
    "Similarity",
    "Target",
    "TopK",
    "as_target",
    "pooled",
]
