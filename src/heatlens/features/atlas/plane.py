"""Many vectors laid out on a plane, near ones near each other.

t-SNE where there are enough of them (van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR
2008), on the 50 first principal components; the two first principal components otherwise.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import torch
from torch import Tensor

from heatlens.errors import UnknownName
from heatlens.optional import needed

__all__ = ["PLANES", "laid_out", "principal_components"]

PLANES = ("auto", "t-sne", "pca")
"""Ways to lay out."""

_FEW = 60
"""Vectors below which t-SNE has no neighbourhoods to keep."""
_COMPONENTS, _PERPLEXITY = 50, 30.0


def laid_out(vectors: Tensor, plane: str, seed: int) -> tuple[Tensor, str]:
    """Places on a plane.

    Args:
        vectors: (n, d), finite. Only their directions count: each is brought to unit length.
        plane: "t-sne", "pca", or "auto": t-SNE for 60 vectors or more if scikit-learn is
            installed, else principal components.
        seed: of t-SNE.

    Returns:
        (n, 2) float32, and what was used, "t-sne" or "pca".

    Raises:
        UnknownName: no such way.
        MissingDependency: t-SNE was asked for and scikit-learn is not installed.
    """
    if plane not in PLANES:
        raise UnknownName("plane", plane, PLANES)
    directions = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-12)
    if plane == "auto":
        there = importlib.util.find_spec("sklearn") is not None
        plane = "t-sne" if there and len(vectors) >= _FEW else "pca"
    if plane == "pca" or len(vectors) < 4:
        return principal_components(directions, 2), "pca"
    manifold = needed("sklearn.manifold", "an atlas laid out by t-SNE", "surrogates")
    make: Callable[..., object] = manifold.TSNE
    few = principal_components(directions, _COMPONENTS).numpy()
    found = make(
        n_components=2,
        perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
        init="pca",
        random_state=seed,
    )
    places: Tensor = torch.from_numpy(found.fit_transform(few)).float()  # type: ignore[attr-defined]
    return places, "t-sne"


def principal_components(vectors: Tensor, count: int) -> Tensor:
    """Coordinates along the `count` directions of most variance, (n, count); 0 where none is left.

    Each direction's sign is that which makes its largest coordinate positive.

    Example:
        >>> principal_components(torch.tensor([[0.0, 1.0], [0.0, 3.0], [0.0, 8.0]]), 1).tolist()
        [[-3.0], [-1.0], [4.0]]
    """
    centred = vectors.double() - vectors.double().mean(0)
    left, strength, _ = torch.linalg.svd(centred, full_matrices=False)
    found = left * strength
    largest = found.gather(0, found.abs().argmax(0, keepdim=True))
    found = found * torch.where(largest < 0, -1.0, 1.0)
    places = torch.zeros(len(vectors), count)
    kept = min(count, found.shape[1])
    places[:, :kept] = found[:, :kept].float()
    return places
