"""Names of ImageNet's 1000 classes in the order of keras.applications."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import json
from pathlib import Path

__all__ = ["imagenet_labels"]

_FILE = "imagenet_class_index.json"


def imagenet_labels(home: Path) -> tuple[str, ...]:
    """From the file that `decode_predictions` keeps, else from another package; nothing is loaded.

    Args:
        home: the folder of Keras, "~/.keras".

    Returns:
        1000 names, or none where no package here has them.
    """
    try:
        index = json.loads((home / "models" / _FILE).read_text())
        return tuple(index[str(place)][1].replace("_", " ") for place in range(1000))
    except (OSError, ValueError, KeyError, IndexError):
        pass
    for package, read in (("torchvision", _torchvision), ("timm", _timm)):
        if importlib.util.find_spec(package) is not None:
            # Where torchvision is built for another torch, timm's import fails as well.
            with contextlib.suppress(ImportError, RuntimeError, OSError, LookupError, ValueError):
                return read()
    return ()


def _torchvision() -> tuple[str, ...]:
    """From its source: importing it takes seconds, and fails beside a torch it was not built for."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return ()
    file = Path(spec.submodule_search_locations[0]) / "models" / "_meta.py"
    tree = ast.parse(file.read_text())
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return tuple(ast.literal_eval(names["_IMAGENET_CATEGORIES"]))


def _timm() -> tuple[str, ...]:
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return tuple(info.index_to_description(place) for place in range(1000))
