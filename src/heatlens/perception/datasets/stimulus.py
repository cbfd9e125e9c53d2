"""What people were shown, and where they looked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from heatlens.errors import InvalidArgument, UnknownName
from heatlens.frozen import frozen
from heatlens.perception.datasets import files

__all__ = ["Stimulus"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stimulus:
    """A picture, or a frame of a film, of a data set of fixations.

    Attributes:
        name: within its data set; unique.
        image: file of the picture, or of the film.
        frame: number of the film's frame, from 0; None for a picture.
        density_file: picture of the blurred fixations, where there is one.
        category: where the data set has such ("Action").
        split: "train", "val", "test", where the data set has such.
        observers: file of the raw gaze of each observer, where there are such.
        points: reads the fixations; None if the data set does not give them out (test sets).
        samples: reads the raw gaze from an observer's file.
    """

    name: str
    image: Path
    frame: int | None = None
    density_file: Path | None = None
    category: str = ""
    split: str = ""
    observers: Mapping[str, Path] = field(default_factory=dict)
    points: Callable[[], Floats] | None = None
    samples: Callable[[Path], Floats] | None = None

    @cached_property
    def fixations(self) -> Floats:
        """Where people looked: (n, 2) positions (row, column); pixel centres are whole numbers.

        Read once; read-only.

        Raises:
            InvalidArgument: the data set does not have them, as for test sets.
            UnreadableImage: the file is not what it should be.
        """
        if self.points is None:
            raise InvalidArgument(
                f"{self.name}: the data set has no fixations for it here (test sets keep theirs, "
                "and parts can be missing from a download)"
            )
        return frozen(self.points(), np.float64)

    @property
    def density(self) -> Floats:
        """The blurred fixations as published, (H, W), in grey levels of their file; 8 bits.

        Raises:
            InvalidArgument: there is no such file; `fixation_density` makes one from the fixations.
        """
        if self.density_file is None:
            raise InvalidArgument(
                f"{self.name}: the data set has no picture of its density here; make one: "
                "fixation_density(stimulus.fixations, size)"
            )
        return files.levels(self.density_file)

    def gaze(self, observer: str) -> Floats:
        """Raw gaze of one observer: (t, 2) rows and columns, NaN where the eye was lost.

        Raises:
            UnknownName: there is no such observer.
        """
        if not isinstance(observer, str) or observer not in self.observers or self.samples is None:
            raise UnknownName("observer", observer, self.observers)
        return self.samples(self.observers[observer])
