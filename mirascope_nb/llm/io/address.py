"""Which addresses our own sockets serve, and what is asked of them there.

They serve plain ones: http or https, a host name or number in ASCII, a path that needs no quoting,
no proxy on the way. Whatever is out of the ordinary goes by `httpx2`, which knows all of it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirascope_nb.llm.io.endpoint import Endpoint

__all__ = ["Address", "address_of", "goes_direct", "is_plain_path"]

PLAIN = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?\Z"
)
PLAIN_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*\Z")
DOTS = re.compile(r"/\.{1,2}(?:[/?]|\Z)")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A place that connections are made to."""

    scheme: str
    host: str
    """Without the brackets of an IPv6 number."""
    port: int
    named: str
    """Host and, unless it is the scheme's own, port, as the `host` header has it."""
    path: str
    """What request paths are appended to."""

    @property
    def is_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        """What connections are shared by."""
        return self.scheme, self.host, self.port


@lru_cache(maxsize=256)
def address_of(base_url: str) -> Address | None:
    """The parts of a plain address, or `None` if it is out of the ordinary."""
    found = PLAIN.match(base_url)
    if found is None:
        return None
    scheme, path = found["scheme"], found["path"] or ""
    port = int(found["port"]) if found["port"] else PORTS[scheme]
    host = found["host"].lower()
    if not 0 < port < 1 << 16 or not is_plain_path(path):
        return None
    named = host if port == PORTS[scheme] else f"{host}:{port}"
    return Address(scheme, host.strip("[]"), port, named, path)


@lru_cache(maxsize=256)
def is_plain_path(path: str) -> bool:
    """Whether a path can be sent as it is."""
    return PLAIN_PATH.match(path) is not None and DOTS.search(path) is None


def goes_direct(endpoint: Endpoint) -> bool:
    """Whether requests to an endpoint may go by our own sockets.

    A proxy that the environment names may be for others only, which is `httpx2` to find out. In a
    browser there are no sockets.
    """
    if endpoint.transport is not None or sys.platform == "emscripten":
        return False
    if address_of(endpoint.base_url) is None:
        return False
    if endpoint.is_loopback:
        return True
    from urllib.request import getproxies

    return not any(getproxies().get(scheme) for scheme in ("http", "https", "all"))
