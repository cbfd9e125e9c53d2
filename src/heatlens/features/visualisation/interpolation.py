"""`between`: pictures on the way from one objective to another, aligned."""

from __future__ import annotations

from typing import Any

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.objectives.alignment import Alignment
from heatlens.features.visualisation.objectives.words import as_objective
from heatlens.features.visualisation.visualize import visualize
from heatlens.image import Image
from heatlens.models.load import as_model

__all__ = ["between"]


def between(
    model: Any,
    first: Any,
    second: Any,
    *,
    count: int = 6,
    align: str | None = None,
    weight: float = 1.0,
    **settings: Any,
) -> list[Image]:
    """Pictures of (1 - t) first + t second, for t from 0 to 1, in one batch.

    Args:
        model: a loaded model or a bare network.
        first: an objective; see `as_objective`.
        second: another.
        count: pictures, both ends included, at least 2.
        align: name of a layer whose answers to neighbours are to be alike, so that only what
            changes moves; None: each climbs for itself.
        weight: of the alignment.
        settings: more of `visualize`.

    Example:
        >>> from heatlens.models.load import load_model
        >>> model = load_model("bundled:scene-cnn")
        >>> [image.name for image in between(model, 3, 8, count=3, align="stage2", steps=2)][1]
        '0.5 * logit:digit 3 + 0.5 * logit:digit 8'
    """
    if not isinstance(count, int) or count < 2:
        raise InvalidArgument(f"count is {count!r}; there are at least 2 pictures, the two ends")
    if "joint" in settings:
        raise InvalidArgument("joint= is what align= and weight= make here; leave it out")
    adapted = as_model(model, warn=True)
    a, b = as_objective(first, adapted), as_objective(second, adapted)
    shares = [k / (count - 1) for k in range(count)]
    mixes = [a if t == 0 else b if t == 1 else (1 - t) * a + t * b for t in shares]
    joint = None if align is None else weight * Alignment(align)
    found: list[Image] = visualize(adapted, mixes, joint=joint, **settings)
    return found
