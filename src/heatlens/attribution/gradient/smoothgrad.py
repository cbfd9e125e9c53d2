"""SmoothGrad: a gradient method averaged over noisy copies of the input.

    mean:      S(x) = E[ M(x + e) ],  e ~ N(0, sigma^2)     Smilkov et al. 2017, eq. 3
    square:    S(x) = E[ M(x + e)^2 ]                       Hooker et al. 2019, SmoothGrad-squared
    variance:  S(x) = Var[ M(x + e) ]                       Adebayo et al. 2018, VarGrad

with sigma = noise * (max x - min x) of each picture.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.baselines import Baseline
from heatlens.attribution.method import METHODS, Attribution, register
from heatlens.errors import InvalidArgument
from heatlens.models.protocol import Model, Passes
from heatlens.models.targets import Target

__all__ = ["smoothgrad"]

_VARIANTS = ("mean", "square", "variance")


def _cost(parameters: Mapping[str, Any]) -> Passes:
    inner = METHODS[parameters["of"]]
    known = {**inner.parameters, **{k: v for k, v in parameters.items() if v is not None}}
    once = inner.cost(known)
    samples = parameters["samples"]
    return Passes(samples * once.forward, samples * once.backward)


@register(
    family="gradient",
    needs={"gradient", "predict"},
    cost=_cost,
    paper="arXiv:1706.03825",
    channels=lambda p: METHODS[p["of"]].reduction({}),
    signed=lambda p: p["variant"] == "mean",
    fixed_target=True,
    quick={"samples": 4},
)
def smoothgrad(
    model: Model,
    batch: Tensor,
    target: Target,
    *,
    of: str = "gradient",
    samples: int = 25,
    noise: float = 0.15,
    variant: str = "mean",
    baseline: Baseline | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> Attribution:
    """The mean (or mean square, or variance) of a gradient method's map under input noise.

    Args:
        model: gives gradients.
        batch: (N, C, *grid) as the model takes it.
        target: whose score.
        of: the gradient method that is averaged.
        samples: noisy copies; memory does not grow with it.
        noise: standard deviation of the noise as a share of each picture's range.
        variant: "mean", "square" or "variance".
        baseline: for the inner method, where it takes one; None is its default.
        steps: for the inner method, where it takes them; None is its default.
        seed: of the noise; each row gets the same noise whatever batch it is in.

    Returns:
        Values (N, C, *grid), and their standard error over the samples.
    """
    inner = METHODS[of]
    if inner.family != "gradient" or of == "smoothgrad":
        able = [
            m.name for m in METHODS.values() if m.family == "gradient" and m.name != "smoothgrad"
        ]
        raise InvalidArgument(f"smoothgrad of {of!r}: it can be of {', '.join(able)}")
    if variant not in _VARIANTS:
        raise InvalidArgument(f"variant is {variant!r}; it can be {', '.join(_VARIANTS)}")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2:
        raise InvalidArgument(f"samples is {samples!r}; it must be a whole number of at least 2")
    if noise < 0:
        raise InvalidArgument(f"noise is {noise!r}; it must not be negative")
    settings = _inner_settings(of, baseline, steps)

    count = len(batch)
    flat = batch.flatten(1)
    sigma = noise * (flat.amax(1) - flat.amin(1)).view(-1, *(1 for _ in batch.shape[1:]))
    generator = torch.Generator().manual_seed(seed)
    moments = torch.zeros((4, *batch.shape), dtype=torch.float64, device=batch.device)
    gaps: list[Tensor] = []
    totals: list[Tensor] = []
    together = max(1, model.rows(batch, gradient=True, wanted=count * samples) // count)
    for first in range(0, samples, together):
        size = min(together, samples - first)
        # One draw a sample: a longer draw is not the continuation of a shorter one.
        drawn = torch.stack(
            [torch.randn((1, *batch.shape[1:]), generator=generator) for _ in range(size)]
        ).to(batch)
        noisy = (batch + sigma * drawn).flatten(0, 1)
        rows = torch.arange(count).repeat(size)
        result = inner.function(model, noisy, target.take(rows), **settings)
        if isinstance(result, Attribution):
            if "completeness_gap" in result.info:
                gaps.append(result.info["completeness_gap"].view(size, count))
                totals.append(result.info["score_difference"].view(size, count))
            result = result.values
        maps = result.unflatten(0, (size, count)).double()
        for power in range(4):
            moments[power] += (maps ** (power + 1)).sum(0)
    values, error = _estimate(moments / samples, samples, variant)
    info: dict[str, Any] = {"of": of}
    if gaps and variant == "mean":
        # Of the noisy copies: the mean of their maps adds up to the mean of their scores.
        info["completeness_gap"] = torch.cat(gaps).mean(0)
        info["score_difference"] = torch.cat(totals).mean(0)
    return Attribution(values.float(), error.float(), info)


def _estimate(moments: Tensor, samples: int, variant: str) -> tuple[Tensor, Tensor]:
    """The variant's value and its standard error from the first four raw moments."""
    first, second, third, fourth = moments
    variance = (second - first**2).clamp_min(0)
    if variant == "mean":
        return first, (variance / (samples - 1)).sqrt()
    if variant == "square":
        return second, ((fourth - second**2).clamp_min(0) / (samples - 1)).sqrt()
    central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    spread = (central - variance**2).clamp_min(0)
    return variance * samples / (samples - 1), (spread / (samples - 1)).sqrt()


def _inner_settings(of: str, baseline: Baseline | None, steps: int | None) -> dict[str, Any]:
    known = inspect.signature(METHODS[of].function).parameters
    settings: dict[str, Any] = {}
    for name, value in (("baseline", baseline), ("steps", steps)):
        if value is None:
            continue
        if name not in known:
            raise InvalidArgument(f"{of} inside smoothgrad takes no {name}")
        settings[name] = value
    return settings
