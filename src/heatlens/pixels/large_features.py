"""Features of a large picture, piece by piece, and their statistics in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.image import Image
from heatlens.images.large.image import LargeImage
from heatlens.images.large.source import LargeSource
from heatlens.images.large.streaming import streamed
from heatlens.pixels.covariance import shrinkage_of, shrunk
from heatlens.pixels.part import Chosen
from heatlens.pixels.stack import FeatureStack, feature_stack, rounding_floor
from heatlens.pixels.weighing import constant_note

Floats = npt.NDArray[np.float64]

__all__ = ["Overview", "PiecewiseFeatures", "overview"]

_SAMPLE = 200_000
"""Pixels, drawn at random, that tell how certain a covariance is; the covariance is that of all."""


class PiecewiseFeatures(LargeSource):
    """The features of a large picture, measured where they are asked for.

    Args:
        picture: open, and it stays so.
        features: what to measure.
        steps: preprocessing before.
        halo: pixels around a piece that both of them see.
    """

    def __init__(
        self,
        picture: LargeImage,
        features: tuple[Chosen, ...],
        steps: tuple[Chosen, ...],
        halo: int,
    ) -> None:
        """Measure one pixel, which tells how many features there are."""
        self._picture, self._features, self._steps, self._halo = picture, features, steps, halo
        self.levels, self.dtype = (picture.size,), np.dtype(np.float32)
        self.tile = (512, 512) if halo else picture.source.tile
        first = self.stack(0, 0, 1, 1)
        self.channels, self.names = first.values.shape[2], first.names
        self.rounding = first.rounding

    def stack(self, top: int, left: int, height: int, width: int) -> FeatureStack:
        """The features of a piece, as `feature_stack` measures them of the whole."""
        (rows, columns), halo = self._picture.size, self._halo
        first, start = max(0, top - halo), max(0, left - halo)
        last, stop = min(rows, top + height + halo), min(columns, left + width + halo)
        part = self._picture.part(first, start, last - first, stop - start)
        found = feature_stack(part, self._features, self._steps)
        inside = found.values[top - first :, left - start :][:height, :width]
        return replace(found, values=np.ascontiguousarray(inside))

    @staticmethod
    def image_of(stack: FeatureStack) -> Image:
        """A placeholder of a piece's size, for measures that look at features alone."""
        return Image(np.zeros(stack.size, np.uint8), "YX")

    def region(self, level: int, top: int, left: int, height: int, width: int) -> npt.NDArray[Any]:
        """The features of a piece, (height, width, k)."""
        return self.stack(top, left, height, width).values


@dataclass(frozen=True, eq=False)
class Overview:
    """What features come to over a whole picture.

    Attributes:
        names: of the k features.
        covariance: (k, k), of all pixels.
        floor: the standard deviation of each up to which it is constant but for rounding, (k,).
        sample: features of pixels drawn at random, less the mean, (m, k).
        count: pixels of the picture.
    """

    names: tuple[str, ...]
    covariance: Floats
    floor: Floats
    sample: Floats
    count: int

    @property
    def flat(self) -> npt.NDArray[np.bool_]:
        """Which features are constant but for rounding."""
        return np.sqrt(np.diag(self.covariance)) <= self.floor

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """One over the standard deviation of each; 0 of a feature that is constant."""
        spread = np.sqrt(np.diag(self.covariance))
        return (1 / np.where(self.flat, np.inf, spread)).astype(np.float32)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which features are constant."""
        return constant_note(self.names, self.flat)

    def spread(self, scale: npt.NDArray[np.float32] | None) -> float:
        """Root mean variance of the features, times `scale` each; 1 if all are constant."""
        variance = np.where(self.flat, 0.0, np.diag(self.covariance))
        mean = float((variance if scale is None else variance * scale.astype(float) ** 2).mean())
        return mean**0.5 if mean else 1.0

    def whole(self, scale: npt.NDArray[np.float32] | None) -> tuple[Floats, float]:
        """Shrunk covariance of all pixels, times `scale`, and the shrinkage."""
        times = np.ones(len(self.names)) if scale is None else scale.astype(float)
        covariance = self.covariance * np.outer(times, times)
        fourth = float((((self.sample * times) ** 2).sum(axis=1) ** 2).mean())
        amount = shrinkage_of(covariance, fourth, self.count)
        return shrunk(covariance, amount), amount


def overview(source: PiecewiseFeatures) -> Overview:
    """Stream a picture's features once; the sample is the same each time."""
    height, width = source.levels[0]
    count = height * width
    places = np.arange(count) if count <= _SAMPLE else _drawn(count)
    shift = source.stack(0, 0, 1, 1).rows[0].astype(np.float64)  # against cancellation
    k = source.channels
    sums, products, largest = np.zeros(k), np.zeros((k, k)), np.zeros(k)
    sample = []
    for top, band in streamed(source, None):
        rows = band.reshape(-1, k)
        _add(rows, shift, sums, products, largest)
        first, last = np.searchsorted(places, [top * width, top * width + len(rows)])
        sample.append(rows[places[first:last] - top * width].astype(np.float64))
    mean = sums / count
    covariance = products / count - np.outer(mean, mean)
    np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0))
    return Overview(
        source.names,
        covariance,
        rounding_floor(largest[None], source.rounding),
        np.concatenate(sample) - (mean + shift),
        count,
    )


def _drawn(count: int) -> npt.NDArray[np.int64]:
    generator = np.random.default_rng(0)
    return np.sort(generator.choice(count, _SAMPLE, replace=False, shuffle=False))


@njit(cache=True, nogil=True)  # pragma: no cover
def _add(rows, shift, sums, products, largest):  # type: ignore[no-untyped-def]
    k = rows.shape[1]
    step, total, square = np.empty(k), np.zeros(k), np.zeros((k, k))
    for r in range(rows.shape[0]):
        for i in range(k):
            step[i] = rows[r, i] - shift[i]
            total[i] += step[i]
            largest[i] = max(largest[i], abs(rows[r, i]))
            for j in range(i + 1):
                square[i, j] += step[i] * step[j]
    for i in range(k):
        sums[i] += total[i]
        for j in range(i + 1):
            products[i, j] += square[i, j]
            if j < i:
                products[j, i] += square[i, j]
