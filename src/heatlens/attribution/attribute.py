"""Tensors in, tensors out: the entry for experts, and the one place where a method is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.method import METHODS, Attribution
from heatlens.errors import InvalidArgument
from heatlens.models.arrays import alike, as_tensor
from heatlens.models.bound import bound
from heatlens.models.layout import from_canonical, to_canonical
from heatlens.models.load import as_model
from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["aimed", "attribute", "attributed"]


def attribute(
    model: Any,
    batch: Any,
    method: str = "gradcam",
    target: Any = "predicted",
    *,
    input_name: str | None = None,
    full: bool = False,
    **parameters: Any,
) -> Any:
    """Attribute a target's score to the pixels, or to the cells of a layer, of each row.

    Args:
        model: a loaded model, or a bare network of PyTorch, Keras, TensorFlow or JAX.
        batch: a floating array of the model's own framework, or of PyTorch or NumPy, already as
            the model takes it and in its own layout: (N, C, H, W) for PyTorch, (N, H, W, C) for
            Keras, more axes for films and volumes. For a model with several inputs a dictionary
            by name or a tuple in order.
        method: a name from `heatlens.methods()`.
        target: anything `heatlens.models.targets.as_target` takes: class index, label,
            "predicted", "top-3", "cat - dog", one index per row, a callable, a `Target`.
        input_name: of several inputs the one to explain, by name; the others are held as they are. None
            explains each floating one in turn.
        full: return the whole `Attribution` (standard error, completeness gap, layer, passes).
        parameters: the method's own; unknown names are refused.

    Returns:
        Float32, signed and unnormalised, in the framework and layout of the batch, on its grid
        for pixel-level methods ((N, C, H, W), or (N, 1, H, W) where all channels share a value),
        on the layer's cells for CAMs ((N, 1, h, w)). For several inputs a dictionary or tuple
        like `batch`, None for what is not explained; with `input_name` that input's map alone.

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
    METHODS[method]
    adapted = as_model(model)
    if isinstance(batch, Mapping | tuple | list):
        from heatlens.attribution.several import attribute_several

        return attribute_several(adapted, batch, method, target, input_name, full, parameters)
    if input_name is not None:
        raise InvalidArgument(
            f"input_name={input_name!r} chooses among several inputs; the batch is a single one: "
            "give a dictionary or a tuple of inputs, or leave input_name out"
        )
    METHODS[method].check(adapted, parameters)
    layout = adapted.contract.layout
    tensor = adapted.prepare(to_canonical(as_tensor(batch), layout))
    result = attributed(adapted, tensor, method, target, parameters)

    def own(values: Tensor) -> Any:
        return alike(from_canonical(values, layout), batch)

    if not full:
        return own(result.values)
    error = None if result.error is None else own(result.error)
    return replace(result, values=own(result.values), error=error)


def attributed(
    model: Model, batch: Tensor, method: str, target: Any, parameters: Mapping[str, Any]
) -> Attribution:
    """Run a method on a canonical batch; see `attribute`.

    Returns:
        Values (N, C, *grid) or (N, 1, *cells), the passes per row in `info`.
    """
    chosen = METHODS[method]
    settings = chosen.check(model, parameters)
    batch = model.prepare(batch)
    aim = aimed(model, target, len(batch))
    with model.counting() as passes:
        if chosen.fixed_target and not aim.is_fixed:
            aim = aim.fixed(model.predict(batch, aim.layer))
        result = chosen.function(model, batch, aim, **settings)
    if isinstance(result, Tensor):
        result = Attribution(result)
    values = result.values.detach().float()
    if not bool(torch.isfinite(values).all()):
        raise InvalidArgument(
            f"{method} gave NaN or infinite values: the network's scores or gradients overflow "
            "on this input"
        )
    info = {
        **result.info,
        "forward_passes": passes.forward / len(batch),
        "backward_passes": passes.backward / len(batch),
    }
    return replace(result, values=values, info=info)


def aimed(model: Model, target: Any, rows: int) -> Target:
    """The target in the model's words, for a batch of so many rows.

    Raises:
        InvalidArgument: it has one choice for each of another number of rows.
    """
    aim = bound(model, target)
    if aim.per_row not in (None, rows):
        raise InvalidArgument(
            f"the target has one choice for each of {aim.per_row} rows, the batch has {rows}: "
            "give one for all, or one a row"
        )
    return aim
