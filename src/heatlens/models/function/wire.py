"""How a batch goes to an endpoint and how scores come back.

    format         the request's body                                      the answer's body
    "npy"          the bytes of a `.npy` file                              the same, or JSON
    "tf-serving"   {"instances": rows}                                     {"predictions": rows}
    "kserve"       {"inputs": [{"name", "shape", "datatype", "data"}]}     {"outputs": [...]}

"tf-serving" is TensorFlow Serving's REST API (https://www.tensorflow.org/tfx/serving/api_rest),
"kserve" the Open Inference Protocol, version 2, which KServe, Triton, MLServer, OpenVINO and
TorchServe speak (https://github.com/kserve/open-inference-protocol). "npy" is the shortest: 4 bytes
a number where JSON takes about 20.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heatlens.errors import EndpointFailed
from heatlens.models.function.exchange import Answer

__all__ = ["FORMATS", "Format", "decoded", "excerpt", "format_for"]

_MAGIC = b"\x93NUMPY"
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Format:
    """One way of writing a batch.

    Attributes:
        name: as in `Endpoint(format=...)`.
        content: the request's content type.
        encode: from an array and the input's name to bytes.
    """

    name: str
    content: str
    encode: Callable[[Array, str], bytes]


def _npy(batch: Array, name: str) -> bytes:
    file = io.BytesIO()
    np.save(file, batch, allow_pickle=False)
    return file.getvalue()


def _instances(batch: Array, name: str) -> bytes:
    return json.dumps({"instances": batch.tolist()}, separators=(",", ":")).encode()


def _inputs(batch: Array, name: str) -> bytes:
    tensor = {
        "name": name,
        "shape": list(batch.shape),
        "datatype": "FP32",
        "data": batch.ravel().tolist(),
    }
    return json.dumps({"inputs": [tensor]}, separators=(",", ":")).encode()


FORMATS = {
    form.name: form
    for form in (
        Format("npy", "application/x-npy", _npy),
        Format("tf-serving", "application/json", _instances),
        Format("kserve", "application/json", _inputs),
    )
}
"""Every way of writing a batch, by name."""


def format_for(path: str) -> Format:
    """The format that an address of this path usually takes.

    Example:
        >>> [format_for(path).name for path in ("/v1/models/m:predict", "/v2/models/m/infer", "/")]
        ['tf-serving', 'kserve', 'npy']
    """
    if path.endswith(":predict"):
        return FORMATS["tf-serving"]
    return FORMATS["kserve" if "/v2/models/" in path and path.endswith("/infer") else "npy"]


def decoded(answer: Answer, who: str) -> Any:
    """The array in an answer, nested lists, or a mapping of names to them where it holds several.

    Raises:
        EndpointFailed: it is neither `.npy` nor JSON, or not what these formats hold.
    """
    if answer.body.startswith(_MAGIC):
        return _array(answer.body, who)
    if answer.kind.endswith("json") or (not answer.kind and answer.body[:1] in (b"[", b"{")):
        try:
            held = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise EndpointFailed(
                f"{who} answered with JSON that cannot be read ({error}): {excerpt(answer.body)}"
            ) from error
        return _held(held, who)
    raise EndpointFailed(
        f"{who} answered with {answer.kind or 'no content type'}, expected application/json or "
        f"application/x-npy: {excerpt(answer.body)}"
    )


def excerpt(body: bytes) -> str:
    """The beginning of an answer, in printable letters.

    Example:
        >>> excerpt(b"<html>   nothing here")
        "'<html> nothing here'"
    """
    if not body:
        return "an empty answer"
    text = "".join(c if c.isprintable() else " " for c in body[:400].decode("utf-8", "replace"))
    text = " ".join(text.split())
    return repr(text if len(text) <= 160 else f"{text[:160]}...")


def _array(body: bytes, who: str) -> Array:
    """What a `.npy` file holds; its header is believed only if so many bytes follow."""
    file = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(file)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, in_columns, dtype = reader(file)
    except (ValueError, KeyError) as error:
        raise EndpointFailed(f"{who} answered with a .npy that cannot be read: {error}") from error
    rest = body[file.tell() :]
    expected = math.prod(shape) * dtype.itemsize
    if dtype.kind not in "fiub" or len(rest) != expected:
        raise EndpointFailed(
            f"{who} answered with a .npy of {dtype} {shape}, which is {expected} bytes, and "
            f"{len(rest)} bytes followed; expected plain numbers, whole"
        )
    flat = np.frombuffer(rest, dtype)
    return flat.reshape(shape, order="F" if in_columns else "C")


def _held(held: Any, who: str) -> Any:
    if isinstance(held, list):
        return held
    if not isinstance(held, dict):
        raise EndpointFailed(f"{who} answered with {type(held).__name__} in JSON, no scores")
    if "predictions" in held:
        return _rows(held["predictions"])
    if "outputs" in held:
        outputs = held["outputs"]
        if isinstance(outputs, list) and outputs and all(map(_is_tensor, outputs)):
            named = {item["name"]: _tensor(item, who) for item in outputs}
            return named if len(named) > 1 else next(iter(named.values()))
        return outputs
    said = f": {excerpt(str(held['error']).encode())}" if "error" in held else ""
    keys = ", ".join(repr(key) for key in list(held)[:8]) or "nothing"
    raise EndpointFailed(
        f"{who} answered with JSON that has {keys} in it, expected 'predictions' or 'outputs'{said}"
    )


def _rows(rows: Any) -> Any:
    """TensorFlow Serving's rows; where each is a mapping, a mapping of columns."""
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        return rows
    names = [name for name in rows[0] if all(name in row for row in rows)]
    return {name: [row[name] for row in rows] for name in names}


def _is_tensor(item: Any) -> bool:
    return isinstance(item, Mapping) and {"name", "shape"} <= set(item)


def _tensor(item: Mapping[str, Any], who: str) -> Array:
    name, shape = item["name"], item["shape"]
    if "data" not in item:
        raise EndpointFailed(
            f"{who} answered with output {name!r} in binary form, which heatlens did not ask for"
        )
    try:
        return np.asarray(item["data"]).reshape([int(side) for side in shape])
    except (TypeError, ValueError, OverflowError) as error:
        raise EndpointFailed(
            f"{who} answered with output {name!r} whose data do not fill its shape {shape}"
        ) from error
