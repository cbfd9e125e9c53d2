"""Addresses of endpoints: their parts, and what they hide (queries, names and passwords)."""

from __future__ import annotations

import traceback

import pytest

from heatlens.errors import InvalidArgument
from heatlens.models.function.address import address_of
from heatlens.models.function.endpoint import Endpoint
from heatlens.models.load import load_model

pytestmark = pytest.mark.filterwarnings("ignore::heatlens.errors.AssumptionWarning")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://", "no address of an endpoint"),
        ("http:///path", "no address of an endpoint"),
        ("http://host:99999/", "no address"),
        ("http://host:port/", "no address"),
        ("http://user:secret@host/", "name or password"),
        ("http://host/a b", "blanks"),
        ("http://host/#part", "after '#'"),
        ("http://a..b/", "no address"),
    ],
)
def test_addresses_that_cannot_be_used(url, words):
    with pytest.raises(InvalidArgument, match=words) as told:
        load_model(url)
    assert "secret" not in str(told.value)


def test_parts_of_an_address():
    address = address_of("https://[::1]:8443/päth/m:predict?a=b c".replace(" ", "%20"))
    assert address.shown == "https://[::1]:8443/p%C3%A4th/m:predict"
    assert address.asked == "/p%C3%A4th/m:predict?a=b%20c"
    assert [address_of(f"http://{h}/").private for h in ("localhost", "127.0.0.1", "a.b")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http:///m?key=SECRET",
        "http://host:port/m?key=SECRET",
        "http://host/a b?key=SECRET",
        "http://host/m?key=SECRET#part",
        "http://host/m#SECRET",
        "http://me:SEC RET@host/m",
        "http://me:SECRET@host\u2100/m",
    ],
)
def test_secrets_of_an_address_are_not_in_its_error(url):
    with pytest.raises(InvalidArgument) as caught:
        Endpoint(url)
    shown = "".join(traceback.format_exception_only(caught.value))
    assert "SEC" not in shown
    assert caught.value.__cause__ is None


def test_secrets_are_not_shown_in_a_repr():
    endpoint = Endpoint("http://host/m?key=SECRET", headers={"X-Key": "SECRET"})
    model = load_model(endpoint)
    for shown in (repr(endpoint), repr(endpoint.address), repr(model), model.name):
        assert "http" in shown
        assert "SECRET" not in shown
