"""Where a network is worked on: its shadow, and what was found out about it."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from heatlens.models.protocol import SpatialLayer
from heatlens.models.pytorch.shadow import Fingerprint, fingerprint, shadow_of

__all__ = ["Findings", "Workshop", "findings_on"]


@dataclass
class Findings:
    """What was measured on a network; true as long as it has that `structure`.

    Attributes:
        structure: the network's, when it was measured (see `Fingerprint`).
        spatial: the CAM layer by input shape and requested name.
        bytes_per_row: memory by input shape, type and kind of pass.
        rearranged: weights that channels-last convolutions have to copy in every pass.
        writes_input: whether a pass writes into its input, which is then a copy of the caller's.
        runs: how often a layer runs in one pass, by its name and the input's shape.
    """

    structure: tuple[object, ...] = ()
    spatial: dict[Any, SpatialLayer] = field(default_factory=dict)
    bytes_per_row: dict[Any, float] = field(default_factory=dict)
    rearranged: float | None = None
    writes_input: bool | None = None
    runs: dict[Any, int] = field(default_factory=dict)

    def renew(self, structure: tuple[object, ...]) -> None:
        """Forget all if the network is another one now."""
        if structure != self.structure:
            self.spatial.clear()
            self.bytes_per_row.clear()
            self.runs.clear()
            self.rearranged = None
            self.writes_input = None
            self.structure = structure

    def learn(self, other: Findings) -> None:
        """Take over what was found on a network of the same shape."""
        self.spatial.update(other.spatial)
        self.bytes_per_row.update(other.bytes_per_row)
        self.runs.update(other.runs)


_known: WeakKeyDictionary[nn.Module, Findings] = WeakKeyDictionary()
_known_lock = threading.Lock()


def findings_on(module: nn.Module) -> Findings:
    """The findings on a network, kept while it lives.

    A bare network is wrapped anew in every call, and its shadow is made anew, as nothing tells us
    of a plain attribute that its owner changed. Searching for its CAM layer each time would cost
    more than the map.
    """
    with _known_lock:
        return _known.setdefault(module, Findings())


class Workshop:
    """A network's shadow and the findings on it; both made anew when its parts change."""

    def __init__(self, findings: Findings | None = None, *, ours: nn.Module | None = None) -> None:
        """Start with what is known already.

        Args:
            findings: on the network.
            ours: a network that is a shadow itself, and nobody else's: it is worked on as it is,
                and not looked at for changes before each pass.
        """
        self.findings = findings or Findings()
        self._ours = ours
        self._lock = threading.RLock()
        self._mark = Fingerprint()
        self._network: nn.Module | None = None

    def __reduce__(self) -> tuple[type[Workshop], tuple[()]]:
        """Pickled and copied empty: all in it is made from the module."""
        return (Workshop, ())

    def network(self, module: nn.Module) -> nn.Module:
        """The shadow of `module` as it is now."""
        if self._ours is not None:
            return self._ours
        mark = fingerprint(module)
        with self._lock:
            if self._network is None or mark != self._mark:
                with torch.inference_mode(False):
                    self._network, self._mark = shadow_of(module), mark
            self.findings.renew(mark.structure)
            return self._network

    def learn(self, other: Workshop, module: nn.Module) -> None:
        """Take over the findings on a network of the same shape, for `module`."""
        self.network(module)
        self.findings.learn(other.findings)

    def prefers_channels_last(self, module: nn.Module, batch: Tensor) -> bool:
        """Whether the network is faster on channels-last memory, in the same float32.

        Convolutions are, by up to a third; a lone patch embedding gains nothing. But weights in
        the usual order are rearranged in every pass, which a CPU makes up for from one pixel a
        picture for 500 weights on (`python -m benchmarks channels-last`). The number of pictures
        does not count, as layouts round differently: a batch is to equal its rows.
        """
        # Known once; the pass that follows looks whether the network is still the same.
        if self.findings.rearranged is None:
            self.findings.rearranged = _weights_to_rearrange(self.network(module))
        if batch.device.type != "cpu":
            return self.findings.rearranged < math.inf
        return 500 * batch.shape[2] * batch.shape[3] >= self.findings.rearranged


def _weights_to_rearrange(network: nn.Module) -> float:
    """Weights that channels-last convolutions have to copy; infinite if there are none."""
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    if len(convolutions) < 4:
        return math.inf
    return sum(
        part.weight.numel()
        for part in convolutions
        if not part.weight.is_contiguous(memory_format=torch.channels_last)
    )
