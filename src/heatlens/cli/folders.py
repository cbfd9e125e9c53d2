"""The folder that `--out` names."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from heatlens.errors import InvalidArgument

__all__ = ["check_folder"]


def check_folder(folder: Path) -> None:
    """Make the folder, and see that a file can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidArgument(f"--out {folder}: there is a file of that name, not a folder") from (
            error
        )
    except OSError as error:
        raise InvalidArgument(
            f"--out {folder}: cannot be written to: {error.strerror or error}"
        ) from error
