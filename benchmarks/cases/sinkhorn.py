"""The debiased Sinkhorn divergence of two 128 x 128 heatmaps, beside GeomLoss, with the error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Agreement, Extra, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race
from heatlens.transport import emd, sinkhorn_divergence_grid, wasserstein_1d

Floats = npt.NDArray[np.float64]
Loss = Callable[[Tensor, Tensor], Tensor]

SIDE, EXACT_SIDE, BLUR = 128, 48, 1.0
OURS, OURS_BACKWARD = "heatlens", "heatlens, forward and backward"
GEOMLOSS, GEOMLOSS_FINE = "GeomLoss", "GeomLoss, scaling 0.9"
GEOMLOSS_SINGLE = "GeomLoss, float32"
TIMED = "products of smooth lines"


def run(settings: Settings, said: Said) -> Result:
    """Time one pair; say for several pairs how far each library is from the truth."""
    torch.set_num_threads(settings.threads)
    said("problems whose exact distance is known")
    problems = _problems(settings.seed)
    a, b, _ = problems[TIMED]
    sides = [torch.tensor(image)[None].to(settings.device) for image in (a, b)]
    losses: dict[str, Loss] = {
        OURS: functools.partial(sinkhorn_divergence_grid, blur=BLUR),
        GEOMLOSS: functools.partial(_geomloss, scaling=0.5),
        GEOMLOSS_SINGLE: functools.partial(_geomloss, scaling=0.5, dtype=torch.float32),
        GEOMLOSS_FINE: functools.partial(_geomloss, scaling=0.9),
    }
    times = race(_contenders(losses, sides), settings, said=said)
    said("errors")
    errors = {
        problem: {name: _error(loss, *parts, settings.device) for name, loss in losses.items()}
        for problem, parts in problems.items()
    }
    ours = times[OURS]
    return Result(
        name="sinkhorn",
        title="Sinkhorn divergence of two images, 128 x 128",
        setting={"image": f"{SIDE} x {SIDE}", "blur": f"{BLUR:g} pixel", "p": 2, "batch": 1,
                 "timed pair": TIMED},
        entries=entries(times.values()),
        reference=OURS,
        targets=[
            Target("Sinkhorn divergence, 128 x 128, forward", 60.0,
                   1000 * ours.median if ours.seconds else None, True, "ms"),
            Target("Sinkhorn divergence, off the exact W2^2 (smooth pair)", 1.0, 100 * abs(errors[TIMED][OURS]), True,
                   "%"),
        ],
        agreements=[Agreement(f"{name} and the exact W2^2, {TIMED}", abs(errors[TIMED][name]),
                              "relative difference") for name in losses],
        extras=[Extra(
            "Distance from the exact W2^2, in per cent",
            ["pair", "W2^2, pixels squared", *losses],
            [[problem, round(problems[problem][2], 3),
              *(round(100 * found[name], 3) for name in losses)]
             for problem, found in errors.items()],
        )],
        notes=[
            "The truth: products of lines, the sum of the axes' W2^2 in closed form on a line; "
            f"moved images, the shift squared; {EXACT_SIDE} x {EXACT_SIDE}, heatlens.transport.emd.",
            "A blur of one pixel cannot see transport over less than a pixel: where mass moves "
            "that little, as between two independent noises, the value is far too low.",
            "At its default pace GeomLoss has not converged where mass moves far: its times belong to "
            "the errors in the table below. Its routine for images needs pykeops and a compiler.",
            "GeomLoss counts |x - y|^2 / 2 on the unit square; its value is brought to pixels.",
            "heatlens computes in float64 whatever it is given.",
        ],
        rounds=settings.rounds,
    )  # fmt: skip


def _contenders(losses: dict[str, Loss], sides: list[Tensor]) -> list[Contender]:
    version = peers.version("geomloss")
    notes = {
        OURS: "scaling 0.35, tolerance 1e-3 (defaults)",
        GEOMLOSS: f"geomloss {version}, sinkhorn_divergence on images, scaling 0.5 (default), float64",
        GEOMLOSS_SINGLE: "the same in float32",
        GEOMLOSS_FINE: "the same in float64, slower annealing",
    }
    plain = [
        Contender(name, functools.partial(loss, *sides), peer=name != OURS, note=notes[name])
        for name, loss in losses.items()
    ]

    def backward() -> Tensor:
        a = sides[0].clone().requires_grad_()
        (slope,) = torch.autograd.grad(losses[OURS](a, sides[1]).sum(), a)
        return slope

    return [*plain, Contender(OURS_BACKWARD, backward, note="gradient with respect to one image")]


def _geomloss(
    a: Tensor, b: Tensor, *, scaling: float, dtype: torch.dtype = torch.float64
) -> Tensor:
    from geomloss import sinkhorn_divergence

    side = a.shape[-1]
    sides = (image[:, None].to(dtype) for image in (a, b))
    with (
        torch.no_grad()
    ):  # it switches gradients off and on by itself, and leaves them off on errors
        found: Any = sinkhorn_divergence(*sides, p=2, blur=BLUR / side, scaling=scaling)
    return 2 * side**2 * found


def _error(loss: Loss, a: Floats, b: Floats, truth: float, device: str) -> float:
    sides = (torch.tensor(image)[None].to(device) for image in (a, b))
    try:
        return float(loss(*sides)) / truth - 1
    except Exception:  # GeomLoss takes powers of 2 only
        return float("nan")


def _problems(seed: int) -> dict[str, tuple[Floats, Floats, float]]:
    chance = np.random.default_rng(seed)
    found = {
        TIMED: _product(*(_smooth(chance) for _ in range(4))),
        "products of noisy lines": _product(*(chance.random(SIDE) ** 2 for _ in range(4))),
    }
    spot, patch = np.zeros((2, SIDE, SIDE))
    y, x = np.mgrid[:SIDE, :SIDE]
    spot[:] = np.exp(-((y - 40) ** 2 + (x - 40) ** 2) / 200)
    spot[spot < 1e-6] = 0
    patch[20:60, 20:60] = chance.random((40, 40))
    for name, image, shift in (("moved spot", spot, (20, 9)), ("moved noise", patch, (25, 40))):
        moved = np.roll(image, shift, (0, 1))
        found[name] = (image / image.sum(), moved / moved.sum(), float(np.dot(shift, shift)))
    maps = [_heatmap(chance, power) for power in (4, 4, 1, 1)]
    found[f"two heatmaps, {EXACT_SIDE} x {EXACT_SIDE}"] = _exact(*maps[:2])
    found[f"two even noises, {EXACT_SIDE} x {EXACT_SIDE}"] = _exact(*maps[2:])
    return found


def _smooth(chance: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    line: Floats = gaussian_filter1d(chance.random(SIDE), SIDE / 16, mode="constant") ** 4
    return line / line.sum()


def _product(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[Floats, Floats, float]:
    places = np.arange(float(SIDE))
    truth = sum(
        float(wasserstein_1d(places, places, one, other, p=2, mass="normalise")) ** 2
        for one, other in ((a, c), (b, d))
    )
    first, second = np.outer(a, b), np.outer(c, d)
    return first / first.sum(), second / second.sum(), truth


def _heatmap(chance: np.random.Generator, power: float) -> Floats:
    from scipy.ndimage import gaussian_filter

    image: Floats = gaussian_filter(chance.random((EXACT_SIDE, EXACT_SIDE)), 3)
    image = (image - image.min()) ** power
    return image / image.sum()


def _exact(a: Floats, b: Floats) -> tuple[Floats, Floats, float]:
    grid = np.stack(np.mgrid[:EXACT_SIDE, :EXACT_SIDE], -1).reshape(-1, 2)
    return a, b, emd(a.ravel(), b.ravel(), x=grid, y=grid, p=2, mass="normalise").value
