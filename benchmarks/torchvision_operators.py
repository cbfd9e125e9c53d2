"""torchvision beside a torch it was not compiled for.

A CPU build of torch with a CUDA build of torchvision is a common pair on small machines. There,
torchvision's compiled half does not load, and importing its Python half, which holds the
architectures, fails with "operator torchvision::nms does not exist". Declaring the two operators
that it asks about at import is enough. Tests and benchmarks do that; the package never does.
"""

import importlib.util
from pathlib import Path

import torch

_kept: list[torch.library.Library] = []  # a library that is collected takes its operators along


def declare() -> None:
    """Declare `nms` and `qnms` unless torchvision's own can be loaded; before importing it."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or _kept:
        return
    for folder in spec.submodule_search_locations or ():
        for binary in Path(folder).glob("_C*"):
            try:
                torch.ops.load_library(binary)
            except OSError:
                continue
    if hasattr(torch.ops.torchvision, "nms"):
        return
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
