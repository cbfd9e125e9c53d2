"""`similarity` and `difference`: to a pixel, a region or a second picture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument
from heatlens.frozen import frozen
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.pixels.measuring import Measured, Question
from heatlens.pixels.part import FEATURES, MEASURES, STEPS, Chosen, chosen, chosen_all
from heatlens.pixels.planes import as_picture
from heatlens.pixels.region import is_region, region_mask, region_words
from heatlens.pixels.stack import FeatureStack, described, measured, moments, preprocessed
from heatlens.pixels.weighing import constant_note
from heatlens.provenance import Provenance, plain
from heatlens.version import __version__

__all__ = ["answered", "difference", "question_of", "similarity"]


def similarity(
    source: Any,
    to: Any,
    measure: Any = "euclidean",
    features: Any = ("colour",),
    preprocess: Any = (),
    *,
    standardise: bool | None = None,
    **parameters: Any,
) -> Heatmap:
    """How alike each pixel is to a pixel, to a region, or to the same place in a second picture.

    | measure | of | similarity | difference |
    |---|---|---|---|
    | "euclidean" | all | exp(-d^2 / 2 spread^2), 0..1 | d, root mean square of the features |
    | "cosine" | all | cosine of the angle, -1..1 | 1 - cosine, 0..2 |
    | "mahalanobis" | all | share of the region further out, 0..1 | d, in its standard deviations |
    | "ssim" | two pictures | SSIM, -1..1 | 1 - SSIM, 0..2 |
    | "correlation" | a box or pixel | correlation with the patch, -1..1 | 1 - r, 0..2 |

    Args:
        source: whatever `read_image` reads.
        to: (row, column); (top, left, bottom, right), the last two left out; a boolean mask
            (H, W); or a second picture of the same size.
        measure: a name of `MEASURES` or (name, parameters).
        features: what pixels are compared by; CIELAB by default. See `feature_stack`.
        preprocess: steps before, on both pictures.
        standardise: whether to divide each feature by its standard deviation over the picture, of
            two pictures over both. None does so where features of several kinds, with several units, are compared.
        parameters: of the measure (`spread`, `window`, `radius`).

    Returns:
        A heatmap, higher where more alike.

    Raises:
        UnknownName: a measure, feature or step that there is not.
        InvalidArgument: a place outside of the picture, an empty mask, pictures of different size,
            or a measure that cannot answer this.
        MissingDependency: a part needs a package of the extra `pixels`.

    Example:
        >>> picture = np.zeros((4, 4, 3), np.uint8)
        >>> picture[:2] = [255, 0, 0]
        >>> heat = similarity(picture, (0, 0))
        >>> heat.values[0, 3].item(), round(heat.values[3, 3].item(), 2)
        (1.0, 0.14)
    """
    return _asked("similarity", source, to, measure, features, preprocess, standardise, parameters)


def difference(
    source: Any,
    to: Any,
    measure: Any = "euclidean",
    features: Any = ("colour",),
    preprocess: Any = (),
    *,
    standardise: bool | None = None,
    **parameters: Any,
) -> Heatmap:
    """How different each pixel is from a pixel, a region, or a second picture; see `similarity`.

    Returns:
        A heatmap of values from 0, the same, upwards.

    Example:
        >>> first, second = np.full((2, 3, 3), 55, np.uint8)
        >>> second[1, 2] = 106
        >>> difference(first, second, features=("brightness",)).peak
        (1, 2)
    """
    return _asked("difference", source, to, measure, features, preprocess, standardise, parameters)


def question_of(
    image: Image,
    to: Any,
    features: Any,
    preprocess: Any,
    standardise: bool | None,
) -> tuple[Question, str, tuple[str, ...]]:
    """The question, what is compared with in words, and notes."""
    region = is_region(to, image.size)
    if region:
        region_mask(to, image.size)  # before anything long begins
    other = None if region else as_picture(to, "the second picture")
    if other is not None and other.size != image.size:
        raise InvalidArgument(
            f"the pictures have {_by(image)} and {_by(other)} pixels (height x width); resize one, "
            "or lay one on the other by picture_difference(..., align=...)"
        )
    wanted, steps = chosen_all(FEATURES, features), chosen_all(STEPS, preprocess)
    if not wanted:
        raise InvalidArgument(f"no feature is asked for; there are: {', '.join(FEATURES)}")
    ready = preprocessed(image, steps)
    other_ready = None if other is None else preprocessed(other, steps)
    stack = measured(ready, wanted, steps)
    other_stack = None if other_ready is None else measured(other_ready, wanted, steps)
    if other_stack is not None and other_stack.names != stack.names:
        raise InvalidArgument(
            f"the first picture has the features {', '.join(stack.names)}, the second "
            f"{', '.join(other_stack.names)}; to compare a grey picture with a colour one take "
            "features=('colour',) or ('brightness',)"
        )
    notes = stack.notes if other_stack is None else stack.notes + other_stack.notes
    if len(wanted) > 1 if standardise is None else standardise:
        stack, other_stack, flat = _standardised(stack, other_stack)
        notes += flat
    question = Question(ready, stack, to if region else None, other_ready, other_stack)
    words = region_words(to) if region or other is None else other.name or "the second picture"
    return question, words, tuple(dict.fromkeys(notes))


def answered(
    question: Question, measure: Any, parameters: Mapping[str, Any]
) -> tuple[Measured, Chosen]:
    """A measure's answer, and the measure."""
    if parameters and isinstance(measure, str):
        measure = (measure, dict(parameters))
    elif parameters:
        raise InvalidArgument(
            f"give {', '.join(parameters)} with the measure, or by name, not both"
        )
    asked = chosen(MEASURES, measure)
    return asked(question), asked


def _asked(
    what: str,
    source: Any,
    to: Any,
    measure: Any,
    features: Any,
    preprocess: Any,
    standardise: bool | None,
    parameters: Mapping[str, Any],
) -> Heatmap:
    started = time.perf_counter()
    image = as_picture(source)
    if not is_region(to, image.size):
        to = as_picture(to, "the second picture")
    wanted, steps = chosen_all(FEATURES, features), chosen_all(STEPS, preprocess)
    question, words, notes = question_of(image, to, wanted, steps, standardise)
    found, asked = answered(question, measure, parameters)
    alike = what == "similarity"
    values = found.similarity if alike else np.maximum(found.difference, 0)
    provenance = Provenance(
        f"pixel-{what}",
        {
            **_named(to, question, words),
            "measure": asked.words,
            **described(question.stack),
            "standardise": len(wanted) > 1 if standardise is None else bool(standardise),
        },
        target=words,
        image=image.name,
        version=__version__,
        seconds=time.perf_counter() - started,
        info={
            **found.info,
            "range": found.range if alike else "0 is the same",
            "unit": f"similarity, {found.range}" if alike else "difference, 0 is the same",
        },
        notes=(*notes, *found.notes),
    )
    return Heatmap(values, provenance, signed=found.signed and alike)


def _named(to: Any, question: Question, words: str) -> dict[str, Any]:
    """What is compared with, so that it can be told from another of the same name."""
    if question.other is not None:
        return {"to": words, "pixels": plain(to.pixels)}
    return {"to": words} if np.ndim(to) == 1 else {"to": words, "mask": plain(question.mask)}


def _standardised(
    stack: FeatureStack, other: FeatureStack | None
) -> tuple[FeatureStack, FeatureStack | None, tuple[str, ...]]:
    """In standard deviations, of two pictures those of all their pixels; zero stays where it is."""
    stacks = [stack] if other is None else [stack, other]
    means, variances = zip(*(moments(one.rows) for one in stacks), strict=True)
    spread = np.sqrt(np.mean(variances, axis=0) + np.var(means, axis=0))
    flat = spread <= np.max([one.floor for one in stacks], axis=0)
    scale = 1 / np.where(flat, np.inf, spread)
    where = "the picture" if other is None else "both pictures"
    said = f"features are in standard deviations over {where}"
    second = None if other is None else _scaled(other, scale)
    return _scaled(stack, scale), second, (said, *constant_note(stack.names, flat, where))


def _scaled(stack: FeatureStack, scale: npt.NDArray[np.float64]) -> FeatureStack:
    rounding = tuple((np.asarray(stack.rounding or 0.0) * scale).tolist())
    return replace(stack, values=frozen(stack.values * scale.astype(np.float32)), rounding=rounding)


def _by(image: Image) -> str:
    return " x ".join(map(str, image.size))
