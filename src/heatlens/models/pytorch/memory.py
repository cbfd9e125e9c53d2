"""How many rows of a batch go through a network at once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, OutOfMemory
from heatlens.models.pytorch.capture import listening, observable
from heatlens.models.pytorch.randomness import random_state_kept

__all__ = ["budget", "bytes_per_row", "in_chunks", "ran_out", "useful_rows"]

Result = TypeVar("Result")

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


def budget(device: torch.device) -> int:
    """Bytes that activations may take: `HEATLENS_MEMORY` ("512M", "2G") or a default.

    The default is half of the free memory of a GPU; on a CPU 2 GiB, or an eighth of a memory of
    less than 16 GiB. That holds 8 rows of a ResNet-50 at 224 pixels with their graph.
    """
    setting = os.environ.get("HEATLENS_MEMORY", "").strip().upper().removesuffix("B")
    if setting:
        number, unit = (setting[:-1], setting[-1]) if setting[-1] in "KMG" else (setting, "")
        try:
            size = int(float(number) * _UNITS[unit])
        except ValueError:
            size = 0
        if size <= 0:
            raise InvalidArgument(
                f"HEATLENS_MEMORY is {setting!r}; it is a number of bytes such as 512M or 2G"
            )
        return size
    if device.type == "cuda":
        # What torch holds and does not use is free as well.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (torch.cuda.mem_get_info(device)[0] + unused) // 2
    return min(2**31, _physical_memory() // 8)


def useful_rows(batch: Tensor) -> int | None:
    """Rows beyond which a CPU is no faster; None on a device that always gains by more.

    Measured forward and backward on ResNet-18 and -50: about 8 rows of 224 pixels, 32 of 112, 64
    of 64, which is one and the same number of pixels.
    """
    if batch.device.type != "cpu" or batch.ndim < 4:
        return None
    return max(1, 2**19 // math.prod(batch.shape[2:]))


def bytes_per_row(
    network: nn.Module,
    batch: Tensor,
    *,
    gradient: bool,
    layer: nn.Module | None = None,
    run: Callable[[nn.Module, Tensor], object] = lambda network, batch: network(batch),
) -> float:
    """Memory that one row's activations take, measured on the batch's first row.

    With a gradient all activations are alive at once, from `layer` on if it starts there;
    without, about the three largest.
    """
    sizes: list[int] = []
    kept: list[int] = []
    started = layer is None
    leaves = {name: part for name, part in observable(network).items() if not list(part.children())}

    def note(name: str, output: Tensor) -> None:
        sizes.append(output.numel() * output.element_size())
        if started:
            kept.append(sizes[-1])

    def start(name: str, output: Tensor) -> None:
        nonlocal started
        started = True
        kept.append(output.numel() * output.element_size())

    first = {} if layer is None else {"layer": layer}
    with torch.no_grad(), random_state_kept(), listening(leaves, note), listening(first, start):
        run(network, batch[:1].clone())
    sizes.append(batch[0].numel() * batch.element_size())
    largest = float(sum(sorted(sizes)[-3:]))
    # What functions keep beside the modules' outputs (residual sums, attention) adds half.
    return max(largest, 1.5 * sum(kept)) if gradient else largest


def in_chunks(
    count: int, size: int, work: Callable[[slice], Result]
) -> Iterator[tuple[slice, Result]]:
    """Run `work` on slices of at most `size` rows; halve the size whenever memory runs out.

    Raises:
        OutOfMemory: a single row does not fit.

    Example:
        >>> [rows for rows, _ in in_chunks(5, 2, lambda rows: None)]
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    start = 0
    # Equal parts rather than full ones and a small rest, which would run at a worse rate.
    size = math.ceil(count / math.ceil(count / max(1, size))) if count else 1
    while start < count:
        rows = slice(start, min(start + size, count))
        try:
            result = work(rows)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            if size == 1:
                raise OutOfMemory(
                    f"one row of the batch does not fit in memory ({error}); use a smaller input "
                    "or a device with more memory"
                ) from error
            size = max(1, size // 2)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            continue
        yield rows, result
        start = rows.stop


def _physical_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not on every system
        return 2**34


def ran_out(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on whatever device."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        "DefaultCPUAllocator" in str(error) or "out of memory" in str(error).lower()
    )
