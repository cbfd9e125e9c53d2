"""Pipes and streams: nothing hangs, nothing leaks, nothing waits for another film."""

import gc
import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from heatlens.images.films import FilmWriter, open_film
from heatlens.images.films.aside import Aside


def written(path, size=(16, 24)):
    with FilmWriter(path, size, 10) as film:
        for level in range(6):
            film.write(np.full((*size, 3), 40 * level, np.uint8))
    return path


def descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def threads_of_films():
    return [thread for thread in threading.enumerate() if thread.name.startswith("heatlens")]


def join_all_but(others):
    """Threads that were there before, those of transport for one, are kept for good."""
    for thread in threads_of_films():
        if thread not in others:
            thread.join(10)


needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc there")


@needs_fifo
@pytest.mark.parametrize("suffix", ["y4m", "mkv", "mp4"])
def test_a_named_pipe_is_a_stream(tmp_path, suffix):
    data = written(tmp_path / f"clip.{suffix}").read_bytes()
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    thread = threading.Thread(target=fifo.write_bytes, args=(data,))
    thread.start()
    with open_film(fifo) as film:
        assert (film.name, film.path) == ("pipe", fifo)
        assert len(list(film)) == 6
    thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other there")
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5], ids=["nothing", "a line", "half"])
def test_ctrl_c_ends_a_program_that_waits_for_a_silent_pipe(tmp_path, share):
    data = written(tmp_path / "clip.y4m", (64, 96)).read_bytes()
    program = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from heatlens.images.films import open_film\n"
        "import heatlens.images.films.open, cv2\n"
        "print('ready', flush=True)\n"
        "try:\n"
        "    with open_film('-') as film:\n"
        "        for frame in film: pass\n"
        "except KeyboardInterrupt: print('stopped')\n"
    )
    reading, writing = os.pipe()
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.stdout.readline() == b"ready\n"
        os.write(writing, data[: int(share * len(data))])
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        out, error = child.communicate(timeout=20)
    finally:
        child.kill()
        os.close(reading)
        os.close(writing)
    assert (out, error, child.returncode) == (b"stopped\n", b"", 0)


def test_a_silent_pipe_keeps_no_other_film_waiting(tmp_path):
    path = written(tmp_path / "clip.y4m")
    reading, writing = os.pipe()
    os.write(writing, path.read_bytes()[:60])
    source = os.fdopen(reading, "rb")
    silent = threading.Thread(target=lambda: list(open_film(source)))
    silent.start()
    try:
        done = threading.Event()
        other = threading.Thread(target=lambda: (list(open_film(path)), done.set()))
        other.start()
        assert done.wait(30)
        other.join()
        os.write(writing, path.read_bytes()[60:])
    finally:
        os.close(writing)
        silent.join()
        source.close()


@needs_proc
def test_a_pipe_read_to_its_end_or_forgotten_gives_everything_back(tmp_path):
    data = written(tmp_path / "clip.mkv").read_bytes()
    list(open_film(data))
    gc.collect()
    before, others = descriptors(), threads_of_films()
    ended = open_film(data)
    assert len(list(ended)) == 6
    join_all_but(others)
    assert descriptors() == before
    forgotten = open_film(data)
    assert descriptors() > before
    del forgotten
    gc.collect()
    join_all_but(others)
    assert descriptors() == before


def test_the_temporary_file_of_a_forgotten_film_goes(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    film = open_film(written(tmp_path / "clip.mp4").read_bytes())
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    del film
    gc.collect()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_quicktime_that_does_not_begin_with_its_type(tmp_path):
    data = bytearray(written(tmp_path / "clip.mov").read_bytes())
    data[4:8] = b"wide"
    with open_film(io.BytesIO(bytes(data))) as film:
        assert len(list(film)) == 6


@pytest.mark.parametrize("share", [0.45, 0.8, 1.0])
def test_a_y4m_that_breaks_off_says_so_in_a_pipe_and_in_a_file(tmp_path, share):
    data = written(tmp_path / "clip.y4m").read_bytes()
    data = data[: int(share * len(data))]
    first = data.index(b"\n") + 1
    whole, over = divmod(len(data) - first, 6 + 16 * 24 * 3 // 2)
    (tmp_path / "cut.y4m").write_bytes(data)
    for source in (tmp_path / "cut.y4m", data):
        with open_film(source) as film:
            assert len(list(film)) == whole
        assert len(film.notes) == (over > 0)
        assert all(f"breaks off within frame {whole}" in note for note in film.notes)


def test_another_thread_may_close_a_film_that_waits(tmp_path):
    data = written(tmp_path / "clip.y4m", (64, 96)).read_bytes()
    reading, writing = os.pipe()
    os.write(writing, data[: len(data) // 2])
    source = os.fdopen(reading, "rb")
    others = threads_of_films()
    film = open_film(source)
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(film))
    thread.start()
    try:
        time.sleep(0.5)
        film.close()
        thread.join(10)
        assert not thread.is_alive()
        assert 0 < len(seen) < 6
    finally:
        os.close(writing)
        join_all_but(others)
        source.close()


def test_errors_of_calls_aside_come_back():
    aside = Aside()
    with pytest.raises(ZeroDivisionError):
        aside(divmod, 1, 0)
    assert aside(divmod, 7, 2) == (3, 1)
    aside.end()
    aside.end()
    assert aside(divmod, 7, 2) is None
