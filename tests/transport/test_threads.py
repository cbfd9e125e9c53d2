import multiprocessing
import threading

import pytest

from heatlens.errors import InvalidArgument, InvalidType
from heatlens.transport.threads import checked_threads, over_rows


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_slices_cover_all_rows_once(rows, threads):
    seen = []
    over_rows(lambda start, stop: seen.extend(range(start, stop)), rows, threads)
    assert sorted(seen) == list(range(rows))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_no_other_slice_begins(error):
    begun, go_on = [], threading.Event()

    def work(start, stop):
        begun.append(start)
        if start == 0:
            raise error
        go_on.wait(0.5)  # the others are held up until the error has been seen

    with pytest.raises(error):
        over_rows(work, 1000, threads=2)
    assert len(begun) < 8 - 2


def test_of_several_errors_the_first_in_order_is_raised():
    def work(start, stop):
        raise ValueError(f"from {start}")

    with pytest.raises(ValueError, match="from 0"):
        over_rows(work, 100, threads=2)


def test_calls_may_be_nested():
    seen = []

    def inner(start, stop):
        seen.extend(range(start, stop))

    over_rows(lambda start, stop: over_rows(inner, 50, threads=3), 100, threads=4)
    assert sorted(seen) == sorted([*range(50)] * 16)


def test_callers_of_many_threads_do_not_wait_for_each_other():
    seen = [[] for _ in range(100)]

    def caller(n):
        over_rows(lambda start, stop: seen[n].extend(range(start, stop)), 1000, 1 + n % 3)

    callers = [threading.Thread(target=caller, args=(n,)) for n in range(100)]
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    assert all(sorted(rows) == list(range(1000)) for rows in seen)


def _in_child(pipe):
    seen = []
    over_rows(lambda start, stop: seen.extend(range(start, stop)), 1000, threads=2)
    pipe.send(sorted(seen) == list(range(1000)))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork"
)
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    over_rows(lambda start, stop: None, 1000, threads=2)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_in_child, args=(theirs,))
    child.start()
    assert ours.poll(20)
    assert ours.recv()
    child.join()


def test_numbers_of_threads():
    assert checked_threads(None) >= 1
    for value, error in ((0, InvalidArgument), (1.0, InvalidType), ("2", InvalidType)):
        with pytest.raises(error, match="threads is"):
            checked_threads(value)
        with pytest.raises(error, match="threads is"):
            over_rows(lambda start, stop: None, 0, value)
