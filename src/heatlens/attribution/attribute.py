"""Tensors in, tensors out: the entry for experts, and the one place where a method is run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, overload

import torch
from torch import Tensor

from heatlens.attribution.method import METHODS, Attribution
from heatlens.errors import InvalidArgument
from heatlens.models.load import as_model
from heatlens.models.targets import as_target

__all__ = ["attribute"]


@overload
def attribute(
    model: Any,
    batch: Tensor,
    method: str = ...,
    target: Any = ...,
    *,
    full: Literal[False] = ...,
    **parameters: Any,
) -> Tensor: ...


@overload
def attribute(
    model: Any,
    batch: Tensor,
    method: str = ...,
    target: Any = ...,
    *,
    full: Literal[True],
    **parameters: Any,
) -> Attribution: ...


def attribute(
    model: Any,
    batch: Tensor,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    full: bool = False,
    **parameters: Any,
) -> Tensor | Attribution:
    """Attribute a target's score to the pixels, or to the cells of a layer, of each row.

    Args:
        model: a loaded model or a bare `torch.nn.Module`.
        batch: (N, C, H, W), floating, already as the model takes it.
        method: a name from `heatlens.methods()`.
        target: anything `heatlens.models.targets.as_target` takes: class index, label,
            "predicted", "top-3", "cat - dog", one index per row, a callable, a `Target`.
        full: return the whole `Attribution` (standard error, completeness gap, layer, passes).
        parameters: the method's own; unknown names are refused.

    Returns:
        (N, C, H, W) for pixel-level methods, (N, 1, h, w) for CAMs: float32, signed and
        unnormalised, on the model's device.

    Raises:
        UnknownName: no such method or label; the message names the nearest.
        UnsupportedMethod: the model cannot give what the method needs.
        InvalidArgument: a parameter, target or batch that cannot be used.

    Example:
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 1, bias=False))
        >>> _ = torch.nn.init.constant_(network[1].weight, 2.0)
        >>> batch = torch.tensor([[[[3.0, 4.0]]]])
        >>> attribute(network, batch, method="input-x-gradient", target=0).tolist()
        [[[[6.0, 8.0]]]]
    """
    chosen = METHODS[method]
    adapted = as_model(model)
    settings = chosen.check(adapted, parameters)
    batch = adapted.prepare(batch)
    if batch.ndim != 4:
        raise InvalidArgument(
            f"the batch has shape {tuple(batch.shape)}; expected (N, C, H, W), so for one picture "
            "(1, C, H, W)"
        )
    aim = as_target(target, adapted.contract.labels).bind(adapted.contract.labels)
    if aim.per_row not in (None, len(batch)):
        raise InvalidArgument(
            f"the target has one choice for each of {aim.per_row} rows, the batch has "
            f"{len(batch)}: give one for all, or one a row"
        )
    with adapted.counting() as passes:
        if chosen.fixed_target and not aim.is_fixed:
            aim = aim.fixed(adapted.predict(batch, aim.layer))
        result = chosen.function(adapted, batch, aim, **settings)
    if isinstance(result, Tensor):
        result = Attribution(result)
    values = result.values.detach().float()
    if not bool(torch.isfinite(values).all()):
        raise InvalidArgument(
            f"{method} gave NaN or infinite values: the network's scores or gradients overflow "
            "on this input"
        )
    if not full:
        return values
    info = {
        **result.info,
        "forward_passes": passes.forward / len(batch),
        "backward_passes": passes.backward / len(batch),
    }
    return replace(result, values=values, info=info)
