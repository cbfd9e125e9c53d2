"""What information gain is measured from: a density that knows nothing of the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.heatmap import Heatmap
from heatlens.perception.metrics.given import Floats, Map, as_array, checked_map

__all__ = ["baseline_density", "checked_baselines"]

_NAMES = ("centre", "uniform")


def baseline_density(baseline: str | Map, size: tuple[int, int]) -> Floats:
    """A density (H, W) from its name, or the one that was given, checked.

    Args:
        baseline: "centre": the package's own centre prior, a Gaussian in the middle of the
            picture; "uniform"; or a map of the same size, such as the blurred fixations on all
            other pictures, which is what the benchmarks take.
        size: height and width of the picture.

    Raises:
        UnknownName: no such baseline.
        InvalidArgument: a baseline of another size.

    Example:
        >>> baseline_density("uniform", (1, 4)).tolist()
        [[0.25, 0.25, 0.25, 0.25]]
    """
    if isinstance(baseline, str):
        if baseline not in _NAMES:
            raise UnknownName("baseline", baseline, _NAMES)
        if baseline == "uniform":
            return np.full(size, 1 / math.prod(size))
        return _centre(size)
    values = checked_map(baseline, "baseline")
    if values.shape != size:
        raise InvalidArgument(
            f"the map has {size[0]} x {size[1]} pixels, the baseline {values.shape[0]} x "
            f"{values.shape[1]}; resize one of them first"
        )
    return values


def checked_baselines(baseline: str | Map | Sequence[Map], count: int) -> list[str | Map]:
    """The baseline of each of `count` pictures: one for all, or one per picture.

    Args:
        baseline: a name, one density (H, W), a list of densities, or an array (count, H, W).
        count: of the pictures.

    Raises:
        UnknownName: no such baseline.
        InvalidArgument: another number of densities than of pictures.

    Example:
        >>> checked_baselines("uniform", 2)
        ['uniform', 'uniform']
    """
    if isinstance(baseline, str):
        baseline_density(baseline, (1, 1))
        return [baseline] * count
    each = _each_of(baseline)
    if each is None:
        return [cast(Map, baseline)] * count
    if len(each) != count:
        raise InvalidArgument(f"{len(each)} baselines for {count} pictures; there is one for each")
    return each


def _each_of(baseline: Any) -> list[Any] | None:
    """The densities in it; None if it is one itself: a list of rows is, a list of maps is not."""
    if isinstance(baseline, Heatmap):
        return None
    if isinstance(baseline, list | tuple):
        whole = any(
            isinstance(one, Heatmap) or as_array(one, "baseline").ndim == 2 for one in baseline
        )
        return list(baseline) if whole else None
    return list(baseline) if as_array(baseline, "baseline").ndim == 3 else None


def _centre(size: tuple[int, int]) -> Floats:
    from heatlens.image import Image
    from heatlens.perception.enlarge import enlarged
    from heatlens.perception.static.centre_prior import centre_prior

    blank = Image(np.zeros(size, np.uint8), "YX")
    values = enlarged(centre_prior(blank), size).astype(np.float64)
    return values / values.sum()
