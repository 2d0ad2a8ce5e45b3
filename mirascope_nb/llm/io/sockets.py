"""A request over a socket: the one coroutine for event loops and for blocking callers.

The two kinds of connection differ in how they wait, and in nothing that can be seen here. Those of
blocking callers have coroutines as well, which never suspend.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Protocol

from mirascope_nb.llm.io.address import Address
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import (
    UnacceptedError,
    UnreachableError,
    late,
    too_large,
    translate,
)
from mirascope_nb.llm.io.http1 import BrokenReplyError, ReplyReader, RequestBytes, request_bytes
from mirascope_nb.llm.io.protocol import HttpRequest
from mirascope_nb.llm.io.resend import SOON

__all__ = [
    "KEPT",
    "MOST_AFTER_END",
    "SHORTEST",
    "Connection",
    "Pool",
    "SocketStream",
    "request_by_socket",
]

KEPT = 30.0
"""Seconds for which a connection is kept unused. Servers close theirs after a minute or more."""
MOST_AFTER_END = 1 << 16
"""Bytes that may follow what said all, for the connection to be kept."""
SHORTEST = 0.001
"""Seconds to wait at least: a socket takes zero for never."""


class Connection(Protocol):
    """What a request needs of a connection."""

    async def send(self, data: RequestBytes, deadline: float | None) -> None:
        """Send bytes.

        Args:
            data: The bytes.
            deadline: When they have to be on their way, on the clock of `time.monotonic`.

        Raises:
            OSError: If the connection broke.
            TimeoutError: If the deadline passes first.
        """
        ...

    async def receive(self, deadline: float | None) -> bytes:
        """What has come since the last time, waiting if that is nothing; empty at the end.

        Raises:
            OSError: If the connection broke.
            TimeoutError: If the deadline passes first.
        """
        ...

    def keep(self) -> None:
        """Put it into its pool, for another request."""
        ...

    def linger(self, reader: ReplyReader) -> None:
        """Put it into its pool if what is left of a reply that has said all comes soon."""
        ...

    def abort(self) -> None:
        """Close it at once."""
        ...

    def drop(self) -> None:
        """Close it, from whatever thread collects the garbage."""
        ...


class Pool(Protocol):
    """The connections to one address.

    It has no limit: queueing is the limiter's business. The connection that was used last is used
    next, so that those not needed any more grow old and are closed.
    """

    address: Address

    def take(self) -> Connection | None:
        """A kept connection, if there is a good one."""
        ...

    async def connect(self, seconds: float | None) -> Connection:
        """A new connection.

        Raises:
            TimeoutError: If there is none in time.
            OSError: If there can be none.
        """
        ...


async def request_by_socket(
    pool: Pool, endpoint: Endpoint, request: HttpRequest, target: str
) -> SocketStream:
    """Send a request and return with the head of its reply.

    A kept connection may turn out dead: the server closed it while the request was on its way.
    Then, if that shows soon and not a byte has come back, the request is sent again on a new one.

    Args:
        pool: The connections to the endpoint.
        endpoint: Where to, and how long that may take.
        request: What.
        target: Its whole path.

    Raises:
        OSError: If the connection breaks, with everything else that `faults.translate` knows.
    """
    wait = endpoint.timeouts.reply
    deadline = None if wait is None else time.monotonic() + wait
    headers = {**request.headers, **endpoint.headers()}
    named = pool.address.named
    sent = request_bytes(request.method, named, target, headers, request.body)
    del headers
    connection = pool.take()
    if connection is not None:
        reader = ReplyReader()
        began = time.monotonic()
        try:
            return await _ask(connection, endpoint, sent, reader, deadline)
        except TimeoutError:
            raise
        except (OSError, BrokenReplyError):
            if reader.is_begun or time.monotonic() - began > SOON:
                raise
    connection = await _connect(pool, endpoint, deadline)
    return await _ask(connection, endpoint, sent, ReplyReader(), deadline)


async def _connect(pool: Pool, endpoint: Endpoint, deadline: float | None) -> Connection:
    limit = endpoint.timeouts.connect
    left = None if deadline is None else max(deadline - time.monotonic(), SHORTEST)
    is_limit = limit is not None and (left is None or limit < left)
    try:
        return await pool.connect(limit if is_limit else left)
    except TimeoutError as error:
        if is_limit:
            raise UnacceptedError from error
        raise
    except (OSError, UnicodeError) as error:  # the latter of a name that no host can have
        raise UnreachableError(str(error) or type(error).__name__) from error


async def _ask(
    connection: Connection,
    endpoint: Endpoint,
    sent: RequestBytes,
    reader: ReplyReader,
    deadline: float | None,
) -> SocketStream:
    first = b""
    try:
        # A server may answer before it has read all, and close: what it said is worth more.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await connection.send(sent, deadline)
        while not reader.status:
            received = await connection.receive(deadline)
            if received:
                first = reader.feed(received)
            else:
                reader.end()
    except BaseException:
        connection.abort()
        raise
    return SocketStream(endpoint, connection, reader, first)


class SocketStream:
    """A streamed reply that is read from a connection of a pool."""

    def __init__(
        self, endpoint: Endpoint, connection: Connection, reader: ReplyReader, first: bytes
    ) -> None:
        self._connection: Connection | None = connection
        self._endpoint = endpoint
        self._reader = reader
        self._first = first
        self._size = 0
        self.status = reader.status
        self.headers: Mapping[str, str] = reader.headers
        if reader.is_whole:
            self._part()

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes, empty at the end; see `ByteStream`."""
        failure: Exception
        try:
            body = await self._next(deadline)
            self._size += len(body)
            # What has arrived already is read without waiting, and so without noticing the time.
            if deadline is not None and time.monotonic() > deadline:
                failure = late(self._endpoint)
            elif self._size > self._endpoint.max_reply:
                failure = too_large(self._endpoint)
            else:
                return body
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, self._endpoint)
        self._drop()
        raise failure

    async def _next(self, deadline: float | None) -> bytes:
        reader = self._reader
        if self._first:
            body, self._first = self._first, b""
            return body
        body = reader.more()
        while not body and self._connection is not None:
            received = await self._connection.receive(deadline)
            if received:
                body = reader.feed(received)
            else:
                reader.end()
            if reader.is_whole:
                self._part()
        if not body:
            if not reader.is_whole:
                raise BrokenReplyError("the stream was closed")
            reader.check_end()
        return body

    def _part(self) -> None:
        """Part with the connection of a reply that is whole."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._reader.keeps:
            connection.keep()
        else:
            connection.abort()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()

    async def aclose(self) -> None:
        """Free the connection."""
        self._drop()

    async def release(self) -> None:
        """Free the connection, which may be kept if the reply ends at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.linger(self._reader)

    def __del__(self) -> None:
        connection = self._connection
        if connection is not None:
            connection.drop()
