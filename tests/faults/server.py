"""A server that answers byte by byte, as a test says.

It knows just enough HTTP to read a request: a library would mend the faults, or refuse to make
them. It lives in a thread of its own, so that blocking callers and callers on a loop can both be
tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from mirascope_nb import llm
from tests.faults.wires import Wire

__all__ = ["KEY", "Connection", "FaultServer", "Outcome", "Received", "Script"]

KEY = "sk-canary-0123456789abcdef"
EVENT_STREAM = b"text/event-stream"
CASE = re.compile(rb"case (\d+)")
STATUS = {200: b"OK", 302: b"Found", 307: b"Temporary Redirect"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A request as it came."""

    connection: int
    number: int
    """Which request of its case it is, from 1."""
    head: bytes
    body: bytes


class Connection:
    """One request on one connection, and what a script does to answer it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Received
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.received = received
        self.number = received.number
        self.is_kept = False

    async def send(self, *pieces: bytes) -> None:
        """Send bytes, each piece in a packet of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(0)

    async def head(
        self, kind: bytes = EVENT_STREAM, *more: bytes, status: int = 200, close: bool = True
    ) -> None:
        """Send status and headers of a body that ends with the connection."""
        lines = [b"HTTP/1.1 %d %s" % (status, STATUS.get(status, b"Whatever"))]
        lines += [b"content-type: " + kind, *more]
        lines += [b"connection: close"] if close else []
        await self.send(b"\r\n".join(lines) + b"\r\n\r\n")

    async def whole(self, kind: bytes, body: bytes, *more: bytes, status: int = 200) -> None:
        """Send a whole reply, and keep the connection."""
        await self.head(kind, b"content-length: %d" % len(body), *more, status=status, close=False)
        await self.send(body)
        self.is_kept = True

    async def chunk(self, body: bytes) -> None:
        """Send one chunk of a chunked body; an empty one is its end."""
        await self.send(b"%x\r\n%s\r\n" % (len(body), body))

    async def hang(self) -> None:
        """Wait until the client goes away."""
        with contextlib.suppress(OSError):
            await self.reader.read()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True)
class Outcome:
    """How one case ended."""

    text: str = ""
    error: Exception | None = None

    @property
    def is_success(self) -> bool:
        """Whether the caller was told that the reply is whole."""
        return self.error is None


@dataclass
class FaultServer:
    """Answers each case by its script. The case is told by the prompt: `case 17`."""

    scripts: dict[int, Script] = field(default_factory=dict[int, Script])
    ledger: dict[int, list[Received]] = field(
        default_factory=lambda: defaultdict[int, list[Received]](list)
    )
    connections: int = 0
    open: int = 0

    def __post_init__(self) -> None:
        self._cases = itertools.count(1)
        self._prefixes = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)

    def stop(self) -> None:
        """Close everything."""

        async def end() -> None:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def case(self, script: Script) -> str:
        """The prompt that has a request answered by a script."""
        number = next(self._cases)
        self.scripts[number] = script
        return f"case {number}"

    def requests(self, prompt: str) -> list[Received]:
        """What came in for a prompt, in order."""
        return self.ledger[int(prompt.partition(" ")[2])]

    @property
    def address(self) -> str:
        """A fresh address: what is learned of limits at another one does not matter there."""
        return f"http://127.0.0.1:{self.port}/{next(self._prefixes)}"

    def register(self, wire: Wire, **options: Any) -> None:
        """Make this the wire's provider."""
        options.setdefault("base_url", self.address)
        options.setdefault("api_key", KEY)
        llm.register_provider(wire.provider, **options)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        connection = self.connections
        try:
            while await self._answer(connection, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _answer(
        self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        found = CASE.search(body)
        case = int(found[1]) if found else 0
        entries = self.ledger[case]
        received = Received(connection=connection, number=len(entries) + 1, head=head, body=body)
        entries.append(received)
        request = Connection(reader, writer, received)
        await self.scripts[case](request)
        return request.is_kept

    async def run(self, wire: Wire, prompt: str, *, streams: bool = True) -> Outcome:
        """Ask on the running loop."""
        outcome = Outcome()
        try:
            if streams:
                stream = await llm.Model(wire.model).stream_async(prompt)
                try:
                    await stream.finish()
                finally:
                    outcome.text = stream.text()
            else:
                outcome.text = (await llm.Model(wire.model).call_async(prompt)).text()
        except llm.Error as error:
            outcome.error = error
        return outcome

    def run_blocking(self, wire: Wire, prompt: str, *, streams: bool = True) -> Outcome:
        """Ask and block."""
        outcome = Outcome()
        try:
            if streams:
                stream = llm.Model(wire.model).stream(prompt)
                try:
                    stream.finish()
                finally:
                    outcome.text = stream.text()
            else:
                outcome.text = llm.Model(wire.model).call(prompt).text()
        except llm.Error as error:
            outcome.error = error
        return outcome

    async def run_all(
        self, wire: Wire, prompts: list[str], *, face: str = "async", streams: bool = True
    ) -> list[Outcome]:
        """The outcomes of many cases, by one face."""
        if face == "sync":
            return [self.run_blocking(wire, prompt, streams=streams) for prompt in prompts]
        gate = asyncio.Semaphore(20)

        async def one(prompt: str) -> Outcome:
            async with gate:
                return await self.run(wire, prompt, streams=streams)

        return await asyncio.gather(*map(one, prompts))

    async def quiet(self, *, seconds: float = 5) -> bool:
        """Whether every connection goes away in time."""
        end = time.monotonic() + seconds
        while self.open and time.monotonic() < end:  # noqa: ASYNC110, counted by another thread
            await asyncio.sleep(0.005)
        return not self.open
