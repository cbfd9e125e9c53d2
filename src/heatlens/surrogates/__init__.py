"""Interpretable stand-ins: small models that imitate a network, and whether to believe them.

| file or folder | what it gives |
|---|---|
| `tree` | `tree_surrogate`: a decision tree on named features of pictures |
| `linear` | `linear_surrogate`: a linear model on them |
| `answers` | `network_answers`: what a network says of pictures, asked once for several stand-ins |
| `surrogate` | `Surrogate`: the result, with fidelity, baselines, stability and a verdict |
| `local/` | `local_tree`, `local_linear`: stand-ins for one decision, beside LIME |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.surrogates.answers import Answers, network_answers
    from heatlens.surrogates.linear import linear_surrogate
    from heatlens.surrogates.local.linear import local_linear
    from heatlens.surrogates.local.stand_in import LocalStandIn
    from heatlens.surrogates.local.tree import local_tree
    from heatlens.surrogates.surrogate import Surrogate
    from heatlens.surrogates.tree import tree_surrogate

__all__ = [
    "Answers",
    "LocalStandIn",
    "Surrogate",
    "linear_surrogate",
    "local_linear",
    "local_tree",
    "network_answers",
    "tree_surrogate",
]

_HOME = {
    "Answers": "answers",
    "LocalStandIn": "local.stand_in",
    "Surrogate": "surrogate",
    "linear_surrogate": "linear",
    "local_linear": "local.linear",
    "local_tree": "local.tree",
    "network_answers": "answers",
    "tree_surrogate": "tree",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
