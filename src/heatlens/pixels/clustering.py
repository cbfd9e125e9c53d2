"""`clusters`: what belongs together in a picture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.pixels.checks import checked_count, checked_seed
from heatlens.pixels.found_clusters import Clusters
from heatlens.pixels.grouping import centre_distances, cluster_means
from heatlens.pixels.part import CLUSTERINGS, chosen
from heatlens.pixels.planes import as_picture
from heatlens.pixels.silhouette import mean_silhouette
from heatlens.pixels.stack import described, feature_stack
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["clusters"]

_NO_K = "mean-shift"

_GAPS = 4096
"""Labels from which they are first numbered without gaps, so that sums fit in memory."""


def clusters(
    source: Any,
    method: Any = "k-means",
    k: int | None = None,
    features: Any = ("colour",),
    preprocess: Any = (),
    *,
    seed: int = 0,
    silhouette_sample: int = 2_000,
    **parameters: Any,
) -> Clusters:
    """Group the pixels of a picture.

    | method | clusters | k |
    |---|---|---|
    | "k-means" | alike, anywhere in the picture | how many, 5 by default |
    | "mean-shift" | peaks of the density of descriptions | found by the bandwidth |
    | "slic" | connected, about equally large, along edges | about how many, 200 by default |
    | "hierarchical" | alike and in one piece (Ward) | how many, 5 by default |

    Args:
        source: whatever `read_image` reads.
        method: a name of `CLUSTERINGS`, (name, parameters), or a function of
            (values (H, W, d), k, seed) that gives labels (H, W).
        k: number of clusters; the default is at most the number of pixels.
        features: what pixels are compared by; CIELAB by default. Add "position" to keep clusters
            together.
        preprocess: steps before.
        seed: of samples and starts; the same seed gives the same clusters.
        silhouette_sample: pixels whose silhouette is computed, each against ten times as many
            others; 0 for none. The cost grows with the square.
        parameters: of the method.

    Returns:
        Labels, centres, counts, distances and the silhouette; see `Clusters`.

    Raises:
        UnknownName: no such method, feature or step.
        InvalidArgument: a wrong k or parameter.
        MissingDependency: all but "k-means" need packages of the extra `pixels`.

    Example:
        >>> picture = np.zeros((8, 8, 3), np.uint8)
        >>> picture[:3] = [250, 40, 30]
        >>> found = clusters(picture, k=2)
        >>> found.counts.tolist(), found.labels[0, 0].item()
        ([40, 24], 1)
    """
    started = time.perf_counter()
    seed = checked_seed(seed)
    silhouette_sample = checked_count("silhouette_sample", silhouette_sample, 0)
    if parameters and not isinstance(method, str):
        raise InvalidArgument(f"give {', '.join(parameters)} with the method, or by name, not both")
    asked = chosen(CLUSTERINGS, (method, parameters) if parameters else method)
    image = as_picture(source)
    if k is None and asked.part.name != _NO_K:
        k = min(200 if asked.part.name == "slic" else 5, image.size[0] * image.size[1])
    if k is not None:
        k = checked_count("k", k)
        if k > image.size[0] * image.size[1]:
            raise InvalidArgument(
                f"k is {k}, the picture has {image.size[0] * image.size[1]} pixels"
            )
    stack = feature_stack(image, features, preprocess)
    labels = _checked(asked(stack.values, k, seed), stack.size)
    centres, counts = cluster_means(stack.values, labels, int(labels.max()) + 1)
    order = np.lexsort((*centres.T[::-1], -counts))
    order = order[counts[order] > 0]
    renumbered = np.zeros(len(counts), np.int32)
    renumbered[order] = np.arange(len(order), dtype=np.int32)
    distance = centre_distances(stack.values, labels, centres, renumbered)
    mean, error, notes = mean_silhouette(
        stack.rows, labels.ravel(), counts[order], silhouette_sample, seed
    )
    if k is not None and len(order) != k:
        notes = (f"{k} clusters were asked for, {len(order)} were found", *notes)
    inertia = float((distance.astype(np.float64) ** 2).mean())
    provenance = Provenance(
        f"clusters by {asked.part.name}",
        {
            "k": k,
            **plain(asked.parameters),
            **described(stack),
            "silhouette_sample": silhouette_sample,
        },
        image=image.name,
        seed=seed,
        version=__version__,
        seconds=time.perf_counter() - started,
        info=_info(len(order), mean, error, inertia),
        notes=(*stack.notes, *notes),
    )
    return Clusters(
        labels, centres[order], counts[order], distance, stack.names, mean, error, provenance
    )


def _info(count: int, mean: float | None, error: float | None, inertia: float) -> Mapping[str, Any]:
    return {
        "clusters": count,
        "mean squared distance to centre": inertia,
        "silhouette": mean,
        "silhouette error": error,
    }


def _checked(found: Any, size: tuple[int, int]) -> npt.NDArray[np.int32]:
    labels = np.asarray(found)
    if labels.shape != size or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise InvalidArgument(
            f"the method gave {labels.dtype} of shape {labels.shape}; whole labels from 0 on, "
            f"{size}, are meant"
        )
    if labels.max() >= min(labels.size, _GAPS):
        labels = np.unique(labels, return_inverse=True)[1].reshape(size)
    # A copy: the method's own array is not renumbered.
    return np.array(labels, np.int32, order="C")
