"""A server that answers byte by byte, as a test says, and the wires that it speaks.

It knows just enough HTTP to read a request: a library would mend the faults, or refuse to make
them. It lives in a thread of its own, so that blocking callers and callers on a loop can both be
tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.io.clients import close_blocking_clients

KEY = "sk-canary-0123456789abcdef"
TEXT = "It is 4242 🦊"
EVENT_STREAM = b"text/event-stream"
JSON = b"application/json"
CASE = re.compile(rb"case (\d+)")
STATUS = {200: b"OK", 302: b"Found", 307: b"Temporary Redirect"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """A provider's protocol, by example."""

    name: str
    provider: str
    model: str
    stream: bytes
    """A short stream, whose last event is the terminal one."""
    once: bytes
    overloaded: bytes
    """An error event: the server is overloaded."""
    delta: Callable[[str], bytes]
    """An event that brings some text."""
    call: Callable[[str, str, str], tuple[bytes, bytes]]
    """A reply that calls a tool, by id, name and arguments: streamed, and whole."""
    begin: bytes = b""
    """What has to come before it."""
    end: bytes = b""
    """What has to follow for a whole reply."""


def _events(*events: dict[str, Any] | str, named: bool = False) -> bytes:
    out = b""
    for event in events:
        if isinstance(event, str):
            out += b"data: " + event.encode() + b"\n\n"
            continue
        if named:
            out += b"event: " + event["type"].encode() + b"\n"
        text = json.dumps(event, ensure_ascii=False)
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            text = json.dumps(event)  # half of a pair has no bytes of its own
        out += b"data: " + text.encode() + b"\n\n"
    return out


def _value(arguments: str) -> Any:
    """Arguments for a wire on which they are an object: what is none stays a text."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _chat() -> Wire:
    def delta(text: str) -> bytes:
        return _events({"choices": [{"delta": {"content": text}}]})

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool = {"id": id, "function": {"name": name, "arguments": arguments}}
        asked = {"role": "assistant", "content": None, "tool_calls": [{"index": 0} | tool]}
        streamed = _events(
            {"choices": [{"delta": asked}]},
            {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
            "[DONE]",
        )
        whole = {"choices": [{"message": asked, "finish_reason": "tool_calls"}]}
        return streamed, json.dumps(whole).encode()

    end = _events({"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]")
    message = {"role": "assistant", "content": TEXT}
    return Wire(
        name="openai_chat",
        provider="openai:completions",
        model="openai/gpt-4o",
        stream=delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode(),
        overloaded=_events({"error": {"type": "overloaded_error", "message": "busy"}}),
        delta=delta,
        call=call,
        end=end,
    )


def _responses() -> Wire:
    part: dict[str, Any] = {"type": "output_text", "text": TEXT, "annotations": []}
    item: dict[str, Any] = {"id": "m", "type": "message", "role": "assistant", "content": [part]}
    whole: dict[str, Any] = {"id": "r", "status": "completed", "output": [item]}
    place = {"item_id": "m", "output_index": 0, "content_index": 0}

    def delta(text: str) -> bytes:
        return _events({"type": "response.output_text.delta", **place, "delta": text}, named=True)

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool = {"type": "function_call", "id": "fc", "call_id": id, "name": name}
        output = {"id": "r", "status": "completed", "output": [tool | {"arguments": arguments}]}
        done = {"type": "response.function_call_arguments.done", "item_id": "fc"}
        streamed = _events(
            added | {"item": tool | {"arguments": ""}},
            done | {"output_index": 0, "arguments": arguments},
            {"type": "response.completed", "response": output},
            named=True,
        )
        return streamed, json.dumps(output).encode()

    added: dict[str, Any] = {"type": "response.output_item.added", "output_index": 0}
    begin = _events({**added, "item": item | {"content": []}}, named=True)
    end = _events(
        {"type": "response.output_text.done", **place, "text": TEXT},
        {"type": "response.completed", "response": whole},
        named=True,
    )
    error = {"type": "error", "code": "server_overloaded", "message": "busy"}
    return Wire(
        name="openai_responses",
        provider="openai:responses",
        model="openai/gpt-4o:responses",
        stream=begin + delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(whole).encode(),
        overloaded=_events(error, named=True),
        delta=delta,
        call=call,
        begin=begin,
        end=end,
    )


def _anthropic() -> Wire:
    def delta(text: str) -> bytes:
        piece = {"type": "text_delta", "text": text}
        return _events({"type": "content_block_delta", "index": 0, "delta": piece}, named=True)

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool: dict[str, Any] = {"type": "tool_use", "id": id, "name": name, "input": {}}
        piece = {"type": "input_json_delta", "partial_json": arguments}
        streamed = _events(
            {"type": "message_start", "message": {"usage": {"input_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": tool},
            {"type": "content_block_delta", "index": 0, "delta": piece},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
            named=True,
        )
        called = tool | {"input": _value(arguments)}
        whole = {"type": "message", "content": [called], "stop_reason": "tool_use"}
        return streamed, json.dumps(whole).encode()

    block = {"type": "text", "text": ""}
    begin = _events(
        {"type": "message_start", "message": {"usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        named=True,
    )
    end = _events(
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
        named=True,
    )
    error = {"type": "overloaded_error", "message": "busy"}
    whole = {"type": "message", "content": [{"type": "text", "text": TEXT}]}
    return Wire(
        name="anthropic",
        provider="anthropic",
        model="anthropic/claude-sonnet-4-0",
        stream=begin + delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(whole | {"stop_reason": "end_turn"}).encode(),
        overloaded=_events({"type": "error", "error": error}, named=True),
        delta=delta,
        call=call,
        begin=begin,
        end=end,
    )


def _google() -> Wire:
    def candidate(text: str, **more: str) -> dict[str, Any]:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, **more}]}

    def delta(text: str) -> bytes:
        return _events(candidate(text))

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        part = {"functionCall": {"id": id, "name": name, "args": _value(arguments)}}
        content = {"role": "model", "parts": [part]}
        whole = {"candidates": [{"content": content, "finishReason": "STOP"}]}
        return _events(whole), json.dumps(whole).encode()

    end = _events({"candidates": [{"finishReason": "STOP"}]})
    error = {"code": 503, "status": "UNAVAILABLE", "message": "busy"}
    return Wire(
        name="google",
        provider="google",
        model="google/gemini-2.5-flash",
        stream=delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(candidate(TEXT, finishReason="STOP")).encode(),
        overloaded=_events({"error": error}),
        delta=delta,
        call=call,
        end=end,
    )


WIRES = {wire.name: wire for wire in (_chat(), _responses(), _anthropic(), _google())}


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


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    """The server, at a port of its own, so that no connection of another test's is kept."""
    server = FaultServer()
    yield server
    close_blocking_clients()
    server.stop()


@pytest.fixture
def elsewhere() -> Iterator[FaultServer]:
    """A server of another origin."""
    server = FaultServer()
    yield server
    server.stop()


@pytest.fixture(params=sorted(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each of the wires."""
    return WIRES[request.param]


@pytest.fixture
def chat() -> Wire:
    """The wire for what does not depend on the wire."""
    return WIRES["openai_chat"]


@pytest.fixture(params=["async", "sync"])
def face(request: pytest.FixtureRequest) -> str:
    """Each of the two faces."""
    return request.param


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds."""

    threads: int
    tasks: int
    files: int

    @classmethod
    def now(cls) -> Holdings:
        """Count."""
        gc.collect()
        try:
            tasks = len(asyncio.all_tasks())
        except RuntimeError:
            tasks = 0
        files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208
        return cls(threading.active_count(), tasks, files)

    def and_more(self) -> Holdings:
        """Count, but not less than this."""
        now = Holdings.now()
        return Holdings(
            max(self.threads, now.threads),
            max(self.tasks, now.tasks),
            max(self.files, now.files),
        )


async def settled(before: Holdings, *, seconds: float = 5) -> Holdings:
    """What is held once closing has had its time; compare it with what was held before.

    What another test had left, and is closed only now, counts as held still.
    """
    end = time.monotonic() + seconds
    while (now := before.and_more()) != before and time.monotonic() < end:  # noqa: ASYNC110, no event
        await asyncio.sleep(0.01)
    return now


@pytest.fixture
def holdings() -> type[Holdings]:
    """What counts what a process holds."""
    return Holdings


@pytest.fixture
def settle() -> Callable[..., Awaitable[Holdings]]:
    """See `settled`."""
    return settled


@pytest.fixture
def key() -> str:
    """The canary."""
    return KEY
