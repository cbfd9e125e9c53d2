"""`read`: from a folder to the stimuli of a data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from heatlens.errors import InvalidArgument, MissingImage, UnknownName
from heatlens.perception.datasets.files import found_in
from heatlens.perception.datasets.layout import DATASETS, Layout
from heatlens.perception.datasets.stimulus import Stimulus

__all__ = ["FixationDataset", "read"]


class FixationDataset(Sequence[Stimulus]):
    """The stimuli of a data set, in order of their names; pictures and fixations are read later.

    Attributes:
        name: of the data set, as registered.
        folder: where it lies.
    """

    def __init__(self, name: str, folder: Path, stimuli: Sequence[Stimulus]) -> None:
        """Keep the list; nothing is read."""
        self.name, self.folder = name, folder
        self._stimuli = stimuli

    def __len__(self) -> int:
        return len(self._stimuli)

    @overload
    def __getitem__(self, index: int) -> Stimulus: ...

    @overload
    def __getitem__(self, index: slice) -> FixationDataset: ...

    def __getitem__(self, index: int | slice) -> Stimulus | FixationDataset:
        """One stimulus by number, or a part of the data set."""
        if isinstance(index, slice):
            return FixationDataset(self.name, self.folder, self._stimuli[index])
        return self._stimuli[index]

    def named(self, name: str) -> Stimulus:
        """The stimulus of that name.

        Raises:
            UnknownName: there is none; the message has the nearest.
        """
        for stimulus in self._stimuli:
            if stimulus.name == name:
                return stimulus
        raise UnknownName("stimulus", name, [stimulus.name for stimulus in self._stimuli])

    def __repr__(self) -> str:
        return f"FixationDataset({self.name!r}, {len(self)} stimuli in {str(self.folder)!r})"


def read(
    folder: str | os.PathLike[str], dataset: str | None = None, *, split: str | None = None
) -> FixationDataset:
    """List the stimuli of a data set of fixations that lies in a folder as it was published.

    Args:
        folder: where its archives were unpacked.
        dataset: a name in `DATASETS`: "mit1003", "cat2000", "salicon", "dhf1k"; recognised by its
            folders unless said.
        split: only this part ("train", "val"), for data sets that have parts.

    Returns:
        A sequence; files are read when a stimulus is asked for its fixations or its density.

    Raises:
        MissingImage: no such folder, or folders and files that the data set has are not there; the
            message says what was expected where, and what was found.
        UnknownName: no such data set.
        InvalidArgument: a split that the data set does not have, or a folder that none is known of.

    Example:
        >>> read("no/such/folder", "mit1003")
        Traceback (most recent call last):
        heatlens.errors.MissingImage: no/such/folder: no such folder
    """
    path = Path(folder)
    if not path.is_dir():
        raise MissingImage(f"{path}: no such folder")
    layout = DATASETS[dataset] if dataset is not None else _recognised(path)
    if split is not None and split not in layout.splits:
        has = f"it has {', '.join(layout.splits)}" if layout.splits else "it has no splits"
        raise InvalidArgument(f"{layout.name} has no split {split!r}; {has}")
    stimuli = layout.function(path, split)
    if not stimuli:
        raise MissingImage(f"{path}: no stimuli of {layout.name} in it; there is {found_in(path)}")
    return FixationDataset(layout.name, path, stimuli)


def _recognised(folder: Path) -> Layout:
    fitting = [layout for layout in DATASETS.values() if layout.fits(folder)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(layout.name for layout in fitting)
        raise InvalidArgument(f"{folder} looks like {names}; say which, dataset=")
    expected = "; ".join(
        f"{layout.name}: {', '.join(f'{mark}/' for mark in layout.marks)}"
        for layout in DATASETS.values()
    )
    raise MissingImage(
        f"{folder}: no data set that is known. Expected {expected}; there is {found_in(folder)}"
    )
