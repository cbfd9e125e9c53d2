"""The gradient heatmap of the Keras tutorial: as fast as a bare `tf.function` with a tape?

TensorFlow and a Keras told to use it live in a process of their own, in which both are timed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.cases import Said
from benchmarks.result import Agreement, Result, Target, entries
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio

_ROOT = Path(__file__).parents[2]
_CLASS = 281
_BATCHES = (1, 8)


def run(settings: Settings, said: Said) -> Result:
    """Time both in another process, one row at a time and eight."""
    side = settings.of(quick=64, default=224, full=224)
    rounds = settings.at_most(settings.of(quick=3, default=9, full=15))
    said("starting TensorFlow in a process of its own")
    measured = _in_process(settings, side, rounds)
    timings = [Timing(**item) for item in measured["timings"]]
    by_name = {timing.name: timing for timing in timings}
    return Result(
        name="keras-gradient",
        title="The gradient heatmap of a Keras ResNet50 on TensorFlow",
        setting={"model": "keras.applications ResNet50 (random weights)", "input": f"{side} x {side}",
                 "batch": ", ".join(map(str, _BATCHES)), "score": "probability of a class",
                 "versions": measured["versions"]},
        entries=entries(timings),
        reference=_bare(_BATCHES[0]),
        targets=[
            Target(f"Keras gradient heatmap / bare tape, batch {rows}", 1.1,
                   ratio(by_name[_ours(rows)], by_name[_bare(rows)]), True, "x")
            for rows in _BATCHES
        ],
        agreements=[
            Agreement(f"{_bare(rows)} and {_ours(rows)}", measured["differences"][str(rows)])
            for rows in _BATCHES
        ],
        notes=[
            "The bare tape lies inside a tf.function of fixed shape, watches the input alone, and "
            "differentiates the score of the class: what the tutorial does, compiled.",
            "Both are traced before the clock starts; heatlens traces once for any number of rows.",
        ],
        rounds=rounds,
    )  # fmt: skip


def _bare(rows: int) -> str:
    return f"bare tf.function with a tape, batch {rows}"


def _ours(rows: int) -> str:
    return f"heatlens, batch {rows}"


def _in_process(settings: Settings, side: int, rounds: int) -> dict[str, Any]:
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    asked = json.dumps({"settings": dataclasses.asdict(settings), "side": side, "rounds": rounds})
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.cases.keras_gradient", asked],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"the process with TensorFlow failed: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _work(asked: dict[str, Any]) -> dict[str, Any]:
    import keras
    import numpy as np
    import tensorflow as tf
    import torch

    import heatlens
    from heatlens.models.load import as_model

    settings = Settings(**asked["settings"])
    tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    torch.set_num_threads(settings.threads)
    side = asked["side"]
    network = keras.applications.ResNet50(weights=None, input_shape=(side, side, 3))
    model = as_model(network)

    @tf.function
    def bare(batch: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(batch)
            score = tf.reduce_sum(network(batch, training=False)[:, _CLASS])
        return tape.gradient(score, batch)

    generator = np.random.default_rng(settings.seed)
    contenders, differences = [], {}
    for rows in _BATCHES:
        batch = tf.constant(50 * generator.standard_normal((rows, side, side, 3), np.float32))

        def ours(batch: Any = batch) -> Any:
            return heatlens.attribute(model, batch, "gradient", _CLASS)

        def theirs(batch: Any = batch) -> Any:
            return bare(batch)

        found, expected = ours().numpy(), theirs().numpy()
        differences[str(rows)] = float(np.abs(found - expected).max() / np.abs(expected).max())
        contenders += [Contender(_bare(rows), theirs), Contender(_ours(rows), ours)]
    times = race(contenders, settings, rounds=asked["rounds"])
    return {
        "timings": [dataclasses.asdict(timing) for timing in times.values()],
        "differences": differences,
        "versions": f"keras {keras.__version__}, tensorflow {tf.__version__}",
    }


if __name__ == "__main__":
    print(json.dumps(_work(json.loads(sys.argv[1]))))
