"""Every error that heatlens raises on purpose, as one tree.

    HeatlensError
    ├── InvalidArgument (ValueError)      a value that cannot be used; the message says what can
    │   ├── UnknownName                   a name that is not registered; suggests the nearest ones
    │   ├── UnsupportedMethod             the model lacks what the method needs
    │   │   ├── NeedsGradient             ... gradients with respect to the input
    │   │   └── NoSpatialLayer            ... a layer whose cells lie on a grid over the picture
    │   ├── UnreadableImage               a file or array that is not a usable picture
    │   │   ├── ImageTooLarge             more pixels than the limit (a decompression bomb?)
    │   │   └── MissingImage (FileNotFoundError)
    │   ├── NotAnIndex                    a folder that is no index of heatlens, or of a later one
    │   │   └── MissingIndex (FileNotFoundError)
    │   ├── WeightsUnavailable            weights that cannot be had; says which file to put where
    │   └── UntrustedPickle               a checkpoint that only unpickling could open
    ├── InvalidType (TypeError)           a value of the wrong kind
    ├── MissingDependency (ImportError)   an extra is not installed; says the pip command
    ├── DamagedIndex (OSError)            an index whose files are not what was written; says which
    ├── UnwritableIndex (OSError)         an index that a change cannot be written to
    ├── EndpointFailed (OSError)          an endpoint that does not answer, or not as it should
    ├── NotCertified (ArithmeticError)    a result that could not be proved; none is handed out
    └── OutOfMemory (MemoryError)         one single row does not fit in memory

    AssumptionWarning (UserWarning)       something about a model was not known and was assumed

Errors about arguments are also `ValueError` or `TypeError`, so a caller can catch them without
knowing this module.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AssumptionWarning",
    "DamagedIndex",
    "EndpointFailed",
    "HeatlensError",
    "ImageTooLarge",
    "InvalidArgument",
    "InvalidType",
    "MissingDependency",
    "MissingImage",
    "MissingIndex",
    "NeedsGradient",
    "NoSpatialLayer",
    "NotAnIndex",
    "NotCertified",
    "OutOfMemory",
    "UnknownName",
    "UnreadableImage",
    "UnsupportedMethod",
    "UntrustedPickle",
    "UnwritableIndex",
    "WeightsUnavailable",
    "did_you_mean",
]


class HeatlensError(Exception):
    """Root of all errors raised by heatlens."""


class InvalidArgument(HeatlensError, ValueError):
    """A value that cannot be used."""


class InvalidType(HeatlensError, TypeError):
    """A value of a kind that cannot be used."""


class UnknownName(InvalidArgument):
    """A name that nothing is registered under.

    Attributes:
        name: the name received.
        suggestions: the nearest known names, best first; may be empty.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        """Build the message "unknown KIND 'NAME'; did you mean ...?".

        `name` is what was received, a string or not.
        """
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        self.suggestions = did_you_mean(name, self.known) if isinstance(name, str) else ()
        super().__init__(self._message())

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, object, tuple[str, ...]]]:
        """Pickle by the arguments, so that the error survives a process pool."""
        return (type(self), (self.kind, self.name, self.known))

    def _message(self) -> str:
        text = f"unknown {self.kind} {self.name!r}"
        if self.suggestions:
            return f"{text}; did you mean {' or '.join(repr(name) for name in self.suggestions)}?"
        if 0 < len(self.known) <= 40:
            return f"{text}; there are: {', '.join(sorted(self.known))}"
        return f"{text}; nothing among {len(self.known)} known names is near it"


class UnsupportedMethod(InvalidArgument):
    """The model cannot give what the method needs."""


class NeedsGradient(UnsupportedMethod):
    """The method needs gradients that the model cannot give."""


class NoSpatialLayer(UnsupportedMethod):
    """The model has no layer whose cells lie on a grid over the picture."""


class UnreadableImage(InvalidArgument):
    """A file or an array that is not a usable picture."""


class ImageTooLarge(UnreadableImage):
    """A picture with more pixels than the limit."""


class MissingImage(UnreadableImage, FileNotFoundError):
    """A path at which there is no file."""


class NotAnIndex(InvalidArgument):
    """A place that holds no index, or one that this version cannot read."""


class MissingIndex(NotAnIndex, FileNotFoundError):
    """A path at which there is no index."""


class WeightsUnavailable(InvalidArgument):
    """Weights that cannot be had on this machine."""


class UntrustedPickle(InvalidArgument):
    """A checkpoint that only unpickling, which runs code of the file, could open."""


class MissingDependency(HeatlensError, ImportError):
    """A package that an optional part of heatlens needs is not installed, or broken."""

    def __init__(self, package: str, extra: str, purpose: str, reason: str = "") -> None:
        """Build the message "PURPOSE needs PACKAGE: pip install 'heatlens[EXTRA]'".

        With a `reason`, the package is there but cannot be imported.
        """
        self.package, self.extra, self.purpose, self.reason = package, extra, purpose, reason
        advice = (
            f"which is installed but cannot be imported ({reason}); install the build of it that "
            "belongs to the other packages here"
            if reason
            else f"pip install 'heatlens[{extra}]'"
        )
        super().__init__(f"{purpose} needs {package}{',' if reason else ':'} {advice}")

    def __reduce__(self) -> tuple[type[MissingDependency], tuple[str, str, str, str]]:
        """Pickle by the arguments."""
        return (type(self), (self.package, self.extra, self.purpose, self.reason))


class DamagedIndex(HeatlensError, OSError):
    """An index whose files are not what was written, or cannot be read."""


class UnwritableIndex(HeatlensError, OSError):
    """A change that cannot be written to an index; what was committed before stays."""


class EndpointFailed(HeatlensError, OSError):
    """An endpoint that does not answer, not in time, or not with scores."""


class NotCertified(HeatlensError, ArithmeticError):
    """A computation that did not reach a result it can prove."""


class OutOfMemory(HeatlensError, MemoryError):
    """Even a single row of the batch does not fit in memory."""


class AssumptionWarning(UserWarning):
    """Something about a model was not known and had to be assumed; the message says what."""


def did_you_mean(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Known names that a person may have meant by `name`, nearest first.

    Case, spaces, hyphens and underscores are ignored; a known name that contains `name`
    whole counts as near.

    Example:
        >>> did_you_mean("grad_cam", ["gradcam", "gradient", "scorecam"], count=1)
        ('gradcam',)
        >>> did_you_mean("stork", ["white stork", "crane"])
        ('white stork',)
    """
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(_fold(candidate), candidate)
    wanted = _fold(name)
    near = difflib.get_close_matches(wanted, folded, n=count, cutoff=0.6)
    inside = [key for key in folded if len(wanted) >= 3 and wanted in key and key not in near]
    return tuple(folded[key] for key in (near + sorted(inside, key=len))[:count])


def _fold(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " -_")
