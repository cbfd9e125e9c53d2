"""What an explanation has no business to change, looked at before and after.

Network, batch, random states and switches of the frameworks; for `heatlens.testing.conformance`.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["in_use", "must_be_same", "random_state_kept", "state_of"]


def in_use(network: nn.Module, batch: Tensor) -> nn.Module:
    """A copy in the middle of its owner's work."""
    network = copy.deepcopy(network)
    parts = list(network.modules())
    for number, part in enumerate(parts):
        part.training = number % 3 != 0
    parameters = list(network.parameters())
    for number, parameter in enumerate(parameters):
        parameter.requires_grad_(number % 2 == 0)
    if parameters:
        parameters[0].grad = torch.ones_like(parameters[0])
    parts[-1].register_forward_hook(lambda module, inputs, output: None)
    parts[0].register_forward_pre_hook(lambda module, inputs: None)
    return network


def state_of(network: nn.Module, batch: Tensor) -> dict[str, Any]:
    """All that an explanation has no business to change."""
    state: dict[str, Any] = {
        "the batch": batch.detach().clone(),
        "the batch's requires_grad": batch.requires_grad,
        "the batch's grad": None if batch.grad is None else batch.grad.clone(),
        "torch's random state": torch.get_rng_state(),
        "NumPy's random state": repr(np.random.get_state()),  # noqa: NPY002
        "Python's random state": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled("cuda")),
        "number of threads": torch.get_num_threads(),
        "default dtype": torch.get_default_dtype(),
        "deterministic algorithms": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "cudnn's switches": (
            torch.backends.cudnn.enabled,
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.allow_tf32,
        ),
        "matmul precision": torch.get_float32_matmul_precision(),
        "the names of the state": tuple(network.state_dict()),
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["the GPUs' random state"] = torch.cat(torch.cuda.get_rng_state_all())
    for name, part in network.named_modules():
        own = f"of {name or 'the network'}"
        state[f"training mode {own}"] = part.training
        state[f"attributes {own}"] = tuple(sorted(vars(part)))
        state[f"hooks {own}"] = {
            kind: tuple(hooks) for kind, hooks in vars(part).items() if kind.endswith("hooks")
        }
    for name, parameter in network.named_parameters():
        state[f"parameter {name}"] = parameter.detach().clone()
        state[f"identity of {name}"] = id(parameter)
        state[f"requires_grad of {name}"] = parameter.requires_grad
        state[f"grad of {name}"] = None if parameter.grad is None else parameter.grad.clone()
    for name, buffer in network.named_buffers():
        state[f"buffer {name}"] = buffer.detach().clone()
    return state


def must_be_same(before: Mapping[str, Any], after: Mapping[str, Any], when: str) -> None:
    """Raise an `AssertionError` that names the first thing that differs."""
    for what, old in before.items():
        new = after.get(what)
        if isinstance(old, Tensor):
            same = isinstance(new, Tensor) and torch.equal(old, new)
        else:
            same = old == new
        if not same:
            raise AssertionError(f"{what} changed {when}")


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the global random states back when the block ends, however it ends."""
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])
