"""A model behind HTTP: a batch is posted, scores come back.

    load_model("https://models.example/v1/models/birds:predict", input_size=224, layout="NHWC")
    load_model(Endpoint("http://localhost:8000/score", rows=8, timeout=120), input_size=224)

See `heatlens.models.function.wire` for what is sent. What a server does not say, the caller does:
size, mean and standard deviation, labels, layout.
"""

from __future__ import annotations

import math
import os
import re
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from heatlens.errors import EndpointFailed, InvalidArgument, UnknownName
from heatlens.models.function.address import Address, address_of, without_secrets
from heatlens.models.function.exchange import Answer, Limits, ask
from heatlens.models.function.wire import FORMATS, Format, decoded, excerpt, format_for
from heatlens.version import __version__

__all__ = ["Endpoint"]

_BUSY = (429, 503)
_MOVED = (301, 302, 307, 308)
_MOVES = 3
_LONGEST_PAUSE = 8.0
_OURS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")
_TOKEN = "HEATLENS_ENDPOINT_TOKEN"
_HELPS = {
    400: "see format= and input= of Endpoint, and layout= and input_size= of load_model",
    401: f"a token in {_TOKEN} or headers= is needed",
    403: f"the token in {_TOKEN} or headers= is not allowed to",
    404: "the path names no model there",
    405: "the path takes no POST; is it the one that predicts?",
    413: "fewer rows a request help: Endpoint(url, rows=...)",
    415: f"another format= helps: {', '.join(map(repr, FORMATS))}",
    422: "see format= and input= of Endpoint, and layout= and input_size= of load_model",
}


@dataclass(frozen=True, eq=False)
class Endpoint:
    """The address of a model and how to speak with it; call it with an array to get its answer.

    A connection that fails and a server that is busy (429, 503) are tried again, with pauses that
    double; a slow or wrong answer is not. Redirects are followed within the same scheme, host and
    port only. Settings of the machine (proxies, netrc, cookies) play no part.

    Attributes:
        url: `http://` or `https://`, without name or password.
        format: "npy", "tf-serving" or "kserve"; None: as the path suggests, else "npy".
        rows: most rows in one request.
        timeout: seconds for one request, from the connection to the last byte.
        connect: seconds of these until there is a connection.
        retries: how often a failed request is sent again.
        pause: seconds before the first retry.
        headers: to be sent along, such as an `Authorization` of your own. Without one, a token in
            the environment variable `HEATLENS_ENDPOINT_TOKEN` is sent as a bearer's, over https or
            to this machine only.
        input: the input's name, for "kserve".
        size: most bytes of one answer.
        context: certificates to trust or to show, where not the system's.

    Raises:
        InvalidArgument: an address or a setting that cannot be used.

    Example:
        >>> Endpoint("http://localhost:8501/v1/models/birds:predict").form.name
        'tf-serving'
    """

    url: str
    format: str | None = None
    rows: int = 32
    timeout: float = 60.0
    connect: float = 10.0
    retries: int = 3
    pause: float = 0.25
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    input: str = "input"
    size: int = 2**28
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check what a typing error would turn into a strange failure later."""
        _ = self.address
        if self.format is not None and self.format not in FORMATS:
            raise UnknownName("format of an endpoint", self.format, FORMATS)
        for name in ("rows", "timeout", "connect", "size"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise InvalidArgument(f"{name} is {value}; it must be positive and finite")
        for name in ("retries", "pause"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InvalidArgument(f"{name} is {getattr(self, name)}; it must be 0 or more")
        for name, value in self.headers.items():
            if name.lower() in _OURS:
                raise InvalidArgument(f"headers= sets {name}, which heatlens itself sets")
            if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII) or not _fits(value):
                raise InvalidArgument(f"the header {name!r} has letters that no header can have")

    def __repr__(self) -> str:
        """Without the query, which may hold a key, and without headers."""
        return f"Endpoint({self.name!r}, format={self.form.name!r}, rows={self.rows})"

    @cached_property
    def address(self) -> Address:
        """The URL in parts."""
        return address_of(self.url)

    @cached_property
    def _trust(self) -> ssl.SSLContext | None:
        """Read once: the system's certificates are many."""
        if self.context is not None or self.address.scheme == "http":
            return self.context
        return ssl.create_default_context()

    @property
    def name(self) -> str:
        """The address without its query, for provenance and messages."""
        return self.address.shown

    @property
    def form(self) -> Format:
        """How a batch is written."""
        return FORMATS[self.format] if self.format else format_for(self.address.path)

    def __call__(self, batch: np.ndarray[Any, Any]) -> Any:
        """The endpoint's answer to one batch of at most `rows` rows, as it came.

        Raises:
            EndpointFailed: no answer, a late one, or none that can be read.
        """
        answer = self._answer(self.form.encode(batch, self.input))
        if answer.status == 200:
            return decoded(answer, self.name)
        helps = _HELPS.get(answer.status, "")
        if answer.status in (401, 403) and os.environ.get(_TOKEN) and not self.address.private:
            helps = f"the token in {_TOKEN} is sent over https only"
        tried = f" after {self.retries + 1} tries" if answer.status in _BUSY else ""
        raise EndpointFailed(
            f"{self.name} answered {answer.status} {answer.reason}{tried}: {excerpt(answer.body)}"
            + (f"; {helps}" if helps else "")
        )

    def _answer(self, body: bytes) -> Answer:
        """The last answer after retries."""
        for attempt in range(self.retries + 1):
            last = attempt == self.retries
            try:
                answer = self._followed(body)
            except ConnectionError as error:
                if last:
                    tries = f"{self.retries + 1} tries" if self.retries else "one try"
                    raise EndpointFailed(
                        f"{self.name} cannot be reached ({error or type(error).__name__}) after "
                        f"{tries}; is the server up, and the address right?"
                    ) from error
                wanted = ""
            else:
                if answer.status not in _BUSY or last:
                    return answer
                wanted = answer.headers.get("retry-after", "")
            time.sleep(self._pause(attempt, wanted))
        raise AssertionError("unreachable")

    def _pause(self, attempt: int, wanted: str) -> float:
        """Seconds to wait: what the server asks for, but never longer than a request may take."""
        if wanted.isdecimal() and len(wanted) < 10:
            return min(float(wanted), self.timeout)
        return min(self.pause * 2.0**attempt, _LONGEST_PAUSE)

    def _followed(self, body: bytes) -> Answer:
        """The answer at the end of redirects, which must not leave the server."""
        address, limits = (
            self.address,
            Limits(min(self.connect, self.timeout), self.timeout, self.size),
        )
        for _ in range(_MOVES + 1):
            answer = ask(address, body, self._headers(), limits, self._trust)
            if answer.status not in _MOVED:
                return answer
            place = answer.headers.get("location", "")
            moved = self._moved(address, place)
            if moved.origin != self.address.origin:
                raise EndpointFailed(
                    f"{self.name} redirects to another server, {moved.origin}, where heatlens sends "
                    f"no data; if that is right, give {moved.shown!r} as the address"
                )
            address = moved
        raise EndpointFailed(
            f"{self.name} redirects more than {_MOVES} times, at last to {without_secrets(place)!r}"
        )

    def _moved(self, address: Address, place: str) -> Address:
        try:
            return address_of(urllib.parse.urljoin(f"{address.origin}{address.asked}", place))
        except InvalidArgument as error:
            raise EndpointFailed(
                f"{self.name} redirects to {without_secrets(place)!r}, which is no address of an "
                "endpoint"
            ) from error

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": self.form.content,
            "Accept": "application/x-npy, application/json",
            "User-Agent": f"heatlens/{__version__}",
        }
        token = os.environ.get(_TOKEN, "").strip()
        if not _fits(token):
            raise InvalidArgument(f"{_TOKEN} has letters that no header can have")
        own = {name.lower() for name in self.headers}
        if token and "authorization" not in own and self.address.private:
            headers["Authorization"] = f"Bearer {token}"
        kept = {name: value for name, value in headers.items() if name.lower() not in own}
        return {**kept, **self.headers}


def _fits(value: str) -> bool:
    """Whether a header can have this value."""
    return value.isascii() and value.isprintable()
