"""A shadow of a network: the same weights, none of its state.

Explaining a network must leave it as it was: mode, `requires_grad`, `.grad`, hooks, also after an
exception and while another thread uses it. So we never touch it. We work on a shadow whose
modules are our own, in evaluation mode, and whose parameters are views of the same storage that
carry no gradient (which also saves the memory of activations kept for weight gradients).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["Fingerprint", "fingerprint", "shadow_of"]

_HOOKS = tuple(name for name in vars(nn.Module()) if name.endswith("hooks"))
_PLAIN = (bool, int, float, str)
_SIMPLE = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)


def shadow_of(module: nn.Module) -> nn.Module:
    """A copy of the tree of modules in evaluation mode that shares all weights.

    Hooks that the owner set are kept (they are part of what the network computes), buffers are
    copied (a forward pass may write into them). A weight changed in place later is seen by the
    shadow; whatever else changes is not: compare `fingerprint` for that.

    Example:
        >>> layer = nn.Linear(2, 1).train()
        >>> shadow = shadow_of(layer)
        >>> shadow.training, shadow.weight.requires_grad, layer.training
        (False, False, True)
        >>> shadow.weight.data_ptr() == layer.weight.data_ptr()
        True
    """
    memo: dict[int, Any] = {}
    for original in module.modules():
        if id(original) in memo:
            continue  # a part of a compiled module
        if isinstance(original, torch.jit.ScriptModule):
            memo.update(_compiled(original))
            continue
        memo[id(original)] = object.__new__(type(original))
        for name, tensor in original._parameters.items():
            if tensor is not None and id(tensor) not in memo:
                memo[id(tensor)] = _without_gradient(tensor, name)
        for buffer in original._buffers.values():
            if buffer is not None:
                # A copy: what a forward pass writes into a buffer stays ours.
                memo[id(buffer)] = buffer.detach().clone()
    for original in module.modules():
        if not isinstance(original, torch.jit.ScriptModule):
            memo[id(original)].__dict__.update(_state(original, memo))
    shadow: nn.Module = memo[id(module)]
    return shadow


@dataclass(frozen=True)
class Fingerprint:
    """What a shadow took over other than by reference.

    Attributes:
        structure: identities of modules and weights, and plain attributes (numbers, strings,
            tuples of such). An attribute changed inside a list or dictionary is not seen.
        state: identities and versions of buffers, identities of forward hooks.
    """

    structure: tuple[object, ...] = ()
    state: tuple[int, ...] = ()


def fingerprint(module: nn.Module) -> Fingerprint:
    """What `module` is made of now; equal to an earlier one while a shadow is still true."""
    # Asked before every pass: a walk of its own takes half the time of `module.modules()`.
    structure: list[object] = []
    state: list[int] = []
    seen: set[int] = set()
    waiting: list[nn.Module | None] = [module]
    while waiting:
        part = waiting.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        structure.append(id(part))
        for tensor in part._parameters.values():
            if tensor is not None:
                structure += (id(tensor), _address(tensor))
        for buffer in part._buffers.values():
            if buffer is not None:
                state += (id(buffer), _address(buffer), _version(buffer))
        for name, value in part.__dict__.items():
            if (type(value) in _PLAIN and name != "training") or (
                type(value) is tuple and all(type(item) in _PLAIN for item in value)
            ):
                structure.append(value)
        for hooks in (part._forward_hooks, part._forward_pre_hooks):
            state += (id(hook) for hook in hooks.values())
        waiting += part._modules.values()
    return Fingerprint(tuple(structure), tuple(state))


def _compiled(original: torch.jit.ScriptModule) -> dict[int, nn.Module]:
    """Copies of a compiled module and its parts, by the identity of their originals."""
    with torch.no_grad():  # else the copies of the weights would hang on the originals
        twin = copy.deepcopy(original).eval()
    for ours, theirs in zip(twin.parameters(), original.parameters(), strict=True):
        ours.requires_grad_(False).data = theirs.data
    return {
        id(theirs): ours for ours, theirs in zip(twin.modules(), original.modules(), strict=True)
    }


def _state(original: nn.Module, memo: dict[int, Any]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for name, value in original.__dict__.items():
        if name in ("_parameters", "_buffers", "_modules"):
            state[name] = type(value)(
                (key, None if item is None else memo[id(item)]) for key, item in value.items()
            )
        elif name == "training":
            # cuDNN differentiates recurrent layers in training mode alone; without dropout, which
            # is all that the mode changes in them, both modes compute the same.
            state[name] = isinstance(original, nn.RNNBase)
        elif name == "dropout" and isinstance(original, nn.RNNBase):
            state[name] = 0.0
        elif isinstance(value, _SIMPLE):
            state[name] = value
        elif name in _HOOKS:
            state[name] = value.copy()
        else:
            state[name] = _copied(value, memo)
    return state


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """A deep copy in which references to modules and weights lead to the shadow's."""
    if isinstance(value, Tensor):
        return memo.setdefault(id(value), value.detach())
    try:
        return copy.deepcopy(value, memo)
    except Exception:
        # Locks, file handles, generators: not copyable, and nothing that a forward pass changes.
        return value


def _without_gradient(parameter: Tensor, name: str) -> Tensor:
    if isinstance(parameter, nn.parameter.UninitializedParameter):
        from heatlens.errors import InvalidArgument

        raise InvalidArgument(
            f"parameter {name!r} is not initialised (a lazy module): run the network once first"
        )
    return nn.Parameter(parameter.detach(), requires_grad=False)


def _version(buffer: Tensor) -> int:
    try:
        return buffer._version
    except RuntimeError:  # made in inference mode
        return 0


def _address(tensor: Tensor) -> int:
    try:
        return tensor.data_ptr()
    except (RuntimeError, ValueError):  # no storage, or not initialised
        return 0
