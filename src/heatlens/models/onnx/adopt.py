"""Models of ONNX as objects: an `onnx.ModelProto`, a session of onnxruntime, the bytes of a file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from heatlens.models.backend import Backend
from heatlens.models.onnx.card import contract_of
from heatlens.models.onnx.engine import OnnxEngine
from heatlens.models.onnx.program import Program
from heatlens.models.source import Wish

__all__ = ["adopt", "model_of"]

_UNREAD = (
    "the layers of a file can be read where the package onnx is installed: "
    "pip install 'heatlens[onnx]'"
)


def adopt(network: Any, wish: Wish) -> Backend | None:
    """A model of ONNX in memory, or None if it is none.

    A session stays as its owner opened it, so its providers may be any; nothing inside it can be
    read.

    Args:
        network: what the caller gave.
        wish: the caller's words on it.
    """
    onnx, onnxruntime = sys.modules.get("onnx"), sys.modules.get("onnxruntime")
    if isinstance(network, bytes | bytearray | memoryview):
        return model_of(
            Program(bytes(network), f"the file of {len(network)} bytes"), wish, "onnx", network
        )
    if onnx is not None and isinstance(network, onnx.ModelProto):
        name = network.graph.name or "the ONNX model"
        return model_of(Program(network.SerializeToString(), name), wish, name, network)
    if onnxruntime is not None and isinstance(network, onnxruntime.InferenceSession):
        name = network.get_modelmeta().graph_name or "the ONNX session"
        return model_of(Program(network, name), wish, name, network)
    return None


def model_of(program: Program, wish: Wish, name: str, origin: Path | Any) -> Backend:
    """A program with what it tells of its input, behind the protocol.

    Args:
        program: the graph and its sessions.
        wish: the caller's words on it.
        name: what it is called in provenance.
        origin: the object or file it was made from.
    """
    engine = OnnxEngine(program, wish.output)
    metadata = program.session.get_modelmeta().custom_metadata_map
    contract = contract_of(engine.shape, metadata, wish, whole_numbers=engine.takes_bytes)
    hints = {"activations": _UNREAD}
    if program.readable or importlib.util.find_spec("onnx") is not None:
        hints = {}
    return Backend(engine, contract, name=name, origin=origin, hints=hints)
