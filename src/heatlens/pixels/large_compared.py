"""A measure of similarity with all that it needs to know of a large picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from heatlens.pixels.checks import checked_number
from heatlens.pixels.large_features import Overview, PiecewiseFeatures, overview
from heatlens.pixels.measuring import Floats, Measured, Question, gaussian_similarity
from heatlens.pixels.part import Chosen
from heatlens.pixels.stack import FeatureStack, rounding_floor

__all__ = ["Compared"]


class Compared:
    """A measure, its region, and what it needs to know of the whole picture.

    Args:
        source: the features, piece by piece.
        place: the region: top, left, bottom, right.
        measure: with its parameters.
        standardise: whether each feature is divided by its standard deviation over the picture.
    """

    def __init__(
        self,
        source: PiecewiseFeatures,
        place: tuple[int, int, int, int],
        measure: Chosen,
        standardise: bool,
    ) -> None:
        """Read the region, and stream the whole picture once if the measure asks for it."""
        self._source, self.notes = source, tuple[str, ...]()
        top, left, bottom, right = place
        box = source.stack(top, left, bottom - top, right - left)
        rows = box.rows.astype(np.float64)
        spread_needed = measure.part.name == "euclidean" and measure.parameters["spread"] is None
        floor = rounding_floor(rows, box.rounding)
        varies = bool(rows.var(axis=0).sum() > (floor**2).sum())
        flat = measure.part.name == "mahalanobis" and not varies
        seen: Overview | None = None
        if standardise or spread_needed or flat:
            seen = overview(source)
        self._scale: npt.NDArray[np.float32] | None = None
        self._whole: tuple[Floats, float] | None = None
        if standardise and seen is not None:
            self._scale = seen.scale
            rows = rows * self._scale
            self.notes = ("features are in standard deviations over the picture", *seen.notes)
        given = measure.parameters.get("spread")
        if given is not None:
            checked_number("spread", given, 0, above=True)
        if spread_needed and seen is not None:
            width = seen.spread(self._scale)
            measure = replace(measure, parameters={**measure.parameters, "spread": width})
        self.measure, self._mean = measure, rows.mean(axis=0, keepdims=True)
        if flat and seen is not None:
            self._whole = seen.whole(self._scale)
            self.notes += ("the region has one colour; the spread is that of the whole picture",)
        self._rows = rows

    def answer(self, top: int, left: int, height: int, width: int) -> Measured:
        """The measure's answer for a piece of the picture."""
        stack = self._source.stack(top, left, height, width)
        if self._scale is not None:
            rounding = tuple((np.asarray(stack.rounding or 0.0) * self._scale).tolist())
            stack = replace(stack, values=stack.values * self._scale, rounding=rounding)
        if self.measure.part.name == "euclidean":
            return self._euclidean(stack)
        found: Measured = self.measure(
            _PieceQuestion(self._source.image_of(stack), stack, self._rows, self._mean, self._whole)
        )
        return found

    def _euclidean(self, stack: FeatureStack) -> Measured:
        """What the measure gives, in one compiled pass: it is most of the work."""
        spread = float(self.measure.parameters["spread"])
        far = np.empty(stack.size, np.float32)
        _distances(stack.rows, self._mean[0], far.reshape(-1))
        alike = gaussian_similarity(far, spread)
        return Measured(alike, far, "0..1", info={"spread": spread})


@njit(cache=True, nogil=True)  # pragma: no cover
def _distances(rows, mean, found):  # type: ignore[no-untyped-def]
    for r in range(rows.shape[0]):
        total = 0.0
        for k in range(rows.shape[1]):
            step = rows[r, k] - mean[k]
            total += step * step
        found[r] = np.sqrt(total / rows.shape[1])


class _PieceQuestion(Question):
    """A piece of a picture, compared with a region that lies elsewhere."""

    def __init__(
        self,
        image: Any,
        stack: FeatureStack,
        rows: Floats,
        mean: Floats,
        whole: tuple[Floats, float] | None,
    ) -> None:
        super().__init__(image, stack)
        object.__setattr__(self, "_given", (rows, mean, whole))

    def reference(self) -> Floats:
        given: Floats = self.__dict__["_given"][0]
        return given

    def against(self) -> npt.NDArray[Any]:
        given: Floats = self.__dict__["_given"][1]
        return given

    def whole(self) -> tuple[Floats, float]:
        given: tuple[Floats, float] | None = self.__dict__["_given"][2]
        return super().whole() if given is None else given
