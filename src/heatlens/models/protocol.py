"""The few primitives a model offers, so that each method is written once and runs on any backend.

A backend offers what it can and says so in `capabilities`; a method states what it needs.
Arithmetic between primitives is torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from heatlens.models.contract import Contract
from heatlens.models.layout import in_order
from heatlens.models.targets import Target

__all__ = ["CAPABILITIES", "Model", "Passes", "SpatialLayer"]

CAPABILITIES = ("predict", "gradient", "activations", "layer-gradient")
"""What a backend may be able to do; each names one primitive below."""


@dataclass
class Passes:
    """Forward and backward passes, counted in rows of a batch.

    One row through the whole network is one pass; a gradient that stops at a layer counts as a
    whole backward pass.
    """

    forward: float = 0.0
    backward: float = 0.0


@dataclass(frozen=True)
class SpatialLayer:
    """A layer whose output lies on a grid over the picture, and how to read that grid.

    Attributes:
        name: the layer's name in the model.
        layout: channels first ("NCHW", "NCTHW"), last ("NHWC"), or "NLC" (a row of tokens).
        grid: cells along each axis for the input size it was found at, rows and columns of a
            picture.
        prefix: tokens before the grid's (class, register), for "NLC".
        stride: input pixels per cell along each axis.
        axes: the grid's axes in the layer's own order; `grid` and `stride` are in the canonical
            one.
    """

    name: str
    layout: str
    grid: tuple[int, ...]
    prefix: int = 0
    stride: tuple[float, ...] = (1.0, 1.0)
    axes: str = "HW"

    def to_grid(self, activation: Tensor) -> Tensor:
        """The layer's output as (N, C, *grid); prefix tokens are left out."""
        order = in_order(self.axes)
        if self.layout == "NLC":
            own = tuple(self.grid[order.index(place)] for place in range(len(order)))
            cells = activation[:, self.prefix :].transpose(1, 2).unflatten(2, own)
        else:
            cells = activation if self.layout[1] == "C" else activation.movedim(-1, 1)
        if order == tuple(range(len(order))):
            return cells
        return cells.permute(0, 1, *(2 + place for place in order))


@runtime_checkable
class Model(Protocol):
    """What a method may ask of a model.

    `batch` is canonical, (N, C, *grid) with a grid of one to three axes (see
    `heatlens.models.layout`), and already as the model takes it (see `contract`). All results are
    float32, detached, on the model's device, in the order of the rows; a backend splits batches
    that do not fit its memory budget by itself.
    """

    @property
    def name(self) -> str:
        """What the model calls itself, "torchvision:resnet50"."""
        ...

    @property
    def contract(self) -> Contract:
        """Size, colour and labels it was trained with."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of `CAPABILITIES` it has."""
        ...

    def prepare(self, batch: Tensor) -> Tensor:
        """`batch` on the model's device and in its dtype, or an error that says what is wrong."""
        ...

    def predict(self, batch: Tensor, layer: str | None = None) -> Tensor:
        """Output per row, (N, classes) for a classifier; or that of a layer."""
        ...

    def input_gradient(self, batch: Tensor, target: Target) -> Tensor:
        """Gradient of the target's score with respect to the batch, (N, C, *grid)."""
        ...

    def activations(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Output of each named layer as the network has it."""
        ...

    def traced(self, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
        """Outputs of layers ("" is the network's own), with torch's graph back to `batch`.

        For climbing: `batch` may hang on a graph itself, and objectives may join what several
        layers say of several rows. All rows go at once; the caller sees to it that they fit.
        """
        ...

    def layer_gradient(self, batch: Tensor, layer: str, target: Target) -> tuple[Tensor, Tensor]:
        """Output of a layer, and the gradient of the target's score with respect to it."""
        ...

    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in the order of definition."""
        ...

    def spatial_layer(self, batch: Tensor, layer: str | None = None) -> SpatialLayer:
        """The layer a CAM is read from, found for this input size, or the named one."""
        ...

    def rows(self, batch: Tensor, *, gradient: bool, wanted: int | None = None) -> int:
        """How many of `wanted` rows like those of `batch` fit the memory budget at once."""
        ...

    def at(self, precision: str) -> Model:
        """The same model computing its forward passes in "fp32", "bf16", or "auto"."""
        ...

    def with_random_head(self, batch: Tensor, target: Target, seed: int) -> Model | None:
        """A copy whose last layer has random weights (a check of trust); None if it has none."""
        ...

    def counting(self) -> AbstractContextManager[Passes]:
        """Count the passes made in this thread inside the `with` block."""
        ...
