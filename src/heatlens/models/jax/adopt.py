"""Whose network of JAX is this, and what does it tell of its input?"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from heatlens.models.backend import Backend
from heatlens.models.contract import Contract
from heatlens.models.jax.engine import JaxEngine
from heatlens.models.jax.network import FunctionNetwork, Network
from heatlens.models.layout import grid_axes
from heatlens.models.source import Wish

__all__ = ["adopt"]

_CHANNELS_LAST = {1: "NTC", 2: "NHWC", 3: "NDHWC"}
_CHANNELS_FIRST = {1: "NCT", 2: "NCHW", 3: "NCDHW"}
_LIKELY_SIDES = (224, 64, 32, 28, 96, 128, 256, 299, 384)


def adopt(network: Any, wish: Wish) -> Backend | None:
    """A network of Flax or Equinox, or a function of JAX, as a model; None if it is none.

    A linen module comes bound to its variables (`module.bind(variables)`) or as the pair
    `(module, variables)`; a stateful Equinox module as the pair `(module, state)`.

    Args:
        network: what the caller gave.
        wish: the caller's words on it; `framework="jax"` makes any callable a function of JAX.
    """
    found = _linen(network) or _nnx(network) or _equinox(network) or _function(network, wish)
    if found is None:
        return None
    inside, layout, channels = found
    layout = wish.layout or layout
    axes = grid_axes(layout)
    assumed = []
    if "HW" in axes:
        assumed.append("pixels in 0..1 go in as they are (mean 0, std 1)")
    if axes == "HW" and wish.input_size is None:
        assumed.append("pictures of any size go in")
    if wish.layout is None:
        assumed.append(f"the axes of a batch are {layout} (layout= says otherwise)")
    channels = channels if "C" in layout else 1
    contract = Contract(
        input_size=wish.input_size,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        layout=layout,
        assumed=tuple(assumed),
    )
    engine = JaxEngine(inside, wish.output, _likely_shapes(contract))
    return Backend(engine, contract, name=inside.name, origin=network)


def _linen(network: Any) -> tuple[Network, str, int] | None:
    linen = sys.modules.get("flax.linen")
    if linen is None:
        return None
    module, variables = network if _is_pair(network) else (network, None)
    if not isinstance(module, linen.Module):
        return None
    from heatlens.errors import InvalidArgument
    from heatlens.models.jax.linen import LinenNetwork

    if variables is None:
        if module.scope is None:
            raise InvalidArgument(
                f"{type(module).__name__} of flax.linen holds no weights; give it with them: "
                "module.bind(variables), or the pair (module, variables)"
            )
        module, variables = module.unbind()
    if not isinstance(variables, Mapping):
        raise InvalidArgument(
            f"the variables of {type(module).__name__} are {type(variables).__name__}; expected "
            "the mapping that module.init() returned, {'params': ...}"
        )
    if "params" not in variables and variables:
        raise InvalidArgument(
            f"the variables of {type(module).__name__} have the collections "
            f"{', '.join(map(str, variables))} and no 'params'; give {{'params': ...}}"
        )
    axes, channels = _of_kernels(variables)
    return LinenNetwork(module, variables), _CHANNELS_LAST[axes], channels


def _nnx(network: Any) -> tuple[Network, str, int] | None:
    nnx = sys.modules.get("flax.nnx")
    if nnx is None or not isinstance(network, nnx.Module) or not callable(network):
        return None
    from heatlens.models.jax.nnx import NnxNetwork

    axes, channels = 2, 3
    for part in _depth_first(network):
        if isinstance(part, nnx.Conv):
            axes, channels = len(part.kernel_size), int(part.in_features)
            break
    return NnxNetwork(network), _CHANNELS_LAST.get(axes, "NHWC"), channels


def _equinox(network: Any) -> tuple[Network, str, int] | None:
    equinox = sys.modules.get("equinox")
    if equinox is None:
        return None
    module, state = network if _is_pair(network) else (network, None)
    if not isinstance(module, equinox.Module) or not callable(module):
        return None
    from heatlens.models.jax.equinox import EquinoxNetwork

    # filter_jit and filter_vmap wrap what is meant.
    inner = getattr(module, "__wrapped__", None)
    if type(module).__name__ == "_JitWrapper" and isinstance(inner, equinox.Module):
        module = inner
    elif type(module).__name__ in ("_JitWrapper", "_VmapWrapper"):
        return FunctionNetwork(module, type(inner).__name__), "NCHW", 3
    axes, channels = 2, 3
    for part in _depth_first(module):
        if isinstance(part, equinox.nn.Conv):
            axes, channels = part.num_spatial_dims, part.in_channels
            break
    return EquinoxNetwork(module, state), _CHANNELS_FIRST[axes], channels


def _function(network: Any, wish: Wish) -> tuple[Network, str, int] | None:
    if not callable(network) or isinstance(network, type):
        return None
    if wish.framework != "jax" and (wish.framework is not None or not _is_of_jax(network)):
        return None
    inner = network.func if isinstance(network, functools.partial) else network
    name = getattr(inner, "__name__", type(inner).__name__)
    return FunctionNetwork(network, name), "NHWC", 3


def _is_of_jax(function: Any) -> bool:
    """Whether jit, vmap, custom_jvp or the like of JAX made it."""
    while isinstance(function, functools.partial):
        function = function.func
    made_in = type(function).__module__.partition(".")[0]
    if made_in in ("jax", "jaxlib"):
        return True
    spaces = getattr(function, "__globals__", {})
    return str(spaces.get("__name__", "")).partition(".")[0] == "jax"


def _is_pair(network: Any) -> bool:
    return isinstance(network, tuple) and len(network) == 2


def _of_kernels(variables: Mapping[str, Any]) -> tuple[int, int]:
    """Axes of the grid and channels, as the kernels of convolutions among the variables say."""
    kernels = [
        leaf
        for name, leaf in _named_leaves(variables.get("params", {}))
        if name == "kernel" and leaf.ndim in (4, 5)
    ]
    # The order of the tree is that of names: a kernel that takes colours is likely the first.
    first = [kernel for kernel in kernels if kernel.shape[-2] in (1, 3, 4)] or kernels
    return (first[0].ndim - 2, int(first[0].shape[-2])) if first else (2, 3)


def _named_leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in tree.items():
        if isinstance(item, Mapping):
            yield from _named_leaves(item)
        elif hasattr(item, "shape"):
            yield name, item


def _depth_first(part: Any) -> Iterator[Any]:
    """All parts of a module in the order of its fields."""
    yield part
    if isinstance(part, list | tuple):
        inside = list(part)
    elif isinstance(part, Mapping):
        inside = list(part.values())
    else:
        inside = [] if hasattr(part, "dtype") else list(getattr(part, "__dict__", {}).values())
    for item in inside:
        if isinstance(item, list | tuple | Mapping) or _is_module(item):
            yield from _depth_first(item)


def _is_module(item: Any) -> bool:
    nnx, equinox = sys.modules.get("flax.nnx"), sys.modules.get("equinox")
    return any(space is not None and isinstance(item, space.Module) for space in (nnx, equinox))


def _likely_shapes(contract: Contract) -> list[tuple[int, ...]]:
    """Shapes of a row in the network's own order, the likeliest first."""
    axes = contract.axes
    sizes = (
        [contract.input_size]
        if contract.input_size is not None
        else [(side,) * len(axes) for side in _LIKELY_SIDES]
    )
    shapes = []
    for size in sizes:
        lengths = {"C": contract.channels, **dict(zip(axes, size, strict=True))}
        shapes.append(tuple(lengths[letter] for letter in contract.layout if letter != "N"))
    return shapes
