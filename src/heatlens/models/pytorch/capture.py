"""Reading and replacing a layer's output while a network runs, in this thread only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, UnknownName

__all__ = ["listening", "module_named", "observable", "primary", "with_primary"]

Listener = Callable[[str, Tensor], Tensor | None]


@contextmanager
def listening(layers: Mapping[str, nn.Module], listener: Listener) -> Iterator[None]:
    """Call `listener(name, output)` whenever one of the layers has run in this thread.

    A tensor it returns takes the place of the output. Outputs without any tensor are passed
    over. The hooks are gone when the block ends, however it ends.
    """
    thread = threading.get_ident()
    handles = []

    def hook_for(name: str) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            if threading.get_ident() != thread:
                return None
            tensor = primary(output)
            if tensor is None:
                return None
            replacement = listener(name, tensor)
            return None if replacement is None else with_primary(output, tensor, replacement)

        return hook

    try:
        for name, layer in layers.items():
            handles.append(layer.register_forward_hook(hook_for(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def observable(network: nn.Module) -> dict[str, nn.Module]:
    """The modules whose output can be seen, by name: all but those that TorchScript compiled."""
    return {
        name: part
        for name, part in network.named_modules()
        if name and not isinstance(part, torch.jit.ScriptModule)
    }


def module_named(network: nn.Module, name: str) -> nn.Module:
    """The module with that dotted name, else `UnknownName` with the nearest names."""
    modules = dict(network.named_modules(remove_duplicate=False))
    if name not in modules:
        raise UnknownName("layer", name, [known for known in modules if known])
    if name == "":
        raise InvalidArgument("the layer's name is empty; give the name of a layer inside")
    if isinstance(modules[name], torch.jit.ScriptModule):
        raise InvalidArgument(f"layer {name!r} is compiled by TorchScript: its output is not seen")
    return modules[name]


def primary(output: Any) -> Tensor | None:
    """The tensor that matters in what a module returned.

    A tensor itself; the `logits`, `out` or `last_hidden_state` of a mapping or record; else the
    first tensor inside. None if there is none.

    Example:
        >>> primary({"aux": torch.ones(2), "out": torch.ones(3)}).shape
        torch.Size([3])
    """
    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        for key in ("logits", "out", "last_hidden_state"):
            if isinstance(output.get(key), Tensor):
                found: Tensor = output[key]
                return found
        output = tuple(output.values())
    if hasattr(output, "logits") and isinstance(output.logits, Tensor):
        logits: Tensor = output.logits
        return logits
    if isinstance(output, (tuple, list)):
        for item in output:
            if (inner := primary(item)) is not None:
                return inner
    return None


def with_primary(output: Any, old: Tensor, new: Tensor) -> Any:
    """The same structure with `old` (by identity) replaced by `new`."""
    if output is old:
        return new
    if isinstance(output, Mapping):
        replaced = {key: with_primary(value, old, new) for key, value in output.items()}
        kind: Any = type(output)
        return kind(**replaced) if hasattr(output, "to_tuple") else kind(replaced)
    if isinstance(output, tuple) and hasattr(output, "_fields"):
        return type(output)(*(with_primary(item, old, new) for item in output))
    if isinstance(output, (tuple, list)):
        return type(output)(with_primary(item, old, new) for item in output)
    return output
