"""`python -m benchmarks [NAME...] [--device cpu|cuda] [--rounds N] [--quick | --full]`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

THREADS = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the cases; the exit status is 1 if one of them broke, whatever the figures are."""
    options = _options(arguments)
    # Before torch, numba and OpenCV start their threads.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    os.environ["TQDM_DISABLE"] = "1"  # grad-cam's Score-CAM draws a bar for every picture

    from rich.console import Console

    from benchmarks import machine
    from benchmarks.cases import CASES, case
    from benchmarks.result import RESULTS, write
    from benchmarks.screen import show
    from benchmarks.settings import Settings

    console = Console()
    unknown = [name for name in options.names if name not in CASES]
    if unknown:
        console.print(f"no benchmark {', '.join(unknown)}; there are {', '.join(CASES)}")
        return 2
    size = "quick" if options.quick else "full" if options.full else "default"
    rounds = options.rounds or (3 if options.quick else 7)
    settings = Settings(
        options.device, rounds, options.threads, options.seed, size, options.processor_time
    )

    import torch

    if settings.device == "cuda" and not torch.cuda.is_available():
        console.print("no CUDA device here; nothing was measured")
        return 2
    torch.set_num_threads(settings.threads)
    # A quick look is no measurement: its files stay out of the repository.
    folder = options.out or (Path("out/bench") if options.quick else RESULTS)
    broken = 0
    for name in options.names or CASES:
        started = time.perf_counter()
        before = machine.describe(settings.device, settings.threads)
        try:
            with console.status(name) as status:
                found = case(name)(settings, lambda line, n=name: status.update(f"{n}: {line}"))
        except Exception:
            broken += 1
            console.print_exception()
            continue
        flag = {"quick": " --quick", "full": " --full"}.get(size, "")
        command = f"python -m benchmarks {name} --device {settings.device}{flag}"
        if options.threads != THREADS:
            command += f" --threads {options.threads}"
        if options.processor_time:
            command += " --processor-time"
        if options.rounds:
            command += f" --rounds {rounds}"
        result = dataclasses.replace(
            found, device=settings.device, size=size, threads=settings.threads,
            seed=settings.seed, rounds=found.rounds or rounds, command=command,
            clock="processor" if options.processor_time else "wall", date=machine.now(), commit=machine.commit(), machine=before,
        )  # fmt: skip
        path = write(result, folder)
        show(result, console)
        console.print(f"{path} ({time.perf_counter() - started:.0f} s)\n", style="dim")
    return 1 if broken else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases; all by default")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, help="timed runs of each contender (7)")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument(
        "--processor-time", action="store_true",
        help="count processor time, not the wall's: for a busy machine, with --threads 1",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the result files")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="does all run? (files: out/bench)")
    size.add_argument("--full", action="store_true", help="the full size, up to hours")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
