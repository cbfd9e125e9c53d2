import logging

import pytest
from numba import njit

from heatlens.transport import compiling


def test_compiling_is_said_once(monkeypatch, caplog):
    monkeypatch.setattr(compiling, "_done", set())
    monkeypatch.setattr(compiling, "_NOTICEABLE", 0.0)
    doubled = njit(lambda number: 2 * number)
    with caplog.at_level(logging.WARNING):
        for number in (1, 1.0, 1j):  # each is compiled anew
            with compiling.first_call("the loop"):
                doubled(number)
    assert [record.getMessage()[:18] for record in caplog.records] == ["compiling the loop"]


def test_what_is_compiled_already_is_not_said(monkeypatch, caplog):
    monkeypatch.setattr(compiling, "_done", set())
    monkeypatch.setattr(compiling, "_NOTICEABLE", 0.0)
    doubled = njit(lambda number: 2 * number)
    doubled(1)
    with compiling.first_call("the loop"):
        doubled(2)
    assert not caplog.records


def test_a_call_that_failed_was_not_the_first(monkeypatch):
    monkeypatch.setattr(compiling, "_done", set())
    with pytest.raises(ZeroDivisionError), compiling.first_call("the loop"):
        _ = 1 / 0
    assert compiling._done == set()
