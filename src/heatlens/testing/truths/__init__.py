"""The measure of maps of other kinds: heat on the planted object, word, tone and frame.

For each view of a bundled model the share of held-out cases whose hottest place is where the truth
was planted, over all cases, also those that the model gets wrong.
"""

from __future__ import annotations

from heatlens.testing.ground_truth import View
from heatlens.testing.truths.captions import (
    contrasted_words_truth,
    objects_truth,
    words_truth,
)
from heatlens.testing.truths.frames import frames_truth
from heatlens.testing.truths.measure import KindTruth, PlantedTruth
from heatlens.testing.truths.tones import samples_truth, spectrograms_truth

__all__ = ["KIND_TRUTHS", "KindTruth", "PlantedTruth"]

_GRADIENTS = (
    View("integrated-gradients", (("steps", 16),)),
    View("input-x-gradient"),
    View("gradient"),
)

_WORDS = (
    View("shapley", (("features", "words"), ("baseline", "no word"))),
    View("feature-ablation", (("features", "words"), ("baseline", "no word"))),
    View("integrated-gradients", (("steps", 16), ("baseline", "no word"))),
    View("input-x-gradient"),
)

KIND_TRUTHS: dict[str, PlantedTruth] = {
    "objects": PlantedTruth(
        "hottest pixel on the object that the prompt names",
        "bundled:caption-clip",
        (
            View("integrated-gradients", (("steps", 16),), smooth=1.0),
            *_GRADIENTS,
            View("occlusion", (("window", 9), ("stride", 3))),
            View("gradcam"),
        ),
        objects_truth,
    ),
    "words": PlantedTruth(
        "hottest word one of the two that are true of the picture",
        "bundled:caption-clip",
        _WORDS,
        words_truth,
        held=False,
    ),
    "contrasted words": PlantedTruth(
        "hottest word, against other pictures, one of the two that are true",
        "bundled:caption-clip",
        _WORDS,
        contrasted_words_truth,
    ),
    "spectrograms": PlantedTruth(
        "hottest cell in the tone's band and time",
        "bundled:tone-net",
        (
            View("integrated-gradients", (("steps", 16), ("baseline", "blur"))),
            *_GRADIENTS,
            View("occlusion", (("window", (4, 8)), ("stride", (2, 4)), ("baseline", "blur"))),
            View("gradcam"),
        ),
        spectrograms_truth,
    ),
    "samples": PlantedTruth(
        "hottest cell of the spectrum in the tone's band and time",
        "bundled:tone-wave",
        (*_GRADIENTS[1:2], *_GRADIENTS[:1], *_GRADIENTS[2:]),
        samples_truth,
    ),
    "frames": PlantedTruth(
        "hottest frame the one with the event",
        "bundled:event-net",
        (
            View("integrated-gradients", (("steps", 16), ("baseline", "blur"))),
            View(
                "occlusion", (("window", (1, 16, 16)), ("stride", (1, 8, 8)), ("baseline", "blur"))
            ),
            *_GRADIENTS,
            View("gradcam"),
            View("layercam"),
        ),
        frames_truth,
    ),
}
"""What is measured and with which views, by name."""
