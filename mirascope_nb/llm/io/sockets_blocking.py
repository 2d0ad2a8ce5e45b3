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
from mirascope_nb.llm.io.sockets import KEPT, SHORTEST

__all__ = ["BlockingConnection", "BlockingPool"]

READ_SIZE = 1 << 16
CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""What TLS makes of a broken pipe."""
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError)


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
        self._wait_until(deadline)
        try:
            self._socket.sendall(data)
        except CUT as error:
            raise BrokenPipeError(str(error)) from error

    async def receive(self, deadline: float | None) -> bytes:
        """What has come, waiting if that is nothing; empty at the end.

        Raises:
            OSError: If the connection broke, or the deadline passes first.
        """
        self._wait_until(deadline)
        return self._socket.recv(READ_SIZE)

    def _wait_until(self, deadline: float | None) -> None:
        left = None if deadline is None else max(deadline - time.monotonic(), SHORTEST)
        self._socket.settimeout(left)

    def is_good(self) -> bool:
        """Whether another request may be sent: all of the last reply has come, and no end."""
        rest, self.rest = self.rest, None
        self._socket.settimeout(0)
        try:
            while received := self._socket.recv(READ_SIZE):
                if rest is None or rest.is_whole:
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
        place = self.address.host, self.address.port
        connected = socket.create_connection(place, timeout=seconds)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connected = self._tls.wrap_socket(connected, server_hostname=self.address.host)
        except BaseException:
            connected.close()
            raise
        return BlockingConnection(self, connected)

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
        connection.kept_since = time.monotonic()
        self._kept.append(connection)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._kept:
            self._kept.pop().abort()
