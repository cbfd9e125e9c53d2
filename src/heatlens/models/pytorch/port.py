"""How a network is called: with a canonical batch in one of its inputs, the others held.

The batch is brought to the network's own order of axes, put where it belongs among the inputs, and
of several outputs the wanted one is taken.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.models.layout import from_canonical

__all__ = ["Port", "input_names", "one_output", "the_output"]

_USUAL = ("logits", "scores", "out", "last_hidden_state")


@dataclass(frozen=True, eq=False)
class Port:
    """The way into a network and out of it.

    Attributes:
        layout: the network's own order of axes.
        of: the input that the batch goes to, by name; None is the first one.
        held: other inputs by name, one row each (1, ...), repeated for every row of a batch.
        output: which of several outputs, by name or place; None is the only one, or the one with
            a usual name ("logits", "scores", "out").
    """

    layout: str = "NCHW"
    of: str | None = None
    held: Mapping[str, Any] = field(default_factory=dict)
    output: str | int | None = None

    def __call__(self, network: nn.Module, batch: Tensor) -> Any:
        """What the network returns for a canonical batch."""
        if self.layout not in ("NCHW", "NCTHW", "NCDHW", "NCFT", "NCT", "NCL"):
            batch = from_canonical(batch, self.layout)
        if self.of is None and not self.held:
            self._require_one(network)
            result = network(batch)
        else:
            others = {name: _repeated(name, value, batch) for name, value in self.held.items()}
            of = self.of or next(name for name in input_names(network) if name not in others)
            missing = [name for name in _required(network) if name not in {of, *others}]
            if missing:
                raise InvalidArgument(
                    f"{type(network).__name__} needs {', '.join(missing)} too; give all its inputs"
                )
            result = network(**{of: batch, **others})
        if self.output is not None:
            return one_output(result, self.output)
        return the_output(result)

    def _require_one(self, network: nn.Module) -> None:
        needs = _required(network)
        if len(needs) > 1:
            raise InvalidArgument(
                f"{type(network).__name__} takes {', '.join(needs)}, and a single batch is given: "
                "give attribute() a dictionary of all of them, or explain() the others as "
                "given={name: one row}"
            )


def one_output(result: Any, output: str | int) -> Any:
    """One of several outputs.

    Raises:
        UnknownName: none has that name.
        InvalidArgument: there are not so many, or only one.

    Example:
        >>> one_output({"boxes": 1, "scores": 2}, "scores")
        2
    """
    if isinstance(output, str):
        if isinstance(result, Mapping):
            named: Mapping[str, Any] = result
        elif hasattr(result, "_asdict"):
            named = result._asdict()
        else:
            raise InvalidArgument(
                f"output={output!r}: the network returns {type(result).__name__}, whose parts have "
                "no names; give the place, output=0"
            )
        if output not in named:
            raise UnknownName("output", output, [str(name) for name in named])
        return named[output]
    parts = list(result.values()) if isinstance(result, Mapping) else result
    if not isinstance(parts, list | tuple):
        raise InvalidArgument(
            f"output={output}: the network returns one {type(result).__name__}, not several; leave "
            "output out"
        )
    if not -len(parts) <= output < len(parts):
        raise InvalidArgument(f"output={output}: the network returns {len(parts)} outputs")
    return parts[output]


def input_names(network: nn.Module) -> tuple[str, ...]:
    """Names of what a network's `forward` takes.

    Example:
        >>> input_names(nn.Bilinear(1, 2, 3))
        ('input1', 'input2')
    """
    try:
        parameters = inspect.signature(network.forward).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(item.name for item in parameters if item.kind in kinds)


def the_output(result: Any) -> Any:
    """What a network returned, if it leaves no doubt which output is meant.

    A tensor or a record without usual names passes; a mapping or sequence of several tensors has
    to have one that is called "logits", "scores", "out" or "last_hidden_state".

    Raises:
        InvalidArgument: several outputs, none with a usual name; the message lists them.

    Example:
        >>> import torch
        >>> the_output({"aux": torch.zeros(1), "scores": torch.ones(1)})
        tensor([1.])
    """
    if not isinstance(result, Mapping) or hasattr(result, "to_tuple"):
        return result  # records of transformers know their own order
    tensors = [name for name, value in result.items() if isinstance(value, Tensor)]
    for usual in _USUAL:
        if usual in tensors:
            return result[usual]
    if len(tensors) > 1:
        raise InvalidArgument(
            f"the network returns several outputs, {', '.join(map(str, tensors))}: say which is "
            "meant, output= in load_model()"
        )
    return result


def _required(network: nn.Module) -> tuple[str, ...]:
    """Inputs without a default."""
    try:
        parameters = inspect.signature(network.forward).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(
        item.name for item in parameters if item.kind in kinds and item.default is item.empty
    )


def _repeated(name: str, value: Any, batch: Tensor) -> Any:
    """A held input, one row (1, ...), for every row of a batch, in the batch's kind of float."""
    if not isinstance(value, Tensor) or value.ndim == 0:
        return value
    if len(value) != 1:
        raise InvalidArgument(
            f"input {name!r} has shape {tuple(value.shape)}; a held input is one row, (1, ...)"
        )
    value = value.to(device=batch.device)
    if value.is_floating_point():
        value = value.to(batch.dtype)
    return value.expand(len(batch), *value.shape[1:])
