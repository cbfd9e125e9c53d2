"""From heatmaps to action: what to look at again, what to train on, and training for right reasons.

| file or folder | what it gives |
|---|---|
| `review/` | `review_queue`: pictures to look at again, those with the most doubtful heat first |
| `attended_crop` | `attended_crop`: the picture cut to where the evidence is |
| `erased` | `erased`: the picture without its hottest region |
| `fine_tuning` | `fine_tune`: train on while heat off the object costs something |
| `reasons` | `measure_reasons`: accuracy and share of heat on the object, with intervals |
| `penalties` | what heat off the object costs |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.improvement.attended_crop import Crop, attended_crop
    from heatlens.improvement.erased import Erased, erased
    from heatlens.improvement.fine_tuning import fine_tune
    from heatlens.improvement.reasons import Reasons, measure_reasons
    from heatlens.improvement.review.queue import ReviewQueue
    from heatlens.improvement.review.review import review_queue
    from heatlens.improvement.tuned import Epoch, FineTuned

__all__ = [
    "Crop",
    "Epoch",
    "Erased",
    "FineTuned",
    "Reasons",
    "ReviewQueue",
    "attended_crop",
    "erased",
    "fine_tune",
    "measure_reasons",
    "review_queue",
]

_HOME = {
    "Crop": "attended_crop",
    "Epoch": "tuned",
    "Erased": "erased",
    "FineTuned": "tuned",
    "Reasons": "reasons",
    "ReviewQueue": "review.queue",
    "attended_crop": "attended_crop",
    "erased": "erased",
    "fine_tune": "fine_tuning",
    "measure_reasons": "reasons",
    "review_queue": "review.review",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
