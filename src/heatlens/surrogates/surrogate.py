"""The result: a stand-in, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.frozen import frozen
from heatlens.importance.table import FeatureTable
from heatlens.surrogates.fidelity import Baseline, Fidelity
from heatlens.surrogates.grown_tree import GrownTree
from heatlens.surrogates.linear_model import LinearModel
from heatlens.surrogates.stability import Coefficients, Stability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Surrogate"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """An interpretable model that imitates a network, with its fidelity on held-out pictures.

    Attributes:
        model: the fitted tree or linear model, as arrays.
        kind: "classes" or "number".
        labels: of the classes, or what the number is.
        what: what is imitated, in words.
        names: of the features.
        groups: of the features.
        yes_no: which features are only 0 or 1.
        importances: (f,) share of each feature in the fall of impurity, or the mean magnitude of
            its coefficients.
        fidelity: how well the network is imitated on held-out pictures.
        baselines: the constant guess, and the same stand-in on shuffled columns.
        stability: what stays when the pictures are drawn again.
        coefficients: of a linear model, with intervals.
        explains: whether the verdict is that it explains the model.
        verdict: a sentence; begins "explains" or "does not explain this model", and says why.
        notes: what else a reader has to know.
        trained: how many pictures it learnt from.
        parameters: what it was made with.
    """

    model: GrownTree | LinearModel
    kind: Literal["classes", "number"]
    labels: tuple[str, ...]
    what: str
    names: tuple[str, ...]
    groups: tuple[str, ...]
    yes_no: tuple[bool, ...]
    importances: Floats
    fidelity: Fidelity
    baselines: tuple[Baseline, Baseline]
    stability: Stability
    coefficients: Coefficients | None
    explains: bool
    verdict: str
    notes: tuple[str, ...]
    trained: int
    parameters: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Make the importances read-only."""
        object.__setattr__(self, "importances", frozen(self.importances))

    @property
    def form(self) -> str:
        """What it is, "tree" or "linear"."""
        return self.model.form

    @property
    def first(self) -> str | None:
        """Feature of the first question, or with the largest coefficients."""
        return self.stability.first

    def answers(self, table: FeatureTable | npt.ArrayLike) -> Floats:
        """Probabilities (n, k) of the classes, or the number (n, 1).

        Args:
            table: with (at least) the features it was fitted to, found by name; or values (n, f)
                in their order.

        Raises:
            UnknownName: a feature is missing.
        """
        if isinstance(table, FeatureTable):
            values = table.values[:, [table.index(name) for name in self.names]]
        else:
            values = np.asarray(table, np.float64)
            if values.ndim != 2 or values.shape[1] != len(self.names):
                raise InvalidArgument(
                    f"values of shape {values.shape}; expected (n, {len(self.names)})"
                )
            if not np.isfinite(values).all():
                raise InvalidArgument("the values hold NaN or infinity; leave such rows out")
        return self.model.answers(values)

    def predict(self, table: FeatureTable | npt.ArrayLike) -> npt.NDArray[Any]:
        """The chosen labels (n,) of pictures, or their numbers (n,) float64."""
        answers = self.answers(table)
        if self.kind == "number":
            return answers[:, 0]
        return np.array(self.labels)[answers.argmax(axis=1)]

    def ranked(self) -> list[tuple[str, float]]:
        """Features and their importances, the most important first; those of none are left out."""
        order = np.argsort(-self.importances, kind="stable")
        return [(self.names[i], float(self.importances[i])) for i in order if self.importances[i]]

    def rules(self) -> str:
        """The tree as text.

        Raises:
            InvalidType: it is a linear model.
        """
        from heatlens.surrogates.rules import rules

        if not isinstance(self.model, GrownTree):
            raise InvalidType("a linear stand-in has coefficients, not rules; print it instead")
        return rules(self, self.model)

    def plot(self, *, most: int = 16) -> Figure:
        """The tree, or the largest coefficients, as a picture; the verdict stands above it.

        Args:
            most: coefficients that are shown, at least 1; a tree is always whole.
        """
        from heatlens.surrogates.coefficient_picture import coefficient_picture
        from heatlens.surrogates.tree_picture import tree_picture

        if isinstance(self.model, GrownTree):
            return tree_picture(self, self.model)
        return coefficient_picture(self, most)

    def to_dict(self) -> dict[str, Any]:
        """All but the model, as plain numbers and texts."""
        from heatlens.surrogates.words import as_dict

        return as_dict(self)

    def __str__(self) -> str:
        from heatlens.surrogates.words import described

        return described(self)

    def __repr__(self) -> str:
        return f"Surrogate({self.form}, {self.verdict})"
