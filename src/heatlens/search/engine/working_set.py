"""The working set: what the search reads, as memory maps beside the table.

It is derived from the table's rows alone. A row is known by its key, a checksum of its content, so
nothing has to be made anew when the table is compacted, and a row that was replaced is another row.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from heatlens.search.bounds.quantile import BLOCKS
from heatlens.search.engine import files
from heatlens.search.engine.clusters import RINGS, Clusters, arrange
from heatlens.search.engine.files import Stale
from heatlens.search.engine.ground import Ground
from heatlens.search.signatures import Signatures, Singles

__all__ = ["Piece", "WorkingSet"]

Piece = tuple[npt.NDArray[np.uint64], list[str], Signatures]
"""Keys, ids and signatures of some rows."""

_TYPES = {
    "weights": np.float32, "points": np.float32, "starts": np.int64, "codes": np.uint8,
    "slack": np.float32, "keys": np.uint64, "names": np.uint8,
    "name_starts": np.int64, "first": np.int64, "centre": np.float32, "low": np.float32,
    "step": np.float32, "rings": np.float32,
}  # fmt: skip
_LED_BY_ZERO = ("starts", "name_starts", "first")
"""Offsets: one entry more than there are things, the first is 0."""


@dataclass(frozen=True, eq=False)
class WorkingSet:
    """Arrays of one generation, as far as the manifest says that they count.

    Attributes:
        folder: where they lie.
        manifest: what was written last.
        ground: where the points lie.
        signatures: of all rows, in the order of the working set.
        clusters: table of clusters.
        columns: (A Q, C) float32, the clusters' centres transposed.
        codes: (N, A Q) uint8, the embedding in bytes.
        slack: (N,) float32.
        keys: (N,) uint64 of the rows.
    """

    folder: Path
    manifest: dict[str, Any]
    ground: Ground
    signatures: Signatures
    clusters: Clusters
    columns: Singles
    codes: npt.NDArray[np.uint8]
    slack: Singles
    keys: npt.NDArray[np.uint64]
    _names: npt.NDArray[np.uint8]
    _name_starts: npt.NDArray[np.int64]

    @classmethod
    def load(cls, home: Path, ground: Ground, *, check: bool = False) -> WorkingSet:
        """Map the files of `home`.

        Args:
            home: the folder with the manifest.
            ground: of the index.
            check: read everything and compare checksums. It is done without being asked where
                a file has another size or time of change than the manifest says.

        Raises:
            Stale: it is not there, damaged, or for another ground.
        """
        manifest = files.load(home)
        if manifest["ground"] != [ground.dimensions, ground.period]:
            raise Stale("it was made for points in another space")
        folder = home / manifest["generation"]
        arrays = {}
        for name, dtype in _TYPES.items():
            file = folder / name
            try:
                touched = files.changed(file) != manifest["touched"][name]
                if (check or touched) and files.damaged(file, manifest["pieces"][name]):
                    raise Stale(f"{name} is damaged")
            except OSError as error:
                raise Stale(f"{name} cannot be read ({error})") from error
            arrays[name] = files.mapped(file, dtype, _shape(name, manifest, ground))
        signatures = Signatures(arrays["weights"], arrays["starts"], arrays["points"])
        clusters = Clusters(*(arrays[name] for name in Clusters._fields))
        return cls(
            folder, manifest, ground, signatures, clusters,
            np.ascontiguousarray(clusters.centre.T), arrays["codes"], arrays["slack"], arrays["keys"], arrays["names"], arrays["name_starts"],
        )  # fmt: skip

    @classmethod
    def new(cls, home: Path, ground: Ground) -> WorkingSet:
        """An empty one; what lay in `home` before is no longer used, and cleared away."""
        home.mkdir(parents=True, exist_ok=True)
        generation = uuid.uuid4().hex[:12]
        folder = home / generation
        folder.mkdir()
        pieces: dict[str, list[list[int]]] = {}
        for name, dtype in _TYPES.items():
            led = np.zeros(1 if name in _LED_BY_ZERO else 0, dtype)
            pieces[name] = [[led.nbytes, files.append(folder / name, 0, led)]]
        manifest = {
            "format": files.FORMAT, "generation": generation,
            "ground": [ground.dimensions, ground.period], "rows": 0, "total": 0, "letters": 0,
            "clusters": 0, "reach": 0.0, "version": -1, "pieces": pieces,
            "touched": {name: files.changed(folder / name) for name in _TYPES},
        }  # fmt: skip
        files.store(home, manifest)
        for other in home.iterdir():
            if other.is_dir() and other.name != generation:
                shutil.rmtree(other, ignore_errors=True)
        return cls.load(home, ground)

    def __len__(self) -> int:
        """Rows, those that are no longer in the table included."""
        return len(self.keys)

    @property
    def reach(self) -> float:
        """No coordinate is larger."""
        return float(self.manifest["reach"])

    @property
    def settled(self) -> bool:
        """Whether sizes and times of change are those that were noted; else all was read."""
        touched = self.manifest["touched"]
        with suppress(OSError):
            return all(files.changed(self.folder / name) == touched[name] for name in _TYPES)
        return False

    def name(self, row: int) -> str:
        """The id of a row."""
        piece = self._names[self._name_starts[row] : self._name_starts[row + 1]]
        return piece.tobytes().decode()

    def extended(self, pieces: Iterator[Piece], version: int) -> WorkingSet:
        """The same with more rows; the files are appended to. Only the holder of a lock may."""
        manifest, home = self.manifest, self.folder.parent
        for keys, names, signatures in pieces:
            manifest = self._appended(manifest, keys, names, signatures)
        manifest = {**manifest, "version": version}
        files.store(home, manifest)
        return self.load(home, self.ground)

    def _appended(
        self, manifest: dict[str, Any], keys: Any, names: list[str], signatures: Signatures
    ) -> dict[str, Any]:
        found = arrange(self.ground.embedded(signatures), seed=manifest["rows"])
        order, sizes = found.order, np.diff(signatures.starts)[found.order]
        moved = _gathered(signatures, order, sizes)
        letters = [names[k].encode() for k in order]
        lengths = np.array([len(name) for name in letters], np.int64)
        arrays = {
            "weights": moved.weights, "points": moved.points,
            "starts": manifest["total"] + np.cumsum(sizes),
            "codes": found.codes, "slack": found.slack,
            "keys": np.asarray(keys, np.uint64)[order],
            "names": np.frombuffer(b"".join(letters), np.uint8),
            "name_starts": manifest["letters"] + np.cumsum(lengths),
            "first": manifest["rows"] + found.clusters.first[1:],
            "centre": found.clusters.centre, "low": found.clusters.low,
            "step": found.clusters.step, "rings": found.clusters.rings,
        }  # fmt: skip
        written = {}
        for name, array in arrays.items():
            before = manifest["pieces"][name]
            length = sum(piece[0] for piece in before)
            typed = np.asarray(array, _TYPES[name])
            checksum = files.append(self.folder / name, length, typed)
            written[name] = [*before, [typed.nbytes, checksum]]
        reach = float(np.abs(signatures.points).max(initial=0))
        return {
            **manifest,
            "rows": manifest["rows"] + len(order),
            "total": manifest["total"] + int(sizes.sum()),
            "letters": manifest["letters"] + int(lengths.sum()),
            "clusters": manifest["clusters"] + len(found.clusters.centre),
            "reach": max(manifest["reach"], reach),
            "pieces": written,
            "touched": {name: files.changed(self.folder / name) for name in _TYPES},
        }

    def sealed(self, version: int) -> WorkingSet:
        """The same, known to fit the table's `version`."""
        manifest = {
            **self.manifest,
            "version": version,
            "touched": {name: files.changed(self.folder / name) for name in _TYPES},
        }
        with suppress(OSError):  # in a folder that cannot be written to it is found out each time
            files.store(self.folder.parent, manifest)
        return WorkingSet(**{**self.__dict__, "manifest": manifest})

    def problems(self) -> list[str]:
        """Files whose bytes are not what was written, as sentences."""
        found = []
        for name in _TYPES:
            file = self.folder / name
            try:
                bad = files.damaged(file, self.manifest["pieces"][name])
                known = sum(piece[0] for piece in self.manifest["pieces"][name])
                bad = bad or file.stat().st_size != known
            except OSError:
                bad = True
            if bad:
                found.append(f"{file.parent.name}/{name} of the working set is damaged")
        return found


def _shape(name: str, manifest: dict[str, Any], ground: Ground) -> tuple[int, ...]:
    rows, clusters, width = manifest["rows"], manifest["clusters"], ground.axes * BLOCKS
    return {
        "weights": (manifest["total"],), "points": (manifest["total"], ground.dimensions),
        "starts": (rows + 1,), "codes": (rows, width), "slack": (rows,),
        "keys": (rows,), "names": (manifest["letters"],), "name_starts": (rows + 1,),
        "first": (clusters + 1,), "centre": (clusters, width), "low": (clusters, width),
        "step": (clusters, ground.axes), "rings": (clusters, RINGS + 1),
    }[name]  # fmt: skip


def _gathered(signatures: Signatures, order: Any, sizes: Any) -> Signatures:
    """The signatures in another order."""
    ends = np.cumsum(sizes)
    places = np.arange(ends[-1]) + np.repeat(signatures.starts[order] - (ends - sizes), sizes)
    starts = np.concatenate([[0], ends]).astype(np.int64)
    return Signatures(signatures.weights[places], starts, signatures.points[places])
