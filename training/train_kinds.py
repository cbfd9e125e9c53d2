"""Train the networks of other kinds: ``python training/train_kinds.py [NAME|all] [--seed 0]``.

caption-clip (pictures and words), tone-net and tone-wave (sound), event-net (clips): minutes each
on one thread. Weights go into src/heatlens/models/bundled/kinds in half precision, a folder each,
those of transformers' classes as `hf:FOLDER` opens them; the card lies in the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from kind_recipes import KINDS, Kind, Task

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from benchmarks import torchvision_operators  # noqa: E402  (found from the line above on)

WEIGHTS = ROOT / "src" / "heatlens" / "models" / "bundled" / "kinds"


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", nargs="?", default="all", choices=[*KINDS, "all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the folders")
    parser.add_argument("--threads", type=int, default=1, help="of torch; part of the result")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torchvision_operators.declare()
    try:
        for name in KINDS if options.network == "all" else [options.network]:
            run(KINDS[name], options.seed, options.out)
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        return 130
    return 0


def run(kind: Kind, seed: int, out: Path) -> None:
    """Train one network, measure it on held-out cases, write its weights and card."""
    started = time.monotonic()
    torch.manual_seed(seed)
    task = kind.task(kind.cases)
    print(f"{kind.name}: {time.monotonic() - started:.0f} s for the data", flush=True)
    train(kind, task, np.random.default_rng(seed))
    task.network.eval()
    # What is measured is what is written: half precision, read back as single.
    for tensor in task.network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half().float())
    with torch.no_grad():
        accuracy = task.accuracy()
    card = {
        "name": kind.name,
        "architecture": type(task.network).__name__,
        "parameters": sum(p.numel() for p in task.network.parameters()),
        "accuracy": {"held_out": round(accuracy, 4)},
        "data": {
            "generator": "heatlens.testing.kinds",
            "what": kind.data,
            "cases": kind.cases,
            "epochs": kind.epochs,
        },
        "seed": seed,
        "threads": torch.get_num_threads(),
        "seconds": round(time.monotonic() - started),
        "command": f"python training/train_kinds.py {kind.name} --seed {seed}",
    }
    write(task, card, out)
    print(json.dumps(card), flush=True)


def train(kind: Kind, task: Task, rng: np.random.Generator) -> None:
    """AdamW on a one-cycle schedule."""
    weights = [*task.network.parameters(), *(task.extra.parameters() if task.extra else ())]
    decayed = [weight for weight in weights if weight.ndim > 1]
    plain = [weight for weight in weights if weight.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
        lr=kind.learning_rate,
    )
    steps = kind.epochs * (task.size // kind.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, kind.learning_rate, total_steps=steps, pct_start=0.15, final_div_factor=1000.0
    )
    started, number, mean = time.monotonic(), 0, 0.0
    for epoch in range(kind.epochs):
        task.network.train()
        order = rng.permutation(task.size)
        for first in range(0, task.size - kind.batch + 1, kind.batch):
            loss = task.loss(order[first : first + kind.batch], rng)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(weights, 2.0)
            optimizer.step()
            schedule.step()
            number += 1
            mean += 0.05 * (loss.item() - mean)
        task.network.eval()
        with torch.no_grad():
            accuracy = task.accuracy()
        spent = time.monotonic() - started
        print(
            f"{kind.name} epoch {epoch + 1}/{kind.epochs} loss {mean:.3f} held-out "
            f"{accuracy:.3f} {spent:.0f} s, {spent / number * (steps - number):.0f} s left",
            flush=True,
        )


def write(task: Task, card: dict[str, object], out: Path) -> None:
    """Weights, what belongs beside them, and the card."""
    folder = out / str(card["name"])
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(task.network, "save_pretrained"):
        task.network.half().save_pretrained(folder)
        for processor in task.processors:
            processor.save_pretrained(folder)
        if task.pixels is not None:
            words = json.dumps(task.pixels, indent=2)
            (folder / "preprocessor_config.json").write_text(words + "\n", encoding="utf-8")
    else:
        state = {key: _half(value) for key, value in task.network.state_dict().items()}
        save_file(state, folder / "model.safetensors")
    words = json.dumps(card, indent=2)
    (folder / "card.json").write_text(words + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_page(card), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o644)


def _half(value: torch.Tensor) -> torch.Tensor:
    return (value.half() if value.is_floating_point() else value).contiguous()


def _page(card: dict[str, object]) -> str:
    data: Any = card["data"]
    accuracy: Any = card["accuracy"]
    return (
        f"# {card['name']}\n\n"
        f"{card['architecture']}, {card['parameters']:,} parameters, kept in half precision.\n\n"
        f"Learnt from {data['cases']:,} cases of `heatlens.testing.kinds` ({data['what']}), "
        f"{data['epochs']} passes. Right on {accuracy['held_out']:.1%} of 500 held-out "
        f"cases.\n\nMade by `{card['command']}` in {card['seconds']} s on {card['threads']} "
        "thread.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
