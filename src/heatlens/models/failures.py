"""What a foreign network raised, in words that say what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from heatlens.errors import HeatlensError, InvalidArgument

__all__ = ["explained"]

_NO_MEMORY = ("out of memory", "resource_exhausted", "resource exhausted", "oom when")


@contextmanager
def explained(name: str, batch: Tensor) -> Iterator[None]:
    """Raise what goes wrong inside as an error of heatlens that says what the network was given.

    Running out of memory stays `MemoryError`, so that a smaller batch is tried.

    Raises:
        InvalidArgument: the network, or a callable target, raised something else.

    Example:
        >>> import torch
        >>> with explained("net", torch.zeros(1, 2)):
        ...     raise KeyError("no such thing")
        Traceback (most recent call last):
        heatlens.errors.InvalidArgument: 'net' or the target raised KeyError ('no such thing') for \
a batch of shape (1, 2) in its own order of axes
    """
    try:
        yield
    except (HeatlensError, MemoryError):
        raise
    except Exception as error:
        words = f"{type(error).__name__}: {error}".lower()
        if any(phrase in words for phrase in _NO_MEMORY) or "DefaultCPUAllocator" in str(error):
            raise MemoryError(str(error)) from error
        reason = next((line for line in str(error).splitlines() if line.strip()), "")[:300]
        raise InvalidArgument(
            f"{name!r} or the target raised {type(error).__name__} ({reason}) for a batch of shape "
            f"{tuple(batch.shape)} in its own order of axes"
        ) from error
