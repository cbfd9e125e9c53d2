"""Opening sessions of onnxruntime: bounded threads, no messages of its own, errors in words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from heatlens.errors import InvalidArgument, WeightsUnavailable
from heatlens.optional import needed

__all__ = ["FLOATING", "open_session", "read_file", "said_by"]

FLOATING = {
    "tensor(float16)": torch.float16,
    "tensor(float)": torch.float32,
    "tensor(double)": torch.float64,
}
"""What onnxruntime calls the floating types."""

_FATAL_ONLY = 4
_UNKNOWN_OPERATOR = ("opset", "is not a registered function/op", "No Op registered")


def read_file(path: Path) -> Path:
    """The path itself, if there is a file.

    Raises:
        WeightsUnavailable: there is none.
    """
    if not path.is_file():
        raise WeightsUnavailable(
            f"there is no file {str(path)!r} (torch.onnx.export and tf2onnx write them)"
        )
    return path


def open_session(model: Path | bytes, name: str, folder: Path | None = None) -> Any:
    """A session on the CPU with as many threads as torch has.

    Args:
        model: a file, or what would stand in it.
        name: for messages.
        folder: where the weights lie that `bytes` refers to.

    Raises:
        MissingDependency: onnxruntime is not installed.
        InvalidArgument: it cannot run this model; the message says why.
    """
    onnxruntime = needed("onnxruntime", "an ONNX model", "onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    # Threads that spin after a pass would take the cores from torch, which makes the next masks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if folder is not None:
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(folder)
        )
    given = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InvalidArgument(_in_words(error, name, onnxruntime.__version__)) from error


def said_by(error: Exception) -> str:
    """What counts in a message of onnxruntime, on one line.

    Example:
        >>> said_by(ValueError("[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Got 31, expected 32."))
        'Got 31, expected 32'
    """
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", str(error))
    lines = [line.strip() for line in text.splitlines() if "Please fix" not in line]
    return " ".join(line for line in lines if line).rstrip(".")[:400]


def _in_words(error: Exception, name: str, version: str) -> str:
    kind = type(error).__name__
    said = said_by(error)
    if kind in ("InvalidProtobuf", "NoModel", "ModelLoadCanceled") or "No graph was found" in said:
        return (
            f"{name} is no ONNX model, or a damaged one ({said}); export it again, or compare its "
            "size with the original's"
        )
    if "external data" in said.lower() or "External" in said or "GetFileLength" in said:
        return (
            f"{name} keeps its weights in another file that is not beside it ({said}); put that "
            "file into the same folder"
        )
    if kind == "NotImplemented" or any(words in said for words in _UNKNOWN_OPERATOR):
        return (
            f"onnxruntime {version} does not know an operator of {name} ({said}); export it for an "
            "older opset, or install a newer onnxruntime"
        )
    return f"onnxruntime {version} cannot run {name}: {said}"
