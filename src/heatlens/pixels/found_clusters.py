"""Clusters of pixels: which pixel belongs where, and how well."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.frozen import frozen
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.pixels.grouping import cluster_means
from heatlens.pixels.planes import as_picture, rgb
from heatlens.provenance import Provenance

__all__ = ["Clusters"]

_MAPS = ("distance to centre", "size")


@dataclass(frozen=True, eq=False)
class Clusters:
    """What belongs together in a picture, the largest cluster first.

    Attributes:
        labels: (H, W) int32, 0 for the largest cluster.
        centres: (k, d), the mean description of each cluster's pixels.
        counts: (k,), pixels of each.
        distance: (H, W) float32, how far each pixel's description lies from its cluster's centre.
        names: of the d features.
        silhouette: mean silhouette of a sample of pixels, -1..1; None with a single cluster.
        silhouette_error: its standard error from drawing the sample; 0 where it has all pixels.
        provenance: how they were made.
    """

    labels: npt.NDArray[np.int32]
    centres: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    distance: npt.NDArray[np.float32]
    names: tuple[str, ...]
    silhouette: float | None
    silhouette_error: float | None
    provenance: Provenance

    def __post_init__(self) -> None:
        """Arrays become read-only."""
        for name in ("labels", "centres", "counts", "distance"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __len__(self) -> int:
        """How many clusters there are."""
        return len(self.counts)

    def heatmap(self, of: int | str = "distance to centre") -> Heatmap:
        """The clusters as a heatmap.

        Args:
            of: a label: 1 in that cluster and 0 elsewhere; "distance to centre": what is unlike
                its own cluster; "size": the share of the picture that a pixel's cluster has.

        Raises:
            UnknownName: another word.
            InvalidArgument: a label that there is not.
        """
        if isinstance(of, str):
            if of not in _MAPS:
                raise UnknownName("map of clusters", of, _MAPS)
            share = (self.counts / self.labels.size).astype(np.float32)
            values = self.distance if of == "distance to centre" else share[self.labels]
            words = of
        elif isinstance(of, int | np.integer) and not isinstance(of, bool):
            if not 0 <= of < len(self):
                raise InvalidArgument(f"there is no cluster {of}; they are 0 to {len(self) - 1}")
            values, words = (self.labels == of).astype(np.float32), f"cluster {int(of)}"
        else:
            raise InvalidType(f"`of` is {of!r}; a label or one of {', '.join(_MAPS)} is meant")
        return Heatmap(values, self.provenance.with_(target=words), signed=False)

    def picture(self, image: Any = None) -> Image:
        """The clusters in colour: each in the mean colour of its pixels in `image`.

        Without a picture they get colours that are easy to tell apart.

        Args:
            image: whatever `read_image` reads, of the size of the labels.

        Raises:
            InvalidArgument: a picture of another size.
        """
        if image is None:
            colours = np.array([_distinct(j) for j in range(len(self))])
        else:
            shown = as_picture(image)
            if shown.size != self.labels.shape:
                raise InvalidArgument(
                    f"the picture has size {shown.size}, the clusters {self.labels.shape}"
                )
            colours, _ = cluster_means(np.ascontiguousarray(rgb(shown)), self.labels, len(self))
        levels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
        return Image(levels[self.labels], name=self.provenance.image)

    def __repr__(self) -> str:
        """Number, method and silhouette in one line."""
        good = "" if self.silhouette is None else f", silhouette {self.silhouette:.2f}"
        error = "" if self.silhouette_error is None else f" ± {self.silhouette_error:.1g}"
        size = " x ".join(map(str, self.labels.shape))
        made = self.provenance.method.removeprefix("clusters by ")
        return f"Clusters({len(self)} by {made}, {size}{good}{error})"

    def _repr_png_(self) -> Any:
        return self.picture()._repr_png_()


def _distinct(number: int) -> tuple[float, float, float]:
    """Colours a golden angle apart, every other round darker."""
    hue = (0.58 + number * 0.381966) % 1.0
    return colorsys.hls_to_rgb(hue, (0.62, 0.42, 0.78)[number % 3], 0.62)
