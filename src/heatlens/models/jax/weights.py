"""The arrays of a JAX network: their type, and the head among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

__all__ = ["common_dtype", "leaf_names", "place_of", "torch_device", "with_random_head"]

_DTYPES = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
}


def common_dtype(weights: Any) -> torch.dtype:
    """The widest floating type among the weights; float32 if there is none.

    Example:
        >>> import jax.numpy as jnp
        >>> common_dtype({"a": jnp.ones(2, jnp.bfloat16), "b": jnp.ones(2, int)})
        torch.bfloat16
    """
    import jax

    found = {
        str(leaf.dtype) for leaf in jax.tree_util.tree_leaves(weights) if hasattr(leaf, "dtype")
    }
    floating = [dtype for name, dtype in _DTYPES.items() if name in found]
    return max(floating, key=lambda dtype: dtype.itemsize, default=torch.float32)


def place_of(weights: Any) -> Any:
    """The device of JAX that computes: that of the weights, else the usual one."""
    import jax

    for leaf in jax.tree_util.tree_leaves(weights):
        if isinstance(leaf, jax.Array):
            return next(iter(leaf.devices()))
    return jax.devices()[0]


def torch_device(place: Any) -> torch.device | None:
    """The same device as torch calls it; None where torch has no share in it."""
    import jax

    if place.platform == "gpu" and torch.cuda.is_available():
        return torch.device("cuda", place.local_hardware_id)
    return torch.device("cpu") if place == jax.devices("cpu")[0] else None


def leaf_names(weights: Any) -> list[str]:
    """Dotted names of the leaves, in the order of `jax.tree_util.tree_leaves`.

    Example:
        >>> import jax.numpy as jnp
        >>> leaf_names({"params": {"head": {"kernel": jnp.ones(2)}}, "more": [jnp.ones(1)]})
        ['more.0', 'params.head.kernel']
    """
    import jax

    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(weights)[0]]
    return [".".join(_step(step) for step in path) for path in paths]


def with_random_head(weights: Any, layers: Sequence[str], seed: int) -> Any:
    """The weights with the last layer's matrix drawn anew, keeping its mean and spread.

    Args:
        weights: of the network.
        layers: names of its layers in the order in which they finish.
        seed: of the draw.

    Returns:
        The same structure; None if no layer has a matrix of its own.
    """
    import jax

    leaves, structure = jax.tree_util.tree_flatten(weights)
    names = leaf_names(weights)
    leafmost = [
        layer for layer in layers if not any(name.startswith(f"{layer}.") for name in layers)
    ]
    for layer in reversed(leafmost):
        for place, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
            if not (_belongs(name, layer) and getattr(leaf, "ndim", 0) >= 2):
                continue
            if not jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating):
                continue
            generator = torch.Generator().manual_seed(seed)
            drawn = jax.numpy.asarray(
                torch.randn(leaf.shape, generator=generator, device="cpu").numpy()
            )
            spread = leaf.std(ddof=1) if leaf.size > 1 else 1.0
            changed = (drawn * spread + leaf.mean()).astype(leaf.dtype)
            return structure.unflatten([*leaves[:place], changed, *leaves[place + 1 :]])
    return None


def _belongs(leaf: str, layer: str) -> bool:
    """Whether the leaf is the layer's own; a collection may stand before its name."""
    steps, wanted = leaf.split("."), layer.partition("#")[0].split(".")
    return any(
        steps[start : start + len(wanted)] == wanted
        and len(steps) - start - len(wanted) in (1, 2)
        and start <= 2
        for start in range(len(steps))
    )


def _step(step: Any) -> str:
    for field in ("key", "idx", "name"):
        if hasattr(step, field):
            return str(getattr(step, field))
    return str(step)
