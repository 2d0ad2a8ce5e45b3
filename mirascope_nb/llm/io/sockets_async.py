"""Connections of an event loop: a protocol that buffers, and a pool of those that wait.

The way of a byte is short: the loop hands it to `Connection.data_received`, and `read` takes all
that is there in one piece. No generator and no task stands between, and one timer serves all reads
of a reply. Closing never suspends, so a cancelled caller leaves nothing half closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, cast

from mirascope_nb.llm.io.address import Address
from mirascope_nb.llm.io.connecting import connect
from mirascope_nb.llm.io.http1 import ReplyReader, RequestBytes
from mirascope_nb.llm.io.sockets import KEPT, MOST_AFTER_END

if TYPE_CHECKING:
    import ssl

__all__ = ["Connection", "Pool"]

MOST_BUFFERED = 1 << 20
"""Bytes that wait to be read, above which the server has to wait as well."""
LINGER = 0.1
"""Seconds for which a reply that has said all may take to end, so that its connection is kept."""


class Connection(asyncio.Protocol):
    """One connection: what has come, who waits for more, and whether it is over.

    States: in use; lingering, when only the end of a reply is awaited; kept, in its pool.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.loop = pool.loop
        self._transport: asyncio.Transport | None = None
        self._received: list[bytes] = []
        self._size = 0
        self._is_paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rest: ReplyReader | None = None
        self._error: Exception | None = None
        self.is_over = False
        """Whether nothing more will come."""
        self.kept_since: float | None = None
        """When it was put into the pool, if it is there."""

    # ---- what the loop calls ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._pool.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Keep what has come for whoever reads."""
        if self._rest is not None:
            self._linger(self._rest, data)
        elif self.kept_since is not None:
            self.abort()  # unasked for
        else:
            self._received.append(data)
            self._size += len(data)
            if self._size > MOST_BUFFERED and not self._is_paused and self._transport is not None:
                self._is_paused = True
                self._transport.pause_reading()
            self._wake()

    def eof_received(self) -> None:
        """The server will send nothing more; asyncio closes the connection."""
        self.is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note how it ended."""
        self.is_over = True
        self._error = exc or self._error
        self._transport = None
        self._stop_timer()
        self._pool.forget(self)
        self._wake()

    # ---- what a reply calls -----------------------------------------------------------------

    async def send(self, data: RequestBytes, deadline: float | None) -> None:  # noqa: ARG002, nothing waits
        """Send bytes; what the network does not take yet is buffered."""
        if self._transport is not None:
            self._transport.write(data)

    async def receive(self, deadline: float | None) -> bytes:
        """All that has come since the last time, waiting if that is nothing; empty at the end.

        Args:
            deadline: On the clock of `time.monotonic`.

        Raises:
            TimeoutError: If the deadline passes first.
            OSError: If the connection broke.
        """
        if not self._received and not self.is_over:
            waiter = self._waiter = self.loop.create_future()
            self._deadline = deadline
            if deadline is not None and (self._timer is None or self._due > deadline):
                self._start_timer(deadline)
            try:
                await waiter
            finally:
                self._waiter = None
        received = self._received
        if received:
            data = received[0] if len(received) == 1 else b"".join(received)
            received.clear()
            self._size = 0
            if self._is_paused and self._transport is not None:
                self._is_paused = False
                self._transport.resume_reading()
            return data
        if self._error is not None:
            raise self._error
        return b""

    def _start_timer(self, deadline: float) -> None:
        # A deadline moves on with each chunk. The timer stays, and looks again when it goes off.
        self._stop_timer()
        self._due = deadline
        self._timer = self.loop.call_later(max(0.0, deadline - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        waiter, deadline = self._waiter, self._deadline
        if waiter is None or waiter.done() or deadline is None:
            return
        if time.monotonic() < deadline:
            self._start_timer(deadline)
        else:
            waiter.set_exception(TimeoutError())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # ---- how it ends ------------------------------------------------------------------------

    def keep(self) -> None:
        """Put it into the pool for another request."""
        self._stop_timer()
        self._rest = None
        transport = self._transport
        if self.is_over or self._received or self._is_paused or transport is None:
            self.abort()
        elif transport.get_write_buffer_size():
            # The server answered before it had read all, and may never read what comes after.
            self.abort()
        else:
            self._pool.keep(self)

    def linger(self, reader: ReplyReader) -> None:
        """Keep it if what is left of a reply that has said all comes soon."""
        self._stop_timer()
        if self._is_paused or self.is_over:
            self.abort()
            return
        self._rest = reader
        self._timer = self.loop.call_later(LINGER, self.abort)
        received, self._received = b"".join(self._received), []
        self._size = 0
        if received:
            self._linger(reader, received)

    def _linger(self, reader: ReplyReader, data: bytes) -> None:
        self._size += len(data)
        try:
            reader.feed(data)
        except Exception:  # noqa: BLE001, the reply is whole as far as anybody wants to know
            self.abort()
            return
        if reader.is_whole and reader.keeps:
            self._size = 0
            self.keep()
        elif reader.is_whole or self._size > MOST_AFTER_END:
            self.abort()

    def abort(self) -> None:
        """Close it at once."""
        self._stop_timer()
        self._rest = None
        if not self.is_over:  # whoever still reads must not take this for the end of the reply
            self._error = ConnectionAbortedError("the connection was closed")
            self.is_over = True
        self._pool.forget(self)
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def drop(self) -> None:
        """Close it, from whatever thread collects the garbage."""
        if not self.loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.abort)


class Pool:
    """The connections of one loop to one address.

    It has no limit: queueing is the limiter's business. The connection that was used last is used
    next, so that those not needed any more grow old and are closed.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.open: set[Connection] = set()
        self.address = address
        self._tls = tls
        self._kept: list[Connection] = []
        self._clearing: asyncio.TimerHandle | None = None

    async def connect(self, seconds: float | None) -> Connection:
        """A new connection.

        Raises:
            TimeoutError: If there is none in time.
            OSError: If there can be none.
        """
        address = self.address
        async with asyncio.timeout(seconds):
            connected = await connect(self.loop, address.host, address.port)
            _, connection = await self.loop.create_connection(
                lambda: Connection(self),
                sock=connected,
                ssl=self._tls,
                server_hostname=None if self._tls is None else address.host,
            )
        return connection

    def take(self) -> Connection | None:
        """The connection that was used last, if it is still good."""
        kept = self._kept
        if not kept:
            return None
        connection = kept.pop()
        now = time.monotonic()
        self._close_old(now)
        since, connection.kept_since = connection.kept_since, None
        if connection.is_over or now - (since or now) > KEPT:
            connection.abort()
            return None
        return connection

    def keep(self, connection: Connection) -> None:
        """Take a connection back."""
        connection.kept_since = time.monotonic()
        self._kept.append(connection)
        if self._clearing is None:
            self._clearing = self.loop.call_later(KEPT, self._clear)

    def _close_old(self, now: float) -> None:
        kept = self._kept
        while kept and now - (kept[0].kept_since or now) > KEPT:
            kept[0].abort()  # which takes it out

    def _clear(self) -> None:
        """Close the connections that have waited for too long, used again or not."""
        now = time.monotonic()
        self._close_old(now)
        self._clearing = None
        if self._kept:
            oldest = self._kept[0].kept_since or now
            self._clearing = self.loop.call_later(max(0.01, oldest + KEPT - now), self._clear)

    def forget(self, connection: Connection) -> None:
        """Have nothing more to do with a connection."""
        self.open.discard(connection)
        if connection.kept_since is not None:
            connection.kept_since = None
            self._kept.remove(connection)

    async def aclose(self) -> None:
        """Close every connection, also those in use."""
        if self._clearing is not None:
            self._clearing.cancel()
            self._clearing = None
        for connection in list(self.open):
            connection.abort()
        # The loop drops a socket with its next turn, one that is encrypted with the one after.
        for _ in range(3):
            await asyncio.sleep(0)
