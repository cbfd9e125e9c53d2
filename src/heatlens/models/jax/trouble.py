"""What JAX, Flax and the user's own code raise, said in a way that helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from heatlens.errors import HeatlensError, InvalidArgument, NeedsGradient

__all__ = ["explained"]

_UNTRACEABLE = (
    "TracerArrayConversionError",
    "TracerBoolConversionError",
    "TracerIntegerConversionError",
    "ConcretizationTypeError",
    "NonConcreteBooleanIndexError",
    "UnexpectedTracerError",
)
_NO_GRADIENT = ("Reverse-mode differentiation", "do not support JVP", "does not support JVP")
_NO_MEMORY = ("RESOURCE_EXHAUSTED", "out of memory")


@contextmanager
def explained(name: str, shape: tuple[int, ...]) -> Iterator[None]:
    """Turn an exception out of the network into one of heatlens's.

    Args:
        name: of the network.
        shape: of the batch that it was given.

    Raises:
        NeedsGradient: an operation inside has no reverse-mode derivative.
        InvalidArgument: the network cannot be traced, or not be called with such a batch.
        torch.OutOfMemoryError: memory ran out; fewer rows may fit.
    """
    try:
        yield
    except HeatlensError:
        raise
    except Exception as error:
        raise _in_words(error, name, shape) from error


def _in_words(error: Exception, name: str, shape: tuple[int, ...]) -> Exception:
    text = str(error)
    first = (
        f"{type(error).__name__}: {text.strip().splitlines()[0].rstrip('.')}"
        if text.strip()
        else ""
    )
    kind = type(error).__name__
    if any(words in text for words in _NO_MEMORY):
        return torch.OutOfMemoryError(text)
    if any(words in text for words in _NO_GRADIENT):
        return NeedsGradient(
            f"{name} has an operation that gradients cannot go back through: {text}"
        )
    if kind in _UNTRACEABLE:
        return InvalidArgument(
            f"{name} cannot be traced by JAX ({first}): it branches on values, or turns arrays "
            "into NumPy's. Write it in jax.numpy, or give it to load_model() with "
            "framework='numpy', for the methods that need no gradient"
        )
    if kind == "InvalidRngError":
        return InvalidArgument(
            f"{name} draws random numbers as it does in training ({first}); give its __call__ an "
            "argument train or deterministic that heatlens can set, or an evaluating module"
        )
    if kind == "ModifyScopeVariableError":
        return InvalidArgument(
            f"{name} updates its statistics as in training ({first}); give its __call__ an "
            "argument train, or set use_running_average=True"
        )
    return InvalidArgument(
        f"{name} cannot be called with a batch of shape {shape}: {first or kind}. If its axes have "
        "another order, say so with layout= ('NHWC', 'NCHW', ...) of load_model()"
    )
