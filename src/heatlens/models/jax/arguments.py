"""The arguments of a JAX network: the batch where it belongs, and the inputs that are held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from heatlens.errors import InvalidArgument
from heatlens.models.arrays import as_tensor

__all__ = ["given", "held_row"]


def given(
    batch: Any, held: Mapping[str, Any], of: str | None, names: tuple[str, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The network's arguments, by place and by name.

    Args:
        batch: (N, ...).
        held: other inputs by name, one row (1, ...) each, repeated for each row of the batch.
        of: the input that the batch goes to; None is the first.
        names: of the inputs; a network of one is given a dictionary where others are held.
    """
    import jax

    if of is None:
        return (batch,), {}
    named = {
        name: jax.numpy.broadcast_to(value, (len(batch), *value.shape[1:])) if value.ndim else value
        for name, value in held.items()
    }
    named[of] = batch
    return ((), named) if len(names) > 1 else ((named,), {})


def held_row(value: Any, name: str) -> Tensor:
    """One row of an input that is held.

    Raises:
        InvalidArgument: several rows.
    """
    tensor = as_tensor(value, f"the input {name!r}")
    if tensor.ndim and len(tensor) != 1:
        raise InvalidArgument(
            f"the input {name!r} has shape {tuple(tensor.shape)}; give one row (1, ...), which is "
            "repeated for every row of the batch"
        )
    return tensor
