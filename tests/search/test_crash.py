"""A building process is killed (SIGKILL) at random moments: nothing committed is lost."""

import subprocess
import sys
import time

import numpy as np
import pytest

from heatlens.search.adding.add import add
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from heatlens.search.store.verify import verify
from tests.search.photographs import crops
from tests.search.stores import content

SETTINGS = Settings.of("signature", k=8)
FILES, BATCH = 48, 4

BUILD = f"""
import sys
from heatlens.search.adding import add as module
from heatlens.search.bounds import quantile
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
module.ROWS, module.SECONDS = {BATCH}, 1e9
append = Store.append
def told(store, rows):
    done = append(store, rows)
    print(len(store), flush=True)
    return done
Store.append = told
print("ready", flush=True)
store = Store.create(sys.argv[2], Settings.of("signature", k=8), exist_ok=True)
module.add(store, sys.argv[1])
print("done", flush=True)
"""


def started(photos, index):
    """A process that builds the index, and has imported all it needs."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(photos), str(index)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Photographs, and what an undisturbed build makes of them."""
    folder = tmp_path_factory.mktemp("undisturbed")
    crops(folder / "photos", FILES)
    process = started(folder / "photos", folder / "a.lance")
    said, _ = process.communicate(timeout=60)
    assert said.split() == [*map(str, range(BATCH, FILES + 1, BATCH)), "done"]
    return folder / "photos", content(Store.open(folder / "a.lance"))


def killed_at(process, moment):
    """Kill a build when a share of it, 0..1, is done; returns the rows it had told of."""
    commits, rest = divmod(moment * FILES / BATCH, 1)
    told, start = 0, time.monotonic()
    for _ in range(int(commits)):
        start, line = time.monotonic(), process.stdout.readline()
        told = int(line) if line.strip().isdigit() else told
    # About as far into the next commit as the last one took.
    time.sleep(rest * min(0.1, time.monotonic() - start))
    process.kill()
    said, _ = process.communicate(timeout=60)
    return max([told, *(int(line) for line in said.split() if line != "done")])


def kill_and_resume(undisturbed, folder, moments):
    photos, whole = undisturbed
    left = []
    for number, moment in enumerate(moments):
        index = folder / f"{number}.lance"
        process = started(photos, index)
        committed = killed_at(process, moment)
        store = Store.create(index, SETTINGS, exist_ok=True)
        assert verify(index).ok
        assert len(store) >= committed
        assert len(store) % BATCH == 0  # whole batches only
        there = content(store)
        assert there == {name: whole[name] for name in there}
        left.append(FILES - len(there))
        found = add(store, photos)
        assert (found.added, found.replaced, found.failed) == (left[-1], 0, ())
        assert content(store) == whole
        report = verify(index)
        assert report.ok
        assert not report.unsealed
    return left


def test_killed_at_some_moments_it_resumes(undisturbed, tmp_path):
    moments = np.random.default_rng(0).random(4)
    left = kill_and_resume(undisturbed, tmp_path, moments)
    assert any(0 < count < FILES for count in left)


@pytest.mark.slow
def test_killed_at_twenty_random_moments_it_resumes(undisturbed, tmp_path):
    moments = np.random.default_rng(1).random(20)
    left = kill_and_resume(undisturbed, tmp_path, moments)
    assert sum(0 < count < FILES for count in left) >= 12


@pytest.mark.slow
def test_killed_again_and_again_it_comes_to_an_end(undisturbed, tmp_path):
    photos, whole = undisturbed
    index = tmp_path / "a.lance"
    for moment in np.random.default_rng(2).random(12) * 0.25:
        killed_at(started(photos, index), moment)
    store = Store.create(index, SETTINGS, exist_ok=True)
    add(store, photos)
    assert content(store) == whole
    assert verify(index).ok
