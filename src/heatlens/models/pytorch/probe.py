"""A look at all layers of a network while a picture and its altered copy run through it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.models.candidates import Evidence
from heatlens.models.grids import Patch, best_reading, halvings
from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.capture import listening, module_named, observable, primary
from heatlens.models.pytorch.randomness import random_state_kept

__all__ = ["Candidate", "Survey", "depends", "survey"]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Candidate:
    """A tensor on a grid, and the modules that hand it on.

    Attributes:
        reading: the layer that stands for it, and how its output is read.
        agreement: see `best_reading`.
        known: whether convolutions, or merging their cells two by two, make such a grid.
        kinds: the modules that return this very tensor, innermost first.
        alone: 0 if the layer returns the bare tensor, 1 if in a tuple or record of its own, 2 if
            among other things.
    """

    reading: SpatialLayer
    agreement: float
    known: bool
    kinds: list[nn.Module]
    alone: int


@dataclass
class Survey:
    """What ran.

    Attributes:
        candidates: tensors with a plausible grid, in the order of completion.
        shapes: shape of each layer's output in its last run.
    """

    candidates: list[Candidate]
    shapes: dict[str, tuple[int, ...]]


Run = Callable[[nn.Module, Tensor], Any]
"""How a network is called with a canonical batch."""


def survey(
    network: nn.Module, patch: Patch, run: Run, only: str | None = None, rows: int = 2
) -> Survey:
    """Send the patch's two rows through the network and read the layers' outputs as grids.

    Args:
        network: in evaluation mode; left as it was.
        patch: the two rows.
        run: calls the network.
        only: read this layer alone.
        rows: 1 for a network that takes one row at a time.
    """
    watch = _Watch(patch, only, rows)
    with torch.no_grad(), random_state_kept(), _watched(network, watch):
        for part in patch.rows.split(rows):
            watch.run += 1
            run(network, part.clone())
    ordered = sorted(watch.found.values(), key=lambda item: item[0])
    return Survey([candidate for _, candidate in ordered], watch.shapes)


def depends(
    network: nn.Module, row: Tensor, readings: Sequence[SpatialLayer], run: Run
) -> dict[str, Evidence]:
    """On which of the layers the network's output depends, by gradients that end at the first.

    A layer that is missing in the answer has no influence that gradients can follow: it lies
    beside the way to the output, or in a record whose other entries are used instead.
    """
    outputs: dict[str, Tensor] = {}

    def start(name: str, output: Tensor) -> Tensor:
        if not output.requires_grad:
            output = output.detach().requires_grad_()
        outputs[name] = output
        return output.clone()  # what is done to it in place afterwards must not reach `outputs`

    layers = {reading.name: module_named(network, reading.name) for reading in readings}
    with torch.enable_grad(), random_state_kept(), listening(layers, start):
        result = primary(run(network, row.clone()))
    if result is None or not result.requires_grad or not outputs:
        return {}
    units = result.float().flatten(2).mean(2) if result.ndim > 3 else result.float()
    weights = torch.randn(units.shape, generator=torch.Generator().manual_seed(1)).to(units)
    tensors = tuple(outputs.values())
    everywhere = torch.autograd.grad(
        (units * weights).sum(), tensors, retain_graph=True, allow_unused=True
    )
    single = torch.autograd.grad(units.flatten().max(), tensors, allow_unused=True)
    slopes = dict(zip(outputs, zip(everywhere, single, strict=True), strict=True))
    evidence: dict[str, Evidence] = {}
    for reading in readings:
        of_all, of_one = slopes.get(reading.name, (None, None))
        if of_all is None:
            continue
        cells = (reading.to_grid(of_all) != 0).any(1).float().mean()
        channels = 0 if of_one is None else (reading.to_grid(of_one) != 0).flatten(2).any(2).sum()
        evidence[reading.name] = Evidence(float(cells), int(channels))
    return evidence


class _Watch:
    """Reads outputs; modules that hand on one and the same tensor become one candidate."""

    def __init__(self, patch: Patch, only: str | None, rows: int) -> None:
        self.patch, self.only, self.rows = patch, only, rows
        self.run = self.count = 0
        self.found: dict[str, tuple[int, Candidate]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.grids: set[tuple[int, ...]] = set()
        self.before: dict[str, Tensor] = {}
        self.owners: dict[int, tuple[weakref.ref[Tensor], int, str]] = {}

    def __call__(self, name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        tensor = primary(output)
        if tensor is None:
            return
        self.count += 1
        shape = tuple(tensor.shape)
        dimensions = len(self.patch.size) + 2
        if isinstance(module, _CONVOLUTIONS) and tensor.ndim == dimensions:
            for grid in halvings(shape[2:]):
                self.grids |= self.patch.canonical(grid)
        if self.only not in (None, name):
            return
        self.shapes[name] = shape
        self.found.pop(name, None)  # a layer that runs twice counts with its last run
        if tensor.ndim not in (3, dimensions) or shape[0] != self.rows:
            return
        if not tensor.is_floating_point():
            return
        if self.run * self.rows < len(self.patch.rows):
            self.before[name] = tensor.clone()
        elif not self._handed_on(name, module, inputs, output, tensor):
            self._read(name, module, output, tensor)

    def _read(self, name: str, module: nn.Module, output: Any, tensor: Tensor) -> None:
        unaltered = self.before.get(name, tensor[:1])
        if unaltered.shape[1:] != tensor.shape[1:]:
            return
        best = best_reading(
            name, tensor.shape[1:], lambda: tensor[-1:] - unaltered, self.patch, self.grids
        )
        if best is not None:
            known = best[0].grid in self.grids
            self.found[name] = (self.count, Candidate(*best, known, [module], _alone(output)))
            self._own(tensor, name)

    def _handed_on(
        self, name: str, module: nn.Module, inputs: Any, output: Any, tensor: Tensor
    ) -> bool:
        """Whether the tensor is one that an earlier module returned; then that is noted."""
        owner, version, first = self.owners.get(_address(tensor), (None, 0, ""))
        earlier = owner() if owner is not None else None
        if earlier is None or version != tensor._version or first not in self.found:
            return False
        if earlier.numel() != tensor.numel():
            return False
        if earlier is not tensor or any(item is tensor for item in inputs):
            return True  # only passed on, or rearranged
        _, candidate = self.found.pop(first)
        candidate.kinds.append(module)
        alone = _alone(output)
        if alone == 0 or alone < candidate.alone:  # the outermost module names it
            candidate.reading, candidate.alone = replace(candidate.reading, name=name), alone
        self.found[candidate.reading.name] = (self.count, candidate)
        self._own(tensor, candidate.reading.name)
        return True

    def _own(self, tensor: Tensor, name: str) -> None:
        self.owners[_address(tensor)] = (weakref.ref(tensor), tensor._version, name)


@contextmanager
def _watched(network: nn.Module, watch: _Watch) -> Iterator[None]:
    """Show every output of every module to `watch`, in this thread only."""
    thread = threading.get_ident()
    handles = []

    def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if threading.get_ident() == thread:
                watch(name, module, inputs, output)

        return hook

    try:
        for name, module in observable(network).items():
            handles.append(module.register_forward_hook(hook_for(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _alone(output: Any) -> int:
    if isinstance(output, Tensor):
        return 0
    items = output.values() if isinstance(output, Mapping) else output
    try:
        return 1 if sum(item is not None for item in items) == 1 else 2
    except TypeError:
        return 2
