"""What `heatlens explain` was asked to do, and whether it can be done at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.attribution.channels import REDUCTIONS
from heatlens.attribution.method import METHODS
from heatlens.cli.films import check_one_film, check_options, film_file, refuse_file
from heatlens.cli.folders import check_folder
from heatlens.cli.large import map_file
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.images.fit import MODES
from heatlens.models.bound import bound
from heatlens.models.protocol import Model
from heatlens.models.targets import ClassIndex, Difference, Target, TopK
from heatlens.render.cells import STYLES
from heatlens.render.colour import SIGNS
from heatlens.render.colour import colour_map as known_colour_map

__all__ = ["FORMATS", "Job", "check_classes"]

FORMATS = ("png", "svg", "npz", "tif")
"""Files that can be asked for: two pictures, two lossless."""


@dataclass(frozen=True)
class Job:
    """What is to be done with every photo; see the options of `heatlens explain`."""

    model: Model
    methods: tuple[str, ...]
    targets: tuple[str, ...]
    top: int | None
    out: Path
    formats: tuple[str, ...]
    draw: Mapping[str, Any]
    fit: str | None
    channels: str | None
    settings: Mapping[str, Any]
    checks: bool
    words: str | None = None
    zoomable: bool = False

    def parameters(self, method: str) -> dict[str, Any]:
        """Those of the settings that this method takes."""
        known = METHODS[method].parameters
        return {name: value for name, value in self.settings.items() if name in known}

    @property
    def film_file(self) -> Path | None:
        """The file that `out` names, if it names one of a film."""
        return film_file(self.out)

    @property
    def map_file(self) -> Path | None:
        """The file that `out` names, if it names the map of one large picture."""
        return map_file(self.out)

    def check_large(self, source: object) -> None:
        """Refuse what is not for a picture that is seen window by window.

        Raises:
            InvalidArgument: such an option was given.
        """
        refused = {
            "--top": self.top is not None,
            "--words": self.words is not None,
            "--fit": self.fit is not None,
            "--format": bool(set(self.formats) - {"png", "tif"}),
        }
        for option in (name for name, given in refused.items() if given):
            raise InvalidArgument(
                f"{source} is explained window by window into a pyramid, and {option} is for "
                "pictures that are seen whole"
            )

    def check(self, photos: Sequence[object] = (), films: Sequence[str] = ()) -> None:
        """Fail now on what would fail for every photo; makes the folder `out`.

        Args:
            photos: the sources that are no films.
            films: those that are.

        Raises:
            HeatlensError: a name, a value or a folder that cannot be used.
        """
        self._check_names()
        for name in self.methods:
            METHODS[name].check(self.model, self.parameters(name))
        for setting in self.settings:
            if not any(setting in METHODS[name].parameters for name in self.methods):
                METHODS[self.methods[0]].check(self.model, {setting: None})
        if self.words is None:  # words are held against the picture, not against a class
            self._check_targets()
        self._check_films(photos, films)
        if self.zoomable or self.map_file is not None:
            self.check_large(self.map_file or "with --zoomable a picture")
        if self.map_file is not None:
            if films or len(photos) != 1 or len(self.methods) * len(self.targets) > 1:
                raise InvalidArgument(
                    f"--out {self.out} is one map: give one picture, one method and one target, or "
                    "a folder as --out"
                )
        elif self.film_file is None:
            refuse_file(self.out, films)
            check_folder(self.out)

    def _check_films(self, photos: Sequence[object], films: Sequence[str]) -> None:
        if films and (self.top is not None or self.words is not None):
            raise InvalidArgument("--top and --words are for pictures, and a film was given")
        runs = len(self.methods) * len(self.targets)
        check_options(
            films,
            photos,
            runs,
            of_pictures={
                "--format": self.formats != ("png",),
                "--style": self.draw["style"] != "panels",
                "--sign": self.draw["sign"] != "positive",
                "--threshold": self.draw["threshold"] != 0,
                "--hotspots": self.draw["hotspots"],
                "--zoomable": self.zoomable,
            },
            of_films={},
        )
        if self.film_file is not None:
            check_one_film(self.out, films, photos, runs)

    def _check_targets(self) -> None:
        labels = self.model.contract.labels
        for target in self.targets:
            aim = bound(self.model, target)
            if labels:
                check_classes(target, aim, len(labels))

    def _check_names(self) -> None:
        chosen = {
            "--format": (self.formats, FORMATS),
            "--style": ([self.draw["style"]], STYLES),
            "--sign": ([self.draw["sign"]], SIGNS),
            "--fit": ([self.fit], (None, *MODES)),
            "--channels": ([self.channels], (None, *REDUCTIONS)),
            "--layer": ([self.settings.get("layer")], (None, *self.model.layers())),
        }
        for option, (given, known) in chosen.items():
            for name in given:
                if name not in known:
                    raise UnknownName(option, str(name), [item for item in known if item])
        if self.draw["colour_map"] is not None:
            known_colour_map(self.draw["colour_map"])


def check_classes(words: str, target: Target, classes: int) -> None:
    """Refuse a class that the model does not have."""
    if isinstance(target, Difference):
        check_classes(words, target.first, classes)
        check_classes(words, target.second, classes)
    elif isinstance(target, ClassIndex) and isinstance(target.index, int):
        if not 0 <= target.index < classes:
            raise InvalidArgument(
                f"--target {words!r}: class {target.index} is out of range; the model has "
                f"{classes} classes, 0 to {classes - 1}"
            )
    elif isinstance(target, TopK) and not 1 <= target.count <= classes:
        raise InvalidArgument(f"--target {words!r}: the model has {classes} classes")
