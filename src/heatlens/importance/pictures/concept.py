"""Concepts: a direction in a layer that stands for what some pictures share and others lack.

A linear classifier tells the layer's pooled activations z of examples from those of
counterexamples; the unit normal v of its boundary is the concept's direction, and a picture's score
is its signed distance from that boundary,

    s(x) = v . z(x) + b,        |v| = 1.

What the concept adds to the activations is another vector, the pattern

    a = Cov(z) v / (v' Cov(z) v),        v . a = 1

(Haufe et al., NeuroImage 2014, eq. 6, for one direction): v is a filter, which is also turned away
from whatever disturbs the reading, and a is what rises in z with the score.

Kim et al.: Interpretability Beyond Feature Attribution: Quantitative Testing with Concept
Activation Vectors, ICML 2018, section 3.1. Any two sets of pictures give some direction: whether it
means anything is told by the accuracy on pictures that were held out, against that of the same
pictures split at random (section 3.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen
from heatlens.importance.pictures.channels import Pooling, pooled_channels, pooled_pictures
from heatlens.importance.pictures.linear_boundary import boundary, held_out_accuracy, pattern_of
from heatlens.importance.pictures.stream import pictures_in
from heatlens.models.load import as_model

__all__ = ["FEWEST_EXAMPLES", "Concept", "learn_concept"]

FEWEST_EXAMPLES = 10
"""Pictures that each side needs at least."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Concept:
    """A direction in a layer, and how well it tells examples from counterexamples.

    Attributes:
        name: what the examples share.
        layer: whose activations are read.
        direction: (C,) float64, of length 1.
        bias: the score of activations of zero.
        pooling: how a channel's places become one number, "mean" or "max".
        accuracy: on pictures held out, mean of the two sides' shares that are told right; .5 is
            chance.
        interval: of the accuracy, at 95 %.
        chance: accuracies of the same procedure on random splits of the same pictures.
        counts: numbers of examples and counterexamples.
        pattern: (C,) float64, what the activations gain where the score rises by 1; None: the
            direction itself. Interventions move along it.
        skipped: (name, reason) of pictures that could not be used.
    """

    name: str
    layer: str
    direction: Floats
    bias: float = 0.0
    pooling: Pooling = "mean"
    accuracy: float = float("nan")
    interval: tuple[float, float] = (0.0, 1.0)
    chance: tuple[float, ...] = ()
    counts: tuple[int, int] = (0, 0)
    pattern: Floats | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check the direction and make its length 1, the bias in the same unit."""
        direction = np.asarray(self.direction, np.float64)
        length = float(np.linalg.norm(direction)) if direction.ndim == 1 else 0.0
        if not (0 < length < np.inf):
            raise InvalidArgument(
                f"the direction of {self.name!r} has shape {direction.shape} and length {length:g}; "
                "it is finite, not zero, one number for each channel"
            )
        object.__setattr__(self, "direction", frozen(direction / length))
        object.__setattr__(self, "bias", float(self.bias) / length)
        if self.pattern is not None:
            object.__setattr__(self, "pattern", frozen(_one_along(self)))

    @property
    def found(self) -> bool:
        """Whether the accuracy's interval lies above 95 % of the random splits, and above 1/2."""
        if not self.chance:
            return False
        return self.interval[0] > max(0.5, float(np.quantile(self.chance, 0.95)))

    def scores(self, model: Any, batch: Tensor) -> Floats:
        """Signed distance (N,) of each row of a batch from the boundary, above 0 on its side.

        Raises:
            InvalidArgument: the layer has another number of channels.
        """
        pooled = pooled_channels(as_model(model), batch, [self.layer], self.pooling)[self.layer]
        if pooled.shape[1] != len(self.direction):
            raise InvalidArgument(
                f"layer {self.layer!r} has {pooled.shape[1]} channels, the concept {self.name!r} "
                f"{len(self.direction)}; it was learnt in another network"
            )
        return np.asarray(pooled.numpy() @ self.direction + self.bias)

    def __repr__(self) -> str:
        """Name, layer, and the accuracy beside chance."""
        if not self.chance:
            return f"Concept({self.name!r} in {self.layer}, given)"
        low, high = self.interval
        skipped = (
            f"; {len(self.skipped)} picture{'s' * (len(self.skipped) > 1)} skipped"
            if self.skipped
            else ""
        )
        return (
            f"Concept({self.name!r} in {self.layer}: {self.accuracy:.0%} held out "
            f"({low:.0%} to {high:.0%}), random splits {np.mean(self.chance):.0%}"
            f"{'' if self.found else '; NOT FOUND'}{skipped})"
        )


def learn_concept(
    model: Any,
    examples: Any,
    counterexamples: Any,
    layer: str,
    *,
    name: str = "concept",
    pooling: Pooling = "mean",
    folds: int = 5,
    random_splits: int = 20,
    strength: float = 1.0,
    fit: str | None = None,
    seed: int = 0,
    progress: Callable[[int, int], object] | None = None,
) -> Concept:
    """Learn the direction in a layer that stands for what the examples share.

    Args:
        model: shows its layers.
        examples: pictures with the concept; see `picture_features` for what can be given.
        counterexamples: pictures without it, alike in all else: what else differs is learnt too.
        layer: name.
        name: of the concept.
        pooling: "mean" over the places, or "max" for what is small.
        folds: each picture is held out once, in one of so many parts.
        random_splits: how often the same is done with the labels shuffled.
        strength: of the classifier's penalty on large weights (ridge, standardised channels).
        fit: how the network gets the pictures: "crop", "squash" or "pad".
        seed: of the parts and of the shuffles.
        progress: called as `progress(done, total)` after each picture.

    Returns:
        The concept, with its accuracy on pictures held out, and what was skipped.

    Raises:
        InvalidArgument: fewer than `FEWEST_EXAMPLES` pictures on a side, or activations that are
            the same for all.
        UnknownName: no such layer or pooling.
        MissingDependency: scikit-learn is not installed.
    """
    network = as_model(model)
    for what, value, least in (("folds", folds, 2), ("random_splits", random_splits, 1)):
        if value < least:
            raise InvalidArgument(f"{what} is {value}; it is at least {least}")
    if not strength > 0:
        raise InvalidArgument(f"strength is {strength:g}; it is above 0")
    sides = [pictures_in(side, network) for side in (examples, counterexamples)]
    total = sum(side.count for side in sides)
    done = 0

    def tick(pictures: int = 1) -> None:
        nonlocal done
        done += pictures
        if progress is not None and pictures:
            progress(done, total)

    activations = []
    for side, words in zip(sides, ("examples", "counterexamples"), strict=True):
        rows = pooled_pictures(network, side, layer, pooling, fit, tick)
        if len(rows) < FEWEST_EXAMPLES:
            told = f"; skipped: {side.skipped[0][1]}" if side.skipped else ""
            raise InvalidArgument(
                f"{len(rows)} {words}; a concept needs at least {FEWEST_EXAMPLES} on each side, "
                f"and is better learnt from 50{told}"
            )
        activations.append(np.array(rows))
    z = np.concatenate(activations)
    y = np.repeat([True, False], [len(part) for part in activations])
    if (z == z[0]).all():
        raise InvalidArgument(
            f"layer {layer!r} says the same of all {len(z)} pictures; choose another layer"
        )
    rng = np.random.default_rng(seed)
    accuracy, interval = held_out_accuracy(z, y, folds, strength, rng)
    chance = tuple(
        held_out_accuracy(z, rng.permutation(y), folds, strength, rng)[0]
        for _ in range(random_splits)
    )
    direction, bias = boundary(z, y, strength)
    return Concept(
        name,
        layer,
        direction,
        bias,
        pooling,
        accuracy,
        interval,
        chance,
        (len(activations[0]), len(activations[1])),
        pattern_of(z, y, direction),
        tuple(skip for side in sides for skip in side.skipped),
    )


def _one_along(concept: Concept) -> Floats:
    """The pattern of a concept, scaled so that its product with the direction is 1."""
    pattern = np.asarray(concept.pattern, np.float64)
    along = float(pattern @ concept.direction) if pattern.shape == concept.direction.shape else 0.0
    if not 1e-6 * np.linalg.norm(pattern) < along < np.inf:
        raise InvalidArgument(
            f"the pattern of {concept.name!r} has shape {pattern.shape}, and a product of "
            f"{along:.3g} with the direction {concept.direction.shape}; it is shaped alike, and "
            "the product is above 0"
        )
    return pattern / along
