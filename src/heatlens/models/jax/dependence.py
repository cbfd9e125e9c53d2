"""Whether a derivative is zero because of the input, or because nothing leads back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["is_differentiable"]


def is_differentiable(function: Callable[[Any], Any], point: Any) -> bool:
    """Whether derivatives can pass from an array through `function` at all.

    What counts is whether the tangent of its output is computed from the tangent of its input. A
    `stop_gradient` or a rounding to whole numbers between them leaves zeros that depend on nothing.

    Args:
        function: of one array; it is run once, so it may branch on values.
        point: the array.

    Example:
        >>> import jax
        >>> import jax.numpy as jnp
        >>> is_differentiable(jnp.sin, jnp.ones(2))
        True
        >>> is_differentiable(jax.lax.stop_gradient, jnp.ones(2))
        False
    """
    import jax

    _, tangent = jax.linearize(function, point)
    traced = jax.make_jaxpr(tangent)(point).jaxpr
    reached = {traced.invars[0]}
    for step in traced.eqns:
        if any(_is_variable(item) and item in reached for item in step.invars):
            reached.update(step.outvars)
    return any(_is_variable(item) and item in reached for item in traced.outvars)


def _is_variable(item: Any) -> bool:
    """Literals stand among a step's inputs too and cannot be looked up."""
    return not hasattr(item, "val")
