"""Models with several inputs: each is explained in turn while the others are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from heatlens.attribution.attribute import aimed, attributed
from heatlens.attribution.method import METHODS, Attribution
from heatlens.attribution.one_by_one import columns_of, joined, parameters_of
from heatlens.errors import InvalidArgument, InvalidType, UnknownName, UnsupportedMethod
from heatlens.models.arrays import alike, as_tensor
from heatlens.models.layout import from_canonical, to_canonical
from heatlens.models.protocol import Model
from heatlens.models.targets import Target

__all__ = ["TakesSeveral", "attribute_several", "held"]

_LAYOUTS = {2: "NL", 3: "NCL", 4: "NCHW", 5: "NCDHW"}
"""How an input that is not the model's picture is read, by its number of axes."""


@runtime_checkable
class TakesSeveral(Protocol):
    """A model that can be asked as one of a single input."""

    def inputs(self) -> tuple[str, ...]:
        """Names of what the network takes."""
        ...

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> Model:
        """The model as one of the input `of` alone; the others stay as given, one row each."""
        ...


def attribute_several(
    model: Model,
    inputs: Mapping[str, Any] | Sequence[Any],
    method: str,
    target: Any,
    of: str | None,
    full: bool,
    parameters: Mapping[str, Any],
) -> Any:
    """See `heatlens.attribute`.

    A row's other inputs belong to that row, so rows whose other inputs differ are run one by one,
    each with its own part of the parameters, and `resume=` goes on with each.
    """
    METHODS[method].check(model, parameters)
    given = _by_name(model, inputs)
    wanted = [of] if of is not None else [name for name in given if _explainable(given[name])]
    for name in wanted:
        if name not in given:
            raise UnknownName("input", name, given)
        if not _explainable(given[name]):
            raise InvalidArgument(
                f"input {name!r} has type {given[name].dtype} and shape "
                f"{tuple(given[name].shape)}; only floating inputs with a row axis are explained"
            )
    if not wanted:
        raise InvalidArgument(f"none of the inputs {', '.join(given)} is a floating array")
    rows = len(given[wanted[0]])
    aim = aimed(model, target, rows)
    originals = dict(
        zip(given, inputs.values() if isinstance(inputs, Mapping) else inputs, strict=True)
    )
    found: dict[str, Any] = {}
    for name in wanted:
        result = _one(model, given, name, method, aim, parameters)
        layout = _held_model(model, given, name, 0).contract.layout

        def own(values: Tensor, layout: str = layout, name: str = name) -> Any:
            return alike(from_canonical(values, layout), originals[name])

        if full:
            error = None if result.error is None else own(result.error)
            found[name] = replace(result, values=own(result.values), error=error)
        else:
            found[name] = own(result.values)
    if of is not None:
        return found[of]
    if isinstance(inputs, Mapping):
        return found
    return tuple(found.get(name) for name in given)


def held(model: Model, given: Mapping[str, Any], of: str | None = None) -> Model:
    """The model with these inputs fixed, one row each, as a model of the one that is left.

    Args:
        model: the model.
        given: by name, arrays of any framework; numbers and nested lists are read as float32.
        of: the input that is left, where more than one is not given.

    Raises:
        UnknownName: it has no such input.
        UnsupportedMethod: it takes a single input.
        InvalidArgument: a nested list is no array of numbers.
    """
    if not isinstance(model, TakesSeveral) or len(model.inputs()) < 2:
        raise UnsupportedMethod(f"{model.name} takes one input; leave given= out")
    known = model.inputs()
    rows: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise UnknownName("input", name, known)
        rows[name] = as_tensor(_written_out(value, name), f"input {name!r}")
    return model.holding(rows, of)


def _written_out(value: Any, name: str) -> Any:
    """Numbers and nested lists as an array; anything else as it is."""
    if not isinstance(value, list | tuple | int | float):
        return value
    try:
        return np.array(value, np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            f"input {name!r} is {value!r}, which is no array of numbers ({error})"
        ) from error


def _one(
    model: Model,
    given: Mapping[str, Tensor],
    name: str,
    method: str,
    aim: Target,
    parameters: Mapping[str, Any],
) -> Attribution:
    """One input's attribution, all rows."""
    rows = len(given[name])
    if all(_alike_rows(value) for other, value in given.items() if other != name):
        only = _held_model(model, given, name, 0)
        batch = to_canonical(given[name], only.contract.layout)
        return attributed(only, batch, method, aim, parameters)
    axes, parts = given[name].ndim, []
    for row in range(rows):
        only = _held_model(model, given, name, row)
        grid = len(only.contract.axes)
        batch = to_canonical(given[name][row : row + 1], only.contract.layout)
        own = parameters_of(parameters, row, rows, axes, grid)
        parts.append(attributed(only, batch, method, aim.take(torch.tensor([row])), own))
    return joined(parts, columns_of(parameters.get("features"), rows, grid))


def _held_model(model: Model, given: Mapping[str, Tensor], name: str, row: int) -> Model:
    """The model of input `name` alone, the others as in this row, in a layout that fits it."""
    others = {
        other: value if value.ndim == 0 else value[row : row + 1]
        for other, value in given.items()
        if other != name
    }
    only: Any = cast(TakesSeveral, model).holding(others, name)
    axes = given[name].ndim
    if axes != len(only.contract.layout):
        if axes not in _LAYOUTS:
            raise InvalidArgument(f"input {name!r} has {axes} axes; 2 to 5 are explained")
        layout = _LAYOUTS[axes]
        channels = 1 if "C" not in layout else given[name].shape[1]
        only.contract = only.contract.with_(
            layout=layout,
            input_size=None,
            mean=(0.0,) * channels,
            std=(1.0,) * channels,
            value_range=(0.0, 1.0),
            channel_order="RGB",
        )
    return only


def _by_name(model: Model, inputs: Mapping[str, Any] | Sequence[Any]) -> dict[str, Tensor]:
    """The inputs as tensors by the model's own names."""
    if not isinstance(inputs, Mapping) and inputs and not hasattr(inputs[0], "shape"):
        raise InvalidType(
            f"attribute() takes arrays, got a {type(inputs).__name__} of "
            f"{type(inputs[0]).__name__}; for pictures use explain()"
        )
    if not isinstance(model, TakesSeveral) or not model.inputs():
        raise UnsupportedMethod(
            f"{model.name} takes one input; give the batch itself, not a {type(inputs).__name__}"
        )
    known = model.inputs()
    if isinstance(inputs, Mapping):
        for name in inputs:
            if name not in known:
                raise UnknownName("input", str(name), known)
        named = dict(inputs)
    else:
        if not 0 < len(inputs) <= len(known):
            raise InvalidArgument(
                f"{len(inputs)} inputs for a model that takes {len(known)}: {', '.join(known)}"
            )
        named = dict(zip(known, inputs, strict=False))
    tensors = {name: as_tensor(value, f"input {name!r}") for name, value in named.items()}
    counts = {name: len(value) for name, value in tensors.items() if value.ndim}
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise InvalidArgument(f"the inputs have different numbers of rows: {said}")
    return tensors


def _explainable(value: Tensor) -> bool:
    return value.is_floating_point() and value.ndim >= 2


def _alike_rows(value: Tensor) -> bool:
    return value.ndim == 0 or bool((value == value[:1]).all())
