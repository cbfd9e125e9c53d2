"""Is a model right, and for the right reasons? Accuracy and the share of heat on the object.

    share(x) = sum over the object of max(heat, 0) / sum of max(heat, 0)

of the heat for the true class, 0 where there is no positive heat at all. The interval of the
accuracy is Wilson's, that of the mean share Student's over pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from heatlens.attribution.attribute import attributed
from heatlens.attribution.channels import reduce_channels
from heatlens.attribution.method import METHODS
from heatlens.errors import InvalidArgument
from heatlens.images.geometry import Placement
from heatlens.improvement.intervals import FEWEST, Estimate, mean_share, share_of_pictures
from heatlens.improvement.rows import Batches, checked_rows
from heatlens.models.load import as_model
from heatlens.models.protocol import Model

__all__ = ["Reasons", "measure_reasons", "share_inside"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reasons:
    """How often a model is right, and how much of its heat lies on the object.

    Attributes:
        accuracy: share of pictures whose highest score is the label's.
        on_object: mean share of the positive heat that lies on the object, 0..1.
        method: whose heat.
        count: number of pictures.
        silent: how many pictures had no positive heat at all; their share counts as 0.
        right: (count,) bool, by picture.
        shares: (count,), by picture; NaN where the mask is empty, which counts in no mean.
    """

    accuracy: Estimate
    on_object: Estimate
    method: str
    count: int
    silent: int
    right: npt.NDArray[np.bool_]
    shares: Floats

    def __str__(self) -> str:
        """Both figures with their intervals."""
        return f"accuracy {self.accuracy}, {self.method} heat on the object {self.on_object}"


def measure_reasons(
    model: Any,
    data: Batches,
    *,
    method: str = "gradcam",
    parameters: Mapping[str, Any] | None = None,
) -> Reasons:
    """Accuracy and share of heat on the object, over batches.

    Args:
        model: a loaded model, or a bare network with one score for each class.
        data: batches (inputs, labels, masks), see `Batches`; gone through once.
        method: a name from `heatlens.methods()`; its heat for the true class is measured.
        parameters: of the method.

    Raises:
        InvalidArgument: fewer than 10 pictures, or fewer than 10 with a mask.
        UnsupportedMethod: the model cannot give what the method needs.

    Example:
        >>> from torch import nn
        >>> network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        >>> rows = (torch.rand(12, 3, 8, 8), torch.zeros(12).long(), torch.ones(12, 8, 8))
        >>> measure_reasons(network, [rows], method="gradient").on_object.value
        1.0
    """
    adapted = as_model(model)
    settings = dict(parameters or {})
    METHODS[method].check(adapted, settings)
    right: list[npt.NDArray[np.bool_]] = []
    shares: list[Floats] = []
    silent = 0
    for batch in data:
        inputs, labels, masks = checked_rows(batch, "data", torch.device("cpu"))
        ready = adapted.prepare(inputs)
        scores = adapted.predict(ready)
        if scores.ndim != 2 or scores.shape[1] < 2 or int(labels.max()) >= scores.shape[1]:
            raise InvalidArgument(
                f"the network's output has shape {tuple(scores.shape)}, the labels go up to "
                f"{int(labels.max())}; one score for each class is needed"
            )
        right.append((scores.argmax(1).cpu() == labels).numpy())
        maps = _maps(adapted, ready, labels.tolist(), masks.shape[1:], method, settings)
        shares.append(_shares(maps, masks.numpy()))
        silent += sum(not (one > 0).any() for one in maps)
    hits = np.concatenate(right) if right else np.zeros(0, np.bool_)
    each = np.concatenate(shares) if shares else np.zeros(0)
    masked = each[~np.isnan(each)]
    if len(hits) >= len(masked) and len(masked) < FEWEST <= len(hits):
        raise InvalidArgument(
            f"only {len(masked)} of {len(hits)} pictures have a mask that is not empty; the share "
            f"of heat on the object needs at least {FEWEST}"
        )
    return Reasons(
        accuracy=share_of_pictures(hits),
        on_object=mean_share(masked),
        method=method,
        count=len(hits),
        silent=silent,
        right=hits,
        shares=each,
    )


def share_inside(heat: npt.NDArray[Any], mask: npt.NDArray[Any]) -> float:
    """Share of the positive heat (H, W) that a mask (H, W) in 0..1 covers; 0 without any heat.

    Example:
        >>> share_inside(np.array([[3.0, 1.0, -5.0]]), np.array([[1, 0, 1]]))
        0.75
    """
    positive = np.clip(heat.astype(np.float64), 0, None)
    total = positive.sum()
    return float((positive * mask).sum() / total) if total > 0 else 0.0


def _maps(
    model: Model,
    ready: torch.Tensor,
    labels: list[int],
    size: tuple[int, ...],
    method: str,
    settings: dict[str, Any],
) -> npt.NDArray[Any]:
    """Heat for the true class on the pixels, (N, H, W)."""
    result = attributed(model, ready, method, labels, settings)
    coarse = reduce_channels(result.values, METHODS[method].reduction(settings))
    whole = (size[0], size[1])
    return Placement(whole, whole).back(coarse.cpu().numpy())


def _shares(maps: npt.NDArray[Any], masks: npt.NDArray[Any]) -> Floats:
    """Share on the object of each row, (N,); NaN where the mask is empty."""
    pairs = zip(maps, masks, strict=True)
    return np.array(
        [share_inside(heat, mask) if mask.any() else float("nan") for heat, mask in pairs]
    )
