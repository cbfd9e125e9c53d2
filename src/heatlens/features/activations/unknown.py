"""The error for a layer that a model does not have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from heatlens.errors import HeatlensError, UnknownName
from heatlens.features.activations.tree import LayerLine, around, layer_tree
from heatlens.models.protocol import Model

__all__ = ["UnknownLayer", "unknown_layer"]


class UnknownLayer(UnknownName):
    """A name that no layer has; the message shows the tree around what was probably meant.

    Attributes:
        lines: that part of the tree.

    Example:
        >>> print(UnknownLayer("stem.2", ["stem", "stem.1"], [LayerLine("stem.1", "ReLU", (4, 4))]))
        unknown layer 'stem.2'; did you mean 'stem.1' or 'stem'?
            stem.1  (ReLU 4 x 4)
    """

    def __init__(self, name: str, known: Iterable[str], lines: Sequence[LayerLine]) -> None:
        """Build the message."""
        self.lines = tuple(lines)
        super().__init__("layer", name, known)

    def __reduce__(self) -> tuple[type[UnknownLayer], tuple[object, ...]]:  # type: ignore[override]
        """Pickle by the arguments."""
        return type(self), (self.name, self.known, self.lines)

    def _message(self) -> str:
        tree = [f"  {'  ' * line.depth}{line.name}  ({line.words()})" for line in self.lines]
        return "\n".join([super()._message(), *tree])


def unknown_layer(model: Model, batch: Tensor, name: str) -> UnknownLayer:
    """The error for `name`, which `model` has no layer of.

    Args:
        model: that was asked.
        batch: (N, C, *grid), sent through to see the shapes of the layers.
        name: what was typed.
    """
    try:
        lines = around(layer_tree(model, batch), name)
    except HeatlensError:
        lines = []
    return UnknownLayer(name, model.layers(), lines)
