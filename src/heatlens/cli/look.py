"""What `heatlens saliency` was asked to do, and whether it can be done at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.cli.films import check_one_film, check_options, film_file, refuse_file
from heatlens.cli.folders import check_folder
from heatlens.cli.job import FORMATS
from heatlens.cli.large import MAP_SUFFIXES
from heatlens.cli.settings import taken_by
from heatlens.errors import InvalidArgument, UnknownName
from heatlens.perception import MOVING, SALIENCY
from heatlens.perception.saliency import DEFAULT_MOVING, DEFAULT_STILL
from heatlens.render.cells import STYLES
from heatlens.render.colour import colour_map as known_colour_map

__all__ = ["Look"]


@dataclass(frozen=True)
class Look:
    """What is to be done with every source; see the options of `heatlens saliency`."""

    methods: tuple[str, ...]
    out: Path
    formats: tuple[str, ...]
    draw: Mapping[str, Any]
    flow: bool
    zoomable: bool
    settings: Mapping[str, Any]

    @property
    def map_file(self) -> Path | None:
        """The file that `--out` names, if it names one of a large picture."""
        named = self.out.suffix.lower() in MAP_SUFFIXES and not self.out.is_dir()
        return self.out if named else None

    @property
    def film_file(self) -> Path | None:
        """The file that `--out` names, if it names one of a film."""
        return film_file(self.out)

    @property
    def for_pictures(self) -> tuple[str, ...]:
        """The methods for still pictures."""
        return self.methods or (DEFAULT_STILL,)

    @property
    def for_films(self) -> tuple[str, ...]:
        """The methods for films."""
        return self.methods or (DEFAULT_MOVING,)

    def settings_for(self, method: str) -> dict[str, Any]:
        """Those of the settings that this method takes."""
        return taken_by(self.settings, _model(method).parameters)

    def check(self, films: Sequence[str], stills: Sequence[Path]) -> None:
        """Fail now on what would fail for every source; makes the folder `out`.

        Raises:
            HeatlensError: a name, a value or a folder that cannot be used.
        """
        for option, chosen, known in (
            ("--format", self.formats, FORMATS),
            ("--style", [self.draw["style"]], STYLES),
        ):
            for name in chosen:
                if name not in known:
                    raise UnknownName(option, str(name), known)
        if self.draw["colour_map"] is not None:
            known_colour_map(self.draw["colour_map"])
        self._check_methods(films, stills)
        check_options(
            films,
            stills,
            len(self.for_films),
            of_pictures={
                "--format": self.formats != ("png",),
                "--style": self.draw["style"] != "panels",
                "--hotspots": self.draw["hotspots"],
                "--zoomable": self.zoomable,
            },
            of_films={"--flow": self.flow},
        )
        if self.film_file is not None:
            check_one_film(self.out, films, stills, len(self.for_films))
        elif self.map_file is not None:
            if films or len(stills) != 1 or len(self.for_pictures) > 1:
                raise InvalidArgument(
                    f"--out {self.out} is one map: give one picture and one method, or a folder as "
                    "--out"
                )
        else:
            refuse_file(self.out, films)
            check_folder(self.out)

    def _check_methods(self, films: Sequence[str], stills: Sequence[Path]) -> None:
        methods = {
            **dict.fromkeys(self.for_pictures if stills or not films else ()),
            **dict.fromkeys(self.for_films if films else ()),
        }
        for name in methods:
            _model(name).check(self.settings_for(name))
        for setting in self.settings:
            if not any(setting in _model(method).parameters for method in methods):
                _model(next(iter(methods))).check({setting: None})
        blind = [name for name in self.methods if name in MOVING]
        if stills and blind:
            raise InvalidArgument(
                f"{blind[0]} sees motion, and {stills[0]} is a still picture; for pictures there "
                f"are {', '.join(SALIENCY)}"
            )


def _model(name: str) -> Any:
    if name in SALIENCY:
        return SALIENCY[name]
    if name in MOVING:
        return MOVING[name]
    raise UnknownName("saliency model", name, [*SALIENCY, *MOVING])
