"""How long one waits before anything happens."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.cases import Said
from benchmarks.result import Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race

IMPORT, HELP = "import heatlens", "heatlens --help"
_SHIM = "from benchmarks.torchvision_operators import declare; declare(); "


def run(settings: Settings, said: Said) -> Result:
    """Wall time of whole processes, the interpreter's own start included."""
    script = Path(sys.executable).with_name("heatlens")
    contenders = [
        Contender("python -c pass", _process(["-c", "pass"])),
        Contender(IMPORT, _process(["-c", "import heatlens"])),
        Contender(HELP, _process(["--help"], str(script))),
        Contender("import torch", _process(["-c", "import torch"]), peer=True),
        Contender("import captum.attr", _process(["-c", "import captum.attr"]), peer=True),
        Contender(
            "import pytorch_grad_cam",
            _process(["-c", _SHIM + "import pytorch_grad_cam"]),
            peer=True,
            note="with torchvision, which it imports",
        ),
    ]
    times = race(contenders, dataclasses.replace(settings, processor_time=False), said=said)
    return Result(
        name="start-up",
        title="Start of a process",
        setting={"measure": "wall time of a new process, files in the system's cache"},
        entries=entries(times.values()),
        reference="python -c pass",
        targets=[
            _target("`import heatlens`, interpreter included", 0.2, times[IMPORT]),
            _target("`heatlens --help`, interpreter included", 0.4, times[HELP]),
        ],
        rounds=settings.rounds,
    )


def _process(arguments: Sequence[str], program: str = sys.executable) -> Callable[[], None]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def run() -> None:
        done = subprocess.run(
            [program, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise RuntimeError(f"exit status {done.returncode}: {lines[-1] if lines else ''}")

    return run


def _target(text: str, goal: float, timing: Timing) -> Target:
    measured = round(timing.median, 4) if timing.seconds else None
    return Target(text, goal, measured, True, "s", why=timing.error)
