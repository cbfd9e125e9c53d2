"""What a long run is about, so that rows of an interrupted one are used for the same thing only.

Whatever cannot be told apart for sure (a lambda, a target class of one's own) has no identity, and
its runs are not resumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from heatlens.attribution.large_settings import Settings
from heatlens.attribution.large_windows import batches
from heatlens.images.large.image import LargeImage
from heatlens.images.large.kinds.array import ArraySource
from heatlens.models.protocol import Model
from heatlens.models.targets import (
    ClassIndex,
    Difference,
    Label,
    OutputFunction,
    Predicted,
    Similarity,
    Target,
    TopK,
)
from heatlens.version import __version__

__all__ = ["identity_of"]

_WINDOWS = 5
"""Windows that the model is asked about."""


def identity_of(
    model: Model, picture: LargeImage, aim: Target, settings: Settings, count: int
) -> dict[str, Any] | None:
    """What has to be the same for kept rows to be of use, in JSON's types; None if nobody can say.

    Args:
        model: known by its name, and its answers to windows all over the picture.
        picture: a file by its path, size and time of change, an array by all of its pixels.
        aim: the target, with what depends on the output fixed.
        settings: known by all they say.
        count: windows that are looked at.
    """
    target = _target(aim, model.contract.labels)
    named = {key: _value(value) for key, value in settings.parameters.items()}
    where = _picture(picture)
    if target is None or where is None or None in named.values():
        return None
    return {
        "method": settings.method.name,
        "settings": settings.plain(),
        "parameters": named,
        "windows": count,
        "places": [list(settings.windows.tops), list(settings.windows.lefts)],
        "model": model.name,
        "answers": _answers(model, picture, aim, settings),
        "target": target,
        "picture": where,
        "range": [float(value) for value in picture.value_range],
        "version": __version__,
    }


def _picture(picture: LargeImage) -> list[Any] | None:
    about: list[Any] = [list(picture.size), picture.channels, str(picture.dtype)]
    source = picture.source
    if source.path is not None:
        path = source.path.resolve()
        files = sorted(item for item in path.rglob("*") if item.is_file())
        return [*about, str(path), [_stat(item) for item in files or [path]]]
    if not isinstance(source, ArraySource):
        return None
    digest = hashlib.blake2b(digest_size=16)
    for _, band in picture.rows():
        digest.update(np.ascontiguousarray(band).tobytes())
    return [*about, digest.hexdigest()]


def _stat(path: Path) -> list[Any]:
    about = path.stat()
    return [path.name, about.st_size, about.st_mtime_ns]


def _target(aim: Target, labels: Sequence[str]) -> list[Any] | None:
    """A target in words that no other one has."""
    kind = type(aim)
    about: list[Any] = [kind.__name__, aim.layer]
    if kind in (ClassIndex, Label, Predicted, TopK):
        return [*about, repr(aim), aim.describe(labels)]
    if isinstance(aim, Difference) and kind is Difference:
        parts = [_target(aim.first, labels), _target(aim.second, labels)]
        return None if None in parts else [*about, *parts]
    if isinstance(aim, OutputFunction) and kind is OutputFunction:
        function = _value(aim.function)
        return None if function is None else [*about, function]
    if isinstance(aim, Similarity) and kind is Similarity and isinstance(aim.reference, Tensor):
        return [*about, _value(aim.reference), aim.describe(labels)]
    return None


def _value(value: Any) -> str | None:
    """A value in words that no other one has; None where there are none."""
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "buifc":
        data = np.ascontiguousarray(value)
        digest = hashlib.blake2b(data.tobytes(), digest_size=16).hexdigest()
        return f"{data.dtype} {data.shape} {digest}"
    if isinstance(value, Mapping):
        value = [item for pair in value.items() for item in pair]
    if isinstance(value, list | tuple):
        parts = [_value(item) for item in value]
        return None if None in parts else f"[{', '.join(map(str, parts))}]"
    return _function(value)


def _function(value: Any) -> str | None:
    """A function of a module by its name and code; not a lambda, a closure or an object."""
    code, name = getattr(value, "__code__", None), getattr(value, "__qualname__", "<")
    if code is None or "<" in name or hasattr(value, "__self__"):
        return None
    said = hashlib.blake2b(code.co_code + repr(code.co_names).encode(), digest_size=16)
    said.update(repr([item for item in code.co_consts if not hasattr(item, "co_code")]).encode())
    return f"{value.__module__}.{name} {said.hexdigest()} {value.__defaults__!r}"


def _answers(model: Model, picture: LargeImage, aim: Target, settings: Settings) -> str:
    """A digest of what windows all over the picture look like, and what the model says of them."""
    digest = hashlib.blake2b(digest_size=16)
    tops = settings.windows.tops
    for place in sorted({round(k * (len(tops) - 1) / (_WINDOWS - 1)) for k in range(_WINDOWS)}):
        seen = next(batches(model, picture, settings.windows, tops[place], 1, settings.skip), None)
        if seen is None:
            continue
        output = model.predict(seen.batch, aim.layer)
        for array in (seen.batch, output if isinstance(output, Tensor) else None):
            if array is not None:
                digest.update(array.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()
