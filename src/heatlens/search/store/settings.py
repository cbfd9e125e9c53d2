"""What every row of an index has in common: the kind of distribution, and how it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heatlens.distributions.constructor import KINDS
from heatlens.distributions.given import checked_whole
from heatlens.errors import DamagedIndex, InvalidArgument, NotAnIndex
from heatlens.version import __version__

__all__ = ["FORMAT", "Settings"]

FORMAT = 1
"""Of the table. A reader refuses a higher one."""

_WHOLE_PICTURE = ("features",)
"""Kinds that bring the picture to their own size."""

_OF_ALL = ("resolution", "thumbnail")
"""Parameters that every kind has."""


@dataclass(frozen=True)
class Settings:
    """How rows are made; kept in the index, and the same for its whole life.

    Attributes:
        on: registered kind of distribution.
        parameters: all of the kind's parameters, defaults included, as plain values.
        resolution: pixels of the longer side that a picture is reduced to before anything else;
            None: it is taken as it is.
        thumbnail: pixels of the longer side of a stored thumbnail; 0: none is stored.
        format: of the table.
        version: of the heatlens that made the index.
        unit: what a distance of 1 means, in words; "" for what the kind says.
        dimensions: coordinates of a point; 0: those of the first row.
    """

    on: str = "signature"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    resolution: int | None = 64
    thumbnail: int = 128
    format: int = FORMAT
    version: str = __version__
    unit: str = ""
    dimensions: int = 0

    @classmethod
    def of(
        cls, on: str = "signature", *, thumbnail: int = 128, resolution: Any = "", **parameters: Any
    ) -> Settings:
        """Settings for a new index, checked.

        Args:
            on: registered kind of distribution; see `heatlens.as_distribution`.
            thumbnail: pixels of the longer side, 0 for none.
            resolution: pixels of the longer side that pictures are reduced to; by default 64, and
                None (as they are) for "features".
            **parameters: those of the kind. "mass" has a common frame for all rows unless another
                is given: grid=(16, 16), aspect=1.

        Raises:
            UnknownName: no such kind.
            InvalidArgument: a parameter that the kind does not have, or that cannot be stored.

        Example:
            >>> Settings.of("signature", k=8).parameters
            {'k': 8, 'seed': 0}
            >>> Settings.of("mass").parameters["grid"]
            (16, 16)
        """
        constructor = KINDS[on]
        constructor.check(parameters)
        chosen = {**constructor.parameters, **parameters}
        if on == "mass":
            if not {"grid", "side"} & parameters.keys():
                chosen["grid"] = (16, 16)
            if "aspect" not in parameters:
                chosen["aspect"] = 1.0
        if on == "features" and not isinstance(chosen["model"], str):
            raise InvalidArgument(
                f"model is {chosen['model']!r}; an index keeps the name of its model, like "
                "model='bundled:scene-cnn'"
            )
        if resolution == "":
            resolution = None if on in _WHOLE_PICTURE else cls.resolution
        elif resolution is not None:
            resolution = checked_whole(resolution, "resolution", 2)
        return cls(on, _plain(chosen), resolution, checked_whole(thumbnail, "thumbnail", 0))

    def to_json(self) -> bytes:
        """As it lies in the schema's metadata."""
        return json.dumps(vars(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, text: bytes, place: str) -> Settings:
        """Read what `to_json` wrote.

        Raises:
            NotAnIndex: of a later format.
            DamagedIndex: no settings.
        """
        try:
            found = json.loads(text)
            newer = found["format"] > FORMAT
            version = str(found["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(
                f"the settings of the index {place} are damaged ({error}); restore it from a backup"
            ) from error
        if newer:
            raise NotAnIndex(
                f"the index {place} has format {found['format']}, written by heatlens {version}; "
                f"this is heatlens {__version__}, which reads format {FORMAT}: install a later one"
            )
        try:
            return cls(
                str(found["on"]),
                _tuples(dict(found["parameters"])),
                found["resolution"],
                int(found["thumbnail"]),
                int(found["format"]),
                version,
                str(found.get("unit", "")),
                int(found.get("dimensions", 0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedIndex(
                f"the settings of the index {place} are damaged ({error!r}); restore it from a "
                "backup"
            ) from error

    def differences(self, other: Settings) -> list[str]:
        """What rows would come out differently for, in words; nothing if they come out alike.

        Example:
            >>> Settings.of("signature", k=8).differences(Settings.of("signature", k=9))
            ['k=8, not 9']
        """
        ours, theirs = _essence(self), _essence(other)
        names = [name for name in ours if name in theirs and ours[name] != theirs[name]]
        return [f"{name}={ours[name]!r}, not {theirs[name]!r}" for name in names]

    def differing(self, on: str | None = None, **given: Any) -> list[str]:
        """As `differences`, of what was given alone; the rest is as it is here.

        Raises:
            InvalidArgument: a parameter that the kind does not have.

        Example:
            >>> Settings.of("mass", grid=(8, 8)).differing("mass", side=64, grid=(9, 9))
            ['grid=(8, 8), not (9, 9)']
        """
        if on is not None and on != self.on:
            KINDS[on]  # a name that nobody knows is told as such
            return [f"on={self.on!r}, not {on!r}"]
        ours = _essence(self)
        own = {name: value for name, value in given.items() if name not in _OF_ALL}
        KINDS[self.on].check(own)
        wanted = {**given, **_plain(own)}
        return [
            f"{name}={ours[name]!r}, not {value!r}"
            for name, value in wanted.items()
            if ours[name] != value
        ]

    @property
    def period(self) -> float | None:
        """Length of the circle on which points lie; None for straight distances."""
        return KINDS[self.on].period


def _essence(settings: Settings) -> dict[str, Any]:
    """All but the versions."""
    return {
        "on": settings.on,
        **settings.parameters,
        "resolution": settings.resolution,
        "thumbnail": settings.thumbnail,
    }


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The values as JSON brings them back."""
    plain = {}
    for name, value in parameters.items():
        try:
            given = value.tolist() if hasattr(value, "tolist") else value
            plain[name] = json.loads(json.dumps(given, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise InvalidArgument(
                f"{name} is {value!r}, which an index cannot keep; give a number, a text, or a "
                "tuple of them"
            ) from error
    return _tuples(plain)


def _tuples(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }
