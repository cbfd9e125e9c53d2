"""Whether weights are on this machine or can be had, asked before a client tries for minutes."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import torch

from heatlens.errors import WeightsUnavailable

__all__ = ["hub_file", "require_reachable", "torch_hub_file", "unavailable"]

_SECONDS = 8.0
_WAYS_OUT = "weights=FILE takes a checkpoint, weights=False random weights"


def torch_hub_file(url: str) -> Path:
    """Where torch's hub keeps the file of that address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urllib.parse.urlparse(url).path).name


def hub_file(repository: str, *names: str, revision: str | None = None) -> Path | None:
    """The first of the files that Hugging Face's cache holds of a repository."""
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        found = try_to_load_from_cache(repository, name, revision=revision)
        if isinstance(found, str):
            return Path(found)
    return None


def require_reachable(url: str, what: str, place: str) -> None:
    """Ask for the head of an address once, within seconds.

    Any answer of the server counts, also one that says no: what is wrong then, the client that
    downloads knows to say better.

    Args:
        url: what would be downloaded.
        what: the model, for the message.
        place: which file to put where.

    Raises:
        WeightsUnavailable: the server does not answer.
    """
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "heatlens"})
    try:
        urllib.request.urlopen(request, timeout=_SECONDS).close()
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise unavailable(what, f"{urllib.parse.urlparse(url).netloc}: {reason}", place) from error


def unavailable(what: str, reason: object, place: str) -> WeightsUnavailable:
    """The error that says why, which file to put where, and what else can be done."""
    return WeightsUnavailable(
        f"the weights of {what} are not on this machine and cannot be downloaded ({reason}). "
        f"{place}. Or else: {_WAYS_OUT}"
    )
