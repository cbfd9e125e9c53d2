"""Look through a `.pt2` archive before torch opens it.

`torch.export.load` unpickles some of an archive's entries, evaluates expressions that it finds as
text, and loads compiled libraries. A program of convolutions needs none of that, so an archive in
which anything of the kind does not pass here is not opened unless its author is trusted.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import torch

from heatlens.errors import InvalidArgument, UntrustedPickle

__all__ = ["require_harmless"]

_ENTRIES = re.compile(
    r"(\.data/(version|serialization_id)|byteorder|archive_format|archive_version|version"
    r"|models/model\.json|extra/.*|data/sample_inputs/model\.pt"
    r"|data/weights/(weight_\d+|model_weights_config\.json)"
    r"|data/constants/(tensor_\d+|model_constants_config\.json))"
)
_PAYLOADS = {
    "data/weights/": "data/weights/model_weights_config.json",
    "data/constants/": "data/constants/model_constants_config.json",
}
_TARGET = re.compile(
    r"torch\.ops\.[\w.]+|torch\.(_sym|sym_)\w+|torch\._C\._set_grad_enabled|math\.\w+"
    r"|_operator\.(?!attrgetter|methodcaller|itemgetter|call)\w+"
)
_FUNCTION = re.compile(r"[A-Z]\w*|ceiling|floor|max|min|size|shape|stride")
_SYNTAX = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call, ast.keyword, ast.Tuple),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Subscript, ast.Attribute),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)


def require_harmless(data: bytes, origin: str) -> None:
    """Refuse an archive that opening could make run code.

    Args:
        data: the whole archive; open these very bytes afterwards.
        origin: its name, for messages.

    Raises:
        UntrustedPickle: it holds more than a program and plain weights.
        InvalidArgument: it is no such archive.
    """
    try:
        for complaint in _complaints(data):
            raise UntrustedPickle(
                f"{origin!r} is not opened, because {complaint}, and that could run code from the "
                "file. If you trust its author as you trust a program you run, pass "
                "trust_pickle=True"
            )
    except (zipfile.BadZipFile, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InvalidArgument(f"{origin!r} is no archive of torch.export.save: {error}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, UntrustedPickle):
            raise
        raise InvalidArgument(f"{origin!r} is damaged: {error}") from error


def _complaints(data: bytes) -> Iterator[str]:
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    root = names[0].split("/")[0] + "/" if names else ""
    if len(set(names)) != len(names) or not all(name.startswith(root) for name in names):
        yield "its entries are doubled or lie beside its root"
    for name in names:
        if not _ENTRIES.fullmatch(name.removeprefix(root)):
            yield f"it holds {name.removeprefix(root)!r}"
    # The reader that torch.export.load itself uses.
    reader = torch._C.PyTorchFileReader(io.BytesIO(data))
    for folder, listing in _PAYLOADS.items():
        for name, entry in json.loads(reader.get_record(listing))["config"].items():
            if entry["use_pickle"] and not _weights_only(
                reader.get_record(folder + entry["path_name"])
            ):
                yield f"{name!r} in it is pickled"
    if not _weights_only(reader.get_record("data/sample_inputs/model.pt")):
        yield "its sample inputs are pickled"
    yield from _program(json.loads(reader.get_record("models/model.json")))


def _program(item: Any) -> Iterator[str]:
    """What is not plain arithmetic in a serialised program."""
    if isinstance(item, list):
        for part in item:
            yield from _program(part)
    if not isinstance(item, dict):
        return
    target = item.get("target")
    if "inputs" in item and isinstance(target, str) and not _TARGET.fullmatch(target):
        yield f"the program calls {target!r}"
    expressions = list(item.get("guards_code") or [])
    if "expr_str" in item:
        expressions.append(item["expr_str"])
    for expression in expressions:
        if not _is_arithmetic(expression):
            yield f"a size in it is the program {expression!r}"
    for part in item.values():
        yield from _program(part)


def _is_arithmetic(expression: str) -> bool:
    """Whether a text is an expression of sizes, such as "2*Symbol('s0', integer=True)"."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return False
    for node in ast.walk(tree):
        if not isinstance(node, _SYNTAX):
            return False
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and not _FUNCTION.fullmatch(called.id):
            return False
        if called is not None and not isinstance(called, ast.Name | ast.Attribute):
            return False
        if isinstance(node, ast.Attribute) and not _FUNCTION.fullmatch(node.attr):
            return False
        text = node.value if isinstance(node, ast.Constant) else 0
        if not isinstance(text, int | float) and not re.fullmatch(r"[A-Za-z]\w*", str(text)):
            return False
    return True


def _weights_only(data: bytes) -> bool:
    try:
        torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    except Exception:
        # Whatever the restricted reader stumbles over, the unrestricted one is not tried.
        return False
    return True
