"""Several writers lose and double nothing; a reader sees whole versions while they work."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from heatlens.search.adding.add import add
from heatlens.search.store.place import Place
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
from tests.search.photographs import crops
from tests.search.stores import content, row, store_of

ADD = """
import sys, time
from pathlib import Path
from heatlens.search.adding import add as module
from heatlens.search.bounds import quantile
from heatlens.search.store.settings import Settings
from heatlens.search.store.store import Store
module.ROWS, module.SECONDS = 2, 1e9
index, *folders = sys.argv[1:]
print("ready", flush=True)
while not Path(index).with_suffix(".go").exists():
    time.sleep(0.001)
store = Store.create(index, Settings.of("signature", k=8), exist_ok=True)
for folder in folders:
    module.add(store, folder)
"""

REPLACE = """
import sys
from heatlens.search.store.store import Store
from tests.search.stores import row
store = Store.open(sys.argv[1])
print("ready", flush=True)
for generation in range(1, 40):
    store.append([row(f"row{k:04d}", generation) for k in range(10)])
    if generation == 20:
        store.compact()
"""


def started(code, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    with process.stdout as said:
        assert said.readline() == "ready\n"
    return process


def test_two_processes_add_the_same_and_other_folders(tmp_path):
    for seed, name in enumerate(("both", "one", "two")):
        crops(tmp_path / name, 10, seed=seed)
    index = tmp_path / "a.lance"
    both = [
        started(ADD, index, tmp_path / "both", tmp_path / "one"),
        started(ADD, index, tmp_path / "two", tmp_path / "both"),
    ]
    index.with_suffix(".go").touch()
    assert [process.wait(60) for process in both] == [0, 0]
    alone = Store.create(tmp_path / "alone.lance", Settings.of("signature", k=8))
    add(alone, [tmp_path / name for name in ("both", "one", "two")])
    store = Store.open(index)
    assert content(store) == content(alone)
    assert len(store) == 30
    report = store.verify()
    assert report.ok
    assert not report.unsealed


def test_threads_of_one_process_wait_for_each_other(tmp_path):
    store_of(tmp_path / "a.lance", 1)

    def work(seed):
        mine = Store.open(tmp_path / "a.lance")
        return sum(mine.append([row(f"x{k}"), row(f"y{seed}{k}")]).added for k in range(8))

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 8 + 3 * 8
    store = Store.open(tmp_path / "a.lance")
    assert len(content(store)) == len(store) == 1 + 8 + 3 * 8
    assert store.verify().ok


def test_without_a_lock_conflicting_commits_are_tried_again(tmp_path):
    """As on object storage: no folder to lock, the same address for both."""
    settings = Settings.of("signature", k=4)
    place = Place(str(tmp_path / "a.lance"), None)
    Store.create(place.uri, settings)

    def work(seed):
        database = place.connect()
        mine = Store(place, database, *place.open(database))
        for k in range(10):
            mine.append([row(f"x{k}"), row(f"y{seed}{k}")])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    database = place.connect()
    store = Store(place, database, *place.open(database))
    assert len(content(store)) == len(store) == 10 + 2 * 10


def test_a_reader_sees_whole_versions_while_a_writer_works(tmp_path):
    reader = store_of(tmp_path / "a.lance", 10)
    pinned = Store.open(tmp_path / "a.lance")
    before, seen = content(pinned), set()
    process = started(REPLACE, tmp_path / "a.lance")
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        reader.refresh()
        hashes = set(reader.known().values())
        keys = reader.keys()
        assert len(hashes) == 1  # of one generation
        assert len(keys) == 10
        rows = [item for batch in reader.read(columns=["hash"]) for item in batch.to_pylist()]
        assert {item["hash"] for item in rows} == hashes
        assert reader.rows(keys[3:5], ["hash"])["hash"].to_pylist() == [*hashes] * 2
        seen |= hashes
    assert process.wait(60) == 0
    assert len(seen) > 3
    assert content(pinned) == before  # kept by `compact`, for an hour
    reader.refresh()
    assert set(reader.known().values()) == {f"{39:032x}"}
    assert reader.verify().ok
