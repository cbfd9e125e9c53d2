"""Train the bundled networks: ``python training/train_bundled.py [cnn|vit|cheater|all] [--seed 0]``.

Renders the scenes once (build/scenes), trains on two threads, and writes the weights and their
model card into src/heatlens/models/bundled/weights at the very end; Ctrl-C leaves what was there.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from cards import Run, write_card
from held_out import accuracy, held_out
from loop import Step, train
from recipes import TRAININGS, Training
from scene_arrays import arrays

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "src" / "heatlens" / "models" / "bundled" / "weights"


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", nargs="?", default="all", choices=[*TRAININGS, "all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--interim", type=Path, help="folder for weights of every fourth of a run")
    parser.add_argument("--threads", type=int, default=2, help="of torch; part of the result")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    try:
        for name in TRAININGS if options.network == "all" else [options.network]:
            run(TRAININGS[name], options.seed, options.out, options.interim)
    except KeyboardInterrupt:
        print("\nstopped; nothing was written", file=sys.stderr)
        return 130
    return 0


def run(training: Training, seed: int, out: Path, interim: Path | None) -> None:
    """Train one network, measure it on held-out scenes, write its weights and card."""
    started, processor_started = time.monotonic(), time.process_time()
    data = arrays(training.data)
    rendering = time.monotonic() - started
    plain = held_out(count=500)

    def report(step: Step, average: nn.Module) -> None:
        left = step.seconds / step.number * (step.total - step.number)
        line = (
            f"{training.name} {step.number}/{step.total} window {step.window} "
            f"loss {step.loss:.3f} train {step.accuracy:.3f} "
            f"{step.seconds:.0f} s, {left:.0f} s left"
        )
        if step.number % 200 == 0:
            line += f" held-out {accuracy(average, plain.images, plain.labels):.3f}"
        print(line, flush=True)
        if (
            interim is not None
            and step.number * 4 // step.total > (step.number - 50) * 4 // step.total
        ):
            _save(average, interim / f"{training.name}.safetensors", {"state": "interim"})

    model = train(training, data, seed, report)
    finished = Run(
        training,
        seed,
        seconds=time.monotonic() - started,
        processor_seconds=time.process_time() - processor_started,
        rendering=rendering,
        threads=torch.get_num_threads(),
    )
    card = write_card(model, finished, out)
    _save(model, out / f"{training.name}.safetensors", {"name": training.name, "card": card})
    print(f"{training.name}: {card}", flush=True)


def _save(model: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    unfinished = path.with_suffix(".unfinished")
    save_file(state, unfinished, metadata)
    unfinished.chmod(0o644)  # safetensors leaves it to its owner alone; a wheel is for everyone
    unfinished.replace(path)


if __name__ == "__main__":
    sys.exit(main())
