"""From a 12-megapixel photograph to its heatmap, end to end."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import PIL.Image
import torch

from benchmarks import peers
from benchmarks.cases import Said
from benchmarks.result import Extra, Result, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio
from heatlens.attribution.attribute import attribute
from heatlens.attribution.explain import explain
from heatlens.images.read import read_image
from heatlens.images.tiles import blend
from heatlens.models.contract import Contract
from heatlens.models.prepare import prepared
from heatlens.models.pytorch.model import TorchModel

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FULL, BARE = "explain, checks on", "explain, checks off"
LIBRARY = "grad-cam, by hand"
STAGES = {
    "read": "the array as an Image",
    "prepare": "resize, crop, normalise",
    "predict": "the prediction",
    "attribute": "Grad-CAM",
    "back": "the map on the photograph's grid",
}


def run(settings: Settings, said: Said) -> Result:
    """Time `explain` on an array of 3000 x 4000 pixels, and each of its stages alone."""
    height, width = settings.of(quick=(600, 800), default=(3000, 4000), full=(3000, 4000))
    photo = photograph(height, width)
    net = peers.network("resnet50", settings.device, settings.seed)
    contract = Contract(input_size=(224, 224), resize=256, mean=MEAN, std=STD)
    model = TorchModel(net, contract, name="resnet50")
    stages = _stages(model, photo)
    contenders = [
        Contender(FULL, lambda: explain(model, photo, "gradcam")),
        Contender(BARE, lambda: explain(model, photo, "gradcam", checks=False)),
        Contender(
            LIBRARY,
            _by_hand(net, photo),
            peer=True,
            note="Pillow's resize, a crop, GradCAM, its map enlarged onto the crop, no checks",
        ),
        *(Contender(name, stages[name], note=f"stage: {text}") for name, text in STAGES.items()),
    ]
    times = race(contenders, settings, said=said)
    return Result(
        name="explain",
        title=f"explain() on a photograph of {height * width / 1e6:.3g} megapixels",
        setting={"model": "torchvision resnet50 (seeded weights)", "method": "gradcam",
                 "photograph": f"{width} x {height}"},
        entries=entries(times.values()),
        reference=BARE,
        extras=[_shares(times)],
        notes=["The stages are timed alone, beside the whole; what they do not add up to is the "
               "way between them."],
        rounds=settings.rounds,
    )  # fmt: skip


def photograph(height: int, width: int) -> npt.NDArray[np.uint8]:
    """A real photograph enlarged: what its pixels are makes no difference, how many does."""
    from skimage import data

    cat = PIL.Image.fromarray(data.chelsea())
    return np.asarray(cat.resize((width, height), PIL.Image.Resampling.BICUBIC)).copy()


def _stages(model: TorchModel, photo: npt.NDArray[np.uint8]) -> dict[str, Callable[[], Any]]:
    image = read_image(photo)
    ready = prepared(model, image)
    index = int(model.predict(ready.batch).argmax(1)[0])

    def back(cells: npt.NDArray[np.float32]) -> Any:
        return blend(ready.placements, [cells])

    cells = attribute(model, ready.batch, "gradcam", index)[0, 0].cpu().numpy()
    return {
        "read": lambda: read_image(photo),
        "prepare": lambda: prepared(model, image),
        "predict": lambda: model.predict(ready.batch),
        "attribute": lambda: attribute(model, ready.batch, "gradcam", index),
        "back": lambda: back(cells),
    }


def _by_hand(net: torch.nn.Module, photo: npt.NDArray[np.uint8]) -> Callable[[], Any]:
    """What a user of grad-cam writes for the same picture of heat."""
    peers.torchvision_operators.declare()
    from pytorch_grad_cam import GradCAM

    own = copy.deepcopy(net)
    method = GradCAM(model=own, target_layers=[own.layer4])
    device = next(own.parameters()).device
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))

    def run() -> npt.NDArray[np.float32]:
        height, width = photo.shape[:2]
        small = PIL.Image.fromarray(photo)
        scale = 256 / min(height, width)
        small = small.resize((round(width * scale), round(height * scale)),
                             PIL.Image.Resampling.BILINEAR)  # fmt: skip
        left, top = (small.width - 224) // 2, (small.height - 224) // 2
        crop = np.asarray(small.crop((left, top, left + 224, top + 224)))
        batch = (torch.from_numpy(crop.copy()).permute(2, 0, 1).float() / 255 - mean) / std
        cells = method(input_tensor=batch[None].to(device), targets=None)[0]
        side = round(224 / scale)
        heat = np.zeros((height, width), np.float32)
        top, left = round(top / scale), round(left / scale)
        large = np.asarray(PIL.Image.fromarray(cells).resize((side, side)))
        area = heat[top : top + side, left : left + side]
        area[...] = large[: area.shape[0], : area.shape[1]]
        return heat

    return run


def _shares(times: dict[str, Timing]) -> Extra:
    rows: list[list[str | float | None]] = []
    for name, text in STAGES.items():
        share = ratio(times[name], times[BARE])
        rows.append([text, None if share is None else round(100 * share, 1)])
    known = [float(row[1]) for row in rows if isinstance(row[1], float)]
    rows.append(["between them", round(100 - sum(known), 1)])
    checks = ratio(times[FULL], times[BARE])
    rows.append(["on top: the checks", None if checks is None else round(100 * (checks - 1), 1)])
    return Extra("Where the time goes, in % of explain() without checks", ["stage", "%"], rows)
