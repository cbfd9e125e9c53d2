"""Where a heatmap comes from: everything needed to make it again, and what it cost."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Provenance", "plain"]

_SHOWN = 16
"""Numbers up to which an array is written out."""


@dataclass(frozen=True)
class Provenance:
    """How a heatmap was made.

    Attributes:
        method: registered name of the method ("gradcam").
        parameters: the method's parameters, defaults included.
        model: what the model calls itself ("bundled:scene-cnn"); empty where there is none.
        target: what the evidence is for, in words ("white stork", "tabby - tiger cat").
        score: the target's score on the unchanged input.
        image: name of the picture.
        seed: the seed of everything random, if anything was.
        version: version of heatlens.
        forward_passes: forward passes per picture, method and target resolution together.
        backward_passes: backward passes per picture.
        seconds: wall time of the method.
        info: what the method reported (completeness gap, layer, stopping reason).
        trust: the first cheap checks, by name (see `heatlens.attribution.first_checks`).
        notes: sentences a reader has to know ("the centre crop hides 25 % of the picture").
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    target: str = ""
    score: float | None = None
    image: str = ""
    seed: int | None = None
    version: str = ""
    forward_passes: float = 0.0
    backward_passes: float = 0.0
    seconds: float = 0.0
    info: Mapping[str, Any] = field(default_factory=dict)
    trust: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """All fields as one JSON object with plain values.

        Example:
            >>> Provenance("gradcam", target="cat").to_json()[:42]
            '{"method": "gradcam", "parameters": {}, "m'
        """
        fields = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return json.dumps(plain(fields), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Provenance:
        """Read what `to_json` wrote; fields of later versions are ignored."""
        known = {item.name for item in dataclasses.fields(cls)}
        values = {key: value for key, value in json.loads(text).items() if key in known}
        values["notes"] = tuple(values.get("notes", ()))
        return cls(**values)

    def with_(self, **changes: Any) -> Provenance:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)


def plain(value: Any) -> Any:
    """`value` in JSON's own types; what JSON has no word for becomes its `str`.

    Arrays and tensors of more than 16 numbers become their shape, type and SHA-256: enough to
    tell whether two are the same.

    Example:
        >>> plain({"layers": ("a", "b"), "baseline": np.zeros(3)})
        {'layers': ['a', 'b'], 'baseline': [0.0, 0.0, 0.0]}
        >>> sorted(plain(np.zeros((3, 8, 8))))
        ['dtype', 'sha256', 'shape']
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else str(float(value))
    if isinstance(value, (np.integer, np.bool_)):
        return value.item()
    if isinstance(value, np.ndarray):
        return _array(value, str(value.dtype))
    if all(hasattr(value, name) for name in ("detach", "cpu", "numpy")):  # torch stays unimported
        return _tensor(value)
    return str(value)


def _tensor(tensor: Any) -> Any:
    dtype = str(tensor.dtype).removeprefix("torch.")
    tensor = tensor.detach().cpu()
    if dtype == "bfloat16":  # NumPy has no such type; float32 holds every value of it
        tensor = tensor.float()
    return _array(np.asarray(tensor.numpy()), dtype)


def _array(array: npt.NDArray[Any], dtype: str) -> Any:
    if array.size <= _SHOWN or array.dtype.hasobject:
        return plain(array.tolist())
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": dtype, "sha256": digest}
