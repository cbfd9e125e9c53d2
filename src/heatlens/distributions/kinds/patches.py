"""Small patches: what the texture looks like from close by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from heatlens.distributions.constructor import register
from heatlens.distributions.distribution import Distribution
from heatlens.distributions.given import checked_seed
from heatlens.distributions.kinds.histogram import checked_bins
from heatlens.distributions.pictures import Source, coloured, name_of, opacity, whole
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.render.cielab import from_srgb

__all__ = ["patches"]


@register("patches", unit="CIELAB units, root mean square over the patch")
def patches(
    source: Source, *, k: int = 64, size: int = 5, count: int = 4000, seed: int = 0
) -> Distribution:
    """Group small square patches into k clusters.

    A patch is the CIELAB colours of its pixels divided by `size`, so that the distance of two
    patches is the root mean square of their pixels' colour differences.

    Args:
        source: a flat picture, at least `size` pixels high and wide.
        k: number of clusters; at least `count` gives every sampled patch as it is.
        size: height and width of a patch.
        count: patches drawn, without repetition, among those without a transparent pixel.
        seed: of the draw and of k-means.

    Returns:
        Patches (k, 3 size^2), weighted by their shares, which sum to 1.

    Example:
        >>> from heatlens.image import Image
        >>> board = Image(np.indices((9, 9)).sum(0).astype(np.uint8) % 2 * 255, "YX")
        >>> found = patches(board, size=2)  # two kinds: black or white in the corner
        >>> found.points.shape
        (2, 12)
    """
    image = whole(source, "patches")
    k, size, count = (checked_bins(*item) for item in ((k, "k"), (size, "size"), (count, "count")))
    seed = checked_seed(seed)
    if min(image.size) < size:
        raise InvalidArgument(f"a picture of {image.size} pixels has no patch of {size} x {size}")
    from heatlens.distributions.kmeans import kmeans

    y, x = _corners(image, size, count, seed)
    low, high = image.value_range
    inside = np.arange(size)
    colours = coloured(image)[
        y[:, None, None] + inside[:, None], x[:, None, None] + inside
    ]  # (count, size, size, 3)
    unit = np.clip((colours.astype(np.float64) - low) / (high - low), 0, 1)
    features = from_srgb(unit).reshape(len(y), -1) / size
    centres, masses, labels = kmeans(features, k, seed=seed)
    order = np.lexsort((*centres.T[::-1], -masses))
    error = float(np.linalg.norm(features - centres[labels], axis=1).mean())
    return Distribution(
        masses[order] / masses.sum(),
        centres[order],
        f"CIELAB units (root mean square over patches of {size} x {size})",
        "patches",
        name_of(image),
        info={"k": len(centres), "size": size, "count": len(y), "seed": seed, "error": error},
        notes=(f"{len(y)} patches were drawn; one lies {error:.2g} units from its cluster",),
    )


def _corners(
    image: Image, size: int, count: int, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Top left corners of `count` different patches, or of all."""
    height, width = (n - size + 1 for n in image.size)
    seen = opacity(image)
    if seen is None:
        possible: int | npt.NDArray[np.int64] = height * width
    else:
        windows = np.lib.stride_tricks.sliding_window_view(seen > 0, (size, size))
        possible = np.flatnonzero(windows.all((2, 3)))
        if not len(possible):
            raise InvalidArgument(f"no patch of {size} x {size} pixels is free of transparent ones")
    most = possible if isinstance(possible, int) else len(possible)
    drawn = np.random.default_rng(seed).choice(possible, min(count, most), replace=False)
    y, x = np.divmod(np.sort(drawn), width)
    return y, x
