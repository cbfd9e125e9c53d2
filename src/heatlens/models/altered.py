"""A model one of whose layers says something else: what would it decide without this?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from heatlens.errors import InvalidArgument, UnsupportedMethod
from heatlens.models.load import as_model
from heatlens.models.protocol import Model
from heatlens.models.pytorch.capture import module_named, primary, with_primary
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.shadow import shadow_of

__all__ = ["altered"]


def altered(model: Any, layer: str, change: Callable[[Tensor], Tensor]) -> Model:
    """The same PyTorch model in which `change` replaces what `layer` puts out, in every pass.

    The given model and its module are left as they are; weights are shared.

    Args:
        model: a loaded PyTorch model, or a bare module.
        layer: dotted name.
        change: from the layer's output, (n, ...) for the n rows of one chunk, to a tensor of the
            same shape. Which rows those are it cannot know: it treats all alike.

    Raises:
        UnsupportedMethod: the model is not PyTorch's, where alone a layer can be replaced.
        UnknownName: there is no such layer.
        InvalidArgument: while it runs, if `change` gives another shape, or the network does not
            go through the layer (fused attention passes its own parts by).

    Example:
        >>> import torch
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False))
        >>> altered(net, "1", torch.ones_like).predict(torch.zeros(1, 1, 1, 2)).tolist()
        [[1.0, 1.0]]
    """
    adapted = as_model(model)
    if not isinstance(adapted, TorchModel):
        raise UnsupportedMethod(
            f"{adapted.name} is not a PyTorch model: the outputs of its layers can be read, not "
            "replaced. Change the pictures instead"
        )
    network = shadow_of(adapted.network)
    ran = threading.local()
    part = module_named(network, layer)
    network.register_forward_pre_hook(lambda *_: setattr(ran, "here", False))
    part.register_forward_hook(_replacing(layer, change, ran))
    network.register_forward_hook(_seen_to(layer, ran))
    return adapted.of(network, name=f"{adapted.name} with {layer!r} altered")


def _replacing(
    layer: str, change: Callable[[Tensor], Tensor], ran: threading.local
) -> Callable[[nn.Module, Any, Any], Any]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
        ran.here = True
        old = primary(output)
        if old is None:
            return None
        new = change(old)
        if not isinstance(new, Tensor) or new.shape != old.shape:
            got = tuple(new.shape) if isinstance(new, Tensor) else type(new).__name__
            raise InvalidArgument(
                f"the change of layer {layer!r} gave {got}; it must keep {tuple(old.shape)}"
            )
        return with_primary(output, old, new)

    return hook


def _seen_to(layer: str, ran: threading.local) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if not ran.here:
            raise InvalidArgument(
                f"layer {layer!r} did not run on this input, so nothing was altered: take the "
                "layer around it"
            )

    return hook
