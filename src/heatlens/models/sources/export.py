"""`export:FILE.pt2`: a network that `torch.export.save` wrote; no Python code of it is needed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

from heatlens.errors import InvalidArgument, WeightsUnavailable
from heatlens.models.archive import require_harmless
from heatlens.models.contract import Contract
from heatlens.models.source import Loaded, Wish, register_source

__all__: list[str] = []

_NO_SCHEMA = torch.ops.aten.alias.default._schema


def _build(wish: Wish) -> Loaded:
    path = Path(wish.name).expanduser()
    if not path.is_file():
        raise WeightsUnavailable(f"there is no file {str(path)!r} (torch.export.save writes them)")
    if wish.weights is not True:
        raise InvalidArgument("an exported program carries its weights; leave weights= out")
    data = path.read_bytes()
    if not wish.trust_pickle:
        require_harmless(data, str(path))
    try:
        program = torch.export.load(io.BytesIO(data))
    except Exception as error:
        # torch raises whatever its reader stumbles over: RuntimeError, KeyError, AssertionError.
        raise InvalidArgument(
            f"{str(path)!r} is no exported program that torch {torch.__version__} reads: "
            f"{str(error).split(chr(10))[0]}"
        ) from error
    if _in_training(program):
        raise InvalidArgument(
            f"{str(path)!r} was exported in training mode, so it drops out at random or updates its "
            "batch norms as it runs; export network.eval()"
        )
    shape = _input_shape(program, path)
    rows, channels, height, width = shape
    if isinstance(rows, int) and rows > 1:
        raise InvalidArgument(
            f"{str(path)!r} was exported for batches of exactly {rows}; export it with a batch "
            "axis of any length: dynamic_shapes=({0: torch.export.Dim('n')},)"
        )
    fixed = isinstance(height, int) and isinstance(width, int)
    network, layered = _network(program)
    contract = Contract(
        input_size=(height, width) if fixed else None,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        assumed=("pixels in 0..1 go in as they are (mean 0, std 1)",),
    )
    capabilities = _capabilities(
        network, layered, (channels, height if fixed else 64, width if fixed else 64)
    )
    return Loaded(network, contract, capabilities, row_limit=1 if rows == 1 else None)


def _in_training(program: Any) -> bool:
    """Whether an operator in the program, or in a part of it, was told to train."""
    for part in program.graph_module.modules():
        for node in getattr(part, "graph", torch.fx.Graph()).nodes:
            for place, argument in enumerate(getattr(node.target, "_schema", _NO_SCHEMA).arguments):
                given = node.args[place] if place < len(node.args) else None
                if argument.name in ("train", "training") and given is True:
                    return True
    return bool(program.graph_signature.buffers_to_mutate)


def _input_shape(program: Any, path: Path) -> tuple[Any, int, Any, Any]:
    """Rows, channels, height and width of the only input; numbers where they are fixed."""
    inputs = set(program.graph_signature.user_inputs)
    shapes = [
        tuple(node.meta["val"].shape) if hasattr(node.meta.get("val"), "shape") else ()
        for node in program.graph.nodes
        if node.op == "placeholder" and node.name in inputs
    ]
    if len(shapes) != 1 or len(shapes[0]) != 4 or not isinstance(shapes[0][1], int):
        raise InvalidArgument(
            f"{str(path)!r} takes inputs of shape {', '.join(map(str, shapes))}; heatlens explains "
            "programs that take one batch of pictures (N, C, H, W)"
        )
    return shapes[0]


def _network(program: Any) -> tuple[nn.Module, bool]:
    """The program as modules with the layers of the original, where that works; else as one."""
    try:
        layered: nn.Module = torch.export.unflatten(program)
        for part in layered.modules():
            for node in getattr(part, "graph", torch.fx.Graph()).nodes:
                node.meta.clear()  # shapes of the export, which copies of the network choke on
        return layered, True
    except Exception:
        # unflatten lacks some operators and shared modules; the flat program always runs.
        flat: nn.Module = program.module()
        return flat, False


def _capabilities(network: nn.Module, layered: bool, shape: tuple[int, int, int]) -> frozenset[str]:
    """What the program can do, tried out: one exported without gradients has none."""
    able = {"predict"} | ({"activations"} if layered else set())
    leaf = torch.zeros(1, *shape, requires_grad=True)
    with torch.enable_grad():
        try:
            output = network(leaf)
        except RuntimeError:
            return frozenset(able)
        first = output[0] if isinstance(output, tuple | list) else output
        if isinstance(first, torch.Tensor) and first.requires_grad:
            able |= {"gradient"} | ({"layer-gradient"} if layered else set())
    return frozenset(able)


register_source(
    "export",
    _build,
    form="export:FILE.pt2 or FILE.pt2",
    summary="A program saved by torch.export; its layers are there where it can be unflattened.",
    suffixes=(".pt2",),
)
