"""One look at all layers of a network while a picture and its altered copy run through it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.capture import listening, primary
from heatlens.models.pytorch.grids import Patch, best_reading, halvings
from heatlens.models.pytorch.randomness import random_state_kept

__all__ = ["Candidate", "Evidence", "Survey", "depends", "survey"]


@dataclass
class Candidate:
    """A tensor on a grid, and the modules that hand it on.

    Attributes:
        reading: the layer that stands for it, and how its output is read.
        agreement: see `Patch.agreement`.
        known: whether convolutions, or merging their cells two by two, make such a grid.
        kinds: the modules that return this very tensor, innermost first.
        rank: see `_rank`.
    """

    reading: SpatialLayer
    agreement: float
    known: bool
    kinds: list[nn.Module]
    rank: int


@dataclass
class Survey:
    """What ran, in order of completion.

    Attributes:
        candidates: tensors with a plausible grid, those that ran last at the end.
        shapes: each layer's output shape in its last run.
    """

    candidates: list[Candidate]
    shapes: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Evidence:
    """How the score depends on a layer.

    Attributes:
        cells: share of its cells that the output depends on.
        channels: channels that one unit of the output depends on.
    """

    cells: float
    channels: int


def survey(network: nn.Module, patch: Patch, only: str | None = None) -> Survey:
    """Send the patch's two rows through the network and read every layer's output.

    Args:
        network: in evaluation mode; left as it was.
        patch: the two rows.
        only: read this layer alone.
    """
    watch = _Watch(patch, only)
    with torch.no_grad(), random_state_kept(), _hooked(network, watch):
        network(patch.rows)
    return watch.result()


class _Watch:
    """Collects outputs; modules that hand on one and the same tensor become one candidate."""

    def __init__(self, patch: Patch, only: str | None) -> None:
        self.patch, self.only = patch, only
        self.grids: set[tuple[int, int]] = set()
        self.found: dict[str, tuple[int, Candidate]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.owners: dict[int, tuple[weakref.ref[Tensor], int, str]] = {}
        self.count = 0

    def __call__(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        tensor = primary(output)
        if tensor is None:
            return
        self.count += 1
        shape = tuple(tensor.shape)
        if isinstance(module, nn.Conv2d) and tensor.ndim == 4:
            self.grids |= halvings((shape[2], shape[3]))
        if self.only not in (None, name):
            return
        self.shapes[name] = shape
        self.found.pop(name, None)  # a layer that runs twice counts with its last run
        if tensor.ndim not in (3, 4) or shape[0] != 2 or not tensor.is_floating_point():
            return
        if self._handed_on(name, module, inputs, output, tensor):
            return
        best = best_reading(name, tensor[1:] - tensor[:1], self.patch, self.grids)
        if best is not None:
            known = best[0].grid in self.grids
            self.found[name] = (self.count, Candidate(*best, known, [module], _rank(output)))
            self._own(tensor, name)

    def result(self) -> Survey:
        ordered = sorted(self.found.values(), key=lambda item: item[0])
        return Survey([candidate for _, candidate in ordered], self.shapes)

    def _own(self, tensor: Tensor, name: str) -> None:
        address = tensor.untyped_storage().data_ptr()
        self.owners[address] = (weakref.ref(tensor), tensor._version, name)

    def _handed_on(
        self, name: str, module: nn.Module, inputs: Any, output: Any, tensor: Tensor
    ) -> bool:
        """Whether the tensor is one that an earlier module returned; then that is noted."""
        address = tensor.untyped_storage().data_ptr()
        owner, version, first = self.owners.get(address, (None, 0, ""))
        earlier = owner() if owner is not None else None
        if earlier is None or version != tensor._version or first not in self.found:
            return False
        if earlier.numel() != tensor.numel():
            return False
        if earlier is not tensor or any(item is tensor for item in inputs):
            return True  # only passed on, or rearranged
        _, candidate = self.found.pop(first)
        candidate.kinds.append(module)
        if _rank(output) == 0 or _rank(output) < candidate.rank:  # the outermost names it
            candidate.reading = replace(candidate.reading, name=name)
            candidate.rank = _rank(output)
        holder = candidate.reading.name
        self.found[holder] = (self.count, candidate)
        self.owners[address] = (weakref.ref(tensor), version, holder)
        return True


def depends(
    network: nn.Module, row: Tensor, readings: Sequence[SpatialLayer]
) -> dict[str, Evidence]:
    """What the network's output depends on, from gradients that stop at the first reading.

    A layer that is missing in the answer has no influence that gradients can follow: it lies
    beside the way to the output, or in a record whose other entries are used instead.
    """
    outputs: dict[str, Tensor] = {}

    def start(name: str, output: Tensor) -> Tensor:
        if not output.requires_grad:
            output = output.detach().requires_grad_()
        outputs[name] = output
        return output.clone()  # what is done in place afterwards must not reach `outputs`

    modules = dict(network.named_modules())
    layers = {reading.name: modules[reading.name] for reading in readings}
    with torch.enable_grad(), random_state_kept(), listening(layers, start):
        output = primary(network(row))
    if output is None or not output.requires_grad or not outputs:
        return {}
    units = output.float().flatten(2).mean(2) if output.ndim > 3 else output.float()
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(units.shape, generator=generator).to(units)
    tensors = list(outputs.values())
    dense = _gradients((units * weights).sum(), tensors, retain=True)
    single = _gradients(units.flatten().max(), tensors, retain=False)
    evidence: dict[str, Evidence] = {}
    for reading in readings:
        if reading.name not in outputs:
            continue
        place = list(outputs).index(reading.name)
        everywhere, one = dense[place], single[place]
        if everywhere is None:
            continue
        cells = reading.to_grid(everywhere).abs().sum(1) > 0
        channels = (
            0 if one is None else int((reading.to_grid(one) != 0).any(0).flatten(1).any(1).sum())
        )
        evidence[reading.name] = Evidence(float(cells.float().mean()), channels)
    return evidence


def _gradients(
    score: Tensor, tensors: Iterable[Tensor], *, retain: bool
) -> tuple[Tensor | None, ...]:
    return torch.autograd.grad(score, tuple(tensors), retain_graph=retain, allow_unused=True)


def _rank(output: Any) -> int:
    """0 for a tensor; 1 for one in a tuple or record of its own; 2 for one among others."""
    if isinstance(output, Tensor):
        return 0
    items = output.values() if isinstance(output, Mapping) else output
    try:
        tensors = sum(1 for item in items if item is not None)
    except TypeError:
        return 2
    return 1 if tensors == 1 else 2


@contextmanager
def _hooked(network: nn.Module, watch: _Watch) -> Iterator[None]:
    """Show every output of every module to `watch`, in this thread only."""
    thread = threading.get_ident()
    handles = []

    def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if threading.get_ident() == thread:
                watch(name, module, inputs, output)

        return hook

    try:
        for name, module in network.named_modules():
            if name:
                handles.append(module.register_forward_hook(hook_for(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()
