"""Weights: how several features become one map.

map(p) = b + sum_i w_i (f_i(p) - m_i) / s_i
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.images.arrays import is_array
from heatlens.pixels.part import Chosen
from heatlens.pixels.stack import FeatureStack, moments

__all__ = ["Weights", "constant_note", "given_weights", "standardised", "weighed"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """A linear map of features, which can be used on another picture.

    Attributes:
        names: of the features, in the order of a stack.
        values: w, one for each.
        middle: m, what is taken off.
        spread: s, what is divided by; never 0.
        intercept: b.
        how: where they come from, with all arguments ("pca").
        signed: whether the map has two sides: its zero is a border, not a floor.
        info: what else there is to know (share of variance, accuracy).
        notes: sentences a reader has to know.
        features: what was measured, with its parameters; () where nobody said.
        preprocess: the steps before.
        seed: of what was drawn, if anything was.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    intercept: float = 0.0
    how: str = "given"
    signed: bool = True
    info: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    features: tuple[Chosen, ...] = ()
    preprocess: tuple[Chosen, ...] = ()
    seed: int | None = None

    def apply(self, stack: FeatureStack) -> npt.NDArray[np.float32]:
        """The map of a stack with the same features, (H, W).

        Raises:
            InvalidArgument: other features, parameters of them, or steps than those that the
                weights are for.
        """
        if stack.names != self.names:
            raise _for_others("features", self.names, stack.names)
        if self.features and stack.parts:
            for what, own, given in (
                ("features", self.features, stack.parts),
                ("preprocessing", self.preprocess, stack.preprocess),
            ):
                if len(own) != len(given) or not all(map(Chosen.same, own, given)):
                    raise _for_others(
                        what, [one.words for one in own], [one.words for one in given]
                    )
        scaled = np.asarray(self.values) / np.asarray(self.spread)
        total = np.full(stack.size, self.intercept - float(scaled @ np.asarray(self.middle)))
        for index, weight in enumerate(scaled):
            if weight:
                total += weight * stack.values[..., index]
        return total.astype(np.float32)


def _for_others(what: str, own: Sequence[str], given: Sequence[str]) -> InvalidArgument:
    return InvalidArgument(
        f"the weights are for the {what} {', '.join(own) or 'none'}; given are "
        f"{', '.join(given) or 'none'}. Leave features and preprocess out to use those of the "
        "weights"
    )


def given_weights(
    stack: FeatureStack, weights: Mapping[str, float] | Sequence[float] | npt.NDArray[Any]
) -> Weights:
    """Weights that somebody chose, on the features as they are.

    Args:
        stack: the features.
        weights: by name (a name left out counts 0; that of a vector feature, "colour", holds for
            all its parts, and "colour, 2" for those of a second one), or one number each.

    Raises:
        UnknownName: a name that is no feature of the stack.
        InvalidArgument: another number of weights, or NaN.

    Example:
        >>> from heatlens.pixels.stack import feature_stack
        >>> stack = feature_stack(np.zeros((2, 2), np.uint8), ("brightness", "gradient"))
        >>> given_weights(stack, {"gradient": 2.0}).values
        (0.0, 2.0)
    """
    if isinstance(weights, Mapping):
        values = [0.0] * len(stack.names)
        for name, weight in weights.items():
            places = [k for k, own in enumerate(stack.names) if own == name or _family(own) == name]
            if not places:
                raise UnknownName("feature", str(name), stack.names)
            for k in places:
                values[k] = weight
    else:
        array = np.asarray(weights) if is_array(weights) else None
        if array is not None and array.ndim != 1:
            raise InvalidArgument(
                f"weights have shape {array.shape}; one number for each of "
                f"{', '.join(stack.names)} is meant"
            )
        values = list(weights if array is None else array.tolist())
        if len(values) != len(stack.names):
            raise InvalidArgument(
                f"{len(values)} weights for {len(stack.names)} features: {', '.join(stack.names)}"
            )
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise InvalidType(f"weights are {weights!r}; numbers are meant") from None
    if not np.isfinite(numbers).all():
        raise InvalidArgument(f"weights are {weights!r}; they have to be finite")
    k = len(stack.names)
    used = [signed or w < 0 for signed, w in zip(stack.signed, numbers, strict=True) if w]
    return Weights(
        stack.names,
        tuple(map(float, numbers)),
        (0.0,) * k,
        (1.0,) * k,
        signed=any(used),
        features=stack.parts,
        preprocess=stack.preprocess,
    )


def standardised(stack: FeatureStack) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Means and standard deviations, (k,) each, and a note on features that are constant.

    A constant feature has the spread infinity, so that it becomes 0; `weighed` undoes that.
    """
    middle, squares = moments(stack.rows)
    spread = np.sqrt(squares)
    flat = spread <= stack.floor
    return middle, np.where(flat, np.inf, spread), constant_note(stack.names, flat)


def weighed(
    stack: FeatureStack,
    values: npt.NDArray[np.float64],
    middle: Floats,
    spread: Floats,
    how: str,
    **more: Any,
) -> Weights:
    """Weights of a stack's standardised features; 0, over a spread of 1, of constant ones."""
    flat = np.isinf(spread)
    return Weights(
        stack.names,
        tuple((np.where(flat, 0.0, values) + 0.0).tolist()),
        tuple(middle.tolist()),
        tuple(np.where(flat, 1.0, spread).tolist()),
        how=how,
        features=stack.parts,
        preprocess=stack.preprocess,
        **more,
    )


def constant_note(
    names: Sequence[str], flat: npt.NDArray[np.bool_], where: str = "the picture"
) -> tuple[str, ...]:
    """Which features are constant but for rounding, as a note, or none."""
    constant = [name for name, is_flat in zip(names, flat, strict=True) if is_flat]
    return (f"constant over {where}, without say: {', '.join(constant)}",) if constant else ()


def _family(name: str) -> str:
    """The feature that a name belongs to: "rgb" of "rgb 2", "rgb, 2" of "rgb 2, 2"."""
    own, comma, again = name.partition(", ")
    head, _, number = own.rpartition(" ")
    return (head if number.isdigit() else own) + comma + again
