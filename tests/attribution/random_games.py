"""Random games over a 3 x 4 grid of patches, with the patches as features."""

from __future__ import annotations

import torch
from torch import Tensor

from heatlens.testing.games import PolynomialGame

PATCHES = 12
LABELS = torch.arange(PATCHES).view(3, 4).repeat_interleave(2, 0).repeat_interleave(2, 1)
"""Which patch each pixel of a picture of 6 x 8 lies in."""


def random_game(seed: int, interactions: int = 10) -> tuple[PolynomialGame, Tensor]:
    """Patches that count alone and in sets of two to four, and one picture (1, 2, 6, 8)."""
    generator = torch.Generator().manual_seed(seed)
    together: dict[tuple[int, ...], float] = {}
    while len(together) < interactions:
        size = int(torch.randint(2, 5, (1,), generator=generator))
        members = torch.randperm(PATCHES, generator=generator)[:size].sort().values.tolist()
        together[tuple(members)] = float(torch.randn(1, generator=generator))
    game = PolynomialGame(
        torch.randn(2, 2, 2, generator=generator) / 2,
        alone=torch.randn(PATCHES, generator=generator).tolist(),
        together=together,
    )
    return game.eval(), torch.randn(1, 2, 6, 8, generator=generator)
