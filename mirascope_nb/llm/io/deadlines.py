"""Deadlines for blocking reads, to the moment.

The transport knows one timeout a request, which begins anew with every read of the socket and does
not change while a body arrives. A stream's deadlines move with its content, and a server that sends
a byte now and then must not outlive them. So each socket read gets what is left at its time.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

__all__ = ["bind", "until"]

SHORTEST = 0.001  # a timeout of zero would mean a socket that never waits

# Of the thread that reads: a connection may serve another thread the next moment.
_current = threading.local()


@contextlib.contextmanager
def until(deadline: float | None) -> Generator[None]:
    """End this thread's socket reads at a deadline on the monotonic clock."""
    _current.deadline = deadline
    try:
        yield
    finally:
        _current.deadline = None


def bind(event: str, info: Mapping[str, Any]) -> None:
    """Make a new connection heed `until`; called by the transport's `trace` extension."""
    if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
        network = info["return_value"]
        network.read = functools.partial(_read, network.read)


def _read(read: Callable[..., bytes], max_bytes: int, timeout: float | None = None) -> bytes:
    deadline: float | None = getattr(_current, "deadline", None)
    if deadline is not None:
        left = max(deadline - time.monotonic(), SHORTEST)
        timeout = left if timeout is None else min(left, timeout)
    return read(max_bytes, timeout)
