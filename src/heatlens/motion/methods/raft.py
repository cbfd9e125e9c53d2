"""RAFT: a recurrent network that looks up correlations between all pairs of pixels.

Teed, Deng: RAFT: Recurrent All-Pairs Field Transforms for Optical Flow, ECCV 2020. The networks
are torchvision's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.motion.flow import Flow, register

__all__ = ["raft"]


@register("raft", family="network", paper="arXiv:2003.12039", colour=True)
def raft(
    before: npt.NDArray[np.uint8],
    after: npt.NDArray[np.uint8],
    *,
    size: str = "small",
    weights: bool | str | Path = True,
    updates: int = 12,
    seed: int = 0,
) -> Flow:
    """RAFT, a recurrent network: the most accurate where its weights are, and the slowest.

    Args:
        before: uint8 (H, W, 3).
        after: uint8 (H, W, 3).
        size: "small" or "large".
        weights: True for torchvision's own, the path or address of a checkpoint, or False for
            random ones (to try the way through; the flow means nothing).
        updates: recurrent steps.
        seed: of random weights.

    Returns:
        float32 (H, W, 2), rows and columns.

    Raises:
        WeightsUnavailable: the weights cannot be had; the message says which file to put where.
        MissingDependency: without torchvision (extra `models`).
    """
    from heatlens.models.optical_flow import raft_flow, raft_network  # torch, only if asked for

    return raft_flow(raft_network(size, weights, seed), before, after, updates)
