"""The network as an ONNX file, as an exporter of PyTorch writes it."""

import json
import warnings
from pathlib import Path

import onnx
import torch

import heatlens as hl


def export(path: str | Path) -> Path:
    """Write `bundled:scene-cnn` to `path`: (N, 3, 96, 96) in, ten logits out, labels in it."""
    model = hl.load_model("bundled:scene-cnn")
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # about torch itself
        program = torch.onnx.export(
            model.module,
            (torch.zeros(2, 3, 96, 96),),
            input_names=["image"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("rows")},),
            dynamo=True,
            verbose=False,
        )
    proto = program.model_proto
    onnx.helper.set_model_props(proto, {"labels": json.dumps(list(model.contract.labels))})
    onnx.save(proto, str(path))
    return Path(path)
