"""The rows of an ascent: which of them still climb, and what they were before the last step."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.features.visualisation.parametrisations.parametrisation import Parametrisation

__all__ = ["WINDOW", "Rows", "finite_rows"]

WINDOW = 32
"""Steps whose mean is compared with that of the steps before, to see whether a row still climbs."""


class Rows:
    """What became of each row; a row that rests keeps its parameters.

    Attributes:
        steps: of each row, how many steps made it.
        stopped: of each row, why it rests; "steps" while it climbs.
    """

    def __init__(
        self, count: int, canvas: Parametrisation, *, together: bool, tolerance: float | None
    ) -> None:
        """All climb; `together` means that they converge as one."""
        self.steps = [0] * count
        self.stopped = ["steps"] * count
        self._parameters = canvas.parameters
        self._together, self._tolerance = together, tolerance
        self._values: list[Tensor] = []
        self._heard = [0] * count
        self._resting = torch.zeros(count, dtype=torch.bool)
        self._before: list[Tensor] | None = None

    @property
    def all_rest(self) -> bool:
        """Whether nothing is left to climb."""
        return bool(self._resting.all())

    def history(self) -> tuple[Tensor, ...]:
        """Of each row the values of its canvases."""
        if not self._values:
            return tuple(torch.zeros(0) for _ in self.steps)
        table = torch.stack(self._values).cpu()
        return tuple(table[:heard, row] for row, heard in enumerate(self._heard))

    def looked_at(self, step: int, values: Tensor, slopes: list[Tensor]) -> bool:
        """Note the values at a step; whether a row was put back to what it was before.

        Raises:
            InvalidArgument: no row is finite at the first step.
        """
        good = finite_rows([values, *slopes], len(values)).cpu()
        self._values.append(values)
        broken = ~good & ~self._resting
        if step == 0 and not bool(good.any()):
            raise InvalidArgument(
                "the objective, its gradient or a layer it is read from is NaN or infinite on "
                "the first canvas"
            )
        for row in range(len(values)):
            if not self._resting[row]:
                self._heard[row] = step + int(good[row])
                self.steps[row] = step if good[row] else max(0, step - 1)
        self._rest(broken, "not finite")
        if bool(broken.any()):
            self._put_back(broken)
        if self._tolerance is not None:
            self._rest(self._flat() & ~self._resting, "converged")
        return bool(broken.any())

    def remember(self) -> None:
        """Keep the parameters as they are before a step."""
        self._before = [parameter.detach().clone() for parameter in self._parameters]

    def moving(self, slope: Tensor) -> Tensor:
        """The slope with zeros for the rows that rest."""
        if not bool(self._resting.any()):
            return slope
        return slope.where(_beside(~self._resting, slope), 0.0)

    def hold(self) -> None:
        """After a step: count it, and put the rows that rest back, which momentum has moved."""
        if bool(self._resting.any()):
            self._put_back(self._resting)
        for row in range(len(self.steps)):
            if not self._resting[row]:
                self.steps[row] += 1

    def interrupted(self) -> None:
        """Note that somebody stopped the rows that still climbed."""
        self._rest(~self._resting, "interrupted")

    def finished(self, canvas: Parametrisation) -> None:
        """Put back the rows whose last step led to a picture that is not finite."""
        with torch.no_grad():
            broken = ~finite_rows([canvas.pixels()], len(self.steps)).cpu()
        if bool(broken.any()):
            self._put_back(broken)
            for row in torch.nonzero(broken).flatten().tolist():
                self.steps[row] = max(0, self.steps[row] - 1)
                self.stopped[row] = "not finite"

    def _rest(self, rows: Tensor, why: str) -> None:
        for row in torch.nonzero(rows).flatten().tolist():
            self.stopped[row] = why
        self._resting |= rows

    def _put_back(self, rows: Tensor) -> None:
        if self._before is None:
            return
        with torch.no_grad():
            for parameter, old in zip(self._parameters, self._before, strict=True):
                parameter.copy_(torch.where(_beside(rows, old), old, parameter))

    def _flat(self) -> Tensor:
        none = torch.zeros_like(self._resting)
        if len(self._values) < 2 * WINDOW or len(self._values) % WINDOW:
            return none
        now = torch.stack(self._values[-WINDOW:]).mean(0)
        before = torch.stack(self._values[-2 * WINDOW : -WINDOW]).mean(0)
        if self._together:
            now, before = now.mean().expand_as(now), before.mean().expand_as(before)
        return (now - before < (self._tolerance or 0.0) * before.abs()).cpu()


def finite_rows(tensors: Iterable[Tensor], count: int) -> Tensor:
    """Which rows have no NaN and no infinity in any of the tensors (count, ...): (count,) bool, on the CPU.

    Example:
        >>> finite_rows([torch.tensor([[1.0], [torch.nan]])], 2).tolist()
        [True, False]
    """
    given = [tensor.detach() for tensor in tensors]
    # A sum is finite only if all its terms are; it may overflow where they are: then look.
    if all(math.isfinite(float(tensor.sum())) for tensor in given):
        return torch.ones(count, dtype=torch.bool)
    good = torch.ones(count, dtype=torch.bool)
    for tensor in given:
        good &= torch.isfinite(tensor).reshape(count, -1).all(1).cpu()
    return good


def _beside(rows: Tensor, like: Tensor) -> Tensor:
    """(n,) as (n, 1, ...) on the device of `like`."""
    return rows.to(like.device).view(-1, *(1 for _ in like.shape[1:]))
