"""Feature ablation: how much the score falls without one feature.

    phi_i = F(x) - F(x with feature i replaced by the baseline)

the leave-one-out worth of the game of the input's features; of interactions each member gets the
whole. Nothing is sampled: it takes one pass a feature and one more, known before, so there is no
error and nothing to stop early.

Robnik-Sikonja, Kononenko: Explaining Classifications for Individual Instances, TKDE 2008.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.features import Features
from heatlens.attribution.perturbation.game import Game
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["feature_ablation"]


@register(
    family="perturbation",
    needs={"predict"},
    cost=lambda p: Passes(math.nan, 0),
    paper="doi:10.1109/TKDE.2007.190734",
    fixed_target=True,
    each="feature",
)
def feature_ablation(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    features: Features = None,
    baseline: Baseline = "black",
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """The fall of the score when one feature is replaced: a cell, a superpixel, a token.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; all channels are replaced.
        target: whose score.
        features: None (cells, or every position of a line), a number of cells, "superpixels", or
            a map of labels; see `heatlens.attribution.perturbation.features.find_players`.
        baseline: what replaces, named in pixel space or a tensor like `batch`.
        precision: of the passes, "fp32", "bf16" (quicker where the machine has units for it, with
            scores to two or three digits) or "auto".
        seed: of a noise baseline.

    Returns:
        Values (N, 1, *grid), at every position that of its feature, in units of score;
        `info["feature_values"]` is (N, features).

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 1.0)
        >>> batch, labels = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]]), torch.tensor([[7, 8, 7, 8]])
        >>> attribute(network, batch, "feature-ablation", 0, features=labels).tolist()
        [[[[4.0, 6.0, 4.0, 6.0]]]]
    """
    model = model.at(precision)
    game = Game(model, batch, target, features, baseline, seed)
    # All are there in the first coalition, and one is missing in each of the others.
    missing = torch.cat([torch.zeros(1, game.count).bool(), torch.eye(game.count).bool()])
    worth = game.worth(~missing)
    values = worth[:, :1] - worth[:, 1:]
    info = {"features": game.count, "feature_values": values.float()}
    return Attribution(game.players.spread(values), info=info)
