"""What an ONNX model tells of its input: shape, order of axes, labels."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from typing import Any

from heatlens.models.contract import Contract
from heatlens.models.layout import grid_axes
from heatlens.models.source import Wish

__all__ = ["contract_of", "labels_in", "layout_of"]

_COLOURS = (1, 3, 4)
_LABEL_KEYS = ("names", "labels", "classes", "class_names", "id2label")
_PIXELS = "pixels in 0..1 go in as they are (mean 0, std 1)"


def contract_of(
    shape: Sequence[Any], metadata: Mapping[str, str], wish: Wish, *, whole_numbers: bool
) -> Contract:
    """The contract of a model whose input has this shape.

    Args:
        shape: numbers where a length is fixed, else names or None.
        metadata: the model's own notes.
        wish: the caller's words.
        whole_numbers: whether the input takes pixels as bytes, 0 to 255.
    """
    layout, sure = layout_of(shape)
    if wish.layout is not None and len(wish.layout) == len(shape):
        layout, sure = wish.layout, True
    axes = grid_axes(layout)
    lengths = dict(zip(layout, shape, strict=True)) if len(layout) == len(shape) else {}
    size = tuple(lengths.get(axis) for axis in axes)
    fixed = all(isinstance(side, int) and side > 0 for side in size)
    colours = lengths.get("C", 3 if "C" in layout else 1)
    channels = colours if isinstance(colours, int) and colours > 0 else 3
    assumed = []
    if "HW" in axes:
        assumed.append(_PIXELS.replace("0..1", "0..255") if whole_numbers else _PIXELS)
    if not fixed and axes == "HW":
        assumed.append("pictures of any size go in")
    if not sure:
        assumed.append(f"the axes of a batch are {layout} (layout= says otherwise)")
    return Contract(
        input_size=tuple(int(side) for side in size) if fixed else None,  # type: ignore[arg-type]
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        value_range=(0.0, 255.0) if whole_numbers else (0.0, 1.0),
        labels=labels_in(metadata),
        layout=layout,
        assumed=tuple(assumed),
    )


def layout_of(shape: Sequence[Any]) -> tuple[str, bool]:
    """The likeliest order of axes of an input, and whether its shape leaves no doubt.

    Example:
        >>> layout_of(["n", 3, 224, 224]), layout_of(["n", 224, 224, 3])
        (('NCHW', True), ('NHWC', True))
        >>> layout_of([1, 3, 16, 112, 112]), layout_of([1, 128, 64])
        (('NCDHW', False), ('NTF', False))
    """
    last = len(shape) == 4 and shape[-1] in _COLOURS and shape[1] not in _COLOURS
    first = len(shape) == 4 and shape[1] in _COLOURS and shape[-1] not in _COLOURS
    if len(shape) == 4:
        return ("NHWC" if last else "NCHW"), first or last
    if len(shape) == 5:
        if shape[-1] in _COLOURS and shape[1] not in _COLOURS:
            return "NDHWC", False
        frames_first = shape[2] in _COLOURS and shape[1] not in _COLOURS
        return ("NTCHW", False) if frames_first else ("NCDHW", False)
    if len(shape) == 3:
        return ("NCT" if shape[1] in (1, 2) else "NTF"), False
    return ("NT", False) if len(shape) == 2 else ("NCHW", False)


def labels_in(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the classes in a model's notes: JSON or Python's own way, a list or a mapping.

    Example:
        >>> labels_in({"names": "{0: 'cat', 1: 'dog'}"}), labels_in({"labels": '["a", "b"]'})
        (('cat', 'dog'), ('a', 'b'))
        >>> labels_in({"author": "somebody"})
        ()
    """
    for key in _LABEL_KEYS:
        found = _read(metadata[key]) if key in metadata else None
        if isinstance(found, dict):
            try:
                found = [found[place] for place in sorted(found, key=int)]
            except (TypeError, ValueError):
                continue
        if isinstance(found, list | tuple) and found:
            return tuple(map(str, found))
    return ()


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
