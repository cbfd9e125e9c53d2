"""Occlusion: how much the score falls when a window is covered.

    S_i = mean over windows W that cover i of  F(x) - F(x with W replaced by the baseline)

Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2; the
mean over windows that overlap as in captum. Windows lie a stride apart; the last along an axis
ends with the axis, so every window is whole and every pixel is covered.

Nothing is sampled: the number of passes is one more than that of the windows, known before, and a
longer stride makes it smaller. So there is no error, and nothing to stop early.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline, baseline_like
from heatlens.attribution.method import Attribution, register
from heatlens.attribution.perturbation.features import per_axis
from heatlens.attribution.perturbation.passes import scores_under
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["occlusion", "window_starts"]

Sides = int | Sequence[int | None] | None


@register(
    family="perturbation",
    needs={"predict"},
    cost=lambda p: Passes(math.nan, 0),
    paper="arXiv:1311.2901",
    fixed_target=True,
    each="window",
)
def occlusion(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    window: Sides = None,
    stride: Sides = None,
    baseline: Baseline = "black",
    precision: str = "fp32",
    seed: int = 0,
) -> Attribution:
    """The fall of the score when a window over the pixel is covered, mean over such windows.

    Args:
        model: gives scores.
        batch: (N, C, *grid) with a grid of one to three axes; all channels are covered.
        target: whose score.
        window: side of the window in pixels, one for all axes or one for each (frequency, time,
            depth, height, width: those that are there, in this order); None for an axis is the
            whole axis, None alone an eighth of each.
        stride: pixels from one window to the next, at most the window; None alone is half of it,
            None for an axis the axis's length (so the window itself, if it is the whole axis).
        baseline: what covers, named in pixel space or a tensor like `batch`.
        precision: of the passes, "fp32", "bf16" (quicker where the machine has units for it, with
            scores to two or three digits) or "auto".
        seed: of a noise baseline.

    Returns:
        Values (N, 1, *grid), in units of score per window; `info["windows"]` is how many there
        are along each axis.

    Example:
        >>> from heatlens.attribution.attribute import attribute
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 1.0)
        >>> batch = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]])
        >>> attribute(network, batch, "occlusion", 0, window=(1, 2), stride=(1, 2)).tolist()
        [[[[3.0, 3.0, 7.0, 7.0]]]]
    """
    model = model.at(precision)
    grid = batch.shape[2:]
    sides = _sides(window, grid)
    steps = _steps(stride, sides, grid)
    starts = [window_starts(*axis) for axis in zip(grid, sides, steps, strict=True)]
    counts = tuple(len(one) for one in starts)
    inside = [
        _inside(one, side, length, batch.device)
        for one, side, length in zip(starts, sides, grid, strict=True)
    ]

    def keep(part: slice) -> Tensor:
        number = torch.arange(part.start, part.stop, device=batch.device)
        covered = torch.ones((len(number), 1, *[1] * len(grid)), dtype=torch.bool).to(number.device)
        for axis, place in enumerate(torch.unravel_index(number, counts)):
            shape = [len(number), 1, *(-1 if other == axis else 1 for other in range(len(grid)))]
            covered = covered & inside[axis][place].view(shape)
        return ~covered

    start = baseline_like(batch, baseline, model.contract, seed=seed)
    whole = target.scores(model.predict(batch, target.layer)).double()
    scores = scores_under(model, batch, start, target, keep, math.prod(counts))
    fall = (whole.unsqueeze(1) - scores).unflatten(1, counts)
    for member in inside:
        # Over each axis: the mean over the windows that cover a place.
        share = member.double() / member.sum(0)
        fall = torch.tensordot(fall, share, dims=([1], [0]))
    return Attribution(fall.unsqueeze(1).float(), info={"windows": counts})


def window_starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin along an axis; the last ends with the axis.

    Example:
        >>> window_starts(10, 4, 4)
        [0, 4, 6]
    """
    last = length - window
    starts = list(range(0, last + 1, stride))
    return starts if starts[-1] == last else [*starts, last]


def _inside(starts: Sequence[int], window: int, length: int, device: torch.device) -> Tensor:
    """Which places along an axis each window covers, (windows, length)."""
    first = torch.tensor(starts, device=device).unsqueeze(1)
    place = torch.arange(length, device=device)
    return (place >= first) & (place < first + window)


def _sides(window: Sides, grid: Sequence[int]) -> tuple[int, ...]:
    if window is None:
        return tuple(max(1, round(length / 8)) for length in grid)
    sides = per_axis(window, grid, "window")
    if any(side > length for side, length in zip(sides, grid, strict=True)):
        raise InvalidArgument(
            f"window is {window!r}; it is larger than the input's grid {tuple(grid)}"
        )
    return sides


def _steps(stride: Sides, sides: Sequence[int], grid: Sequence[int]) -> tuple[int, ...]:
    if stride is None:
        return tuple(max(1, side // 2) for side in sides)
    steps = per_axis(stride, grid, "stride")
    if any(step > side for step, side in zip(steps, sides, strict=True)):
        raise InvalidArgument(
            f"stride is {stride!r}; between windows of {tuple(sides)} some pixels would never be "
            "covered: make it at most the window"
        )
    return steps
