"""The first, cheap line of trust under every map. The full report is another matter.

Three questions: do the parts add up to the score (completeness)? does the map change when the
network's last layer is replaced by a random one (Adebayo et al. 2018)? does the score fall more
when the hottest tenth of the picture is blurred than when a tenth elsewhere is?
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.attribute import attributed
from heatlens.attribution.baselines import blurred
from heatlens.attribution.channels import reduce_channels
from heatlens.attribution.method import METHODS, Attribution
from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["blur_drops", "first_checks", "in_words", "rank_correlation"]

_SHIFTS = 4
_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def first_checks(
    model: Model,
    batch: Tensor,
    result: Attribution,
    method: str,
    target: Target,
    parameters: Mapping[str, Any],
    channels: str,
    seed: int = 0,
    padded: float = 0.0,
    instead: Tensor | None = None,
) -> list[dict[str, float]]:
    """One dictionary per row of the batch.

    Args:
        model: that the map explains.
        batch: (N, C, *grid), as the model takes it.
        result: what the method returned for it.
        method: the method's name.
        target: fixed, so that the random network is asked for the same class.
        parameters: given to the method; its `quick` ones are laid over them.
        channels: the reduction to one value per pixel.
        seed: of the random head and the random places.
        padded: share of the input that is border and not picture. Above a quarter nothing is
            blurred: a random place would mostly be border, where blurring removes nothing.
        instead: see `blur_drops`.

    Returns:
        Keys: `completeness_gap` and the `score_difference` that the parts should add up to
        (both in units of the score, where the method has them), `random_head_correlation`
        (Spearman, -1..1; near 1 means that the map does not depend on what was learnt),
        `hot_drop` and `random_drop` (fall of the target's score, in its own units). A map
        without any difference between its pixels has neither of the last two: nothing can be
        checked.
    """
    maps = reduce_channels(result.values, channels)
    checks: list[dict[str, float]] = [{} for _ in range(len(batch))]
    if "completeness_gap" in result.info:
        for row, gap in zip(checks, result.info["completeness_gap"].tolist(), strict=True):
            row["completeness_gap"] = gap
    if "score_difference" in result.info:
        for row, total in zip(checks, result.info["score_difference"].tolist(), strict=True):
            row["score_difference"] = total
    evident = [_varies(one) for one in maps]
    correlations = _head_correlations(
        model, batch, maps, method, target, parameters, channels, seed
    )
    for row, correlation in zip(checks, correlations, strict=True):
        if correlation is not None:
            row["random_head_correlation"] = correlation
    if padded > 0.25:
        return checks
    hot, elsewhere = blur_drops(model, batch, maps, target, seed, instead)
    for row, found, first, second in zip(
        checks, evident, hot.tolist(), elsewhere.tolist(), strict=True
    ):
        if found:
            row["hot_drop"], row["random_drop"] = first, second
    return checks


def _head_correlations(
    model: Model,
    batch: Tensor,
    maps: Tensor,
    method: str,
    target: Target,
    parameters: Mapping[str, Any],
    channels: str,
    seed: int,
) -> list[float | None]:
    """Per row the rank correlation with the map of a random head; None where it says nothing.

    Both maps are made with the same parameters, the method's quick ones: under sampling noise
    even two runs on one network would not agree.
    """
    ignorant = model.with_random_head(batch, target, seed)
    if ignorant is None:
        return [None] * len(batch)
    full = {**METHODS[method].parameters, **parameters}
    quick = {key: _smaller(full[key], value) for key, value in METHODS[method].quick.items()}
    used = {**parameters, **quick}
    if {**full, **quick} != full:
        maps = reduce_channels(attributed(model, batch, method, target, used).values, channels)
    blind = reduce_channels(attributed(ignorant, batch, method, target, used).values, channels)
    pairs = zip(maps, blind, strict=True)
    return [
        rank_correlation(here, there) if _varies(here) and _varies(there) else None
        for here, there in pairs
    ]


def _smaller(own: Any, quick: Any) -> Any:
    return quick if own is None else min(own, quick)


def _varies(values: Tensor) -> bool:
    return bool(values.min() < values.max())


def blur_drops(
    model: Model,
    batch: Tensor,
    maps: Tensor,
    target: Target,
    seed: int = 0,
    instead: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Fall of the score when the hottest tenth is blurred, and when a tenth elsewhere is.

    The other place is the same shape of region moved by a random shift around the picture, so
    both remove equally much; its fall is the mean over four shifts.

    Args:
        model: that is asked.
        batch: (N, C, *grid), as the model takes it.
        maps: (N, *cells), on any grid over the input.
        target: fixed.
        seed: of the shifts.
        instead: what is put in the place of what is taken away; None is the batch, blurred.

    Returns:
        Two tensors (N,), in units of the score.
    """
    count, sides = len(batch), batch.shape[2:]
    fine = torch.nn.functional.interpolate(maps.unsqueeze(1), sides, mode=_LINEAR[len(sides)])
    tenth = max(1, math.prod(sides) // 10)
    hottest = fine.flatten(1).topk(tenth, dim=1).indices
    region = torch.zeros((count, math.prod(sides)), dtype=torch.bool, device=batch.device)
    region = region.scatter(1, hottest, True).view(count, 1, *sides)
    generator = torch.Generator().manual_seed(seed)
    regions = [torch.zeros_like(region), region]
    for _ in range(_SHIFTS):
        # At least a quarter of the picture away, or the "random" place would be the hot one.
        shifts = [
            int(torch.randint(side // 4, side - side // 4 + 1, (1,), generator=generator))
            for side in sides
        ]
        regions.append(region.roll(shifts, tuple(range(2, batch.ndim))))
    soft = blurred(batch, min(sides) / 16) if instead is None else instead.expand_as(batch)
    changed = torch.cat([torch.where(inside, soft, batch) for inside in regions])
    rows = torch.arange(count).repeat(len(regions))
    repeated = target.take(rows)
    scores = repeated.scores(model.predict(changed, target.layer)).view(len(regions), count)
    return scores[0] - scores[1], scores[0] - scores[2:].mean(0)


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's rank correlation with average ranks for ties; 0 if one of them is constant.

    Example:
        >>> rank_correlation(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([10.0, 30.0, 900.0]))
        1.0
    """
    ranks = []
    for values in (first, second):
        _, inverse, counts = values.flatten().unique(return_inverse=True, return_counts=True)
        last = counts.cumsum(0).double()
        ranks.append((last - (counts.double() - 1) / 2)[inverse])
    centred = [rank - rank.mean() for rank in ranks]
    spread = float(centred[0].norm() * centred[1].norm())
    return round(float(centred[0] @ centred[1]) / spread, 6) if spread else 0.0


def in_words(trust: Mapping[str, Any]) -> list[str]:
    """The checks as short sentences for the command line and under pictures.

    Example:
        >>> in_words({"hot_drop": 3.0, "random_drop": 0.5})
        ['blurring the hottest tenth lowers the score by 3, a tenth elsewhere by 0.5']
    """
    sentences = []
    if "completeness_gap" in trust:
        total = trust.get("score_difference")
        share = f" of {total:.3g}" if total is not None else ""
        sentences.append(
            f"parts add up to the score within {trust['completeness_gap']:.2g}{share} on the "
            "model's own input"
        )
    if "random_head_correlation" in trust:
        correlation = trust["random_head_correlation"]
        warning = " (the map hardly depends on what was learnt)" if correlation > 0.9 else ""
        sentences.append(f"rank correlation with a random head {correlation:.2f}{warning}")
    if "hot_drop" in trust:
        hot, elsewhere = trust["hot_drop"], trust["random_drop"]
        warning = " (no more than elsewhere: do not trust it)" if hot <= elsewhere else ""
        sentences.append(
            f"blurring the hottest tenth lowers the score by {hot:.3g}, a tenth elsewhere by "
            f"{elsewhere:.3g}{warning}"
        )
    return sentences
