"""Finished rows of a long run, kept beside its file so that an interrupted one can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heatlens.attribution.large_windows import Floats
from heatlens.errors import InvalidArgument

__all__ = ["KeptRows", "Tally"]

_BAND = 256


@dataclass(frozen=True)
class Tally:
    """What a row of windows came to.

    Attributes:
        score: the sum of their scores.
        windows: how many were looked at.
        forward: forward passes.
        backward: backward passes.
    """

    score: float
    windows: int
    forward: int
    backward: int


class KeptRows:
    """Rows of float32 in `.NAME.rows`, and what they belong to in `.NAME.rows.json`.

    The second is written when the first is on the disk, and replaced whole, so that rows it counts
    are complete, also after a power cut.

    Args:
        target: the file that is being made.
        request: what has to be the same for the rows to be of use.
        width: columns of the map.
        resume: whether rows that are there already count; else they are written over.
    """

    def __init__(
        self, target: Path, request: Mapping[str, Any], width: int, *, resume: bool
    ) -> None:
        """Look for rows of an earlier run of the same request."""
        self._data = target.with_name(f".{target.name}.rows")
        self._about = target.with_name(f".{target.name}.rows.json")
        self._beside = target.with_name(f".{target.name}.rows.part")
        self._request, self._width = json.loads(json.dumps(request)), width
        self.rows, self.tally = 0, dict[int, Tally]()
        if resume:
            self._read()
        if not self.rows:
            try:
                self._about.unlink(missing_ok=True)  # before the rows that it counts
                self._data.write_bytes(b"")
            except OSError as error:
                raise InvalidArgument(
                    f"{target} cannot be written: {error.strerror or error}"
                ) from error

    def _read(self) -> None:
        try:
            about = json.loads(self._about.read_text())
            enough = self._data.stat().st_size >= about["rows"] * self._width * 4
            if about["request"] == self._request and enough:
                self.rows = int(about["rows"])
                self.tally = {int(top): Tally(**item) for top, item in about["tally"].items()}
        except (OSError, ValueError, KeyError, TypeError):  # none, or not ours: start anew
            self.rows, self.tally = 0, {}

    def bands(self) -> Iterator[Floats]:
        """The rows that were kept, (rows, W) at a time."""
        with self._data.open("rb") as stream:
            for top in range(0, self.rows, _BAND):
                count = min(_BAND, self.rows - top)
                data = np.frombuffer(stream.read(count * self._width * 4), np.float32)
                yield data.reshape(count, self._width)

    def append(self, band: Floats, until: int, tally: Mapping[int, Tally]) -> None:
        """Keep finished rows, the last of them above row `until`."""
        with self._data.open("r+b") as stream:
            stream.seek((until - len(band)) * self._width * 4)
            stream.write(np.ascontiguousarray(band, np.float32).tobytes())
            stream.flush()
            os.fsync(stream.fileno())
        about = {
            "request": self._request,
            "rows": until,
            "tally": {top: asdict(item) for top, item in tally.items()},
        }
        with self._beside.open("w") as stream:
            json.dump(about, stream)
            stream.flush()
            os.fsync(stream.fileno())
        self._beside.replace(self._about)

    def forget(self) -> None:
        """Remove what was kept."""
        for file in (self._about, self._beside, self._data):
            file.unlink(missing_ok=True)
