"""How watching a film ends: closed, given up, interrupted, stalled; and what it leaves alone."""

import gc
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from heatlens.errors import InvalidArgument, InvalidType, UnknownName
from heatlens.images.films import open_film
from heatlens.images.films.film import Film
from heatlens.perception.moving.ahead import Ahead
from heatlens.perception.moving.model import MOVING
from heatlens.perception.moving.stream import watch

pytest.importorskip("cv2")


def _pictures(count: int, size: tuple[int, int] = (36, 48)) -> Iterator[np.ndarray]:
    ground = np.random.default_rng(0).integers(60, 160, (*size, 3), np.uint8)
    for k in range(count):
        picture = ground.copy()
        place = k % (size[1] - 8)
        picture[10:18, place : place + 8] = 240
        yield picture


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the films that were closed, in order."""
    names: list[str] = []
    close = Film.close

    def noted(film: Film) -> None:
        names.append(film.name)
        close(film)

    monkeypatch.setattr(Film, "close", noted)
    return names


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "heatlens-ahead"]


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("way", ["close", "with", "given up"])
def test_an_iterator_closes_what_it_opened(closed: list[str], begun: bool, way: str) -> None:
    watched = watch(np.stack(list(_pictures(20))), "frame-difference")
    if begun:
        next(watched)
    if way == "close":
        watched.close()
        watched.close()
        assert list(watched) == []
    elif way == "with":
        with watched:
            pass
    else:
        del watched
        gc.collect()
    assert len(closed) == 1
    assert not _threads()


def test_a_film_of_the_callers_stays_open(closed: list[str]) -> None:
    with open_film(np.stack(list(_pictures(4)))) as film:
        assert len(list(watch(film, "frame-difference"))) == 4
        watch(film, "fusion").close()
        assert not closed
        assert len(list(watch(film, "frame-difference"))) == 4


def test_closing_ends_the_thread_and_the_source() -> None:
    ended = threading.Event()

    def pictures() -> Iterator[np.ndarray]:
        try:
            yield from _pictures(1000)
        finally:
            ended.set()

    watched = watch(pictures(), "frame-difference")
    next(watched)
    watched.close()
    assert ended.wait(5)
    assert not _threads()


def test_a_source_that_stalls_is_left_to_its_thread() -> None:
    goes_on, ended = threading.Event(), threading.Event()

    def pictures() -> Iterator[np.ndarray]:
        try:
            yield from _pictures(3)
            goes_on.wait(60)
            yield from _pictures(1)
        finally:
            ended.set()

    watched = watch(pictures(), "frame-difference")
    assert [next(watched).index, next(watched).index] == [0, 1]
    watched.close()  # comes back though the thread is inside of the source
    assert not ended.is_set()
    goes_on.set()
    assert ended.wait(5)
    for thread in _threads():
        thread.join(5)
    assert not _threads()


def test_an_interrupt_arrives_while_the_source_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()

    def pictures() -> Iterator[np.ndarray]:
        yield from _pictures(2)
        goes_on.wait(60)

    ahead = Ahead(pictures())
    assert len([next(ahead), next(ahead)]) == 2

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ahead._waiting, "get", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(ahead)
    ahead.close()
    goes_on.set()
    for thread in _threads():
        thread.join(5)
    assert not _threads()


def test_ahead_keeps_order_and_raises_at_its_place() -> None:
    def numbers() -> Iterator[int]:
        yield from range(50)
        raise KeyError("fifty")

    got: list[int] = []
    with pytest.raises(KeyError, match="fifty"):
        got.extend(Ahead(numbers(), depth=3))
    assert got == list(range(50))


def test_no_more_than_stated_is_made_ahead() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for k in range(30):
            made.append(k)
            yield k

    ahead = Ahead(numbers(), depth=2)
    next(ahead)
    deadline = time.monotonic() + 5
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    ahead.close()
    assert len(made) == 4  # the one asked for, two that wait, one in the thread's hands


@pytest.mark.parametrize("method", [*MOVING, "spectral-residual"])
@pytest.mark.parametrize("kind", ["array", "iterator"])
def test_drawing_on_frames_does_not_change_later_heat(method: str, kind: str) -> None:
    film = np.stack(list(_pictures(7)))

    def source() -> object:
        return film.copy() if kind == "array" else iter(film.copy())

    expected = [moment.heat.copy() for moment in watch(source(), method)]
    found = []
    for moment in watch(source(), method):
        found.append(moment.heat.copy())
        if moment.frame.flags.writeable:
            moment.frame[4:30, 20:40] = 255, 0, 0
    assert np.array_equal(found, expected)


def test_flow_by_a_function_of_ones_own() -> None:
    film = np.stack(list(_pictures(3)))
    calls = []

    def still(frame: np.ndarray, other: np.ndarray) -> np.ndarray:
        calls.append((frame.shape, other.shape))
        return np.zeros((*frame.shape[:2], 2))

    assert not any(moment.heat.any() for moment in watch(film, "motion-contrast", flow=still))
    assert calls == [((36, 48, 3), (36, 48, 3))] * 3
    with pytest.raises(UnknownName, match="did you mean 'farneback'"):
        watch(film, "fusion", flow="farnebeck")


def test_flows_that_cannot_be_followed() -> None:
    film = np.stack(list(_pictures(3)))
    for flow, words in (
        (lambda frame, other: np.full((*frame.shape[:2], 2), np.nan), "NaN or infinite"),
        (lambda frame, other: np.zeros((3, 3, 2)), "the flow is 3 x 3 pixels"),
        (lambda frame, other: np.zeros(frame.shape), r"a flow is \(H, W, 2\)"),
    ):
        with pytest.raises(InvalidArgument, match=words):
            list(watch(film, "fusion", flow=flow))
    with pytest.raises(InvalidType, match="flow is a int; it can be dis, farneback, raft, or"):
        watch(film, "fusion", flow=3)
