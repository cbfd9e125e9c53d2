"""The harness on contenders whose times we know; the committed results can be read."""

import dataclasses
import importlib
import json

import pytest

from benchmarks import __main__, machine, tables
from benchmarks.cases import CASES, case
from benchmarks.result import RESULTS, Agreement, Extra, Result, Target, entries, read, write
from benchmarks.screen import show
from benchmarks.settings import Settings
from benchmarks.timing import Contender, Timing, race, ratio

COMMITTED = sorted(RESULTS.glob("*.json"))


class Clock:
    """Time that passes only when a contender says so."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        self.calls = []
        monkeypatch.setattr(Settings, "clock", property(lambda settings: lambda: self.now))

    def contender(self, name, *seconds, **about):
        pending = list(seconds)

        def run():
            self.calls.append(name)
            self.now += pending.pop(0)

        return Contender(name, run, **about)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def example(**changes):
    timings = [
        Timing("slow", [2.0, 4.0, 2.0], peer=True, note="its defaults"),
        Timing("fast", [1.0, 2.0, 0.5]),
        Timing("broken", error="MemoryError: no | room"),
    ]
    result = Result(
        name="example",
        title="An example",
        setting={"batch": 8},
        entries=entries(timings),
        reference="slow",
        targets=[
            Target("as fast as one pass", 1.05, 1.01, True, "x"),
            Target("faster than the peer", 3.3, 2.0, False, "x"),
            Target("with matrix units", 10.0, None, False, "x", why="there are none"),
        ],
        agreements=[Agreement("slow and fast", 1e-6)],
        extras=[Extra("Memory", ["steps", "MB"], [["10", 3.5], ["50", None]])],
        notes=["A note."],
        rounds=3,
        threads=2,
        command="python -m benchmarks example",
        date=machine.now(),
        machine=machine.describe("cpu", 2),
    )
    return dataclasses.replace(result, **changes)


def test_rounds_are_interleaved_and_the_warm_up_does_not_count(clock):
    contenders = [clock.contender("a", 9, 1, 2, 3), clock.contender("b", 9, 10, 20, 30)]
    times = race(contenders, Settings(rounds=3))
    assert "".join(clock.calls) == "ab" + "ab" + "ba" + "ab"  # misspelt on purpose
    assert times["a"].seconds == [1, 2, 3]
    assert times["b"].seconds == [10, 20, 30]


def test_who_fails_is_out_and_says_why(clock):
    def fail():
        raise MemoryError("no room\nat all")

    times = race(
        [Contender("big", fail, peer=True), clock.contender("a", 1, 1)], Settings(rounds=1)
    )
    assert times["big"].error == "MemoryError: no room"
    assert times["big"].seconds == []
    assert times["a"].seconds == [1]
    assert ratio(times["big"], times["a"]) is None


def test_two_contenders_of_one_name(clock):
    with pytest.raises(ValueError, match="one name"):
        race([clock.contender("a", 1), clock.contender("a", 1)], Settings())


def test_statistics():
    timing = Timing("a", [5.0, 1.0, 2.0, 3.0, 4.0])
    assert timing.median == 3.0
    assert timing.quartiles == (2.0, 4.0)
    assert Timing("a", [7.0]).quartiles == (7.0, 7.0)


def test_a_ratio_is_taken_within_rounds():
    """A machine that is slow in one round is slow for both; the medians' ratio would be 1."""
    ours, theirs = Timing("ours", [1.0, 10.0, 2.0]), Timing("theirs", [2.0, 20.0, 1.0])
    assert ratio(theirs, ours) == 2.0


@pytest.mark.parametrize(
    ("measured", "at_most", "met"),
    [
        (1.0, True, True),
        (1.1, True, False),
        (1.1, False, True),
        (0.9, False, False),
        (None, True, None),
    ],
)
def test_targets(measured, at_most, met):
    assert Target("text", 1.0, measured, at_most).met is met


def test_results_come_back_from_their_file(tmp_path):
    result = example()
    path = write(result, tmp_path)
    assert path.name == "example-cpu.json"
    assert read(path) == result
    assert write(example(size="full"), tmp_path).name == "example-full-cpu.json"


def test_a_file_with_a_missing_field_is_refused(tmp_path):
    path = write(example(), tmp_path)
    raw = json.loads(path.read_text())
    del raw["title"]
    path.write_text(json.dumps(raw))
    with pytest.raises(TypeError, match="title"):
        read(path)


def test_markdown():
    text = tables.markdown(example())
    assert "| fast | 1 s | 750 ms to 1.5 s | 0.50 |" in text
    assert "| slow (peer) | 2 s |" in text
    assert "MemoryError: no \\| room" in text
    assert "| as fast as one pass | 1.05 x | 1.01 x | met |" in text
    assert "| faster than the peer | 3.3 x | 2 x | **not met** |" in text
    assert "| with matrix units | 10 x | - | not measured: there are none |" in text
    assert "| 50 | - |" in text
    assert "- slow: its defaults." in text
    assert "`python -m benchmarks example`" in text
    for block in text.split("\n\n"):
        widths = {line.count(" | ") for line in block.splitlines() if line.startswith("|")}
        assert len(widths) <= 1, block


def test_all_results_in_one_text(tmp_path):
    write(example(name="scenes", title="Scenes"), tmp_path)
    write(example(name="gradcam", title="Grad-CAM"), tmp_path)
    text = tables.everything(tmp_path)
    assert text.index("## Grad-CAM") < text.index("## Scenes")
    assert tables.overview(tmp_path).count("**not met**") == 2


def test_the_terminal_shows_the_same(capsys):
    from rich.console import Console

    show(example(), Console(width=120))
    shown = capsys.readouterr().out
    for text in ("An example", "fast", "not met", "not measured: there are none", "A note."):
        assert text in shown


@pytest.mark.parametrize("name", CASES)
def test_every_case_can_be_loaded(name):
    assert callable(case(name))


def test_an_unknown_name(capsys, monkeypatch):
    monkeypatch.setattr("os.environ", {})
    assert __main__.main(["nonsense"]) == 2
    assert "gradcam" in capsys.readouterr().out


def test_a_case_from_the_command_line_to_its_file(tmp_path, monkeypatch, capsys):
    said = []
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr("torch.set_num_threads", said.append)
    module = importlib.import_module("benchmarks.cases.gradcam")
    monkeypatch.setattr(module, "run", lambda settings, line: example(rounds=settings.rounds))
    assert __main__.main(["gradcam", "--quick", "--out", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("*.json")
    result = read(path)
    assert said == [2]
    assert (result.size, result.rounds, result.threads) == ("quick", 3, 2)
    assert result.command == "python -m benchmarks gradcam --device cpu --quick"
    assert path.name in capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_results(path):
    result = read(path)
    assert path.stat().st_size < 50_000
    assert result.name in CASES
    assert result.size != "quick"
    assert result.command.startswith("python -m benchmarks")
    assert {"cpu", "cores", "memory_gb", "system", "python", "versions"} <= result.machine.keys()
    assert result.rounds > 0
    assert result.date
    assert all(len(entry.runs) == result.rounds for entry in result.entries if not entry.error)
    assert tables.markdown(result)
