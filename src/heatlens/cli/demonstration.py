"""The work of `heatlens demo`: scenes with known truth, and photographs as they are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from heatlens.attribution.explain import explain
from heatlens.attribution.first_checks import in_words
from heatlens.cli.exits import Exit
from heatlens.cli.folders import check_folder
from heatlens.heatmap import Heatmap
from heatlens.image import Image
from heatlens.images.read import read_image
from heatlens.models.load import load_model
from heatlens.models.predict import predict
from heatlens.models.protocol import Model
from heatlens.render.colour import scale_for
from heatlens.render.figure import save_picture
from heatlens.render.overlay import overlay
from heatlens.render.sheet import sheet
from heatlens.testing.scenes import Scene, Shortcut, scene
from heatlens.testing.scenes.sources import PHOTOGRAPHS, file_of

__all__ = ["run"]

_SMOOTH = {"of": "integrated-gradients", "steps": 8, "samples": 8}
_ENLARGED = 3


@dataclass(frozen=True, eq=False)
class _Case:
    """A picture, the class to explain, and what is known of it."""

    name: str
    image: Image
    says: str
    truth: npt.NDArray[np.bool_] | None
    shortcut: npt.NDArray[np.bool_] | None = None


def run(out: Path, count: int, seed: int, *, as_json: bool) -> Exit:
    """Explain scenes and photographs, print whether each hottest point lies on the object.

    Writes one picture per map and `sheet.png` with all of them into `out`.
    """
    check_folder(out)
    console = Console(file=sys.stderr if as_json else sys.stdout)
    honest, cheater = load_model("bundled:scene-cnn"), load_model("bundled:scene-cheater")
    transformer = load_model("bundled:scene-vit")
    looks = [
        (honest, "gradcam", {}),
        (honest, "smoothgrad", _SMOOTH),
        (transformer, "smoothgrad", _SMOOTH),
    ]
    jobs: list[tuple[_Case, list[tuple[Model, str, dict[str, Any]]]]] = []
    jobs += [(case, looks) for case in _scenes(honest, count, seed)]
    jobs += [
        (case, [(honest, "gradcam", {}), (cheater, "gradcam", {})])
        for case in _marked(cheater, seed)
    ]
    jobs += [(case, looks[:1]) for case in _photographs(honest)]

    rows, told = [], []
    for case, views in track(
        jobs, description="explaining", console=console, transient=True, disable=as_json
    ):
        cells: list[Any] = [(case.says, _outlined(case))]
        for model, method, parameters in views:
            heat = explain(model, case.image, method, fit=_fit(case), **parameters)
            file = out / f"{case.name}.{_short(model)}.{method}.png"
            save_picture(heat, file, case.image, style="panels", percentile=99.5)
            verdict = _verdict(case, heat)
            told.append(_told(case, heat, verdict, file))
            cells.append(
                (
                    f"{_short(model)}, {method}: {verdict}",
                    _overlaid(case, heat),
                )
            )
        rows.append((case.name, cells))
    contact = sheet(rows, out / "sheet.png", title="heatlens demo")
    if as_json:
        typer.echo(json.dumps({"results": told, "sheet": str(contact)}, indent=2))
    else:
        _print(console, told, contact)
    return Exit.DONE


def _scenes(model: Model, count: int, seed: int) -> Iterator[_Case]:
    for index in range(count):
        yield _scene_case(f"scene-{index}", model, scene(index, split="test", seed=seed))


def _marked(cheater: Model, seed: int) -> Iterator[_Case]:
    """A scene whose watermark names another class than the object's: who believes it?"""
    one = scene(0, split="test", seed=seed, shortcut=Shortcut(agrees=0.0))
    yield _scene_case("watermark", cheater, one)


def _scene_case(name: str, model: Model, one: Scene) -> _Case:
    image = read_image(one.image, name=name)
    best = predict(model, image, 1)[0]
    right = "right" if best.index == one.label else f"wrong, it is digit {one.label}"
    mark = one.shortcut_mask if one.shortcut_mask.any() else None
    says = f"{_short(model)} says {best.label}, {best.probability:.0%} ({right})"
    return _Case(name, image, says, one.mask, mark)


def _photographs(model: Model) -> Iterator[_Case]:
    for place, file in PHOTOGRAPHS["test"]:
        image = read_image(file_of(place, file))
        best = predict(model, image, 1, fit="tile")[0]
        says = f"{_short(model)} says {best.label}, {best.probability:.0%}; there is no digit"
        yield _Case(Path(image.name).stem, image, says, None)


def _short(model: Model) -> str:
    return model.name.removeprefix("bundled:")


def _fit(case: _Case) -> str | None:
    return "tile" if case.truth is None else None


def _verdict(case: _Case, heat: Heatmap) -> str:
    if heat.empty:
        return "no evidence"
    if case.truth is None:
        return "nothing to hit"
    if case.truth[heat.peak]:
        return "on the object"
    if case.shortcut is not None and case.shortcut[heat.peak]:
        return "on the watermark"
    return "beside the object"


def _told(case: _Case, heat: Heatmap, verdict: str, file: Path) -> dict[str, Any]:
    return {
        "picture": case.name,
        "prediction": case.says,
        "model": heat.provenance.model,
        "method": heat.provenance.method,
        "target": heat.provenance.target,
        "peak": list(heat.peak),
        "hottest_point": verdict,
        "trust": dict(heat.provenance.trust),
        "file": str(file),
    }


def _outlined(case: _Case) -> npt.NDArray[np.uint8]:
    """The picture, enlarged, with the object's mask outlined in white."""
    factor = _ENLARGED if max(case.image.size) <= 128 else 1
    pixels = case.image.rgb().repeat(factor, 0).repeat(factor, 1)
    if case.truth is not None:
        mask = case.truth.repeat(factor, 0).repeat(factor, 1)
        inner = mask.copy()
        for axis in (0, 1):
            for step in (1, -1):
                inner &= np.roll(mask, step, axis)
        pixels[mask & ~inner] = 255
    return pixels


def _overlaid(case: _Case, heat: Heatmap) -> npt.NDArray[np.uint8]:
    # Single pixels far above the rest would leave the picture dark: end the scale below them.
    scale = scale_for(heat, sign="positive", percentile=99.5)
    pixels = np.asarray(overlay(heat, case.image, scale=scale))
    factor = _ENLARGED if max(case.image.size) <= 128 else 1
    return pixels.repeat(factor, 0).repeat(factor, 1)


def _print(console: Console, told: list[dict[str, Any]], contact: Path) -> None:
    name = ""
    for item in told:
        if item["picture"] != name:
            name = item["picture"]
            console.print(
                f"[bold]{escape(name)}[/bold]  {escape(item['prediction'])}", highlight=False
            )
        model = item["model"].removeprefix("bundled:")
        console.print(
            f"  {model}, {item['method']} for {item['target']}: hottest point {item['hottest_point']}",
            highlight=False,
        )
        for sentence in in_words(item["trust"]):
            console.print(f"    {escape(sentence)}", style="dim", highlight=False, soft_wrap=True)
    known = [item for item in told if item["picture"].startswith("scene-")]
    hits = sum(item["hottest_point"] == "on the object" for item in known)
    console.print(
        f"\nhottest point on the object in {hits} of {len(known)} maps of scenes\n"
        f"all pictures on one sheet: {contact}",
        highlight=False,
        soft_wrap=True,
    )
