"""A small decision tree as a stand-in: which features have to be there together.

A regression tree on "is this feature there?", grown by the weighted variance of the score that a
question takes away. A path of questions is a conjunction, and several are a disjunction, so AND and
OR of features are told exactly, which no sum of weights can. The growing is greedy: of features
that count only by their parity (XOR) no single question helps, and none may be asked.

Breiman, Friedman, Olshen, Stone: Classification and Regression Trees, 1984; the coalitions and
their weights are LIME's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.perturbation.features import Features
from heatlens.errors import InvalidArgument
from heatlens.optional import needed
from heatlens.surrogates.local.explained import Settings, decision, shapley_of
from heatlens.surrogates.local.fidelity import LEAST, verdict
from heatlens.surrogates.local.neighbourhood import Floats
from heatlens.surrogates.local.regions import regions
from heatlens.surrogates.local.stand_in import LocalStandIn

__all__ = ["Node", "local_tree"]

DEEPEST = 4
"""Questions on one path at most: 15 features are as many as anybody reads."""
_LEAST_GAIN = 2e-3
_SMALLEST_LEAF = 0.02


@dataclass(frozen=True)
class Node:
    """A question of a tree, or the answer at its end.

    Attributes:
        score: weighted mean score of the coalitions that come here.
        share: of the whole weight that comes here, 0..1.
        feature: which one is asked for; None at the end of a path.
        present: where to go if it is there.
        absent: where to go if not.
    """

    score: float
    share: float
    feature: int | None = None
    present: Node | None = None
    absent: Node | None = None

    def predict(self, z: Floats) -> Floats:
        """Scores (k,) of coalitions (k, n)."""
        if self.feature is None or self.present is None or self.absent is None:
            return np.full(len(z), self.score)
        there = z[:, self.feature] > 0.5
        found = np.empty(len(z))
        found[there] = self.present.predict(z[there])
        found[~there] = self.absent.predict(z[~there])
        return found

    def features(self) -> list[int]:
        """All that are asked for, in rising order."""
        if self.feature is None or self.present is None or self.absent is None:
            return []
        return sorted({self.feature, *self.present.features(), *self.absent.features()})

    @property
    def leaves(self) -> int:
        """How many answers there are."""
        if self.feature is None or self.present is None or self.absent is None:
            return 1
        return self.present.leaves + self.absent.leaves

    def lines(self, name: Callable[[int], str], depth: int = 0) -> Iterator[str]:
        """The tree as indented rules."""
        space = "    " * depth
        if self.feature is None or self.present is None or self.absent is None:
            yield f"{space}score {self.score:.3g} ({self.share:.0%} of the weight)"
            return
        yield f"{space}if {name(self.feature)} is there:"
        yield from self.present.lines(name, depth + 1)
        yield f"{space}if it is not:"
        yield from self.absent.lines(name, depth + 1)


def local_tree(
    model: Any,
    image: Any,
    target: Any = "predicted",
    *,
    features: Features = "superpixels",
    depth: int = 3,
    samples: int = 1000,
    baseline: Baseline = "blur",
    width: float = 0.25,
    least_fidelity: float = LEAST,
    fit: str | None = None,
    precision: str = "fp32",
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> LocalStandIn:
    """Explain one decision by a small tree of questions whether a feature is there.

    Args:
        model: a loaded model, or a bare network.
        image: anything `read_image` takes.
        target: whose score; anything `attribute` takes.
        features: as for `local_linear`. Few large ones suit a tree better than many small.
        depth: most questions on one path, 1 to 4.
        samples: as for `local_linear`.
        baseline: what replaces a feature that is out.
        width: of LIME's kernel.
        least_fidelity: R² that the low end of its interval has to reach; else the verdict is
            that it does not explain the decision.
        fit: how the picture is brought to the model's input.
        precision: of the passes.
        seed: of the coalitions, of a noise baseline, and of ties between equal questions.
        progress: called with how many coalitions are scored and how many there are.

    Returns:
        The heatmap holds each used feature's Shapley value in the tree's own prediction.

    Raises:
        MissingDependency: scikit-learn is not installed (extra `surrogates`).
        InvalidArgument: a number that cannot be used, or no picture.

    Example:
        >>> from heatlens.testing.games import ReluGate
        >>> both = ReluGate("and", patches=2, patch=4)  # 1 if both halves are white
        >>> white = np.full((4, 8), 255, np.uint8)
        >>> found = local_tree(both, white, 0, features=(1, 2), samples=40, baseline="black")
        >>> found.predict([[1, 0], [0, 1], [1, 1]]).round(3).tolist()
        [0.0, 0.0, 1.0]
    """
    trees = needed("sklearn.tree", "a tree as a stand-in", "surrogates")
    if not isinstance(depth, int) or isinstance(depth, bool) or not 1 <= depth <= DEEPEST:
        raise InvalidArgument(f"depth is {depth!r}; a whole number from 1 to {DEEPEST}")
    settings = Settings(features, samples, baseline, width, fit, precision, seed)
    made = decision(model, image, target, settings, progress)

    def learn(z: Floats, scores: Floats, weights: Floats) -> Callable[[Floats], Floats]:
        return _grown(trees, z, scores, weights, depth, seed).predict

    root = _grown(trees, *made.near.seen, depth, seed)
    used = root.features()
    values = shapley_of(root.predict, used, made.game.count)
    fidelity = made.fidelity(learn, root.leaves)
    explains, said = verdict(fidelity, least_fidelity, "decision tree", made.game.count)
    found = regions(made.labels, made.kind, np.array(used, np.int64), values[used])
    names = {one.number: one.name for one in found}
    return LocalStandIn(
        kind="decision tree",
        heat=made.heatmap(values, "local-tree", {"depth": depth, "least_fidelity": least_fidelity}),
        regions=found,
        rules=tuple(root.lines(names.__getitem__)),
        fidelity=fidelity,
        explains=explains,
        verdict=said,
        image=made.image,
        footprints=made.footprints([one.number for one in found]),
        count=made.game.count,
        foretell=root.predict,
    )


def _grown(trees: Any, z: Floats, scores: Floats, weights: Floats, depth: int, seed: int) -> Node:
    """The tree of coalitions (k, n), their scores (k,) and weights (k,)."""
    total = float(weights.sum())
    middle = float(weights @ scores / total)
    variance = float(weights @ (scores - middle) ** 2 / total)
    if variance <= 1e-12 * float(weights @ scores**2 / total):
        return Node(middle, 1.0)
    scale = variance**0.5
    grown = trees.DecisionTreeRegressor(
        max_depth=depth,
        min_weight_fraction_leaf=_SMALLEST_LEAF,
        min_impurity_decrease=_LEAST_GAIN,
        random_state=seed,
    )
    grown.fit(z, (scores - middle) / scale, sample_weight=weights)
    return _read(grown.tree_, 0, middle, scale)


def _read(tree: Any, node: int, middle: float, scale: float) -> Node:
    """scikit-learn's arrays as nodes, with scores in their own units again."""
    score = middle + scale * float(tree.value[node].ravel()[0])
    share = float(tree.weighted_n_node_samples[node] / tree.weighted_n_node_samples[0])
    if tree.children_left[node] < 0:
        return Node(score, share)
    absent = _read(tree, int(tree.children_left[node]), middle, scale)
    present = _read(tree, int(tree.children_right[node]), middle, scale)
    return Node(score, share, int(tree.feature[node]), present, absent)
