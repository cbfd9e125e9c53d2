"""The address of an endpoint: checked once, shown without what may be secret."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from dataclasses import dataclass, field

from heatlens.errors import InvalidArgument

__all__ = ["Address", "address_of", "without_secrets"]

_PORTS = {"http": 80, "https": 443}
_LEFT_AS_THEY_ARE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Address:
    """Where a request goes.

    Attributes:
        scheme: "http" or "https".
        host: name or number, without brackets.
        port: of the server.
        path: begins with a slash, quoted.
        query: what follows "?"; it may hold a key, so it is never shown.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str = field(repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port: a redirect must not leave it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        )

    @property
    def shown(self) -> str:
        """The address for people and for provenance."""
        return self.origin + self.path

    @property
    def asked(self) -> str:
        """What stands in the request's first line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along: encrypted, or on this machine."""
        if self.scheme == "https" or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def without_secrets(url: str) -> str:
    """An address, or what was meant as one, without query, name and password.

    Example:
        >>> without_secrets("https://me:secret@models.example/birds?key=1")
        'https://models.example/birds'
    """
    return re.sub(r"^([^/]*//)?.*@", r"\1", re.split(r"[?#]", url)[0])


def address_of(url: str) -> Address:
    """An URL in parts.

    Raises:
        InvalidArgument: it is no http or https address, or carries a password.

    Example:
        >>> address_of("https://models.example/v1/models/birds:predict?key=1").shown
        'https://models.example/v1/models/birds:predict'
    """
    if not isinstance(url, str):
        raise InvalidArgument(
            f"the address of an endpoint is {type(url).__name__}; expected a string"
        )
    shown = without_secrets(url)
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise InvalidArgument(f"{shown!r} is no address of an endpoint: it has blanks in it")
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError as error:
        # What Python says quotes the name and password, and the whole error would be shown too.
        said = "its host cannot be read" if "@" in url else str(error)
        raise InvalidArgument(f"{shown!r} is no address of an endpoint: {said}") from None
    if "@" in parts.netloc:
        raise InvalidArgument(
            f"the address of the endpoint {parts.hostname} has a name or password in it, which "
            "would end up in logs and provenance; give a token in the environment variable "
            "HEATLENS_ENDPOINT_TOKEN, or Endpoint(url, headers={'Authorization': ...})"
        )
    if parts.scheme not in _PORTS or not host or port == 0:
        raise InvalidArgument(
            f"{shown!r} is no address of an endpoint; write http://HOST:PORT/PATH or "
            "https://HOST/PATH"
        )
    if parts.fragment:
        raise InvalidArgument(f"{shown!r} has a part after '#', which no server is ever sent")
    return Address(
        parts.scheme,
        host,
        port or _PORTS[parts.scheme],
        urllib.parse.quote(parts.path or "/", safe=_LEFT_AS_THEY_ARE),
        urllib.parse.quote(parts.query, safe=_LEFT_AS_THEY_ARE + "?"),
    )
