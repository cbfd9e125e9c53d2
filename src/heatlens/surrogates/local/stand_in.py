"""What a local stand-in says: few features, its rules in words, and whether to believe it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.surrogates.local.fidelity import LocalFidelity
from heatlens.surrogates.local.neighbourhood import Floats
from heatlens.surrogates.local.regions import Region

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LocalStandIn"]


@dataclass(frozen=True, eq=False)
class LocalStandIn:
    """A small model of one decision.

    Attributes:
        kind: "sparse linear model" or "decision tree".
        heat: signed, at each used feature its Shapley value in the stand-in, in units of score;
            they add up to the stand-in's score of the whole picture less that of none of it.
        regions: the used features, those worth most first.
        rules: the stand-in in words, one line each.
        fidelity: beside a constant and LIME on the same coalitions.
        explains: whether the fidelity is at least the one that was asked for.
        verdict: the same in a sentence, with the figures.
        image: the picture.
        footprints: (used features, H, W) bool, where each of `regions` lies on the picture.
        count: number of features, used or not.
    """

    kind: str
    heat: Heatmap
    regions: tuple[Region, ...]
    rules: tuple[str, ...]
    fidelity: LocalFidelity
    explains: bool
    verdict: str
    image: Image
    footprints: npt.NDArray[np.bool_]
    count: int
    foretell: Callable[[Floats], Floats] = field(repr=False)

    def predict(self, present: Any) -> Floats:
        """The stand-in's scores (k,) of coalitions (k, count): what is there, True or 1.

        Raises:
            InvalidArgument: another number of features, or values other than 0 and 1.
        """
        z = np.asarray(present, np.float64)
        if z.ndim != 2 or z.shape[1] != self.count:
            raise InvalidArgument(
                f"coalitions have shape {z.shape}; (k, {self.count}) is meant, a column for each "
                "feature"
            )
        if not np.isin(z, (0, 1)).all():
            raise InvalidArgument("coalitions say what is there, with True and False or 1 and 0")
        return self.foretell(z)

    @property
    def text(self) -> str:
        """Rules and verdict, as lines."""
        return "\n".join((*self.rules, "", self.verdict))

    def plot(self) -> Figure:
        """The used features on the picture, with their numbers, beside the rules."""
        from heatlens.surrogates.local.drawing import drawn

        return drawn(self)

    def __repr__(self) -> str:
        """Kind, target, number of features and fidelity in one line."""
        made = self.heat.provenance
        return (
            f"LocalStandIn({self.kind} for {made.target!r}, {len(self.regions)} of {self.count} "
            f"features, R² {self.fidelity.stand_in:.2f})"
        )
