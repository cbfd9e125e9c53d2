"""What a source of models is: a name before a colon, and a function that builds what comes after.

A source is one file in `heatlens.models.sources` with one `register_source` line.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from heatlens.models.contract import Contract
from heatlens.models.protocol import CAPABILITIES, Model
from heatlens.models.pytorch.model import TorchModel
from heatlens.models.pytorch.port import Port
from heatlens.registry import Registry

__all__ = ["SOURCES", "Loaded", "Source", "Wish", "register_source"]


@dataclass(frozen=True)
class Wish:
    """What the caller wants built.

    Attributes:
        name: what stands after the colon.
        weights: the source's own pretrained weights, random ones, or those of a checkpoint file.
            A source builds the bare architecture for a file; `load_model` fills it.
        classes: number of classes that the caller's labels ask for; None: the architecture's own.
        input_size: what an architecture of fixed size shall be built for, height and width.
        trust_pickle: whether a file may be unpickled.
        labels: the caller's own names of the classes; an image-text model takes them as prompts.
        layout: the caller's word on the network's order of axes; None: as the source knows it.
        output: which of several outputs, by name or place.
        framework: whose arrays a plain callable takes; None: NumPy's.
    """

    name: str
    weights: bool | Path = True
    classes: int | None = None
    input_size: tuple[int, ...] | None = None
    trust_pickle: bool = False
    labels: tuple[str, ...] | None = None
    layout: str | None = None
    output: str | int | None = None
    framework: str | None = None

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
        port: which of its inputs the batch goes to, and which output counts.
        wrap: makes the model of it, called as `TorchModel` is; a kind with abilities of its own
            (to read, to hear) has its own class.
    """

    network: nn.Module
    contract: Contract
    capabilities: frozenset[str] = field(default_factory=lambda: frozenset(CAPABILITIES))
    row_limit: int | None = None
    port: Port | None = None
    wrap: Callable[..., TorchModel] = TorchModel


@dataclass(frozen=True)
class Source:
    """A registered source.

    Attributes:
        name: what stands before the colon.
        form: how a model of it is written, "timm:NAME".
        summary: one sentence for the documentation.
        build: makes what a `Wish` asks for: a network of PyTorch, or a whole model.
        names: lists the names there are; None where they cannot be listed.
        package: what has to be installed.
        extra: the extra of heatlens that installs it.
        suffixes: endings of files that are this source's without its name before them.
        gives: what its models can be asked for, as a rule.
        state: says more about this machine (which backend is at work); None where all is said.
        modules: what is imported to see whether the package works; else the package alone.
    """

    name: str
    form: str
    summary: str
    build: Callable[[Wish], Loaded | Model]
    names: Callable[[], Sequence[str]] | None = None
    package: str | None = None
    extra: str | None = None
    suffixes: tuple[str, ...] = ()
    gives: frozenset[str] = frozenset(CAPABILITIES)
    state: Callable[[], str] | None = None
    modules: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether the package that it needs is here; nothing is imported to find out."""
        return self.package is None or importlib.util.find_spec(self.package) is not None

    def trouble(self) -> str | None:
        """What goes wrong when its package is imported in a process of its own; None: nothing."""
        modules = self.modules or ((self.package,) if self.package else ())
        if not modules:
            return None
        code = "".join(f"import {module}\n" for module in modules)
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode == 0:
            return None
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return lines[-1] if lines else f"the import ends with code {done.returncode}"


SOURCES: Registry[Source] = Registry("model source", ("heatlens.models.sources",))
"""All sources by name."""


def register_source(
    name: str,
    build: Callable[[Wish], Loaded | Model],
    *,
    form: str,
    summary: str,
    names: Callable[[], Sequence[str]] | None = None,
    package: str | None = None,
    extra: str | None = None,
    suffixes: tuple[str, ...] = (),
    gives: frozenset[str] = frozenset(CAPABILITIES),
    state: Callable[[], str] | None = None,
    modules: tuple[str, ...] = (),
) -> None:
    """Register a source; see `Source` for the arguments."""
    SOURCES.add(
        name,
        Source(name, form, summary, build, names, package, extra, suffixes, gives, state, modules),
    )
