"""Where an index lies, and whether what lies there is one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.errors import DamagedIndex, InvalidArgument, MissingIndex, NotAnIndex, did_you_mean
from heatlens.search.store.lance import connected, reading
from heatlens.search.store.lock import LOCK
from heatlens.search.store.schema import COLUMNS, KEY_OF_METADATA
from heatlens.search.store.seals import SEALS, TABLE, Sealed, digest_of, pending
from heatlens.search.store.settings import Settings

__all__ = ["NAME", "Place"]

NAME = "images"
"""Of the table."""

_OURS = {TABLE, SEALS, LOCK, "bounds"}


@dataclass(frozen=True)
class Place:
    """A folder, or an address of object storage.

    Attributes:
        uri: what LanceDB connects to.
        folder: the folder; None for object storage.
        options: of the object storage (keys, region, endpoint).
    """

    uri: str
    folder: Path | None
    options: dict[str, str] | None = None

    @classmethod
    def of(cls, path: str | os.PathLike[str], options: dict[str, str] | None = None) -> Place:
        """The place that a path or an address means."""
        text = os.fspath(path)
        if not isinstance(text, str) or not text or "\0" in text:
            raise InvalidArgument(f"{text!r} is no path of an index")
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", text) and not text.startswith("file://"):
            return cls(text, None, options)
        folder = Path(text.removeprefix("file://")).expanduser().absolute()
        return cls(str(folder), folder)

    def connect(self) -> Any:
        """A connection to it."""
        with reading(self.uri):
            return connected(self.uri, self.options)

    def check_free(self) -> None:
        """Make the folder, if nothing stands in the way.

        Raises:
            InvalidArgument: a file, or a folder with something else in it.
        """
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            found = sorted({entry.name for entry in self.folder.iterdir()} - _OURS)
        except OSError as error:
            raise InvalidArgument(
                f"no index can be made at {self.uri}: {error.strerror or error}"
            ) from error
        if found:
            raise InvalidArgument(
                f"no index can be made at {self.uri}: the folder holds {', '.join(found[:3])}"
                f"{' and more' if len(found) > 3 else ''}; give a folder that is new or empty"
            )

    def holds_table(self, database: Any) -> bool:
        """Whether the table of an index, or one that bears its name, lies here."""
        if self.folder is not None:
            return (self.folder / TABLE).is_dir()
        with reading(self.uri):
            return NAME in database.list_tables(limit=10_000).tables

    def open(self, database: Any) -> tuple[Any, Settings]:
        """The table and its settings.

        Raises:
            MissingIndex: nothing is there.
            NotAnIndex: something else is, or an index of a later format.
            DamagedIndex: the table cannot be opened, or its newest manifest is damaged.
        """
        self.check_there()
        if not self.holds_table(database):
            raise NotAnIndex(self._no_index(f"holds {self._contents()}"))
        sealed = self._checked_manifest()
        with reading(self.uri):
            table = database.open_table(NAME)
            metadata, names = table.schema.metadata or {}, table.schema.names
            version = int(table.version)
        if version < sealed:
            raise DamagedIndex(
                f"the index {self.uri} is damaged: version {sealed} was committed, and the newest "
                f"that is there is {version}; a file below {TABLE}/_versions was lost. Restore it "
                "from a backup, or build the index again"
            )
        if KEY_OF_METADATA not in metadata:
            raise NotAnIndex(
                self._no_index(
                    f"holds a Lance table that heatlens did not make, with the columns "
                    f"{', '.join(names[:6])}"
                )
            )
        settings = Settings.from_json(metadata[KEY_OF_METADATA], self.uri)
        if missing := [name for name in COLUMNS if name not in names]:
            raise DamagedIndex(
                f"the table of the index {self.uri} has no column {missing[0]!r}; it has "
                f"{', '.join(names)}. Restore the index from a backup"
            )
        return table, settings

    @property
    def unfinished(self) -> bool:
        """Whether the making of the table was cut off before its first version."""
        folder = self.folder
        return (
            folder is not None
            and pending(folder).exists()
            and not any((folder / TABLE / "_versions").glob("*.manifest"))
        )

    def check_there(self) -> None:
        """Raise `MissingIndex` or `NotAnIndex` where there is no folder."""
        folder = self.folder
        if self.unfinished:
            raise MissingIndex(
                f"there is no index at {self.uri} yet: its making was cut off, or is under way; "
                f"`heatlens index FOLDER --out {self.uri}` or ImageIndex.create makes one"
            )
        if folder is None or folder.is_dir():
            return
        if folder.exists():
            raise NotAnIndex(self._no_index("is a file"))
        near: tuple[str, ...] = ()
        if folder.parent.is_dir():
            near = did_you_mean(folder.name, [item.name for item in folder.parent.iterdir()])
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise MissingIndex(
            f"there is no index at {self.uri}; {hint}`heatlens index FOLDER --out {self.uri}` or "
            "ImageIndex.create makes one"
        )

    def _checked_manifest(self) -> int:
        """The newest version that was sealed, its manifest as it was written; 0 where unknown."""
        if self.folder is None:
            return 0
        version, sealed = Sealed.last(self.folder)
        for path, digest in sealed.items():
            file = self.folder / path
            # A manifest that is gone was cleaned up, or is missed when versions are compared.
            if "/_versions/" in path and file.exists() and digest_of(file) != digest:
                raise DamagedIndex(
                    f"the file {path} of the index {self.uri} is damaged: it is not what was "
                    "written; restore it from a backup, or build the index again"
                )
        return version

    def _no_index(self, found: str) -> str:
        return (
            f"{self.uri} is no index of heatlens: it {found}; `heatlens index FOLDER --out NEW` or "
            "ImageIndex.create makes one"
        )

    def _contents(self) -> str:
        if self.folder is None:
            return f"no table {NAME!r}"
        names = sorted(entry.name for entry in self.folder.iterdir())
        if "_versions" in names:
            return "a Lance table itself; an index is the folder around it"
        return ", ".join(names[:5]) + (" and more" if len(names) > 5 else "") or "nothing"
