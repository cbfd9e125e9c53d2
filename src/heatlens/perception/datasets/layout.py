"""How a data set lies in folders, and the registry of the layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heatlens.parameters import summary_of
from heatlens.perception.datasets.stimulus import Stimulus
from heatlens.registry import Registry

__all__ = ["DATASETS", "Layout", "register"]

Function = Callable[[Path, str | None], Sequence[Stimulus]]


@dataclass(frozen=True)
class Layout:
    """A registered layout.

    Attributes:
        name: of the data set.
        function: `function(folder, split)` lists the stimuli; it looks at names of files alone.
        marks: folders by which a folder is recognised as one of this data set.
        splits: that it has.
        films: whether its stimuli are frames of films.
        paper: where it comes from.
    """

    name: str
    function: Function
    marks: tuple[str, ...]
    splits: tuple[str, ...]
    films: bool
    paper: str

    @property
    def summary(self) -> str:
        """First sentence of the function's docstring."""
        return summary_of(self.function)

    def fits(self, folder: Path) -> bool:
        """Whether a folder looks like one of this data set."""
        return all((folder / mark).is_dir() for mark in self.marks)


DATASETS: Registry[Layout] = Registry("data set", ("heatlens.perception.datasets.layouts",))
"""All layouts, by the data set's name."""


def register(
    name: str,
    *,
    marks: tuple[str, ...],
    paper: str,
    splits: tuple[str, ...] = (),
    films: bool = False,
) -> Callable[[Function], Function]:
    """Register a layout under `name`; see `Layout` for the arguments."""

    def decorate(function: Function) -> Function:
        DATASETS.add(name, Layout(name, function, marks, splits, films, paper))
        return function

    return decorate
