"""Several models asked at once, and the middle of the picture.

    linear:       S = sum_k w_k p_k                   logarithmic:  S = prod_k p_k^w_k

The first is the linear opinion pool: a place counts if one model sees it. The second is the
logarithmic pool: it counts if all do. Each p_k is a model's map made comparable, by its mass or by
the ranks of its pixels. Genest, Zidek: Combining Probability Distributions, Statistical Science
1986; for saliency Le Meur, Liu: Saliency Aggregation, ACCV 2014.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy.stats

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.image import Image
from heatlens.images.area import reduced, reduced_size
from heatlens.perception.channels import seen
from heatlens.perception.enlarge import enlarged
from heatlens.perception.model import SALIENCY, register

__all__ = ["ensemble"]

_NAME = "ensemble"
_LONGEST = 640
"""Pixels along the longer side of what the members are shown."""
_GRID = 160
_DOUBT = 0.05
"""Share of the uniform map that each opinion gets in the logarithmic pool, so that none can veto."""

Array = npt.NDArray[np.float64]


@register(_NAME, family="combination", paper="doi:10.1214/ss/1177013825", longest=_LONGEST)
def ensemble(
    image: Image,
    *,
    members: Sequence[str] = ("phase-spectrum-quaternion", "image-signature", "itti-koch"),
    weights: Sequence[float] | None = None,
    pool: str = "linear",
    scale: str = "mass",
    centre: float = 0.0,
) -> npt.NDArray[np.float32]:
    """The weighted opinion of several models, with a share of the centre prior if wanted.

    A member that sees nothing at all (a zero map) has no say.

    Args:
        image: a still picture.
        members: names from `heatlens.perception.SALIENCY`, each with its default parameters. They
            are shown the picture averaged down to 640 pixels along its longer side.
        weights: one for each member, 0 or more; equal by default. Only their ratios count.
        pool: "linear" adds the opinions, "logarithmic" multiplies them.
        scale: "mass" takes each map as a density whose mean is 1; "rank" takes the ranks of its
            pixels, evenly from 0 to 2, so that no model's few peaks outshine the others.
        centre: share of "centre-prior" in the whole, 0 to 1.

    Returns:
        (h, w) of at most 160 pixels along the longer side; 1 is what a map without any preference
        would have. All zero where no member sees anything and `centre` is 0.

    Raises:
        UnknownName: a member, pool or scale that does not exist.
        InvalidArgument: no members, the ensemble as its own member, weights that do not fit, or a
            share outside of 0..1.
        InvalidType: members or weights that are no list.

    Example:
        >>> scene = np.full((64, 64, 3), 90, np.uint8)
        >>> scene[20:24, 40:44] = (200, 40, 90)
        >>> values = ensemble(Image(scene), members=["image-signature", "spectral-residual"])
        >>> row, column = np.unravel_index(values.argmax(), values.shape)
        >>> bool(20 <= row < 24 and 40 <= column < 44)
        True
    """
    if pool not in ("linear", "logarithmic"):
        raise UnknownName(f"pool of {_NAME}", pool, ("linear", "logarithmic"))
    if scale not in ("mass", "rank"):
        raise UnknownName(f"scale of {_NAME}", scale, ("mass", "rank"))
    _check_members(members)
    shares = _shares(members, weights, centre)
    shown = seen(image, _LONGEST)  # all members see the same, also of a picture reduced before
    size = reduced_size(shown.size, _GRID)
    total, said = np.zeros(size), 0.0
    for name, share in shares.items():
        if share == 0:
            continue
        opinion = _on_grid(SALIENCY[name](shown), size)
        if not opinion.any():
            continue
        opinion = _comparable(opinion, scale)
        if pool == "logarithmic":
            opinion = np.log((1 - _DOUBT) * opinion + _DOUBT)
        total += share * opinion
        said += share
    if said == 0:
        return total.astype(np.float32)
    total /= said
    return (np.exp(total) if pool == "logarithmic" else total).astype(np.float32)


def _check_members(members: Sequence[str]) -> None:
    if isinstance(members, str) or not isinstance(members, Sequence):
        raise InvalidType(f"{_NAME}: members is {members!r}; expected a list of names")
    if not members:
        raise InvalidArgument(f"{_NAME} has no members; it needs at least one")
    for name in members:
        if not isinstance(name, str):
            raise InvalidType(f"{_NAME}: {name!r} among members is not a name")
        if name == _NAME or members.count(name) > 1:
            problem = "itself" if name == _NAME else f"{name!r} twice"
            raise InvalidArgument(f"{_NAME} has {problem} among its members; weights= weighs them")
        SALIENCY[name]


def _shares(
    members: Sequence[str], weights: Sequence[float] | None, centre: float
) -> dict[str, float]:
    """The share of each model in the whole, by name."""
    if not 0 <= centre <= 1:
        raise InvalidArgument(f"{_NAME}: centre is {centre}; it is a share from 0 to 1")
    given = [1.0] * len(members) if weights is None else weights
    try:
        numbers = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(())
    if numbers.ndim != 1 or isinstance(given, str):
        raise InvalidType(f"{_NAME}: weights is {weights!r}; expected a list of numbers")
    if len(numbers) != len(members):
        raise InvalidArgument(f"{_NAME}: {len(numbers)} weights for {len(members)} members")
    if not np.isfinite(numbers).all() or numbers.min() < 0 or numbers.sum() == 0:
        raise InvalidArgument(f"{_NAME}: weights {given} must be 0 or more, and not all 0")
    parts = (1 - centre) * numbers / numbers.sum()
    shares = dict(zip(members, parts.tolist(), strict=True))
    if centre:
        shares["centre-prior"] = shares.get("centre-prior", 0.0) + centre
    return shares


def _on_grid(values: npt.NDArray[np.float32], size: tuple[int, int]) -> Array:
    """A member's map on the common grid: averaged where it is finer, interpolated where coarser."""
    finer = (min(values.shape[0], size[0]), min(values.shape[1], size[1]))
    return enlarged(reduced(values, finer), size).astype(np.float64)


def _comparable(values: Array, scale: str) -> Array:
    """A map whose mean is 1."""
    if scale == "mass":
        return values / values.mean()
    ranks: Array = scipy.stats.rankdata(values).reshape(values.shape)
    return (2 * ranks - 1) / values.size
