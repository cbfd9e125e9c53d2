"""RAFT's networks from torchvision, with weights of its own, from a file, or by seed.

Teed, Deng: RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.models.checkpoint import fill, read_checkpoint
from heatlens.models.hub import require_reachable, torch_hub_file, unavailable
from heatlens.models.pytorch.randomness import seeded
from heatlens.optional import needed

__all__ = ["RAFTS", "raft_flow", "raft_network"]

RAFTS = ("small", "large")
"""Sizes of the network: 1.0 and 5.3 million weights."""

_PURPOSE = "optical flow by raft"
_STRIDE = 8
_LEAST = 128
_KEPT = 2
_networks: OrderedDict[tuple[object, ...], nn.Module] = OrderedDict()
_lock = threading.Lock()


def raft_network(
    size: str = "small", weights: bool | str | Path = True, seed: int = 0
) -> nn.Module:
    """A network of RAFT, in evaluation mode; the two used last are kept.

    Args:
        size: "small" or "large".
        weights: True for torchvision's (downloaded once by torch's hub), a path of a checkpoint or
            .safetensors file, its http(s) address, or False for random ones.
        seed: of random weights.

    Raises:
        UnknownName: another size.
        WeightsUnavailable: they are not on this machine and cannot be downloaded; the message
            says which file to put where.
        InvalidArgument: a file that is no checkpoint or of another architecture.
        UntrustedPickle: a file that only unpickling could open.
        MissingDependency: without torchvision.
    """
    if size not in RAFTS:
        raise UnknownName("size of raft", size, RAFTS)
    if not isinstance(weights, bool | str | Path):
        raise InvalidType(f"weights is {weights!r}; it can be True, False, a path or an address")
    path = None
    if not isinstance(weights, bool) and not _is_address(weights):
        path = Path(weights).expanduser()
    stamp = path.stat().st_mtime_ns if path is not None and path.is_file() else 0
    key = (size, str(weights), stamp, seed if weights is False else 0)
    with _lock:
        if key not in _networks:
            _networks[key] = _built(size, weights, path, seed)
            while len(_networks) > _KEPT:
                _networks.popitem(last=False)
        _networks.move_to_end(key)
        return _networks[key]


def raft_flow(
    network: nn.Module,
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    updates: int = 12,
) -> npt.NDArray[np.float32]:
    """The flow that a network of RAFT finds between two frames.

    Frames are mapped on -1..1 and padded by their edge to multiples of 8, at least 128 (the
    correlation pyramid needs as much), evenly on both sides as RAFT's authors do.

    Args:
        network: from `raft_network`; runs where its weights are.
        before: uint8 (H, W, 3).
        after: uint8 (H, W, 3).
        updates: recurrent steps.

    Returns:
        float32 (H, W, 2), rows and columns, pixels.
    """
    if isinstance(updates, bool) or not isinstance(updates, int | np.integer) or updates < 1:
        raise InvalidArgument(f"raft: updates is {updates!r}; it is a whole number from 1 on")
    height, width = before.shape[:2]
    low, right = (max(_LEAST, -(-side // _STRIDE) * _STRIDE) - side for side in (height, width))
    margins = (right // 2, right - right // 2, low // 2, low - low // 2)
    place = next(network.parameters()).device
    with torch.inference_mode():
        frames = [
            F.pad(
                torch.tensor(np.ascontiguousarray(frame), device=place)
                .permute(2, 0, 1)[None]
                .float()
                / 127.5
                - 1,
                margins,
                mode="replicate",
            )
            for frame in (before, after)
        ]
        flow = network(*frames, num_flow_updates=int(updates))[-1][0]
    top, left = margins[2], margins[0]
    inner = flow[:, top : top + height, left : left + width]
    return np.ascontiguousarray(inner.permute(1, 2, 0).flip(-1).cpu().numpy())


def _built(size: str, weights: bool | str | Path, path: Path | None, seed: int) -> nn.Module:
    models = needed("torchvision.models.optical_flow", _PURPOSE)
    make: Any = getattr(models, f"raft_{size}")
    with seeded(seed):
        network: nn.Module = make(weights=None, progress=False)
    if weights is False:
        return network.eval()
    if path is not None:
        fill(network, read_checkpoint(path), str(path))
        return network.eval()
    if weights is True:
        url = str(getattr(models, f"Raft_{size.capitalize()}_Weights").DEFAULT.url)
    else:
        url = str(weights)
    file = torch_hub_file(url)
    if not file.is_file():
        place = f"Download {url} and put it at {file}"
        require_reachable(url, f"raft ({size})", place)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(file), progress=False)
        except (OSError, RuntimeError) as error:
            raise unavailable(f"raft ({size})", error, place) from error
    fill(network, read_checkpoint(file), str(file))
    return network.eval()


def _is_address(weights: str | Path) -> bool:
    return isinstance(weights, str) and weights.startswith(("http://", "https://"))
