"""What a source of models is: a name before a colon, and a function that builds what comes after.

A source is one file in `heatlens.models.sources` with one `register_source` line.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from torch import nn

from heatlens.errors import MissingDependency
from heatlens.models.contract import Contract
from heatlens.models.protocol import CAPABILITIES
from heatlens.registry import Registry

__all__ = ["SOURCES", "Loaded", "Source", "Wish", "cause_of", "needed", "register_source"]


@dataclass(frozen=True)
class Wish:
    """What the caller wants built.

    Attributes:
        name: what stands after the colon.
        weights: the source's own pretrained weights, random ones, or those of a checkpoint file.
            A source builds the bare architecture for a file; `load_model` fills it.
        classes: number of classes that the caller's labels ask for; None: the architecture's own.
        input_size: height and width that an architecture of fixed size shall be built for.
        trust_pickle: whether a file may be unpickled.
    """

    name: str
    weights: bool | Path = True
    classes: int | None = None
    input_size: tuple[int, int] | None = None
    trust_pickle: bool = False

    @property
    def pretrained(self) -> bool:
        """Whether the source's own weights are wanted."""
        return self.weights is True


@dataclass(frozen=True)
class Loaded:
    """What a source built.

    Attributes:
        network: the module.
        contract: what it expects of its input.
        capabilities: what it can be asked for.
        row_limit: most rows of a batch it takes at once; None: any number.
    """

    network: nn.Module
    contract: Contract
    capabilities: frozenset[str] = field(default_factory=lambda: frozenset(CAPABILITIES))
    row_limit: int | None = None


@dataclass(frozen=True)
class Source:
    """A registered source.

    Attributes:
        name: what stands before the colon.
        form: how a model of it is written, "timm:NAME".
        summary: one sentence for the documentation.
        build: makes what a `Wish` asks for.
        names: lists the names there are; None where they cannot be listed.
        package: what has to be installed.
        extra: the extra of heatlens that installs it.
    """

    name: str
    form: str
    summary: str
    build: Callable[[Wish], Loaded]
    names: Callable[[], Sequence[str]] | None = None
    package: str | None = None
    extra: str | None = None


SOURCES: Registry[Source] = Registry("model source", ("heatlens.models.sources",))
"""All sources by name."""


def register_source(
    name: str,
    build: Callable[[Wish], Loaded],
    *,
    form: str,
    summary: str,
    names: Callable[[], Sequence[str]] | None = None,
    package: str | None = None,
    extra: str | None = None,
) -> None:
    """Register a source; see `Source` for the arguments."""
    SOURCES.add(name, Source(name, form, summary, build, names, package, extra))


def needed(package: str, purpose: str) -> ModuleType:
    """The package of the extra `models`, imported.

    Raises:
        MissingDependency: it is not installed, or its import fails; the message says which.
    """
    name = package.partition(".")[0]
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        reason = "" if error.name == name else cause_of(error)
        raise MissingDependency(name, "models", purpose, reason) from error
    except (ImportError, RuntimeError, OSError) as error:
        # A torchvision built for another torch: "operator torchvision::nms does not exist".
        raise MissingDependency(name, "models", purpose, cause_of(error)) from error


def cause_of(error: BaseException) -> str:
    """The first line of what lies at the bottom of an error.

    Example:
        >>> cause_of(RuntimeError("operator torchvision::nms does not exist"))
        'operator torchvision::nms does not exist'
    """
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).split("\n")[0]
