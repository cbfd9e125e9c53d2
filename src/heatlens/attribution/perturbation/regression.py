"""What methods that fit a regression to their samples share.

They keep the scores, 8 bytes a sample and row, and draw the coalitions again when the fit is made:
the error of a regression needs the residuals of the final fit, and memory stays flat.

With P the inverse of sum_k w_k x_k x_k^T, residuals e_k and levers h_k = w_k x_k P x_k,

    Cov[beta] = P ( sum_k (w_k e_k / (1 - h_k))^2 x_k x_k^T ) P

which is the jackknife's, holds whatever the misfit is, and is not too small for few samples.
MacKinnon, White: Some heteroskedasticity-consistent covariance matrix estimators with improved
finite sample properties, Journal of Econometrics 1985 (HC3).
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator

import torch
from torch import Tensor

from heatlens.attribution.perturbation.anytime import Sampling

__all__ = ["LARGEST_LEVER", "Kept", "inverse", "without"]

LARGEST_LEVER = 1 - 1e-6
"""From here on a sample alone settles something, and nobody can tell how far off it is."""


class Kept(Sampling, ABC):
    """Sampling whose sums are the scores themselves, (N, draws).

    Attributes:
        rows: N.
    """

    rows: int

    def fold(
        self, sums: dict[str, Tensor], drawn: Tensor, scores: Tensor, rows: Tensor, first: int
    ) -> None:
        """Put the scores (n, k) behind the `first` ones."""
        end = first + scores.shape[1]
        kept = sums.get("scores", scores.new_zeros((self.rows, 0)))
        if kept.shape[1] < end:
            # Twice as many, so that growing costs no more in all than the last copy.
            more = scores.new_zeros((self.rows, max(end, 2 * kept.shape[1]) - kept.shape[1]))
            kept = torch.cat([kept, more], 1)
        kept[rows.to(kept.device), first:end] = scores
        sums["scores"] = kept

    def kept(
        self, sums: dict[str, Tensor], rows: Tensor, draws: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Block by block what was drawn (k, ...) and the scores (n, k)."""
        scores = sums["scores"][rows.to(sums["scores"].device), :draws]
        for number, first in enumerate(range(0, draws, self.block)):
            part = scores[:, first : first + self.block]
            yield self.drawn(number)[: part.shape[1]], part


def inverse(matrix: Tensor) -> tuple[Tensor, int]:
    """Pseudo-inverse of a symmetric matrix without negative eigenvalues, and its rank.

    Example:
        >>> inverse(torch.tensor([[2.0, 0.0], [0.0, 0.0]], dtype=torch.float64))[1]
        1
    """
    values, vectors = torch.linalg.eigh(matrix)
    positive = values > values[-1].clamp(min=0) * len(matrix) * 1e-12
    scale = torch.where(positive, 1 / torch.where(positive, values, 1.0), 0.0)
    return (vectors * scale) @ vectors.T, int(positive.sum())


def without(residual: Tensor, lever: Tensor) -> Tensor:
    """Residuals (n, k) of fits that have not seen the sample, from those of the fit that has."""
    return residual / (1 - lever).clamp(min=1 - LARGEST_LEVER)
