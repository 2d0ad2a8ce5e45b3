"""A server whose every byte a test decides, in a thread of its own, and what to ask it with."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from mirascope_nb.llm.io import ASYNC, BLOCKING, ByteStream, Endpoint, HttpReply, HttpRequest
from mirascope_nb.llm.io.clients import close_blocking_clients
from mirascope_nb.llm.io.timeouts import Timeouts

CERTIFICATE = Path(__file__).with_name("fixtures") / "loopback.pem"
HELLO = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"

Script = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request and the way to answer it."""

    def __init__(
        self,
        number: int,
        connection: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.number = number
        self.connection = connection
        self.reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send each piece by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause)


class Host:
    """The server. `asked` are the heads and bodies that came, `connections` how many were made."""

    def __init__(self, *, tls: bool = False) -> None:
        self.script: Script = self.hello
        self.asked: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self.open = 0
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTIFICATE)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"

    @staticmethod
    async def hello(visit: Visit) -> None:
        """Answer with a whole reply."""
        await visit.send(HELLO)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        connection = self.connections
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                visit = Visit(len(self.asked) + 1, connection, reader, writer)
                self.asked.append((head, b""))
                if length and b"x-unread" not in head:
                    self.asked[-1] = (head, await reader.readexactly(int(length)))
                await self.script(visit)
        self.open -= 1
        self._tasks.discard(task)
        writer.transport.abort()

    def close(self) -> None:
        """Stop."""

        async def end() -> None:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def host() -> Iterator[Host]:
    """A server that speaks plainly."""
    server = Host()
    yield server
    close_blocking_clients()
    server.close()


@pytest.fixture
def tls_host() -> Iterator[Host]:
    """A server that encrypts, by a certificate of its own making."""
    server = Host(tls=True)
    yield server
    close_blocking_clients()
    server.close()


class Asker:
    """Asks by one of the two faces, from a coroutine in either case."""

    def __init__(self, face: str) -> None:
        self.face = face
        self.io = ASYNC if face == "async" else BLOCKING

    def endpoint(self, url: str, timeouts: Timeouts | None = None) -> Endpoint:
        """Where to."""
        return Endpoint(provider="tested", base_url=url, timeouts=timeouts)

    async def send(
        self, host: Host, body: bytes = b"{}", headers: dict[str, str] | None = None
    ) -> HttpReply:
        """A whole reply."""
        request = HttpRequest(path="/ask", body=body, headers=headers or {})
        return await self.io.send(self.endpoint(host.url), request)

    async def open(self, host: Host, timeouts: Timeouts | None = None) -> ByteStream:
        """A reply whose body is still to come."""
        request = HttpRequest(path="/ask", body=b"{}")
        return await self.io.open(self.endpoint(host.url, timeouts), request)


@pytest.fixture(params=["async", "sync"])
def asker(request: pytest.FixtureRequest) -> Asker:
    """Each of the two faces."""
    return Asker(request.param)


@pytest.fixture
def async_asker() -> Asker:
    """The face on a loop."""
    return Asker("async")


@pytest.fixture
def sync_asker() -> Asker:
    """The face that blocks."""
    return Asker("sync")


@pytest.fixture
def certificate() -> Path:
    """What `tls_host` shows."""
    return CERTIFICATE
