"""Preprocessing and features, one after the other: the first half of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.frozen import frozen
from heatlens.image import Image
from heatlens.pixels.part import FEATURES, STEPS, Chosen, chosen_all
from heatlens.pixels.planes import as_picture

__all__ = [
    "FeatureStack",
    "described",
    "feature_stack",
    "measured",
    "moments",
    "preprocessed",
    "rounding_floor",
]

_BLOCK = 1 << 18
"""Pixels that are taken in double precision at once, so that memory stays bounded."""

_DIGITS = 8 * float(np.finfo(np.float32).eps)
"""Of a feature's largest value, what rounding to float32 can make of a constant."""


@dataclass(frozen=True, eq=False)
class FeatureStack:
    """What was measured at every pixel.

    Attributes:
        values: (H, W, k) float32, finite, read-only.
        names: k names; those of a vector feature are numbered ("colour 1").
        signed: of each, whether it can be below 0.
        preprocess: the steps before, in order.
        parts: the features, with their parameters; of a stack made by hand none.
        rounding: of each, the standard deviation that rounding alone can reach; () for 0.
        notes: on the picture, from the features.
    """

    values: npt.NDArray[np.float32]
    names: tuple[str, ...]
    signed: tuple[bool, ...]
    preprocess: tuple[Chosen, ...] = ()
    parts: tuple[Chosen, ...] = ()
    rounding: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def rows(self) -> npt.NDArray[np.float32]:
        """One row a pixel, in reading order: (H W, k)."""
        return self.values.reshape(-1, self.values.shape[2])

    @property
    def steps(self) -> tuple[str, ...]:
        """The preprocessing in words."""
        return tuple(step.words for step in self.preprocess)

    @property
    def features(self) -> tuple[str, ...]:
        """The features with their parameters, in words."""
        return tuple(part.words for part in self.parts)

    @property
    def floor(self) -> npt.NDArray[np.float64]:
        """Of each feature the standard deviation up to which it is constant but for rounding."""
        return rounding_floor(self.rows, self.rounding)


def preprocessed(source: Any, steps: Any = ()) -> Image:
    """A picture after some steps of `STEPS`, in their order.

    Args:
        source: whatever `read_image` reads.
        steps: names, (name, parameters) or functions from `Image` to `Image`.

    Raises:
        UnknownName: no such step; the nearest are named.
        InvalidArgument: a parameter that a step does not take, or a film.
        InvalidType: a function of one's own that gives no `Image`.

    Example:
        >>> picture = np.array([[10, 20, 50]], np.uint8)
        >>> preprocessed(picture, ["min-max", ("gaussian", {"sigma": 0})]).pixels.tolist()
        [[0.0, 0.25, 1.0]]
    """
    image = as_picture(source)
    for step in chosen_all(STEPS, steps):
        found = step(image)
        if not isinstance(found, Image) or found.size != image.size:
            raise InvalidType(
                f"the step {step.words} gave {found!r}; it has to give an Image of the same size"
            )
        image = found
    return image


def feature_stack(source: Any, features: Any = ("colour",), preprocess: Any = ()) -> FeatureStack:
    """Measure features of `FEATURES` at every pixel.

    Args:
        source: whatever `read_image` reads.
        features: names, (name, parameters) or functions from `Image` to (H, W) or (H, W, k).
        preprocess: steps before; see `preprocessed`.

    Raises:
        UnknownName: no such feature or step; the nearest are named.
        InvalidArgument: no feature at all, a wrong parameter, or a function's result that is not
            finite or not of the picture's size.

    Example:
        >>> feature_stack(np.zeros((4, 6, 3), np.uint8), ("brightness", "colour")).names
        ('brightness', 'colour 1', 'colour 2', 'colour 3')
    """
    wanted, steps = chosen_all(FEATURES, features), chosen_all(STEPS, preprocess)
    if not wanted:
        raise InvalidArgument(f"no feature is asked for; there are: {', '.join(FEATURES)}")
    return measured(preprocessed(source, steps), wanted, steps)


def measured(
    image: Image, wanted: tuple[Chosen, ...], steps: tuple[Chosen, ...] = ()
) -> FeatureStack:
    """Features of a picture that `steps` have been through."""
    planes: list[npt.NDArray[np.float32]] = []
    names: list[str] = []
    signed: list[bool] = []
    rounding: list[float] = []
    notes: list[str] = []
    for feature in wanted:
        found = _checked(np.asarray(feature(image), np.float32), image.size, feature.words)
        if found.base is None and feature.part.reach is not None:
            found.flags.writeable = False  # ours, made just now: it need not be copied
        count = 1 if found.ndim == 2 else found.shape[2]
        own = feature.part.name
        planes.append(found.reshape(*image.size, count))
        names += [own] if count == 1 else [f"{own} {number + 1}" for number in range(count)]
        signed += [feature.part.signed] * count
        rounding += [feature.part.rounding] * count
        notes += feature.part.remarks(image) if feature.part.remarks else ()
    values = planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)
    values.flags.writeable = False
    return FeatureStack(
        frozen(values),
        tuple(_distinct(names)),
        tuple(signed),
        steps,
        wanted,
        tuple(rounding),
        tuple(dict.fromkeys(notes)),
    )


def described(stack: FeatureStack) -> dict[str, Any]:
    """What provenance says of a stack."""
    return {"preprocess": list(stack.steps), "features": list(stack.features)}


def rounding_floor(rows: npt.NDArray[Any], rounding: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Of each column of (n, k) float32 the spread that rounding can give a constant.

    Example:
        >>> rounding_floor(np.full((2, 1), 1000.0), (1e-7,)).round(6).tolist()
        [0.000954]
    """
    largest = np.array([max(column.max(), -column.min()) for column in rows.T], np.float64)
    return np.maximum(_DIGITS * largest, np.asarray(rounding or 0.0))


def moments(rows: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and variance of each column of (n, k), in double precision, in two passes.

    Example:
        >>> mean, variance = moments(np.array([[1.0, 5.0], [3.0, 5.0]], np.float32))
        >>> mean.tolist(), variance.tolist()
        ([2.0, 5.0], [1.0, 0.0])
    """
    starts = range(0, len(rows), _BLOCK)
    total = np.zeros(rows.shape[1])
    for start in starts:
        total += rows[start : start + _BLOCK].sum(axis=0, dtype=np.float64)
    mean = total / len(rows)
    squares = np.zeros(rows.shape[1])
    for start in starts:
        squares += ((rows[start : start + _BLOCK] - mean) ** 2).sum(axis=0)
    return mean, squares / len(rows)


def _checked(
    found: npt.NDArray[np.float32], size: tuple[int, int], words: str
) -> npt.NDArray[np.float32]:
    if found.shape[:2] != size or found.ndim > 3:
        raise InvalidArgument(
            f"the feature {words} gave shape {found.shape}; the picture needs {size} or "
            f"{(*size, 'k')}"
        )
    if not found.size:
        raise InvalidArgument(f"the feature {words} gave no values, shape {found.shape}")
    if not np.isfinite(found).all():
        raise InvalidArgument(f"the feature {words} gave NaN or infinite values")
    return found


def _distinct(names: list[str]) -> list[str]:
    """The same feature twice, with other parameters: the second is called "gabor, 2"."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}, {seen[name]}")
    return found
