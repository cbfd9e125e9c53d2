"""Model cards: what a network was trained on and what it reaches, as JSON and as Markdown."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from heatlens.testing.scenes import Shortcut
from held_out import COUNT, SEED, accuracy, held_out
from recipes import Training


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Attributes:
        training: its recipe.
        seed: of the run.
        seconds: of the whole run, rendering included, by the clock on the wall.
        processor_seconds: of all its threads together; rendering in other processes not counted.
        rendering: seconds of that for rendering; next to none where the cache had the scenes.
        threads: that torch used.
    """

    training: Training
    seed: int
    seconds: float
    processor_seconds: float
    rendering: float
    threads: int


def write_card(model: nn.Module, run: Run, out: Path) -> str:
    """Measure a network on held-out scenes, write NAME.json and NAME.md, return the JSON."""
    training = run.training
    shortcut = training.data.shortcut
    card = {
        "name": training.name,
        "architecture": type(model).__name__,
        "parameters": sum(p.numel() for p in model.parameters()),
        "accuracy": _accuracies(model, shortcut),
        "held_out": {"scenes": COUNT, "seed": SEED, "split": "test"},
        "data": {
            "generator": "heatlens.testing.scenes",
            "scenes": training.data.count,
            "scenes_without_object": training.data.empty,
            "seed": training.data.seed,
            "split": "train",
            "shortcut": repr(shortcut) if shortcut else None,
        },
        "schedule": {
            "phases": [{"window": p.window, "epochs": p.epochs} for p in training.phases],
            "batch": training.batch,
            "learning_rate": training.learning_rate,
            "weight_decay": training.weight_decay,
            "label_smoothing": training.smoothing,
        },
        "seed": run.seed,
        "command": (
            f"python training/train_bundled.py {training.name.removeprefix('scene-')} "
            f"--seed {run.seed} --threads {run.threads}"
        ),
        "commit": _commit(),
        "seconds": round(run.seconds),
        "processor_seconds": round(run.processor_seconds),
        "seconds_rendering": round(run.rendering),
        "machine": {
            "processor": _processor(),
            "threads": run.threads,
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
        "licence": "Apache-2.0; the pictures' licences are named in scikit-image and scikit-learn",
    }
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(card, indent=2)
    (out / f"{training.name}.json").write_text(text + "\n", encoding="utf-8")
    (out / f"{training.name}.md").write_text(_markdown(card), encoding="utf-8")
    return json.dumps(card)


def _accuracies(model: nn.Module, shortcut: Shortcut | None) -> dict[str, float]:
    """Accuracy on held-out scenes, and with the right and the wrong watermark where it matters."""
    plain = held_out()
    result = {"held_out": accuracy(model, plain.images, plain.labels)}
    if shortcut is not None:
        for name, agrees in (("with_watermark", 1.0), ("with_wrong_watermark", 0.0)):
            marked = held_out(Shortcut(1.0, agrees, shortcut.opacity))
            result[name] = accuracy(model, marked.images, marked.labels)
    return {name: round(value, 4) for name, value in result.items()}


def _markdown(card: dict) -> str:  # type: ignore[type-arg]
    data, schedule, machine = card["data"], card["schedule"], card["machine"]
    phases = ", then ".join(f"{p['epochs']} epochs of {p['window']} px" for p in schedule["phases"])
    accuracies = "\n".join(
        f"| {name.replace('_', ' ')} | {value:.1%} |" for name, value in card["accuracy"].items()
    )
    return f"""# {card["name"]}

{card["architecture"]}, {card["parameters"]:,} parameters, 96x96 RGB, ten digits in photographs.

| scenes | accuracy |
|---|---|
{accuracies}

Measured on {card["held_out"]["scenes"]} scenes of whole photographs and digits that training never
saw (`scenes({card["held_out"]["scenes"]}, split="test", seed={card["held_out"]["seed"]})`).

- Data: {data["scenes"]:,} scenes of `{data["generator"]}`, seed {data["seed"]}, and
  {data["scenes_without_object"]:,} of them without their object. Watermark: {data["shortcut"]}.
- Schedule: {phases}; batches of {schedule["batch"]}, AdamW, peak rate {schedule["learning_rate"]}.
- Made by `{card["command"]}` at commit {card["commit"]} in {card["seconds"]} s
  ({card["processor_seconds"]} s of processor time, {card["seconds_rendering"]} s for rendering)
  with threads: {machine["threads"]}, on {machine["processor"]}, torch {machine["torch"]}.
- For testing heatmaps. It knows digits in these scenes and nothing else.
- {card["licence"]}.
"""


def _commit() -> str:
    """Return the commit, marked where the tree differs from it."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).resolve().parent
    answer = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "before the first commit"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
