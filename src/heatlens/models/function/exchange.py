"""One question to a server and its answer, within a time and a size that the caller sets.

Nothing is taken from the machine's settings: no proxy, no netrc, no cookies. A connection serves
one question and is closed, whatever happens.
"""

from __future__ import annotations

import http.client
import io
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from heatlens.errors import EndpointFailed
from heatlens.models.function.address import Address

__all__ = ["Answer", "Limits", "ask"]

_PIECE = 2**16
_HEADERS = 2**20


@dataclass(frozen=True)
class Limits:
    """What one question may take.

    Attributes:
        connect: seconds until there is a connection.
        seconds: seconds for all of it, from the connection to the last byte.
        size: most bytes of the answer. Twice as many and a MiB may come in all, with headers and
            what frames its parts; no more are read.
    """

    connect: float
    seconds: float
    size: int


@dataclass(frozen=True)
class Answer:
    """What a server said.

    Attributes:
        status: the number, 200 for a good answer.
        reason: the word beside it.
        headers: by name in lower case.
        body: as it came.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def ask(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    limits: Limits,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Post `body` once and read the answer.

    Raises:
        ConnectionError: no connection, or one that broke; worth another try.
        EndpointFailed: too slow, too much, or no HTTP; the message says what came.
    """
    connection: Any
    if address.scheme == "https":
        connection = http.client.HTTPSConnection(
            address.host,
            address.port,
            timeout=limits.connect,
            context=context or ssl.create_default_context(),
        )
    else:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=limits.connect)
    stage = f"no connection within {limits.connect:g} seconds; is the server up?"
    try:
        end = time.monotonic() + limits.seconds
        connection.connect()
        stage = (
            f"no whole answer within {limits.seconds:g} seconds; fewer rows a request or more "
            "time helps: Endpoint(url, rows=..., timeout=...)"
        )
        _send(connection, address, body, headers, end)
        most = 2 * limits.size + _HEADERS
        connection.response_class = lambda sock, **named: _response(
            _Bounded(sock, end, most, _too_much(address, limits.size)), **named
        )
        with connection.getresponse() as response:
            return Answer(
                response.status,
                _printable(response.reason),
                {name.lower(): _printable(value) for name, value in response.getheaders()},
                _read(response, limits.size, address),
            )
    except TimeoutError as error:
        raise EndpointFailed(f"{address.shown}: {stage}") from error
    except (ConnectionError, EndpointFailed):
        raise
    except http.client.IncompleteRead as error:
        raise _broken_off(address, len(error.partial)) from error
    except http.client.HTTPException as error:
        raise EndpointFailed(
            f"{address.shown} does not answer in HTTP ({type(error).__name__}: {error})"
        ) from error
    except OSError as error:
        raise EndpointFailed(f"{address.shown} cannot be reached: {error}") from error
    finally:
        connection.close()


def _send(
    connection: Any,
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    end: float,
) -> None:
    def pieces() -> Iterator[memoryview]:
        for start in range(0, len(body), _PIECE):
            connection.sock.settimeout(_left(end))
            yield memoryview(body)[start : start + _PIECE]

    connection.sock.settimeout(_left(end))
    fixed = {
        "Content-Length": str(len(body)),
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    # A list of names and values that the server cannot read is the caller's: `Endpoint` checks it.
    connection.request("POST", address.asked, body=pieces(), headers={**headers, **fixed})


def _read(response: http.client.HTTPResponse, most: int, address: Address) -> bytes:
    """The body, but never more of it than `most` bytes."""
    encoding = response.getheader("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise EndpointFailed(
            f"{address.shown} packed its answer ({encoding}) though it was asked not to"
        )
    if response.length is not None and response.length > most:
        raise _too_much(address, most)
    parts: list[bytes] = []
    taken = 0
    while part := response.read(_PIECE):
        taken += len(part)
        if taken > most:
            raise _too_much(address, most)
        parts.append(part)
    if response.length:
        raise _broken_off(address, taken)
    return b"".join(parts)


def _printable(words: str) -> str:
    """What a terminal may be shown: a server's words can hold its control sequences."""
    return "".join(letter for letter in words if letter.isprintable())


def _too_much(address: Address, most: int) -> EndpointFailed:
    return EndpointFailed(
        f"{address.shown} answers with more than {most} bytes; is it the right endpoint? "
        "Endpoint(url, size=...) allows more, rows=... makes each answer smaller"
    )


def _broken_off(address: Address, taken: int) -> EndpointFailed:
    return EndpointFailed(
        f"{address.shown} broke off its answer after {taken} bytes, before the end it had announced"
    )


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _response(sock: Any, **named: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(sock, **named)


class _Bounded:
    """A socket whose reads share one deadline and one number of bytes.

    So a drop at a time is too slow as well, and a lying length of a part cannot make `http.client`
    take in all that ever comes.
    """

    def __init__(self, sock: Any, end: float, most: int, too_much: EndpointFailed) -> None:
        self._limits = sock, end, most, too_much

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReads(*self._limits))


class _BoundedReads(io.RawIOBase):
    def __init__(self, sock: Any, end: float, most: int, too_much: EndpointFailed) -> None:
        super().__init__()
        self._sock, self._end, self._left, self._too_much = sock, end, most, too_much
        # Its own handle: http.client closes the socket while the answer is still being read.
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._end))
        taken: int | None = self._file.readinto(buffer)
        self._left -= taken or 0
        if self._left < 0:
            raise self._too_much
        return taken

    def close(self) -> None:
        self._file.close()
        super().close()
