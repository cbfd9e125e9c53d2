"""Going on with an earlier result: what it leaves behind, and whether it belongs to a call."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from heatlens.attribution.method import Attribution
from heatlens.errors import InvalidArgument
from heatlens.models.arrays import as_tensor, framework_of
from heatlens.models.protocol import Model
from heatlens.models.targets import Target
from heatlens.provenance import plain

__all__ = ["State", "begun", "call_key"]


@dataclass(eq=False)
class State:
    """What sampling goes on from.

    Attributes:
        key: what the call was, as `call_key` has it.
        draws: (N,), how many draws each row has had.
        sums: what the whole blocks add up to, by name; the first axis is the rows.
        pending: (N, block, ...), what the model said to the draws of a block begun.
        witness: (N, ...), scores that are asked for again before it is gone on with.
    """

    key: dict[str, str]
    draws: Tensor
    sums: dict[str, Tensor] = field(default_factory=dict)
    pending: Tensor = field(default_factory=lambda: torch.empty(0))
    witness: Tensor = field(default_factory=lambda: torch.empty(0))

    def keep(self, scores: Tensor, part: slice, rows: Tensor, block: int) -> None:
        """Note what the model said to some draws of a block, (n, k, ...)."""
        if not self.pending.numel():
            shape = (len(self.draws), block, *scores.shape[2:])
            self.pending = scores.new_zeros(shape)
        self.pending[rows.to(scores.device), part] = scores
        self.draws[rows] += part.stop - part.start

    def confirm(self, again: Tensor, batch: Tensor) -> None:
        """Compare what the model says now, (N, ...), with what it said to the same before.

        Names and settings can be the same where the weights, a function or a held input are not.
        What is the same answers alike up to rounding: to 0.2 % of the row's largest score in
        float32 on a CPU, to 3 % elsewhere, where products are rounded to few digits.

        Raises:
            InvalidArgument: the answers differ.
        """
        precise = batch.dtype in (torch.float32, torch.float64) and batch.device.type == "cpu"
        precise = precise and self.key.get("precision", "fp32") == "fp32"
        before, now = self.witness.flatten(1).cpu(), again.flatten(1).cpu()
        largest = torch.maximum(before.abs(), now.abs()).amax(1)
        scale = torch.maximum(largest, 1e-3 * largest.max())
        gap = (now - before).abs().amax(1)
        other = (~(gap <= (2e-3 if precise else 3e-2) * scale)).nonzero().flatten()
        if len(other):
            row = int(other[0])
            raise InvalidArgument(
                "resume is a result of another call: asked the same as then, the model now gives "
                f"row {row} another score (off by {gap[row]:.3g}, scores up to {scale[row]:.3g}). "
                "The weights, the function in target=, or an input that is held have changed"
            )


def call_key(
    method: str, model: Model, batch: Tensor, target: Target, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """What two calls have in common if one may go on with the other, in words and digests.

    The weights of a model, the inside of a function and inputs that are held cannot be read
    here; `State.confirm` is for those.

    Args:
        method: its name.
        model: by its name and by what its contract says of the numbers that go in.
        batch: by its content.
        target: by its content; a function by its name.
        parameters: all but the limits, by their content; a baseline as the batch it comes to.
    """
    contract = model.contract
    return {
        "method": method,
        "model": model.name,
        "mean": str(contract.mean),
        "std": str(contract.std),
        "value_range": str(contract.value_range),
        "channel_order": contract.channel_order,
        "layout": contract.layout,
        "batch": _digest(plain(batch)),
        "target": _digest(_described(target)),
        **{
            name: value if isinstance(value, str) else _digest(_described(value))
            for name, value in parameters.items()
        },
    }


def begun(resume: Attribution | None, key: dict[str, str], rows: int) -> State:
    """The state to start from: an empty one, or a copy of that of an earlier result.

    Raises:
        InvalidArgument: it is no such result, or one of another call; the message says in what
            they differ.
    """
    if resume is None:
        return State(key, torch.zeros(rows, dtype=torch.long))
    state = resume.state if isinstance(resume, Attribution) else None
    if isinstance(state, tuple):
        raise InvalidArgument(
            "resume is a result of another call: its rows were run one by one, because their other "
            "inputs differed; it goes on with those inputs only"
        )
    if not isinstance(state, State):
        what = "a result without a state" if isinstance(resume, Attribution) else type(resume)
        raise InvalidArgument(
            f"resume is {what}; give what an earlier call of this method returned with full=True"
        )
    other = [name for name in key if state.key.get(name) != key[name]]
    if other:
        raise InvalidArgument(
            f"resume is a result of another call: it differs in {', '.join(other)}. Only samples, "
            "tolerance, budget and seconds may change"
        )
    sums = {name: value.clone() for name, value in state.sums.items()}
    return State(key, state.draws.clone(), sums, state.pending.clone(), state.witness.clone())


def _described(value: Any) -> Any:
    """A target or a parameter in JSON's own types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        return {"type": type(value).__name__, **{k: _described(v) for k, v in fields.items()}}
    if framework_of(value) is not None:
        return plain(as_tensor(value))
    if callable(value):
        return f"{value.__module__}.{getattr(value, '__qualname__', type(value).__name__)}"
    return plain(value)


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=8).hexdigest()
