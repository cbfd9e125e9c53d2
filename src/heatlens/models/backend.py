"""Networks of any framework but PyTorch behind the protocol of primitives."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from heatlens.errors import InvalidArgument, NoSpatialLayer, UnknownName, UnsupportedMethod
from heatlens.models.checks import checked, checked_output
from heatlens.models.contract import Contract
from heatlens.models.counting import count_backward, count_forward, counting
from heatlens.models.engine import Engine
from heatlens.models.layout import from_canonical, to_canonical
from heatlens.models.protocol import Passes, SpatialLayer
from heatlens.models.pytorch.memory import budget, in_chunks, useful_rows
from heatlens.models.targets import Target

__all__ = ["Backend"]


class Backend:
    """A network of another framework, a callable or an endpoint that methods can ask.

    Attributes:
        engine: what knows the network.
        name: what it is called in provenance.
        contract: what it expects of its input; its `layout` is the network's own.
        origin: the object or file it was made from.
        hints: what would give a capability that is missing, in words.
    """

    def __init__(
        self,
        engine: Engine,
        contract: Contract,
        *,
        name: str,
        origin: Any = None,
        hints: Mapping[str, str] | None = None,
    ) -> None:
        """Put `engine` behind the protocol."""
        self.engine, self.contract, self.name, self.origin = engine, contract, name, origin
        self.hints = dict(hints or {})
        self._spatial: dict[Any, SpatialLayer] = {}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        """Name, kind of engine, layout and labels."""
        contract = self.contract
        return (
            f"Backend({self.name!r}, {type(self.engine).__name__}, {contract.layout}, "
            f"{len(contract.labels)} labels)"
        )

    def share(self, spatial: dict[Any, SpatialLayer]) -> None:
        """Keep the CAM layers that are found in `spatial`, which others may fill as well."""
        self._spatial = spatial

    @property
    def capabilities(self) -> frozenset[str]:
        """What the engine can do."""
        return self.engine.capabilities

    @property
    def device(self) -> torch.device:
        """Where the engine wants its input."""
        return self.engine.device

    def prepare(self, batch: Tensor) -> Tensor:
        """Check a canonical batch and bring it to the engine's device and type."""
        batch = checked(batch, self.contract.layout)
        return batch.to(device=self.engine.device, dtype=self.engine.dtype)

    def predict(self, batch: Tensor, layer: str | None = None) -> Tensor:
        """Output of each row, or of the layer with that name."""
        names = () if layer is None else (self._known(layer),)

        def work(rows: Tensor) -> Tensor:
            output, seen = self.engine.forward(rows, names)
            return checked_output(output if layer is None else seen[layer], len(rows)).float()

        return torch.cat(self._in_chunks(batch, work, gradient=False))

    def activations(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Output of each named layer, as the network has it."""
        self._require("activations")
        names = tuple(self._known(name) for name in layers)
        chunks = self._in_chunks(
            batch, lambda rows: self.engine.forward(rows, names)[1], gradient=False
        )
        return {name: torch.cat([seen[name].float() for seen in chunks]) for name in names}

    def input_gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the target's score with respect to the batch, in the canonical order."""
        self._require("gradient")
        count, start = len(batch), 0

        def work(rows: Tensor) -> Tensor:
            nonlocal start
            aim = target.take(torch.arange(start, start + len(rows))) if count else target
            slope = self.engine.gradient(rows, aim)
            count_backward(len(rows))
            start += len(rows)
            return to_canonical(slope, self.contract.layout).float()

        return _joined(self._in_chunks(batch, work, gradient=True))

    def traced(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Outputs of layers ("" is the network's own), with torch's graph back to `batch`."""
        from heatlens.models.bridge import across

        self._require("gradient")
        names = tuple(self._known(name) if name else "" for name in layers)
        ready = batch.to(device=self.engine.device, dtype=self.engine.dtype)
        own = from_canonical(ready, self.contract.layout).contiguous()
        outputs = across(self.engine, own, names)
        for output in outputs.values():
            checked_output(output, len(batch))
        return {name: output.float() for name, output in outputs.items()}

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Output of `layer` and the gradient of the score with respect to it."""
        self._require("layer-gradient")
        self._known(layer)
        start = 0

        def work(rows: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal start
            aim = target.take(torch.arange(start, start + len(rows)))
            output, slope = self.engine.layer_gradient(rows, layer, aim)
            count_backward(len(rows))
            start += len(rows)
            return output.float(), slope.float()

        parts = self._in_chunks(batch, work, gradient=True)
        return _joined([part[0] for part in parts]), _joined([part[1] for part in parts])

    def layers(self) -> tuple[str, ...]:
        """Names of the layers that can be read, in the order in which they run."""
        return self.engine.layers()

    def inputs(self) -> tuple[str, ...]:
        """Names of what the network takes; empty where the engine knows none."""
        known = getattr(self.engine, "inputs", None)
        return () if known is None else known()

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> Backend:
        """This model as one of the input `of` alone; the others stay as given, one row each."""
        hold = getattr(self.engine, "holding", None)
        if hold is None:
            raise UnsupportedMethod(f"{self.name} takes one input; there is no other to hold")
        twin = copy.copy(self)
        twin.engine, twin._spatial = hold(others, of), {}
        return twin

    def spatial_layer(self, batch: Tensor, layer: str | None = None) -> SpatialLayer:
        """The layer that a CAM is read from; see `heatlens.models.spatial`."""
        from heatlens.models.spatial import find_spatial_layer

        if not self.engine.layers():
            raise NoSpatialLayer(f"{self.name} shows no layer inside")
        if layer is not None:
            self._known(layer)
        key = (tuple(batch.shape[1:]), layer)
        with self._lock:
            if key not in self._spatial:
                self._spatial[key] = find_spatial_layer(self, self.prepare(batch[:1]), layer)
            return self._spatial[key]

    def rows(self, batch: Tensor, *, gradient: bool, wanted: int | None = None) -> int:
        """How many of the `wanted` rows (default: of the batch) go through at once."""
        wanted = len(batch) if wanted is None else wanted
        # Nobody can look into a foreign network: what a ResNet-50 keeps is taken for an upper end.
        row = batch[0].numel() * batch.element_size() * (425 if gradient else 100)
        fitting = max(1, budget(batch.device) // row)
        # An engine that has a limit of its own knows better than a rule of thumb for CPUs.
        own = self.engine.row_limit or getattr(self.engine, "useful_rows", useful_rows(batch))
        return min(wanted, fitting) if own is None else min(wanted, fitting, own)

    def at(self, precision: str) -> Backend:
        """The same model; a foreign network computes in its own precision, which is "fp32" here."""
        if precision not in ("fp32", "auto"):
            raise InvalidArgument(
                f"precision is {precision!r}; {self.name} computes as its own framework was told "
                "to: leave it at 'fp32' or 'auto'"
            )
        return self

    def with_random_head(self, batch: Tensor, target: Target, seed: int) -> Backend | None:
        """A twin whose last weights are drawn anew; None where the engine cannot."""
        engine = self.engine.with_random_head(seed)
        if engine is None:
            return None
        twin = copy.copy(self)
        twin.engine, twin.name = engine, f"{self.name} with a random head"
        return twin

    def counting(self) -> AbstractContextManager[Passes]:
        """Count rows sent forward and backward in this thread."""
        return counting()

    def _in_chunks(self, batch: Tensor, work: Any, *, gradient: bool) -> list[Any]:
        batch = self.prepare(batch)

        def one(rows: slice) -> Any:
            part = from_canonical(batch[rows], self.contract.layout).contiguous()
            result = work(part)
            count_forward(len(part))
            return result

        size = self.rows(batch, gradient=gradient)
        return [result for _, result in in_chunks(len(batch), size, one)]

    def _known(self, layer: str) -> str:
        self._require("activations")
        if layer not in self.engine.layers():
            raise UnknownName("layer", layer, self.engine.layers())
        return layer

    def _require(self, capability: str) -> None:
        if capability not in self.capabilities:
            raise UnsupportedMethod(
                f"{self.name} cannot give {capability}; it can give "
                f"{', '.join(sorted(self.capabilities))}"
            )


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
