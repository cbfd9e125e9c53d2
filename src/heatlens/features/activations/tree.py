"""All layers of a network with the shapes of their outputs, as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from heatlens.errors import HeatlensError, did_you_mean
from heatlens.models.protocol import Model
from heatlens.models.pytorch.capture import listening, observable
from heatlens.models.pytorch.model import TorchModel

__all__ = ["LayerLine", "around", "layer_tree"]


@dataclass(frozen=True)
class LayerLine:
    """One layer.

    Attributes:
        name: its full name in the model, dots between levels.
        kind: class of the layer ("Conv2d"); empty where the framework does not say.
        shape: of its output without the batch, in its last run; None if it did not run.
        kernel: size of the window of a convolution or pooling, per axis; empty elsewhere.
        stride: of that window.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()

    @property
    def depth(self) -> int:
        """How many layers it lies inside of."""
        return self.name.count(".")

    def words(self) -> str:
        """Kind, shape and window in words.

        Example:
            >>> LayerLine("stem.0", "Conv2d", (16, 48, 48), (3, 3), (2, 2)).words()
            'Conv2d 16 x 48 x 48, kernel 3 x 3, stride 2'
        """
        shape = "did not run" if self.shape is None else " x ".join(map(str, self.shape)) or "1"
        parts = [f"{self.kind} {shape}".strip()]
        if self.kernel:
            parts += [f"kernel {' x '.join(map(str, self.kernel))}", f"stride {_same(self.stride)}"]
        return ", ".join(parts)


def layer_tree(model: Model, batch: Tensor) -> list[LayerLine]:
    """Every layer whose output can be seen, in the model's own order; one forward pass.

    Args:
        model: one that can be looked into; another gives an empty list.
        batch: (N, C, *grid) as the model takes it; the first row is sent through.

    Example:
        >>> from heatlens.models.load import as_model
        >>> network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())
        >>> [line.words() for line in layer_tree(as_model(network), torch.zeros(1, 3, 9, 9))]
        ['Conv2d 4 x 4 x 4, kernel 3 x 3, stride 2', 'ReLU 4 x 4 x 4']
    """
    if isinstance(model, TorchModel):
        shapes: dict[str, tuple[int, ...]] = {}

        def note(name: str, output: Tensor) -> None:
            shapes[name] = tuple(output.shape[1:])

        parts = observable(model.network)
        with listening(parts, note):
            model.predict(batch[:1])
        return [_line(name, part, shapes.get(name)) for name, part in parts.items()]
    names = model.layers()
    return [LayerLine(name, "", shape) for name, shape in _shapes(model, batch, names).items()]


def around(lines: Sequence[LayerLine], name: str, most: int = 24) -> list[LayerLine]:
    """The part of the tree in which a mistyped `name` was probably meant.

    Args:
        lines: the whole tree.
        name: what was typed.
        most: lines at most.

    Returns:
        The layers inside of the longest known beginning of the name, else those beside the
        nearest known name; the upper levels if there is none.
    """
    known = [line.name for line in lines]
    parent = name
    while parent and parent not in known:
        parent = parent.rpartition(".")[0]
    if not parent:
        near = did_you_mean(name, known, count=1)
        parent = near[0].rpartition(".")[0] if near else ""
    level = parent.count(".") + 1 if parent else 0
    inside = [
        line
        for line in lines
        if not parent or line.name == parent or line.name.startswith(f"{parent}.")
    ]
    some: list[LayerLine] = []
    for deepest in range(level + 3, level - 1, -1):
        some = [line for line in inside if line.depth <= deepest]
        if len(some) <= most:
            return some
    return some[:most]


def _line(name: str, module: nn.Module, shape: tuple[int, ...] | None) -> LayerLine:
    window = getattr(module, "kernel_size", None), getattr(module, "stride", None)
    kernel, stride = (_numbers(item) for item in window)
    if not kernel or not stride:
        kernel = stride = ()
    axes = max(len(kernel), len(stride), min(2, len(shape or ()) - 1) if kernel else 0)
    return LayerLine(name, type(module).__name__, shape, _wide(kernel, axes), _wide(stride, axes))


def _numbers(item: object) -> tuple[int, ...]:
    if isinstance(item, int) and not isinstance(item, bool):
        return (item,)
    if isinstance(item, tuple) and all(isinstance(part, int) for part in item):
        return item
    return ()


def _wide(numbers: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One number stands for all axes."""
    return numbers * axes if len(numbers) == 1 else numbers


def _same(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else " x ".join(map(str, numbers))


def _shapes(model: Model, batch: Tensor, names: Sequence[str]) -> dict[str, tuple[int, ...] | None]:
    try:
        with torch.no_grad():
            seen = model.activations(batch[:1], names)
        return {name: tuple(output.shape[1:]) for name, output in seen.items()}
    except HeatlensError:
        return dict.fromkeys(names)
