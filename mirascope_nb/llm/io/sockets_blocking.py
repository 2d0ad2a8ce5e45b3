"""Connections of blocking callers, and a pool of those that wait.

Every read of a socket gets what is left of its deadline at that time: a stream's deadlines move
with its content, and a server that sends a byte now and then must not outlive them.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

from mirascope_nb.llm.io.address import Address
from mirascope_nb.llm.io.http1 import ReplyReader, RequestBytes
from mirascope_nb.llm.io.sockets import KEPT, MOST_AFTER_END, SHORTEST

__all__ = ["BlockingConnection", "BlockingPool"]

READ_SIZE = 1 << 16
CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What TLS makes of a broken pipe."""
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError)


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), SHORTEST)


class BlockingConnection:
    """One connection."""

    __slots__ = ("_pool", "_socket", "kept_since", "rest")

    def __init__(self, pool: BlockingPool, connected: socket.socket) -> None:
        self._pool = pool
        self._socket = connected
        self.kept_since = 0.0
        """When it was put into the pool, if it is there."""
        self.rest: ReplyReader | None = None
        """A reply that has said all and whose end had not come when the connection was put back."""

    async def send(self, data: RequestBytes, deadline: float | None) -> None:
        """Send bytes.

        Raises:
            OSError: If the connection broke, or the deadline passes first.
        """
        self._socket.settimeout(_left(deadline))
        try:
            self._socket.sendall(data)
        except CUT as error:
            raise BrokenPipeError(str(error)) from error

    async def receive(self, deadline: float | None) -> bytes:
        """What has come, waiting if that is nothing; empty at the end.

        Raises:
            OSError: If the connection broke, or the deadline passes first.
        """
        self._socket.settimeout(_left(deadline))
        return self._socket.recv(READ_SIZE)

    def is_good(self) -> bool:
        """Whether another request may be sent: all of the last reply has come, and no end."""
        rest, self.rest = self.rest, None
        self._socket.settimeout(0)
        size = 0
        try:
            while received := self._socket.recv(READ_SIZE):
                size += len(received)
                if rest is None or rest.is_whole or size > MOST_AFTER_END:
                    return False  # unasked for
                rest.feed(received)
        except WOULD_BLOCK:
            return rest is None or (rest.is_whole and rest.keeps)
        except Exception:  # noqa: BLE001, why it is of no use is nobody's concern
            return False
        return False

    def keep(self) -> None:
        """Put it into the pool for another request."""
        self._pool.keep(self)

    def linger(self, reader: ReplyReader) -> None:
        """Put it into the pool before the end of a reply that has said all."""
        self.rest = reader
        self._pool.keep(self)

    def abort(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._socket.close()

    drop = abort


class BlockingPool:
    """The connections of a process to one address; threads share it."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        self.address = address
        self._tls = tls
        self._kept: list[BlockingConnection] = []  # whose `append` and `pop` are atomic

    async def connect(self, seconds: float | None) -> BlockingConnection:
        """A new connection.

        Raises:
            TimeoutError: If there is none in time.
            OSError: If there can be none.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        connected = self._connected(deadline)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connected.settimeout(_left(deadline))
                connected = self._tls.wrap_socket(connected, server_hostname=self.address.host)
        except BaseException:
            connected.close()
            raise
        return BlockingConnection(self, connected)

    def _connected(self, deadline: float | None) -> socket.socket:
        """A socket of the first address that can be reached; each has its share of the time."""
        host, port = self.address.host, self.address.port
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = OSError(f"the name {host} has no address")
        for tried, (family, kind, protocol, _, place) in enumerate(found):
            connecting = socket.socket(family, kind, protocol)
            try:
                left = _left(deadline)
                connecting.settimeout(None if left is None else left / (len(found) - tried))
                connecting.connect(place)
            except OSError as error:
                connecting.close()
                failure = error
            except BaseException:
                connecting.close()
                raise
            else:
                return connecting
        raise failure

    def take(self) -> BlockingConnection | None:
        """The connection that was used last, if it is still good."""
        while self._kept:
            try:
                connection = self._kept.pop()
            except IndexError:  # another thread was quicker
                return None
            if time.monotonic() - connection.kept_since < KEPT and connection.is_good():
                return connection
            connection.abort()
        return None

    def keep(self, connection: BlockingConnection) -> None:
        """Take a connection back."""
        now = connection.kept_since = time.monotonic()
        kept = self._kept
        kept.append(connection)
        with contextlib.suppress(IndexError):  # another thread was quicker
            while now - kept[0].kept_since > KEPT:
                kept.pop(0).abort()

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._kept:
            self._kept.pop().abort()
