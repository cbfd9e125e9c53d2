"""Gradient ascent: the canvases' parameters climb until the objective is large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from heatlens.errors import NeedsGradient, OutOfMemory
from heatlens.features.visualisation.objectives.objective import Objective, Outputs
from heatlens.features.visualisation.parametrisations.parametrisation import Parametrisation
from heatlens.features.visualisation.rows import Rows, finite_rows
from heatlens.models.protocol import Model
from heatlens.models.pytorch.memory import ran_out

__all__ = ["Aim", "Climbed", "climb", "recording"]

Progress = Callable[[int, int, float], object]


@dataclass(frozen=True, eq=False)
class Aim:
    """What each row of the batch is to become.

    Attributes:
        groups: bound objectives, each for so many rows, in order.
        joint: a bound objective for all rows together; None if there is none.
    """

    groups: Sequence[tuple[Objective, int]]
    joint: Objective | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers that are to be heard."""
        wanted = [objective for objective, _ in self.groups]
        wanted += [] if self.joint is None else [self.joint]
        return tuple(dict.fromkeys(name for one in wanted for name in one.layers))

    @property
    def owners(self) -> list[Objective]:
        """The objective of each row."""
        return [objective for objective, rows in self.groups for _ in range(rows)]

    def values(self, outputs: Outputs) -> Tensor:
        """One number a row, (n,)."""
        parts, start = [], 0
        for objective, rows in self.groups:
            own = {name: output[start : start + rows] for name, output in outputs.items()}
            parts.append(objective.values(own))
            start += rows
        total = torch.cat(parts)
        return total if self.joint is None else total + self.joint.values(outputs)


@dataclass(frozen=True, eq=False)
class Climbed:
    """Where an ascent ended.

    Attributes:
        pixels: (n, C, h, w) in 0..1.
        steps: of each row, how many made its picture.
        history: of each row, the objective's values of its canvases, transformed.
        frames: (step, pixels) on the way.
        stopped: of each row: "steps", "converged", "not finite" or "interrupted".
    """

    pixels: Tensor
    steps: tuple[int, ...]
    history: tuple[Tensor, ...]
    frames: tuple[tuple[int, Tensor], ...]
    stopped: tuple[str, ...]


def climb(
    model: Model,
    canvas: Parametrisation,
    aim: Aim,
    *,
    moved: Callable[[Tensor], Tensor],
    penalty: Callable[[Tensor], Tensor] | None,
    steps: int,
    rate: float,
    tolerance: float | None = None,
    frames: int = 0,
    progress: Progress | None = None,
) -> Climbed:
    """Adam on the parameters of `canvas`, which it changes.

    Each step does one forward pass, no further than the last layer that is asked, and one backward
    pass. A row whose objective or gradient is not finite goes back to what it was before and rests;
    the others climb on, as they would without it.

    Args:
        model: gives traced outputs.
        canvas: n canvases.
        aim: for n rows.
        moved: transforms the pictures in front of the network, anew in each step.
        penalty: what a picture pays, (n,), from pixels.
        steps: at most.
        rate: of Adam.
        tolerance: a row rests when its mean over 32 steps is not this share above that of the 32
            before.
        frames: how many pictures of the way to keep, both ends included.
        progress: hears (steps done, steps, mean value).

    Raises:
        NeedsGradient: the objective does not depend on the canvases in a differentiable way.
        InvalidArgument: no row's objective is finite at the start.
        OutOfMemory: the rows do not fit in memory at once.
    """
    optimiser = torch.optim.Adam(canvas.parameters, lr=rate, fused=True)
    kept = {round(k * steps / (frames - 1)) for k in range(frames)} if frames > 1 else set()
    rows = Rows(len(aim.owners), canvas, together=aim.joint is not None, tolerance=tolerance)
    film: list[tuple[int, Tensor]] = []
    try:
        for step in range(steps):
            pixels = canvas.pixels()
            values, slopes = _slopes(model, canvas, aim, pixels, moved, penalty)
            if rows.looked_at(step, values, slopes):
                pixels = canvas.pixels()
            if step in kept:
                film.append((step, pixels.detach().clone()))
            if rows.all_rest:
                break
            rows.remember()
            for parameter, slope in zip(canvas.parameters, slopes, strict=True):
                parameter.grad = -rows.moving(slope)
            optimiser.step()
            rows.hold()
            if progress is not None:
                progress(step + 1, steps, float(values.mean()))
    except KeyboardInterrupt:
        rows.interrupted()
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        raise OutOfMemory(
            f"{len(aim.owners)} pictures at once do not fit in memory ({error}); ask for fewer "
            "or smaller ones (count=, size=)"
        ) from error
    rows.finished(canvas)
    pixels = canvas.pixels().detach()
    if kept:
        film.append((max(rows.steps), pixels.clone()))
    return Climbed(pixels, tuple(rows.steps), rows.history(), tuple(film), tuple(rows.stopped))


@contextmanager
def recording() -> Iterator[None]:
    """Let autograd record, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _slopes(
    model: Model,
    canvas: Parametrisation,
    aim: Aim,
    pixels: Tensor,
    moved: Callable[[Tensor], Tensor],
    penalty: Callable[[Tensor], Tensor] | None,
) -> tuple[Tensor, list[Tensor]]:
    """Values (n,), not finite where a layer is not, and gradients of what is to grow."""
    seen = model.traced(model.contract.normalise(moved(pixels)), aim.layers)
    good = finite_rows(seen.values(), len(pixels))
    if not bool(good.all()):
        # Objectives look at all rows: a broken one shows them zeros, and rests from here on.
        seen = {name: _zeroed(output, good) for name, output in seen.items()}
    values = aim.values(seen)
    if not values.requires_grad:
        raise NeedsGradient(
            "the objective does not depend on the canvas in a way that gradients can follow (a "
            "detached or non-differentiable operation in it, or in the network before its layer?)"
        )
    total = values.sum() if penalty is None else values.sum() - penalty(pixels).sum()
    found = torch.autograd.grad(total, canvas.parameters, allow_unused=True)
    slopes = [
        torch.zeros_like(parameter) if slope is None else slope
        for parameter, slope in zip(canvas.parameters, found, strict=True)
    ]
    return values.detach().where(good.to(values.device), torch.nan), slopes


def _zeroed(output: Tensor, good: Tensor) -> Tensor:
    return output.where(good.to(output.device).view(-1, *(1 for _ in output.shape[1:])), 0.0)
