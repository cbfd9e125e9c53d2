"""Sampling that can stop at any time, says how far off it may be, and can be gone on with.

A method draws masks in blocks. A block is known by (seed, number of the block) alone, so neither
the batch nor the memory changes what is drawn; what a block adds is added up in float64, in the
order of the blocks. A row stops by itself when its error is small enough, so its map does not hang
on its neighbours. The error is looked at after ever more blocks, at numbers that are fixed, so a
run that is gone on with stops where one longer run would have. Before a result is gone on with,
the model is asked something it was asked then, so that two games are never added up.
"""

from __future__ import annotations

import hashlib
import math
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.method import Attribution
from heatlens.attribution.perturbation.limits import Limits
from heatlens.attribution.perturbation.passes import parts
from heatlens.attribution.perturbation.resume import State, begun
from heatlens.models.protocol import Model

__all__ = ["Estimate", "Sampling", "generator_of", "is_looked_at", "sample"]

_FIRST_LOOK = 8
"""Draws before which an estimated standard error is too rough to stop by."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """What some rows' draws say.

    Attributes:
        values: (n, ...), float64.
        error: their standard error, shaped alike; infinite where it cannot be told yet.
        info: tensors (n,), one entry a row.
    """

    values: Tensor
    error: Tensor
    info: dict[str, Tensor]


class Sampling(ABC):
    """How one method samples one batch.

    Attributes:
        seed: of all that is drawn.
        block: draws of a block.
        samples: how many of the user's `samples` one draw is.
        passes: forward passes of a draw, per row.
        fixed: forward passes beside the draws, per row.
        least: draws that are made whatever the limits say.
    """

    seed: int = 0
    block: int = 64
    samples: int = 1
    passes: int = 1
    fixed: int = 0
    least: int = 2

    @abstractmethod
    def draw(self, generator: torch.Generator) -> Any:
        """What a whole block draws."""

    @abstractmethod
    def scores(self, drawn: Any, part: slice, rows: Tensor) -> Tensor:
        """What the model says to some draws of a block: (n, k, ...), float64."""

    @abstractmethod
    def fold(
        self, sums: dict[str, Tensor], drawn: Any, scores: Tensor, rows: Tensor, first: int
    ) -> None:
        """Add the first k draws of a block, scores (n, k, ...), to the rows of `sums`.

        `first` is how many draws came before the block.
        """

    @abstractmethod
    def estimate(self, sums: dict[str, Tensor], rows: Tensor, draws: int) -> Estimate:
        """Values of some rows after so many draws."""

    def witness(self, said: Tensor) -> Tensor:
        """Scores (N, ...) by which another model is told: here `said`, to the first draws."""
        return said

    def first(self, rows: int) -> Tensor:
        """The same scores asked for again, of so many rows: here by making the first draws."""
        return self.scores(self.drawn(0), slice(0, self.least), torch.arange(rows))

    def drawn(self, number: int) -> Any:
        """The block of that number, again the same whenever it is asked for."""
        return self.draw(generator_of(self.seed, number))


def sample(
    sampling: Sampling,
    limits: Limits,
    model: Model,
    batch: Tensor,
    key: dict[str, str],
    resume: Attribution | None = None,
) -> tuple[Estimate, dict[str, Any], State]:
    """Draw until a limit is reached.

    Args:
        sampling: the method's own part.
        limits: when to stop.
        model: says how many rows fit at once.
        batch: (N, C, *grid).
        key: what a result to be resumed has to have in common with this call.
        resume: the result to go on from.

    Returns:
        The estimate for all rows, what to tell of it, and the state to go on from.
    """
    most, reason = limits.draws(sampling)
    until = math.inf if limits.seconds is None else time.monotonic() + limits.seconds
    state = _begun(sampling, batch, key, resume)
    precise = torch.zeros(len(batch), dtype=torch.bool)

    def look(rows: Tensor, draws: int) -> None:
        if limits.tolerance is None or draws < _FIRST_LOOK or draws % sampling.block:
            return
        if is_looked_at(draws // sampling.block):
            found = sampling.estimate(state.sums, rows, draws)
            precise[rows] = limits.is_met(found.values, found.error).cpu()

    for rows, draws in _alike(state.draws, torch.arange(len(batch))):
        look(rows, draws)
    late = False
    while not late:
        open_rows = (~precise & (state.draws < most)).nonzero().flatten()
        if not len(open_rows):
            break
        first = int(state.draws[open_rows].min())
        rows = open_rows[state.draws[open_rows] == first]
        number, begin = divmod(first, sampling.block)
        end = min(sampling.block, most - number * sampling.block)
        drawn = sampling.drawn(number)
        for piece in parts(end - begin, _together(sampling, model, batch, len(rows))):
            part = slice(begin + piece.start, begin + piece.stop)
            state.keep(sampling.scores(drawn, part, rows), part, rows, sampling.block)
            late = time.monotonic() > until and int(state.draws.min()) >= sampling.least
            if late:
                break
        _note(sampling, state, number)
        if part.stop == sampling.block:
            before = number * sampling.block
            sampling.fold(state.sums, drawn, state.pending[rows.to(batch.device)], rows, before)
            look(rows, before + sampling.block)
    if bool(precise.all()):
        reason = "tolerance"
    elif late and bool((~precise & (state.draws < most)).any()):
        reason = "seconds"
    info = {"samples": (state.draws * sampling.samples).double(), "stopped": reason}
    found = _estimates(sampling, state, batch)
    return found, {**info, **found.info}, state


def generator_of(seed: int, number: int) -> torch.Generator:
    """The generator of one block; blocks and seeds that are near have nothing in common.

    Example:
        >>> generator_of(0, 1).initial_seed() == generator_of(1, 0).initial_seed()
        False
    """
    digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little"))


def is_looked_at(blocks: int) -> bool:
    """Whether the error is estimated after so many blocks: each of the first, then every fifth.

    A look costs what an estimate costs. Between two looks lies at least a quarter more, so all
    of them together cost a few times the last one.

    Example:
        >>> [blocks for blocks in range(1, 30) if is_looked_at(blocks)]
        [1, 2, 3, 4, 5, 7, 9, 12, 15, 19, 24]
    """
    looked = 1
    while looked < blocks:
        looked = max(looked + 1, math.ceil(1.25 * looked))
    return looked == blocks


def _begun(
    sampling: Sampling, batch: Tensor, key: dict[str, str], resume: Attribution | None
) -> State:
    """The state to start from; that of an earlier result only if the model answers as then."""
    state = begun(resume, key, len(batch))
    if state.witness.numel():
        state.confirm(sampling.first(len(batch)), batch)
    return state


def _note(sampling: Sampling, state: State, number: int) -> None:
    """Keep what the model said first, once the first block is begun; all rows share that one."""
    if number == 0:
        state.witness = sampling.witness(state.pending[:, : sampling.least].clone())


def _together(sampling: Sampling, model: Model, batch: Tensor, rows: int) -> int:
    """Draws between two looks at the clock: what fits the model at once, at least one."""
    wanted = rows * sampling.passes * sampling.block
    fit = model.rows(batch, gradient=False, wanted=max(1, wanted))
    return max(1, fit // max(1, rows * sampling.passes))


def _alike(draws: Tensor, rows: Tensor) -> list[tuple[Tensor, int]]:
    """Rows in groups that have had as many draws."""
    return [(rows[draws == count], count) for count in draws.unique().tolist()]


def _estimates(sampling: Sampling, state: State, batch: Tensor) -> Estimate:
    """The estimate of every row, draws of a block that is not whole included."""
    groups = _alike(state.draws, torch.arange(len(batch)))
    sums = state.sums
    if any(draws % sampling.block for _, draws in groups):
        sums = {name: value.clone() for name, value in sums.items()}
    found = []
    for rows, draws in groups:
        number, count = divmod(draws, sampling.block)
        if count:
            scores = state.pending[rows.to(batch.device), :count]
            sampling.fold(sums, sampling.drawn(number), scores, rows, draws - count)
        found.append(sampling.estimate(sums, rows, draws))
    back = torch.cat([rows for rows, _ in groups]).argsort().to(batch.device)
    return Estimate(
        torch.cat([one.values for one in found])[back],
        torch.cat([one.error for one in found])[back],
        {name: torch.cat([one.info[name] for one in found])[back] for name in found[0].info},
    )
