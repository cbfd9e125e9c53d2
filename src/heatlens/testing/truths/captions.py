"""Heat on the object that a prompt names, and on the words that a picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from heatlens.attribution.attribute import attributed
from heatlens.models.load import load_model
from heatlens.models.targets import Similarity
from heatlens.models.transformers.image_text import EMBEDDING, ImageTextModel
from heatlens.testing.ground_truth import View
from heatlens.testing.kinds import COLOURS, SHAPES, CaptionBatch, Split, captions, phrase
from heatlens.testing.truths.measure import KindTruth, heat, hits_in, parts

__all__ = ["contrasted_words_truth", "objects_truth", "words_truth"]


def objects_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """For a prompt that names one of two objects: is the hottest pixel inside that object?

    Args:
        count: held-out pictures; the prompt names the first and the second object in turn.
        seed: of the pictures.
        views: methods to measure.
    """
    model, batch, inputs = _pictures(count, seed)
    which = np.arange(count) % 2
    masks = batch.masks[np.arange(count), which]
    prompts = [batch.phrase(row, int(one)) for row, one in enumerate(which)]
    references = model.reader.embeddings(prompts)
    found = {}
    for view in views:
        hits = 0
        for rows in parts(count):
            aim = Similarity(references[rows], layer=EMBEDDING)
            hits += hits_in(heat(model, inputs[rows], view, aim), masks[rows.numpy()], view)
        found[view.name] = KindTruth(hits / count, float(masks.mean()), count)
    return found


def words_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """For a caption of two phrases of which one is true: is the hottest word one of its two?

    The other phrase names a colour and a shape that the picture does not show. Methods with a
    baseline are given what stands for "no word here"; `features="words"` stands for the words.

    Args:
        count: held-out pictures.
        seed: of the pictures.
        views: methods to measure.
    """
    return _words(count, seed, views, None)


def contrasted_words_truth(count: int, seed: int, views: Sequence[View]) -> dict[str, KindTruth]:
    """The same for what makes the caption fit this picture more than 64 others."""
    _, _, others = _pictures(64, seed, "train")
    return _words(count, seed, views, others)


def _words(
    count: int, seed: int, views: Sequence[View], against: Tensor | None
) -> dict[str, KindTruth]:
    model, batch, inputs = _pictures(count, seed)
    hits = dict.fromkeys((view.name for view in views), 0)
    for row in range(count):
        false = phrase(
            _absent(batch.colours[row], len(COLOURS), row),
            _absent(batch.shapes[row], len(SHAPES), row),
        )
        phrases = [batch.phrase(row, row % 2), false]
        first = row % 4 < 2
        seen = model.text_view(
            " and ".join(phrases if first else reversed(phrases)),
            inputs[row : row + 1],
            against,
        )
        # "a COLOUR SHAPE and a COLOUR SHAPE"
        planted = (1, 2) if first else (5, 6)
        for view in views:
            settings = dict(view.parameters)
            whole = settings.get("features") == "words"
            if whole:
                settings["features"] = seen.features()
            if "baseline" in settings:
                settings["baseline"] = seen.baseline
            values = attributed(seen.model, seen.batch, view.method, 0, settings).values
            hits[view.name] += int(seen.on_words(values, shared=whole).argmax()) in planted
    return {name: KindTruth(number / count, 2 / 7, count) for name, number in hits.items()}


def _pictures(
    count: int, seed: int, split: Split = "test"
) -> tuple[ImageTextModel, CaptionBatch, Tensor]:
    model = cast(ImageTextModel, load_model("bundled:caption-clip"))
    batch = captions(count, seed=seed, split=split)
    pixels = torch.from_numpy(batch.images).permute(0, 3, 1, 2).float() / 255
    return model, batch, model.contract.normalise(pixels)


def _absent(present: npt.NDArray[np.int64], kinds: int, row: int) -> int:
    """One of the numbers below `kinds` that are not present, now this one, now that."""
    absent = [number for number in range(kinds) if number not in present]
    return absent[row % len(absent)]
