"""A decision tree as arrays: grown by scikit-learn, read and asked without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.frozen import frozen
from heatlens.optional import needed

__all__ = ["GrownTree", "grow"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]

LEAF = -1
"""Stands in `feature`, `left` and `right` of a node that asks nothing."""


@dataclass(frozen=True, eq=False)
class GrownTree:
    """Nodes in the order of a walk that goes left first; node 0 is the root.

    Attributes:
        feature: (m,) column that a node asks about, or `LEAF`.
        threshold: (m,) a row goes left if its value, in float32, is at most this.
        left: (m,) node on the left, or `LEAF`.
        right: (m,) node on the right, or `LEAF`.
        value: (m, k) shares of the classes, or the mean number, of the training rows at a node.
        rows: (m,) number of training rows at a node.
        impurity: (m,) Gini impurity, or variance.
        columns: how many features there are.
    """

    feature: Numbers
    threshold: Floats
    left: Numbers
    right: Numbers
    value: Floats
    rows: Numbers
    impurity: Floats
    columns: int

    form = "tree"

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for name in ("feature", "threshold", "left", "right", "value", "rows", "impurity"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def answers(self, values: Floats) -> Floats:
        """What the tree says of rows (n, f): (n, k) shares of classes, or (n, 1) numbers."""
        # Trees of scikit-learn compare in single precision: so that none is sorted otherwise here.
        asked = values.astype(np.float32)
        node = np.zeros(len(values), np.intp)
        while (inner := np.flatnonzero(self.feature[node] != LEAF)).size:
            at = node[inner]
            goes_left = asked[inner, self.feature[at]] <= self.threshold[at]
            node[inner] = np.where(goes_left, self.left[at], self.right[at])
        return self.value[node]

    def importances(self) -> Floats:
        """Share (f,) of each feature in the fall of impurity; all 0 for a single leaf."""
        total = np.zeros(self.columns)
        for node in np.flatnonzero(self.feature != LEAF):
            left, right = self.left[node], self.right[node]
            total[self.feature[node]] += (
                self.rows[node] * self.impurity[node]
                - self.rows[left] * self.impurity[left]
                - self.rows[right] * self.impurity[right]
            )
        return total / total.sum() if total.sum() > 0 else total

    def first(self) -> int | None:
        """Column that the root asks about."""
        return None if self.feature[0] == LEAF else int(self.feature[0])

    @property
    def leaves(self) -> int:
        """How many leaves there are."""
        return int((self.feature == LEAF).sum())

    def walk(self) -> Iterator[tuple[int, int]]:
        """Nodes and their depths, from the root, the right side ("more", "yes") first."""
        stack = [(0, 0)]
        while stack:
            node, depth = stack.pop()
            yield node, depth
            if self.feature[node] != LEAF:
                stack += [(int(self.left[node]), depth + 1), (int(self.right[node]), depth + 1)]


def grow(
    values: Floats,
    answers: Floats,
    *,
    classes: bool,
    depth: int,
    leaves: int,
    smallest: int,
    seed: int,
) -> GrownTree:
    """Grow a tree that imitates answers: CART, by Gini impurity or by variance.

    Breiman, Friedman, Olshen, Stone: Classification and Regression Trees, 1984. Siblings that
    choose the same class are joined: the question between them changes no decision.

    Args:
        values: (n, f).
        answers: (n, k) probabilities of classes, of which the tree imitates the choice; or (n, 1).
        classes: which of the two they are.
        depth: longest chain of questions.
        leaves: most leaves; the questions that tell most come first.
        smallest: rows that a leaf has at least.
        seed: decides between questions that are equally good.
    """
    tree = needed("sklearn.tree", "tree_surrogate", "surrogates")
    options = {
        "max_depth": depth,
        "max_leaf_nodes": leaves,
        "min_samples_leaf": smallest,
        "random_state": seed,
    }
    if not classes:
        return _compact(tree.DecisionTreeRegressor(**options).fit(values, answers[:, 0]).tree_)
    chosen = answers.argmax(axis=1)
    fitted = tree.DecisionTreeClassifier(**options).fit(values, chosen)
    return _joined(_compact(fitted.tree_, fitted.classes_, answers.shape[1]))


def _compact(tree: Any, classes: Numbers | None = None, count: int = 1) -> GrownTree:
    """Arrays of a fitted tree of scikit-learn, with a column for each class of the network."""
    value = np.asarray(tree.value[:, 0, :], np.float64)
    if classes is not None:
        whole = np.zeros((len(value), count))
        whole[:, classes] = value / value.sum(axis=1, keepdims=True)
        value = whole
    inner = tree.children_left != -1
    return GrownTree(
        feature=np.where(inner, tree.feature, LEAF).astype(np.intp),
        threshold=np.asarray(tree.threshold, np.float64),
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        value=value,
        rows=tree.n_node_samples.astype(np.intp),
        impurity=np.asarray(tree.impurity, np.float64),
        columns=int(tree.n_features),
    )


def _joined(tree: GrownTree) -> GrownTree:
    """The tree without questions between leaves of the same class."""
    feature = tree.feature.copy()
    best = tree.value.argmax(axis=1)
    for node in range(len(feature) - 1, -1, -1):  # children come after their parent
        if feature[node] != LEAF:
            pair = tree.left[node], tree.right[node]
            leaves = feature[pair[0]] == LEAF and feature[pair[1]] == LEAF
            if leaves and best[pair[0]] == best[pair[1]]:
                feature[node] = LEAF
    kept: list[int] = []
    stack = [0]
    while stack:
        node = stack.pop()
        kept.append(node)
        if feature[node] != LEAF:
            stack += [int(tree.right[node]), int(tree.left[node])]
    new = np.full(len(feature), LEAF, np.intp)
    new[kept] = np.arange(len(kept))
    inner = feature[kept] != LEAF
    return GrownTree(
        feature=feature[kept],
        threshold=tree.threshold[kept],
        left=np.where(inner, new[tree.left[kept]], LEAF),
        right=np.where(inner, new[tree.right[kept]], LEAF),
        value=tree.value[kept],
        rows=tree.rows[kept],
        impurity=tree.impurity[kept],
        columns=tree.columns,
    )
