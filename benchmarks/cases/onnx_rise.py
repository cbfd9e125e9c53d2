"""RISE and occlusion on an ONNX ResNet-18: do they cost more than onnxruntime's own passes?"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import peers
from benchmarks.agreement import largest_difference
from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.models.load import load_model

BARE, RISE, OCCLUSION = "bare onnxruntime passes", "heatlens rise", "heatlens occlusion"
CLASS = 3


def run(settings: Settings, said: Said) -> Result:
    """Time them beside passes of the same number, as many rows together as heatlens takes."""
    side = settings.of(quick=64, default=224, full=224)
    windows = settings.of(quick=8, default=12, full=24)
    passes = windows**2
    rounds = settings.at_most(settings.of(quick=3, default=5, full=7))
    net = peers.network("resnet18", "cpu", settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    batch = torch.randn(1, 3, side, side, generator=generator)
    said("export")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resnet18.onnx"
        _export(net, batch, path)
        model = load_model(path, mean=0.0, std=1.0)
        session = _session(path)
    together = model.rows(batch, gradient=False, wanted=passes)
    copies = np.repeat(batch.numpy(), together, axis=0)
    stride = side // (windows + 1)
    window = side - (windows - 1) * stride
    occlusion = {"window": window, "stride": stride, "baseline": torch.zeros(1)}

    def bare() -> list[Any]:
        return [
            session.run(None, {"x": copies[: min(together, passes - first)]})[0][:, CLASS]
            for first in range(0, passes, together)
        ]

    contenders = [
        Contender(BARE, bare, note=f"{passes} rows, {together} at a time"),
        Contender(RISE, lambda: attribute(model, batch, "rise", CLASS, samples=passes)),
        Contender(OCCLUSION, lambda: attribute(model, batch, "occlusion", CLASS, **occlusion)),
    ]
    times = race(contenders, settings, rounds=rounds, said=said)
    ours = attribute(model, batch, "occlusion", CLASS, **occlusion)
    return Result(
        name="onnx-rise",
        title=f"RISE and occlusion through onnxruntime, {passes} passes each, ResNet-18",
        setting={"model": "torchvision resnet18 (seeded weights), torch.onnx.export",
                 "onnxruntime": peers.version("onnxruntime"), "batch": 1,
                 "input": f"{side} x {side}", "passes": passes,
                 "occlusion": f"{windows} x {windows} windows, baseline zeros"},
        entries=entries(times.values()),
        reference=BARE,
        targets=[
            Target("ONNX, RISE / bare onnxruntime passes", 1.08, ratio(times[RISE], times[BARE]), True, "x"),
            Target("ONNX, occlusion / bare onnxruntime passes", 1.08,
                   ratio(times[OCCLUSION], times[BARE]), True, "x"),
        ],
        agreements=[
            Agreement("occlusion through onnxruntime and through PyTorch",
                      largest_difference(attribute(net, batch, "occlusion", CLASS, **occlusion),
                                         ours)),
        ],
        notes=["Both sides have as many threads as torch."],
        rounds=rounds,
    )  # fmt: skip


def _export(net: nn.Module, batch: torch.Tensor, path: Path) -> None:
    rows = ({0: torch.export.Dim("rows")},)
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            two = batch.expand(2, -1, -1, -1)
            program = torch.onnx.export(
                net, (two,), dynamo=True, dynamic_shapes=rows, verbose=False
            )
    finally:
        exporter.setLevel(level)
    program.save(str(path))  # type: ignore[union-attr]


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
