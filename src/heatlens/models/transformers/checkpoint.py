"""A checkpoint of transformers: a folder, or a name on the hub, and what is read from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatlens.errors import HeatlensError, UnknownName, WeightsUnavailable
from heatlens.models.hub import hub_file, require_reachable, unavailable
from heatlens.models.metadata import processor_settings
from heatlens.models.source import Wish

__all__ = ["Checkpoint", "found_checkpoint", "without_bars"]

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
_SETTINGS = ("preprocessor_config.json", "processor_config.json")


@dataclass(frozen=True)
class Checkpoint:
    """Where a checkpoint is.

    Attributes:
        name: a folder, or ORGANISATION/NAME on the hub.
        revision: of the hub's; None is the newest.
        offline: whether everything needed is on this machine.
    """

    name: str
    revision: str | None
    offline: bool

    @property
    def options(self) -> dict[str, Any]:
        """What `from_pretrained` of transformers has to be told."""
        here = {} if Path(self.name).is_dir() else {"revision": self.revision}
        return {**here, "local_files_only": self.offline}

    @property
    def place(self) -> str:
        """In words, which files to put where."""
        return _place(self.name)

    def settings(self) -> dict[str, Any]:
        """Settings of the processor; read as a file, for its class may need torchvision."""
        if Path(self.name).is_dir():
            return processor_settings(Path(self.name))
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

        for file in _SETTINGS:
            try:
                found = hf_hub_download(
                    self.name, file, revision=self.revision, local_files_only=self.offline
                )
            except (EntryNotFoundError, LocalEntryNotFoundError):
                continue
            return processor_settings(Path(found).parent)
        return {}

    def part(self, kind: Any, what: str, files: str) -> Any:
        """A tokenizer or feature extractor that lies beside the weights.

        Args:
            kind: the class of transformers that opens it.
            what: what it is, for the message.
            files: the files it is made of, for the message.

        Raises:
            WeightsUnavailable: it is not there, or cannot be opened.
        """
        try:
            return kind.from_pretrained(self.name, **self.options)
        except HeatlensError:
            raise
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            raise WeightsUnavailable(
                f"the {what} of {self.name!r} cannot be opened ({reason}); it belongs beside the "
                f"weights, in {files}"
            ) from error


def found_checkpoint(wish: Wish, known: dict[str, str]) -> Checkpoint:
    """The checkpoint that a wish names.

    Args:
        wish: its name is a folder or ORGANISATION/NAME, with @REVISION if wanted.
        known: names of architectures, for a hint.

    Raises:
        WeightsUnavailable: no such folder, or not here and the hub does not answer.
        UnknownName: neither a folder nor a name on the hub.
    """
    name, _, revision = wish.name.partition("@")
    if name.startswith((".", "/", "~")):
        name = str(Path(name).expanduser())
        if not Path(name).is_dir():
            raise WeightsUnavailable(f"there is no folder {name!r} to load a checkpoint from")
    elif not Path(name).is_dir() and "/" not in name:
        raise UnknownName("architecture or checkpoint of transformers", name, known)
    return Checkpoint(name, revision or None, _is_here(name, revision or None, wish.pretrained))


@contextmanager
def without_bars() -> Iterator[None]:
    """No bars of transformers on stderr from this thread; those of downloads stay."""
    from transformers.utils import logging

    hooked = getattr(logging, "set_tqdm_hook", None)  # older versions show no bar worth hiding
    if hooked is None:
        yield
        return
    thread, at_work = threading.get_ident(), True

    def hook(factory: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if at_work and threading.get_ident() == thread:
            named = {**named, "disable": True}
        return factory(*given, **named) if before is None else before(factory, given, named)

    before = hooked(hook)
    try:
        yield
    finally:
        at_work = False  # should another thread have put it back meanwhile
        hooked(before)


def _is_here(name: str, revision: str | None, weights: bool) -> bool:
    """Whether the checkpoint is on this machine; if not, the hub must answer."""
    if Path(name).is_dir():
        return True
    have = hub_file(name, "config.json", revision=revision) is not None
    if have and (not weights or hub_file(name, *_WEIGHTS, revision=revision) is not None):
        return True
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise unavailable(f"hf:{name}", "HF_HUB_OFFLINE is set", _place(name))
    address = f"{constants.ENDPOINT}/{name}/resolve/{revision or 'main'}/config.json"
    require_reachable(address, f"hf:{name}", _place(name))
    return False


def _place(name: str) -> str:
    from huggingface_hub import constants

    return (
        f"Download the files of {constants.ENDPOINT}/{name} (config.json, model.safetensors, "
        "preprocessor_config.json) into a folder and name it as hf:FOLDER"
    )
