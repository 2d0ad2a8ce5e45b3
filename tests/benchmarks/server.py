"""A provider in a process of its own that answers from bytes rendered beforehand.

It speaks just enough of OpenAI's chat protocol. What it answers is chosen by the address, so that
any client library can be pointed at it: in `http://127.0.0.1:8000/n100-d50/v1` the segment
`n100-d50` asks for 100 chunks of text, the first after 50 ms. See `Script` for the letters.

Run as a program it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import sys
import time
from dataclasses import dataclass
from typing import Any

SETTING = re.compile(r"([a-z])(\d+)")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
STREAMS = re.compile(rb'"stream": ?true')
WORDS = (" some", " words", " of", " an", " answer")  # one alone looks like a loop to some
TOOL_CALLS = 8


@dataclass(frozen=True, slots=True)
class Script:
    """How to answer, as an address says it."""

    chunks: int = 20
    """`n`: how many chunks of text a stream has."""
    delay: float = 0.0
    """`d`: milliseconds before the answer, kept in seconds."""
    interval: float = 0.0
    """`i`: milliseconds between two writes of a stream, kept in seconds."""
    batch: int = 1
    """`w`: how many chunks one write holds."""
    tools: bool = False
    """`t`: ask for tools first, and answer once their outputs are there."""
    json: bool = False
    """`j`: let the text be a JSON array of objects."""
    stamped: bool = False
    """`s`: let the text end with the time at which that end is sent, in seconds since 1970."""

    @classmethod
    @functools.cache
    def of(cls, segment: str) -> Script:
        """Read the first segment of an address."""
        given = {name: int(number) for name, number in SETTING.findall(segment)}
        return cls(
            chunks=given.get("n", 20),
            delay=given.get("d", 0) / 1000,
            interval=given.get("i", 0) / 1000,
            batch=max(1, given.get("w", 1)),
            tools=bool(given.get("t")),
            json=bool(given.get("j")),
            stamped=bool(given.get("s")),
        )


def _whole(message: dict[str, Any], finish: str) -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13},
        }
    ).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


@functools.cache
def whole_answer(*, tools: bool) -> bytes:
    """An unstreamed reply, head included."""
    if not tools:
        return _whole({"role": "assistant", "content": "The answer is 42."}, "stop")
    calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "wait", "arguments": json.dumps({"number": number})},
        }
        for number in range(TOOL_CALLS)
    ]
    return _whole({"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls")


def _event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _framed(event: bytes) -> bytes:
    """An event as one HTTP chunk, which is how providers send them."""
    return b"%x\r\n%s\r\n" % (len(event), event)


def json_pieces(count: int) -> list[str]:
    """An object with a long list, cut into deltas."""
    rows = [
        f'{{"name": "item {number}", "size": {number}}}, ' for number in range(max(1, count // 4))
    ]
    text = '{"items": [' + "".join(rows)[:-2] + "]}"
    size = max(1, len(text) // count)
    return [text[at : at + size] for at in range(0, len(text), size)]


def spoken(count: int) -> list[str]:
    """So many words."""
    return [WORDS[number % len(WORDS)] for number in range(count)]


@functools.lru_cache(maxsize=64)
def streamed_answer(script: Script) -> tuple[bytes, ...]:
    """The writes of a streamed reply, without its head."""
    words = json_pieces(script.chunks) if script.json else spoken(script.chunks)
    events = [_framed(_event({"content": word})) for word in words]
    writes = [
        b"".join(events[at : at + script.batch]) for at in range(0, len(events), script.batch)
    ]
    writes[0] = _framed(_event({"role": "assistant", "content": ""})) + writes[0]
    usage: dict[str, Any] = {"choices": ()}
    usage["usage"] = {"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13}
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    writes.append(_framed(_event({}, "stop")))
    writes.append(_framed(b"data: " + json.dumps(chunk | usage).encode() + b"\n\n"))
    writes.append(_framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    return tuple(writes)


AFTER_TEXT = 3
"""How many of those writes follow the text: the finish, the usage, the end."""

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Provider(asyncio.Protocol):
    """One connection."""

    connections = 0
    requests = 0

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        Provider.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop answering."""
        self._transport = None
        self._may_write.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client reads more slowly than this writes."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The client has read."""
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        """Take requests in, and answer each that is whole."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._received, 0, end)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < size:
                return
            request, self._received = self._received[:size], self._received[size:]
            self._answer(request, end)

    def _answer(self, request: bytes, end: int) -> None:
        path = request.split(b" ", 2)[1].decode()
        if path == "/counts":
            counts = {"connections": Provider.connections, "requests": Provider.requests}
            body = json.dumps(counts).encode()
            self._write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
            return
        Provider.requests += 1
        script = Script.of(path.split("/")[1])
        if STREAMS.search(request, end):
            self._task = asyncio.ensure_future(self._stream(script))
            return
        asks = script.tools and b'"tool_call_id"' not in request
        answer = whole_answer(tools=asks)
        if script.delay and not asks:
            self._timer = asyncio.get_running_loop().call_later(script.delay, self._write, answer)
        else:
            self._write(answer)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    async def _stream(self, script: Script) -> None:
        if script.delay:
            await asyncio.sleep(script.delay)
        clock = asyncio.get_running_loop().time
        due = clock()
        self._write(STREAM_HEAD)
        pieces = streamed_answer(script)
        for number, piece in enumerate(pieces, AFTER_TEXT - len(pieces)):
            if script.stamped and number == 0:
                self._write(_framed(_event({"content": f" sent at {time.time():.6f}."})))
            self._write(piece)
            if not self._may_write.is_set():
                await self._may_write.wait()
            if script.interval:
                due += script.interval
                await asyncio.sleep(max(0.0, due - clock()))


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
