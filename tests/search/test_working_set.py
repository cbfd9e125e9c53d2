"""The working set: derived files that are made, extended, found damaged, and made anew."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.photo_signatures import made
from heatlens import ImageIndex
from heatlens.search import view as module
from heatlens.search.engine import files
from heatlens.search.engine.ground import Ground
from heatlens.search.engine.nearest import Question, nearest
from heatlens.search.engine.working_set import WorkingSet
from heatlens.search.signatures import Signatures

QUERY = tuple(part[0] for part in made(0, 1, 8, False, 99))
FILES = ("weights", "points", "starts", "codes", "slack", "keys", "names", "name_starts", "first",
         "centre", "low", "step", "rings")  # fmt: skip


def names(count, start=0):
    return [f"row{k:04d}" for k in range(start, start + count)]


def add(index, start, stop):
    weights, points = made(start, stop, 8, False, 0)
    index.add((weights, points, names(stop - start, start)))


def index_of(path, count=150):
    index = ImageIndex.create(path, k=8, thumbnail=0)
    add(index, 0, count)
    return index


def answer(index):
    return list(index.search(QUERY, 8))


def home(index):
    return module.home_of(index.store.place)


def generation(index):
    return index.searcher.view().working.folder.name


def piece(start, stop):
    rows = Signatures.of(zip(*made(start, stop, 8, False, 0), strict=True))
    return np.arange(start, stop, dtype=np.uint64) + 7, names(stop - start, start), rows


def found_in(working):
    question = Question.of(working, *Signatures.of([QUERY])[0])
    found = nearest(working, question, 9, np.ones(len(working), np.uint8))
    return [working.name(row) for row in found.rows], found.distances.tolist()


def test_in_pieces_is_at_once(tmp_path):
    ground = Ground(3)
    once = WorkingSet.new(tmp_path / "once", ground).extended(iter([piece(0, 900)]), 1)
    parts = WorkingSet.new(tmp_path / "parts", ground)
    for start, stop in ((0, 1), (1, 400), (400, 899), (899, 900)):
        parts = parts.extended(iter([piece(start, stop)]), stop)
    several = WorkingSet.new(tmp_path / "several", ground)
    several = several.extended(iter([piece(0, 300), piece(300, 900)]), 1)
    wanted = found_in(once)
    for working in (parts, several, WorkingSet.load(tmp_path / "parts", ground, check=True)):
        assert found_in(working) == wanted
        assert working.problems() == []
        rows = {working.name(k): working.signatures[k] for k in range(900)}
        for k, name in enumerate(names(900)):
            weights, points = piece(0, 900)[2][k] if k < 3 else (None, None)
            assert name in rows
            if weights is not None:
                assert np.array_equal(rows[name][0], weights)
                assert np.array_equal(rows[name][1], points)
    assert sorted(parts.keys.tolist()) == sorted(once.keys.tolist())


def test_what_a_killed_writer_left_does_not_count(tmp_path):
    index = index_of(tmp_path / "a.lance")
    wanted, folder = answer(index), home(index) / generation(index)
    for name in FILES:
        with (folder / name).open("ab") as file:
            file.write(b"\x7f" * 1000)
    (home(index) / ".manifest.json.1").write_text("half")
    again = ImageIndex.open(tmp_path / "a.lance")
    assert answer(again) == wanted
    add(again, 150, 170)
    assert generation(again) == folder.name  # it was appended to, not made anew
    fresh = index_of(tmp_path / "b.lance", 170)
    assert answer(again) == answer(fresh)
    assert ImageIndex.open(tmp_path / "a.lance").verify().ok


KILLED = """
import os, sys
from heatlens import ImageIndex
from heatlens.search.engine import files
append, left = files.append, int(sys.argv[2])
def dies(file, length, array):
    global left
    left -= 1
    if left < 0:
        with file.open("ab") as handle:
            handle.write(b"half")
            handle.flush()
        os._exit(9)
    return append(file, length, array)
files.append = dies
ImageIndex.open(sys.argv[1]).searcher.view()
"""


@pytest.mark.parametrize("after", [0, 5, 14, 24])
def test_a_writer_killed_while_it_appends(tmp_path, after):
    index = index_of(tmp_path / "a.lance", 60)
    if after != 24:
        answer(index)  # the next appends 13 files; without a working set 13 empty ones come first
    add(index, 60, 90)
    code = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "a.lance", str(after)]
    ).returncode
    assert code == (9 if after in (0, 5, 24) else 0)
    assert answer(ImageIndex.open(tmp_path / "a.lance")) == answer(
        index_of(tmp_path / "b.lance", 90)
    )


def flipped(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 16
    file.write_bytes(data)


def cut(file):
    os.truncate(file, file.stat().st_size - 1)


def gone(file):
    file.unlink()


@pytest.mark.parametrize("harm", [flipped, cut, gone])
@pytest.mark.parametrize("name", FILES)
def test_damage_is_named_and_made_good(tmp_path, harm, name):
    index = index_of(tmp_path / "a.lance", 40)
    wanted, before = answer(index), generation(index)
    harm(home(index) / before / name)
    again = ImageIndex.open(tmp_path / "a.lance")
    report = again.verify()
    assert not report.ok
    assert any(name in problem and "made anew" in problem for problem in report.problems)
    assert answer(again) == wanted
    assert generation(again) != before
    assert again.verify().ok
    assert [entry.name for entry in home(index).iterdir() if entry.is_dir()] == [generation(again)]


def test_a_byte_that_flips_without_a_trace_is_found_by_verify(tmp_path):
    index = index_of(tmp_path / "a.lance", 40)
    answer(index)
    file = home(index) / generation(index) / "codes"
    times = file.stat()
    flipped(file)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    report = ImageIndex.open(tmp_path / "a.lance").verify()
    assert [problem for problem in report.problems if "codes" in problem]
    again = ImageIndex.open(tmp_path / "a.lance")
    assert answer(again) == answer(index)
    assert again.verify().ok


def manifest_of(place):
    return json.loads((place / files.MANIFEST).read_text())


def written(place, **more):
    manifest = {**manifest_of(place), **more}
    manifest.pop("checksum")
    files.store(place, manifest)


@pytest.mark.parametrize(
    "harm",
    [
        lambda place: shutil.rmtree(place),
        lambda place: (place / files.MANIFEST).unlink(),
        lambda place: (place / files.MANIFEST).write_text("{}"),
        lambda place: (place / files.MANIFEST).write_text("[1]"),
        lambda place: (place / files.MANIFEST).write_bytes(b"\xff\xfe\x00"),
        lambda place: flipped(place / files.MANIFEST),
        lambda place: cut(place / files.MANIFEST),
        lambda place: written(place, format=files.FORMAT + 1),
        lambda place: written(place, format=0),
        lambda place: written(place, generation="nowhere"),
        lambda place: written(place, ground=[5, None]),
        lambda place: written(place, version=999, rows=3),
    ],
)
def test_a_working_set_of_another_kind_is_made_anew(tmp_path, harm):
    index = index_of(tmp_path / "a.lance", 40)
    wanted = answer(index)
    harm(home(index))
    again = ImageIndex.open(tmp_path / "a.lance")
    assert answer(again) == wanted
    assert manifest_of(home(again))["rows"] == 40


def test_of_another_table_with_as_many_rows_and_the_same_version(tmp_path):
    """A table that was put in the place of another, as by restoring a backup."""
    first, second = (
        index_of(tmp_path / "a.lance", 40),
        ImageIndex.create(tmp_path / "b.lance", k=8, thumbnail=0),
    )
    add(second, 40, 80)
    wanted = answer(second)
    answer(first)
    shutil.rmtree(tmp_path / "b.lance" / "bounds")
    shutil.copytree(tmp_path / "a.lance" / "bounds", tmp_path / "b.lance" / "bounds")
    assert answer(ImageIndex.open(tmp_path / "b.lance")) == wanted


def test_a_copy_is_read_whole_once(tmp_path, monkeypatch):
    wanted = answer(index_of(tmp_path / "a.lance", 40))
    shutil.copytree(tmp_path / "a.lance", tmp_path / "b.lance", copy_function=shutil.copy)
    looked, damaged = [], files.damaged
    monkeypatch.setattr(files, "damaged", lambda *a: looked.append(a[0].name) or damaged(*a))
    before = len(list((tmp_path / "b.lance" / "bounds").iterdir()))
    assert answer(ImageIndex.open(tmp_path / "b.lance")) == wanted
    assert set(looked) == set(FILES)
    looked.clear()
    assert answer(ImageIndex.open(tmp_path / "b.lance")) == wanted
    assert looked == []
    assert len(list((tmp_path / "b.lance" / "bounds").iterdir())) <= before + 1  # its lock


def test_compaction_and_small_changes_keep_it(tmp_path):
    index = index_of(tmp_path / "a.lance", 100)
    for start in range(100, 130, 10):
        add(index, start, start + 10)
    wanted, before = answer(index), generation(index)
    index.compact(keep=0)
    assert answer(index) == wanted
    assert generation(index) == generation(ImageIndex.open(tmp_path / "a.lance")) == before
    index.remove(["row0001"])
    answer(index)
    assert generation(index) == before
    index.remove(where="id > 'row0020'")  # most rows are dead, and a new one comes
    add(index, 200, 202)
    assert len(index.search(QUERY, 100)) == len(index) == 22


def test_a_reader_keeps_its_version_while_others_write(tmp_path):
    writer = index_of(tmp_path / "a.lance", 60)
    reader = ImageIndex.open(tmp_path / "a.lance")
    late = ImageIndex.open(tmp_path / "a.lance")  # looks for the first time when all has changed
    wanted = answer(reader)
    writer.remove(names(30))
    add(writer, 60, 120)
    answer(writer)
    assert answer(reader) == answer(late) == wanted
    assert reader.version == late.version < writer.version
    assert reader.refresh() == writer.version
    assert answer(reader) == answer(writer)
    shutil.rmtree(home(writer))  # maps of files that are gone still hold
    assert answer(reader) == answer(ImageIndex.open(tmp_path / "a.lance"))
    assert answer(late) == wanted


SEARCH = """
import sys, time
from pathlib import Path
from heatlens import ImageIndex
from tests.search.test_working_set import QUERY
print("ready", flush=True)
while not Path(sys.argv[1]).with_suffix(".go").exists():
    time.sleep(0.001)
print(list(ImageIndex.open(sys.argv[1]).search(QUERY, 8)))
"""


def test_processes_that_renew_at_once(tmp_path):
    index = index_of(tmp_path / "a.lance", 300)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SEARCH, tmp_path / "a.lance"], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "a.go").touch()
    said = [process.communicate()[0] for process in both]
    wanted = str(answer(index)) + "\n"
    assert said == [wanted, wanted]
    assert len([entry for entry in home(index).iterdir() if entry.is_dir()]) == 1


@pytest.fixture
def cannot_write(monkeypatch, tmp_path):
    """As for a user who may read the folder only; who runs the tests may be root."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    access, append, store, mkdir = os.access, files.append, files.store, module.Path.mkdir

    def guard(path):
        if "caches" not in str(path):
            raise PermissionError(13, "Permission denied", str(path))

    def no_access(path, mode, **more):
        return access(path, mode, **more) and not (mode == os.W_OK and "caches" not in str(path))

    monkeypatch.setattr(os, "access", no_access)
    monkeypatch.setattr(files, "append", lambda file, *a: guard(file) or append(file, *a))
    monkeypatch.setattr(files, "store", lambda folder, *a: guard(folder) or store(folder, *a))
    monkeypatch.setattr(
        module.Path,
        "mkdir",
        lambda self, *a, **b: None if self.exists() else guard(self) or mkdir(self, *a, **b),
    )


@pytest.mark.parametrize("state", ["none", "fits", "stale", "damaged"])
def test_an_index_that_can_only_be_read(tmp_path, request, state):
    index = index_of(tmp_path / "a.lance", 40)
    wanted = answer(index)
    if state == "none":
        shutil.rmtree(home(index))
    if state == "stale":
        index.add((*made(40, 50, 8, False, 0), names(10, 40)))
        wanted = answer(index_of(tmp_path / "b.lance", 50))
    if state == "damaged":
        flipped(home(index) / generation(index) / "codes")
    lying = sorted(
        (file.name, file.stat().st_mtime_ns) for file in (tmp_path / "a.lance").rglob("*")
    )
    request.getfixturevalue("cannot_write")
    for _ in range(2):
        again = ImageIndex.open(tmp_path / "a.lance")
        assert answer(again) == wanted
        assert ("caches" in str(again.searcher.view().working.folder)) == (state != "fits")
    after = sorted(
        (file.name, file.stat().st_mtime_ns) for file in (tmp_path / "a.lance").rglob("*")
    )
    assert after == lying


def test_rows_are_asked_for_while_the_index_moves_on(tmp_path):
    """Names and version come from the rows that were searched."""
    index = index_of(tmp_path / "a.lance", 40)
    seen = index.searcher.view()
    index.remove(names(20))
    asked = index.searcher.described(QUERY)
    found = index.searcher.hits(asked, seen, _found(seen), time.perf_counter(), None)
    assert found.version == seen.version < index.version
    assert list(found) == answer(index_of(tmp_path / "b.lance", 40))


def _found(seen):
    question = Question.of(seen.working, *Signatures.of([QUERY])[0])
    return nearest(seen.working, question, 8, seen.alive)


RESIDENT = """
import sys
from pathlib import Path
import numpy as np
from heatlens import ImageIndex
from tests.search.test_working_set import QUERY

def anonymous():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in line]
    return int(line.split()[1]) / 1024

index = ImageIndex.open(sys.argv[1])
index.search(QUERY, 10, "id < 'row0010'")
before = anonymous()
for number in range(60):
    index.search(QUERY, 10)
    index.search(QUERY, 10, f"id < 'row{number:04d}'")
print(anonymous() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_searching_holds_no_more_memory_the_longer_it_goes_on(tmp_path):
    index_of(tmp_path / "a.lance", 300).searcher.view()
    grown = subprocess.run(
        [sys.executable, "-c", RESIDENT, tmp_path / "a.lance"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(grown.stdout) < 60


def test_the_way_of_a_search_imports_no_framework(tmp_path):
    """Pandas is not asked about: pyarrow takes it along where it is installed."""
    index_of(tmp_path / "a.lance", 20).searcher.view()
    code = (
        "import sys; from heatlens import ImageIndex; "
        f"index = ImageIndex.open({str(tmp_path / 'a.lance')!r}); "
        "index.search(([1.0], [[50.0, 0, 0]])); index.search_batch([([1.0], [[50.0, 0, 0]])]); "
        "index.range(([1.0], [[50.0, 0, 0]]), 5.0); index.knn_graph(2); "
        "print(sorted({'torch', 'matplotlib', 'sklearn', 'skimage', 'timm', 'lance'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
