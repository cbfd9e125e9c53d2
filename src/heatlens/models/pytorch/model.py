"""A PyTorch network behind the protocol of primitives."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, InvalidType, NeedsGradient
from heatlens.models.checks import checked, checked_output
from heatlens.models.contract import Contract
from heatlens.models.counting import count_backward, count_forward, counting
from heatlens.models.layout import own_axes
from heatlens.models.protocol import CAPABILITIES, Passes, SpatialLayer
from heatlens.models.pytorch.capture import Listener, listening, module_named, primary
from heatlens.models.pytorch.early import run_until_seen
from heatlens.models.pytorch.head import last_that_matters
from heatlens.models.pytorch.memory import budget, bytes_per_row, in_chunks, useful_rows
from heatlens.models.pytorch.port import Port, input_names
from heatlens.models.pytorch.randomness import random_state_kept
from heatlens.models.pytorch.shadow import shadow_of
from heatlens.models.pytorch.workshop import Workshop, findings_on
from heatlens.models.targets import Target

__all__ = ["TorchModel"]


class TorchModel:
    """A `torch.nn.Module` that methods can ask for scores, activations and gradients.

    The module itself is never touched: the work is done on a shadow that shares its weights (see
    `shadow_of`). In-place changes of weights are seen at once, replaced weights or layers at the
    next call.

    Attributes:
        module: the user's own network.
        name: what it is called in provenance.
        contract: what it expects of its input.
        port: which of its inputs the batch goes to, and which output counts.
    """

    def __init__(
        self,
        module: nn.Module,
        contract: Contract | None = None,
        *,
        name: str = "",
        capabilities: frozenset[str] = frozenset(CAPABILITIES),
        row_limit: int | None = None,
        port: Port | None = None,
    ) -> None:
        """Wrap `module`; `contract` defaults to one that assumes pixels in 0..1 as they are.

        A network that takes only so many rows at once (an exported program) says so in
        `row_limit`; one that has several inputs or outputs is called through a `port`.
        """
        if not isinstance(module, nn.Module):
            raise InvalidType(f"{type(module).__name__} is not a torch.nn.Module")
        if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            module = module.module
        self.module = module
        self.name = name or type(module).__name__
        self.contract = contract or Contract()
        self.capabilities = capabilities
        self.row_limit = row_limit
        self.port = port or Port()
        self._precision = "fp32"
        self._workshop = Workshop(findings_on(module))

    def __repr__(self) -> str:
        """Name, input and classes."""
        size = self.contract.input_size
        takes = "any size" if size is None else " x ".join(map(str, size))
        return f"TorchModel({self.name!r}, {takes}, {len(self.contract.labels)} labels)"

    @property
    def device(self) -> torch.device:
        """Device of the first weight; the CPU if there is none."""
        tensor = self._first_weight()
        return torch.device("cpu") if tensor is None else tensor.device

    @property
    def network(self) -> nn.Module:
        """The shadow that does the work; made anew when the module's parts were replaced."""
        return self._workshop.network(self.module)

    def prepare(self, batch: Tensor) -> Tensor:
        """Check a canonical batch and bring it to the model's device and type."""
        return self._as_taken(checked(batch, self.contract.layout))

    def _as_taken(self, batch: Tensor) -> Tensor:
        """On the network's device, in its type, in the order in memory that it is fastest on."""
        weight = self._first_weight()
        if weight is not None:
            batch = batch.to(device=weight.device, dtype=weight.dtype)
        if batch.ndim == 4 and self._workshop.prefers_channels_last(self.module, batch):
            return batch.contiguous(memory_format=torch.channels_last)
        return batch.contiguous()

    def predict(self, batch: Tensor, layer: str | None = None) -> Tensor:
        """Output of each row, or of the layer with that name."""
        batch = self.prepare(batch)
        network = self.network
        parts = [
            output.float()
            for _, output in in_chunks(
                len(batch),
                self.rows(batch, gradient=False),
                lambda rows: self._without_graph(network, batch[rows], layer),
            )
        ]
        return torch.cat(parts)

    def activations(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Output of each named layer, as the network has it."""
        batch = self.prepare(batch)
        network = self.network
        modules = {name: module_named(network, name) for name in layers}

        def work(rows: slice) -> dict[str, Tensor]:
            seen: dict[str, Tensor] = {}

            def keep(name: str, output: Tensor) -> None:
                seen[name] = output.detach().clone()

            with torch.no_grad(), random_state_kept():
                self._pass(network, batch[rows], modules, keep)
            return seen

        chunks = [seen for _, seen in in_chunks(len(batch), self.rows(batch, gradient=False), work)]
        for name in layers:
            if name not in chunks[0]:
                raise InvalidArgument(f"layer {name!r} did not run on this input")
        return {name: torch.cat([seen[name].float() for seen in chunks]) for name in layers}

    def input_gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the target's score with respect to the batch."""
        batch = self.prepare(batch)
        network = self.network

        def work(rows: slice) -> Tensor:
            with _recording():
                leaf = batch[rows].clone().requires_grad_()
                output = self._forward(network, leaf, target.layer)
                scores = target.take(_indices(rows)).scores(output)
                return self._backward(scores, leaf, "the input")

        size = self.rows(batch, gradient=True)
        with random_state_kept():
            parts = [part for _, part in in_chunks(len(batch), size, work)]
        return torch.cat(parts).to(torch.float32)

    def traced(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Outputs of layers ("" is the network's own), with torch's graph back to `batch`.

        All rows go at once, and no further than the last of the layers. The network goes on with
        a copy of each output, so that an in-place operation after the layer does not change it.
        """
        ready = self._as_taken(batch)
        network = self.network
        modules = {name: module_named(network, name) for name in layers if name}
        seen: dict[str, Tensor] = {}

        def keep(name: str, output: Tensor) -> Tensor:
            seen[name] = output
            return output.clone()

        with _recording(), random_state_kept():
            result = self._pass(network, ready, modules, keep, to_the_end="" in layers)
        if "" in layers:
            seen[""] = checked_output(_tensor_in(result), len(batch))
        for name in layers:
            if name not in seen:
                raise InvalidArgument(f"layer {name!r} did not run on this input")
        return {name: seen[name].float() for name in layers}

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Output of `layer` and the gradient of the score with respect to it.

        The graph starts at the layer, so nothing below it is kept or differentiated. The network
        goes on with a copy of the output: an in-place operation after the layer changes neither
        what is returned nor the gradient.
        """
        batch = self.prepare(batch)
        network = self.network
        modules = {layer: module_named(network, layer)}

        def work(rows: slice) -> tuple[Tensor, Tensor]:
            leaves: list[Tensor] = []

            def start_graph(name: str, output: Tensor) -> Tensor:
                # A layer that runs twice counts with its last run.
                leaves[:] = [output.detach().requires_grad_()]
                return leaves[0].clone()

            with _recording(), listening(modules, start_graph):
                output = self._forward(network, batch[rows], target.layer)
                scores = target.take(_indices(rows)).scores(output)
                if not leaves:
                    raise InvalidArgument(f"layer {layer!r} did not run on this input")
                gradient = self._backward(scores, leaves[0], f"layer {layer!r}")
            return leaves[0].detach().float(), gradient.float()

        size = self.rows(batch, gradient=True, layer=layer)
        with random_state_kept():
            parts = [part for _, part in in_chunks(len(batch), size, work)]
        if len(parts) == 1:
            return parts[0]
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])

    def layers(self) -> tuple[str, ...]:
        """Dotted names of all modules inside."""
        return tuple(name for name, _ in self.module.named_modules() if name)

    def inputs(self) -> tuple[str, ...]:
        """Names of what the network takes."""
        return input_names(self.module)

    def holding(self, others: Mapping[str, Any], of: str | None = None) -> TorchModel:
        """This model as one of the input `of` alone; the others stay as given, one row each."""
        twin = copy.copy(self)
        twin.port = replace(self.port, of=of or self.port.of, held={**self.port.held, **others})
        twin._workshop = Workshop()
        return twin

    def of(self, network: nn.Module, *, name: str, ours: bool = False) -> TorchModel:
        """This model with another network of the same shape inside; `ours`: a shadow already."""
        twin = copy.copy(self)
        twin.module, twin.name = network, name
        twin._workshop = Workshop(ours=network if ours else None)
        return twin

    def learn(self, other: TorchModel) -> None:
        """Take over what was found on a network of the same shape."""
        self._workshop.learn(other._workshop, self.module)

    def spatial_layer(self, batch: Tensor, layer: str | None = None) -> SpatialLayer:
        """The layer that a CAM is read from; see `heatlens.models.pytorch.spatial`."""
        from heatlens.models.pytorch.spatial import find_spatial_layer

        key = (tuple(batch.shape[1:]), self.contract.layout, layer)
        network = self.network
        found = self._workshop.findings.spatial.get(key)
        if found is None:
            found = find_spatial_layer(
                network,
                self.prepare(batch[:1]),
                layer,
                rows=min(2, self.row_limit or 2),
                axes=own_axes(self.contract.layout),
                run=self._run,
            )
            self._workshop.findings.spatial[key] = found
        return found

    def rows(
        self,
        batch: Tensor,
        *,
        gradient: bool,
        wanted: int | None = None,
        layer: str | None = None,
    ) -> int:
        """How many of the `wanted` rows (default: of the batch) fit the memory budget at once.

        With `layer`, the gradient is one that ends there.
        """
        allowed = budget(batch.device)
        wanted = len(batch) if wanted is None else wanted
        for limit in (self.row_limit, useful_rows(batch)):
            wanted = wanted if limit is None else min(wanted, limit)
        row = batch[0].numel() * batch.element_size()
        # Few networks keep more than this many inputs' worth; measure only if it might not fit.
        if wanted * row * (600 if gradient else 100) <= allowed:
            return wanted
        key = (tuple(batch.shape[1:]), batch.dtype, gradient, layer)
        if key not in self._workshop.findings.bytes_per_row:
            network = self.network
            start = None if layer is None else module_named(network, layer)
            self._workshop.findings.bytes_per_row[key] = bytes_per_row(
                network, batch, gradient=gradient, layer=start, run=self._run
            )
        return max(1, min(wanted, math.floor(allowed / self._workshop.findings.bytes_per_row[key])))

    def at(self, precision: str) -> TorchModel:
        """This model with forward passes in "fp32", in "bf16", or "auto".

        "auto" is bf16 where the machine has matrix units for it, else fp32. Gradients with
        respect to the input stay fp32: in bf16 they lose too much.
        """
        if precision not in ("fp32", "bf16", "auto"):
            raise InvalidArgument(f"precision is {precision!r}; it can be fp32, bf16 or auto")
        if precision == "auto":
            precision = "bf16" if _has_bf16_units(self.device) else "fp32"
        if precision == self._precision:
            return self
        twin = copy.copy(self)
        twin._precision = precision
        return twin

    def with_random_head(self, batch: Tensor, target: Target, seed: int) -> TorchModel | None:
        """A twin in which the last weights that the target's score hangs on are drawn anew.

        They keep their mean and spread. None if no layer with a matrix of weights matters to it.
        """
        network = self.network
        twin = self.of(shadow_of(network), name=f"{self.name} with a random head")
        first = twin.prepare(batch[:1])
        inside = twin.module

        def scores() -> Tensor:
            with _recording(), random_state_kept():
                return target.take(torch.arange(1)).scores(
                    twin._forward(inside, first, target.layer)
                )

        head = last_that_matters(inside, lambda: twin._without_graph(inside, first), scores)
        if head is None:
            return None
        weight = cast(Tensor, head.weight)
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randn(weight.shape, generator=generator).to(weight)
        if weight.numel() > 1:
            drawn = drawn * weight.std() + weight.mean()
        head.weight = nn.Parameter(drawn, requires_grad=False)
        # Its maps are compared with ours, so they are read from the same layer as ours.
        twin.learn(self)
        return twin

    def counting(self) -> AbstractContextManager[Passes]:
        """Count rows sent forward and backward in this thread."""
        return counting()

    def _without_graph(self, network: nn.Module, batch: Tensor, layer: str | None = None) -> Tensor:
        with torch.no_grad(), random_state_kept():
            return self._forward(network, batch, layer)

    def _forward(self, network: nn.Module, batch: Tensor, layer: str | None = None) -> Tensor:
        seen: list[Tensor] = []
        modules = {} if layer is None else {layer: module_named(network, layer)}

        def keep(name: str, output: Tensor) -> Tensor:
            # What an in-place operation after the layer does is not the layer's output.
            seen[:] = [output]
            return output.clone()

        result = self._pass(network, batch, modules, keep)
        if layer is not None:
            if not seen:
                raise InvalidArgument(f"layer {layer!r} did not run on this input")
            result = seen[0]
        return checked_output(_tensor_in(result), len(batch))

    def _pass(
        self,
        network: nn.Module,
        batch: Tensor,
        layers: Mapping[str, nn.Module],
        listener: Listener,
        *,
        to_the_end: bool = False,
    ) -> Any:
        """One pass; it ends once all `layers` have been heard, if there are any."""
        count_forward(len(batch))
        autocast: Any = nullcontext()
        if self._precision == "bf16":
            autocast = torch.autocast(batch.device.type, dtype=torch.bfloat16)
        with autocast:
            if to_the_end:
                with listening(layers, listener):
                    return self._run(network, batch)
            return run_until_seen(
                lambda: self._run(network, batch),
                layers,
                listener,
                self._workshop.findings.runs,
                tuple(batch.shape[1:]),
            )

    def _run(self, network: nn.Module, batch: Tensor) -> Any:
        port = self.port
        if port.layout != self.contract.layout:
            port = replace(port, layout=self.contract.layout)
        findings = self._workshop.findings
        if findings.writes_input is False:
            return port(network, batch)
        # An in-place operation on the input would change the caller's own memory.
        given = batch.clone()
        before = given._version
        result = port(network, given)
        findings.writes_input = given._version != before
        return result

    def _backward(self, scores: Tensor, leaf: Tensor, of: str) -> Tensor:
        count_backward(len(scores))
        missing = (
            f"the target's score does not depend on {of} in a way that gradients can follow (a "
            "detached or non-differentiable operation between them?)"
        )
        if not scores.requires_grad:
            raise NeedsGradient(missing)
        (gradient,) = torch.autograd.grad(scores.sum(), leaf, allow_unused=True)
        if gradient is None:
            raise NeedsGradient(missing)
        return gradient

    def _first_weight(self) -> Tensor | None:
        for tensor in itertools.chain(self.module.parameters(), self.module.buffers()):
            if tensor.is_floating_point():
                return tensor
        return None


def _tensor_in(result: Any) -> Tensor:
    """The tensor that counts in what a network returned."""
    output = primary(result)
    if output is None:
        raise InvalidType(
            f"the network returned {type(result).__name__} without a tensor inside; wrap it in a "
            "module that returns one"
        )
    return output


@contextmanager
def _recording() -> Iterator[None]:
    """Let autograd record, whatever mode the caller is in."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _indices(rows: slice) -> Tensor:
    return torch.arange(rows.start, rows.stop)


def _has_bf16_units(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    supported: Callable[[], bool] | None = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(supported and supported())
