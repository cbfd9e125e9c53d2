"""`onnx:FILE`: a model in ONNX's format, run by onnxruntime; no code of it is needed."""

from __future__ import annotations

from pathlib import Path

from heatlens.errors import InvalidArgument
from heatlens.models.onnx.adopt import model_of
from heatlens.models.onnx.program import Program
from heatlens.models.onnx.session import read_file
from heatlens.models.protocol import Model
from heatlens.models.source import Wish, register_source

__all__: list[str] = []


def _build(wish: Wish) -> Model:
    path = read_file(Path(wish.name).expanduser())
    if wish.weights is not True:
        raise InvalidArgument("an ONNX file carries its weights; leave weights= out")
    return model_of(Program(path, repr(str(path))), wish, f"onnx:{wish.name}", path)


register_source(
    "onnx",
    _build,
    form="onnx:FILE.onnx or FILE.onnx",
    summary="A model in ONNX's format: all methods that need no gradient, and CAMs without one.",
    package="onnxruntime",
    extra="onnx",
    suffixes=(".onnx",),
    gives=frozenset({"predict", "activations"}),
)
