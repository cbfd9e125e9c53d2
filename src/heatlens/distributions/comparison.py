"""A comparison: the distance between two distributions, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from heatlens.distributions.distribution import Distribution
from heatlens.distributions.pair import centred
from heatlens.errors import InvalidArgument
from heatlens.transport.mass import MassPolicy

if TYPE_CHECKING:
    from heatlens.transport import Transport

__all__ = ["Comparison", "Terms", "compared"]

_MOST_COSTS = 400_000_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """A distance, and how it came about.

    Attributes:
        distance: W_p.
        unit: what it is measured in.
        transport: the plan, with its certificate; None where parts were compared.
        first: the first thing as a distribution; row i of the plan is its point i.
        second: the second one, the plan's columns.
        notes: sentences a reader has to know.
        parts: for signed maps, the comparisons of the "positive" and the "negative" parts.
        shares: for signed maps, how much each part counted.
    """

    distance: float
    unit: str
    transport: Transport | None
    first: Distribution
    second: Distribution
    notes: tuple[str, ...] = ()
    parts: Mapping[str, Comparison] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)

    def __float__(self) -> float:
        """The distance."""
        return self.distance


@dataclass(frozen=True)
class Terms:
    """How to transport; see `wasserstein` for the meaning of each."""

    p: float
    mass: MassPolicy
    penalty: float | None
    threshold: float | None
    centred: bool
    plan: bool


def compared(first: Distribution, second: Distribution, terms: Terms) -> Comparison:
    """W_p between two distributions in one unit."""
    if terms.centred:
        first, second = centred(first), centred(second)
    first, second = _named(first, second)
    notes = tuple(dict.fromkeys((*first.notes, *second.notes)))
    unit = first.unit
    if terms.mass != "normalise":
        unit += " x mass" if terms.p == 1 else f" x mass^(1/{terms.p:g})"
        notes += (
            f"masses are not normalised: the totals are {first.total:.6g} and {second.total:.6g}",
        )
    if _on_a_line(first, terms):
        from heatlens.transport import wasserstein_1d

        distance = wasserstein_1d(
            first.points[:, 0],
            second.points[:, 0],
            first.weights,
            second.weights,
            p=terms.p,
            mass=terms.mass,
        )
        return Comparison(float(distance), unit, None, first, second, notes)
    transport = _transported(first, second, terms)
    distance = float(max(transport.value, 0.0) ** (1 / terms.p))
    return Comparison(distance, unit, transport, first, second, notes)


def _named(first: Distribution, second: Distribution) -> tuple[Distribution, Distribution]:
    """Both, their notes naming the picture wherever they do not hold for the two alike."""
    names = (first.name, second.name)
    if first.name == second.name or not all(names):
        names = ("first", "second")
    shared = set(first.notes) & set(second.notes)

    def told(made: Distribution, name: str) -> Distribution:
        notes = (
            note if note in shared or f" of {name} " in note else f"{name}: {note}"
            for note in made.notes
        )
        return made.with_(notes=tuple(notes))

    return told(first, names[0]), told(second, names[1])


def _on_a_line(first: Distribution, terms: Terms) -> bool:
    """Whether the closed form says all that was asked."""
    return (
        first.points.shape[1] == 1
        and first.info.get("period") is None
        and terms.mass in ("normalise", "equal")
        and terms.threshold is None
        and not terms.plan
    )


def _transported(first: Distribution, second: Distribution, terms: Terms) -> Transport:
    from heatlens.transport import emd

    a, x, b, y = first.weights, first.points, second.weights, second.points
    if not terms.plan:  # nobody asks for the rows and columns of empty points
        a, x, b, y = a[a > 0], x[a > 0], b[b > 0], y[b > 0]
    if len(a) * len(b) > _MOST_COSTS:
        raise InvalidArgument(
            f"{len(a)} x {len(b)} points need {len(a) * len(b) * 8e-9:.0f} GB of costs; take fewer: "
            "side= for 'mass', k= for signatures"
        )
    how: dict[str, Any] = {"mass": terms.mass, "penalty": terms.penalty}
    period = first.info.get("period")
    if period is None:
        return emd(a, b, x=x, y=y, p=terms.p, threshold=terms.threshold, **how)
    apart = np.abs(x - y.T) % period
    apart = np.minimum(apart, period - apart)
    if terms.threshold is not None:
        apart = np.minimum(apart, terms.threshold)
    return emd(a, b, apart**terms.p, **how)
