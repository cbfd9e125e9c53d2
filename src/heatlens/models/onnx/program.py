"""An ONNX graph, and sessions that show tensors inside it.

The graph itself is read only with the package `onnx`; without it there are no layers.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from heatlens.errors import InvalidArgument
from heatlens.models.onnx.session import open_session

__all__ = ["Program"]

_KEPT = 4
"""Sessions with other outputs that are kept; each holds the weights once more."""

_VIEWS = frozenset(
    {"Cast", "Dropout", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze"}
    | {"Transpose", "Unsqueeze", "Expand", "Constant", "ConstantOfShape", "Shape"}
)
"""Operators whose output is another tensor's content in another order."""

_ROWS = "heatlens_rows"


class Program:
    """A model of ONNX.

    Attributes:
        name: for messages.
        session: gives the model's own outputs.
        readable: whether the graph can be read, so that there are layers.
    """

    def __init__(self, source: Path | bytes | Any, name: str) -> None:
        """Open a file, the bytes of one, or take a session as it is."""
        self.name = name
        self._source = source if isinstance(source, Path | bytes) else None
        self.session: Any = source if self._source is None else open_session(self._source, name)
        installed = importlib.util.find_spec("onnx") is not None
        self.readable = self._source is not None and installed
        self._sessions: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self._layers: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()

    def layers(self, of: str) -> tuple[str, ...]:
        """Names of the floating tensors that are computed from the input `of`, row by row.

        They stand in the order in which they are computed; tensors that only show another one in
        another shape are left out.
        """
        if not self.readable:
            return ()
        with self._lock:
            if of not in self._layers:
                self._layers[of] = _tensors_of(self._model(), of)
            return self._layers[of]

    def showing(self, layers: Sequence[str]) -> Any:
        """A session whose outputs are the model's own and then these tensors."""
        own = {output.name for output in self.session.get_outputs()}
        wanted = tuple(sorted(set(layers) - own))
        if not wanted:
            return self.session
        with self._lock:
            if wanted not in self._sessions:
                model = self._model()
                kinds = _element_types(_inferred(model))
                model.graph.output.extend(_value(name, kinds[name]) for name in wanted)
                self._sessions[wanted] = self._open(model)
                while len(self._sessions) > _KEPT:
                    self._sessions.popitem(last=False)
            self._sessions.move_to_end(wanted)
            return self._sessions[wanted]

    def with_random_head(self, seed: int) -> Program | None:
        """The same model with the last matrix of weights drawn anew, keeping mean and spread."""
        if not self.readable:
            return None
        import onnx

        model = self._model(with_weights=True)
        weights = {tensor.name: tensor for tensor in model.graph.initializer}
        for node in reversed(model.graph.node):
            if node.op_type not in ("Gemm", "MatMul", "Conv"):
                continue
            tensor = weights.get(node.input[1])
            if tensor is None or len(tensor.dims) < 2:
                continue
            array = onnx.numpy_helper.to_array(tensor)
            generator = torch.Generator().manual_seed(seed)
            drawn = torch.randn(array.shape, generator=generator, device="cpu").numpy()
            spread = array.std(ddof=1) if array.size > 1 else 1.0
            drawn = (drawn * spread + array.mean()).astype(array.dtype)
            tensor.CopyFrom(onnx.numpy_helper.from_array(drawn, tensor.name))
            return Program(_bytes_of(model, self.name), self.name)
        return None

    def _model(self, *, with_weights: bool = False) -> Any:
        """A copy of the graph; weights in other files stay there unless asked for."""
        import onnx

        if isinstance(self._source, bytes):
            return onnx.load_model_from_string(self._source)
        return onnx.load_model(str(self._source), load_external_data=with_weights)

    def _open(self, model: Any) -> Any:
        folder = self._source.absolute().parent if isinstance(self._source, Path) else None
        return open_session(_bytes_of(model, self.name), self.name, folder)


def _bytes_of(model: Any, name: str) -> bytes:
    try:
        return bytes(model.SerializeToString())
    except Exception as error:  # protobuf's own classes for "larger than 2 GiB" change by version
        raise InvalidArgument(
            f"{name} is too large to be changed in memory; export it with its weights in a file "
            "beside it (external data)"
        ) from error


def _inferred(model: Any) -> Any:
    """The model with shapes and types of what is inside, as far as they can be inferred."""
    import onnx

    try:
        return onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception:  # an operator of another domain; what the file itself says is left
        return model


def _tensors_of(model: Any, of: str) -> tuple[str, ...]:
    rows = None
    for value in model.graph.input:
        if value.name == of and value.type.tensor_type.shape.dim:
            first = value.type.tensor_type.shape.dim[0]
            if not first.dim_value and not first.dim_param:
                first.dim_param = _ROWS
            rows = first.dim_value or first.dim_param
    inferred = _inferred(model)
    kinds = _element_types(inferred)
    values = (*inferred.graph.value_info, *inferred.graph.output)
    shapes = {value.name: value.type.tensor_type.shape.dim for value in values}
    reached, found = {of}, []
    for node in model.graph.node:
        if not reached & set(node.input):
            continue
        reached |= set(node.output)
        for name in node.output if node.op_type not in _VIEWS else ():
            shape = shapes.get(name, ())
            if name not in kinds or len(shape) < 2:
                continue
            if (shape[0].dim_value or shape[0].dim_param) == rows:
                found.append(name)
    return tuple(found)


def _element_types(model: Any) -> dict[str, int]:
    """Type of each floating tensor inside."""
    import onnx

    floating = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    return {
        value.name: value.type.tensor_type.elem_type
        for value in (*model.graph.value_info, *model.graph.output)
        if value.type.tensor_type.elem_type in floating
    }


def _value(name: str, kind: int) -> Any:
    import onnx

    return onnx.helper.make_tensor_value_info(name, kind, None)
