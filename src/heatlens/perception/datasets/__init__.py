"""Data sets of fixations, where a user has them: readers of the folders as they are published.

    for stimulus in read("MIT1003"):
        score = nss(saliency(stimulus.image), stimulus.fixations)

Nothing is downloaded, and no file is read before it is asked for.

| file or folder | what it gives |
|---|---|
| `reading` | `read`: from a folder to its stimuli |
| `stimulus` | `Stimulus`: a picture or a film's frame, its fixations and its density |
| `layouts/` | how each data set lies in folders, one a file; their registry is `layout.DATASETS` |
| `files` | masks, densities and Matlab files as positions |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.perception.datasets.layout import DATASETS
    from heatlens.perception.datasets.reading import FixationDataset, read
    from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["DATASETS", "FixationDataset", "Stimulus", "read"]

_HOME = {
    "DATASETS": "layout",
    "FixationDataset": "reading",
    "Stimulus": "stimulus",
    "read": "reading",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
