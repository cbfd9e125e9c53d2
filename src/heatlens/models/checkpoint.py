"""Weights from a file: safetensors, or a checkpoint that loads without running the file's code."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from heatlens.errors import InvalidArgument, UntrustedPickle, WeightsUnavailable

__all__ = ["fill", "read_checkpoint"]

_INSIDE = ("state_dict", "model_state_dict", "model", "network", "net", "weights", "params")
"""Keys under which training scripts put the weights, Lightning's first."""
_WRAPPERS = ("", "model.", "module.", "net.", "network.", "_orig_mod.")
_SHOWN = 4


def read_checkpoint(path: Path, *, trust_pickle: bool = False) -> dict[str, Tensor]:
    """The weights by name in a .safetensors file or a checkpoint of `torch.save`.

    Args:
        path: a plain state dict, or one nested as Lightning and most training scripts do.
        trust_pickle: unpickle the file if it cannot be read otherwise. That runs whatever code
            its author put in.

    Raises:
        WeightsUnavailable: there is no such file.
        UntrustedPickle: only unpickling could open it; the message says how to convert it.
        InvalidArgument: it is no checkpoint, or there are no weights in it.
    """
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise WeightsUnavailable(f"weights file {str(path)!r} {kind}")
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            found: dict[str, Tensor] = load_file(path)
        except SafetensorError as error:
            raise InvalidArgument(f"{str(path)!r} is no safetensors file: {error}") from error
        return found
    return _weights_in(_loaded(path, trust_pickle), path)


def fill(network: nn.Module, weights: Mapping[str, Tensor], origin: str) -> None:
    """Put weights into a network; all must be there and fit.

    A prefix that a wrapper left on the names ("model.", "module.") is taken off; entries beside
    it (a loss, a metric) are passed over.

    Args:
        network: changed in place.
        weights: by name.
        origin: where they are from, for messages.

    Raises:
        InvalidArgument: weights are missing, left over, or of another shape; the message lists
            the first few.

    Example:
        >>> layer = nn.Linear(1, 1)
        >>> fill(layer, {"model.weight": torch.ones(1, 1), "model.bias": torch.ones(1)}, "a file")
        >>> layer(torch.ones(1, 1)).item()
        2.0
    """
    wanted = network.state_dict()
    prefix = _prefix(wanted, weights)
    given = {
        name[len(prefix) :]: tensor for name, tensor in weights.items() if name.startswith(prefix)
    }
    # Counters of batches: older checkpoints lack them, and they change nothing.
    missing = [
        name for name in wanted if name not in given and not name.endswith("num_batches_tracked")
    ]
    # Auxiliary classifiers help in training and are not built for evaluation.
    left_over = [
        name for name in given if name not in wanted and not name.lower().startswith("aux")
    ]
    complaints = []
    if missing:
        complaints.append(f"{len(missing)} weights are missing ({_some(missing)})")
    if left_over:
        complaints.append(f"{len(left_over)} do not belong to it ({_some(left_over)})")
    if complaints:
        raise InvalidArgument(
            f"the weights in {origin} are not this architecture's: {'; '.join(complaints)}"
        )
    bent = [
        f"{name} is {_shape(tensor)}, not {_shape(wanted[name])}"
        for name, tensor in given.items()
        if name in wanted and tensor.shape != wanted[name].shape
    ]
    if bent:
        hint = ""
        if len(bent) <= 4:
            hint = "; for a head with another number of classes, name the classes with labels="
        raise InvalidArgument(
            f"{len(bent)} weights in {origin} have another shape ({_some(bent)}){hint}"
        )
    network.load_state_dict(given, strict=False)


def _loaded(path: Path, trust_pickle: bool) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not _is_pickle(path):
            raise InvalidArgument(f"{str(path)!r} is no checkpoint") from error
        if not trust_pickle:
            raise UntrustedPickle(
                f"{str(path)!r} holds more than weights ({_reason(error)}), and opening it would "
                "run code from the file. Convert it where you trust it: "
                "`safetensors.torch.save_file(network.state_dict(), 'weights.safetensors')`, or "
                "`torch.save(network.state_dict(), 'weights.pt')`. If you trust its author as you "
                "trust a program you run, pass trust_pickle=True"
            ) from error
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise InvalidArgument(f"{str(path)!r} is no checkpoint, or truncated: {error}") from error
    return torch.load(path, map_location="cpu", weights_only=False)


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return zipfile.is_zipfile(path) or file.read(1) == b"\x80"


def _reason(error: Exception) -> str:
    """The name of what the restricted unpickler refused."""
    text = str(error)
    for marker in ("GLOBAL ", "Unsupported global: GLOBAL "):
        if marker in text:
            return text.split(marker, 1)[1].split()[0]
    return "a pickled program"


def _weights_in(loaded: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(loaded, nn.Module):
        return dict(loaded.state_dict())
    if isinstance(loaded, Mapping):
        for key in _INSIDE:
            inner = loaded.get(key)
            if isinstance(inner, Mapping | nn.Module) and not isinstance(inner, Tensor):
                return _weights_in(inner, path)
        tensors = {str(key): item for key, item in loaded.items() if isinstance(item, Tensor)}
        if tensors:
            return tensors
    keys = f"; its keys are {_some(map(str, loaded))}" if isinstance(loaded, Mapping) else ""
    raise InvalidArgument(f"there are no weights in {str(path)!r}{keys}")


def _prefix(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """What stands before the names in `given`, so that most of them are wanted."""
    probe = max(wanted, key=len, default="")
    prefixes = {*_WRAPPERS, *(name[: -len(probe)] for name in given if name.endswith(f".{probe}"))}

    def matches(prefix: str) -> tuple[int, bool, int]:
        count = sum(prefix + name in given for name in wanted)
        return (count, prefix in _WRAPPERS, -len(prefix))

    best = max(prefixes, key=matches)
    return best if matches(best)[0] else ""


def _some(names: Any) -> str:
    shown = list(names)
    more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "one number"
