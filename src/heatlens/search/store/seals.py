"""Seals: size and checksum of every file of the table, written after each commit.

Files of the table never change once they are written (but for a hint at the newest version, which
only saves a listing). Under `seals/` lies one small file a commit, numbered without gaps, with
the files that came and went; one that is `complete` stands for all before it. Each carries its own
checksum. The empty file `seals/pending` lies there while a commit is under way: without it every
file has its seal, so a change of any byte, a file too many and a file too few are all seen.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from heatlens.search.store.lance import marking

__all__ = [
    "HINT",
    "SEALS",
    "TABLE",
    "Sealed",
    "digest_of",
    "files_below",
    "mark_pending",
    "pending",
    "seal",
    "table_files",
]

SEALS, TABLE = "seals", "images.lance"
HINT = f"{TABLE}/_versions/latest_version_hint.json"
"""The one file that Lance writes anew; it is judged by what it says."""

_SIZE, _MOST = 16, 64


@dataclass
class Sealed:
    """All seals of an index, read and added up.

    Attributes:
        files: of each sealed file, by its path below the index: size and checksum.
        version: newest sealed version of the table.
        rows: rows in it.
        number: of the last seal; -1 without any.
        problems: seals that are damaged or missing, as sentences.
        names: of the seals.
    """

    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    version: int = 0
    rows: int = 0
    number: int = -1
    problems: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Sealed:
        """Read the seals of an index that nobody writes to meanwhile."""
        found = cls()
        for name in sorted(_names(folder)):
            found.names.append(f"{SEALS}/{name}")
            try:
                said = _opened((folder / SEALS / name).read_bytes())
                number = int(said["number"])
                if name != _name(number):
                    raise ValueError(f"it is number {number}")
            except (OSError, ValueError, KeyError, TypeError) as error:
                found.problems.append(f"{SEALS}/{name} is damaged: {error}; {_advice(folder)}")
                found.number += 1
                continue
            if said["complete"]:
                found.files = {}
            elif number != found.number + 1:
                lost = f"{SEALS}/{_name(found.number + 1)}"
                found.problems.append(f"{lost} is missing; {_advice(folder)}")
            for gone in said["removed"]:
                found.files.pop(gone, None)
            found.files |= {path: (size, sum_) for path, (size, sum_) in said["files"].items()}
            found.version, found.rows, found.number = said["version"], said["rows"], number
        if not found.names:
            found.problems.append(f"{SEALS}/ holds no seal; {_advice(folder)}")
        return found

    @staticmethod
    def last(folder: Path) -> tuple[int, dict[str, tuple[int, str]]]:
        """The version and the files of the last seal alone; 0 and none if it is damaged."""
        try:
            said = _opened((folder / SEALS / max(_names(folder))).read_bytes())
            files = {path: (size, sum_) for path, (size, sum_) in said["files"].items()}
            return int(said["version"]), files
        except (OSError, ValueError, KeyError, TypeError):
            return 0, {}


def seal(folder: Path, before: Sealed, version: int, rows: int, *, complete: bool = False) -> None:
    """Seal the files that came since the last seal; the writers' lock is held.

    Args:
        folder: the index.
        before: the seals that are there.
        version: of the table.
        rows: in this version.
        complete: seal all files in one, and drop the seals before; so it is from time to time.

    Raises:
        UnwritableIndex: the file system refuses; the next writer seals the files.
    """
    with marking(folder, "the table itself was changed, and the next change seals it"):
        _seal(folder, before, version, rows, complete)


def _seal(folder: Path, before: Sealed, version: int, rows: int, complete: bool) -> None:
    complete = complete or not before.names or len(before.names) >= _MOST
    present = set(table_files(folder))
    fresh = present if complete else present - before.files.keys()
    number = before.number + 1
    said: dict[str, Any] = {
        "number": number,
        "version": version,
        "rows": rows,
        "complete": complete,
        "removed": [] if complete else sorted(before.files.keys() - present),
        "files": {p: before.files.get(p) or digest_of(folder / p) for p in sorted(fresh)},
    }
    beside = folder / SEALS / f"{_name(number)}.part"
    beside.write_bytes(_closed(said))
    beside.replace(folder / SEALS / _name(number))
    if complete:
        for name in before.names:
            (folder / name).unlink(missing_ok=True)
    pending(folder).unlink(missing_ok=True)


def table_files(folder: Path) -> list[str]:
    """The files of the table that are sealed, as paths below the index."""
    return [path for path in files_below(folder, TABLE) if path != HINT]


def pending(folder: Path) -> Path:
    """The file that lies there while a commit is under way."""
    return folder / SEALS / "pending"


def mark_pending(folder: Path) -> None:
    """Say that a commit is under way; the folder of the seals is made if it was lost.

    Raises:
        UnwritableIndex: the file system refuses.
    """
    with marking(folder):
        (folder / SEALS).mkdir(exist_ok=True)
        pending(folder).touch()


def files_below(folder: Path, name: str) -> list[str]:
    """Paths of all files in a subfolder, relative to the index, in order."""
    found = []
    for place, _, files in os.walk(folder / name):
        inside = Path(place).relative_to(folder).as_posix()
        found += [f"{inside}/{file}" for file in files]
    return sorted(found)


def digest_of(file: Path) -> tuple[int, str]:
    """Size and BLAKE2b checksum (16 bytes, hexadecimal) of a file, read in pieces."""
    sum_, size = blake2b(digest_size=_SIZE), 0
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            sum_.update(piece)
            size += len(piece)
    return size, sum_.hexdigest()


def _name(number: int) -> str:
    return f"{number:08d}.seal"


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder / SEALS) if entry.name.endswith(".seal")]
    except FileNotFoundError:
        return []


def _advice(folder: Path) -> str:
    return (
        f"restore it from a backup, or `heatlens index --compact --out {folder}` compares each "
        "row with its checksum and seals the files anew"
    )


def _closed(said: dict[str, Any]) -> bytes:
    """The text of a seal, below the checksum of that text."""
    text = json.dumps(said, indent=0, sort_keys=True).encode()
    return blake2b(text, digest_size=_SIZE).hexdigest().encode() + b"\n" + text


def _opened(data: bytes) -> dict[str, Any]:
    first, _, text = data.partition(b"\n")
    if blake2b(text, digest_size=_SIZE).hexdigest().encode() != first:
        raise ValueError("its text does not fit its checksum")
    said: dict[str, Any] = json.loads(text)
    return said
