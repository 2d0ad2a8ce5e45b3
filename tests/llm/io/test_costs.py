"""What things cost, by counts that do not depend on the machine."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.llm.io.conftest import Host, Visit

MODEL = "openai/gpt-4o"
WHOLE = b'{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
DELTA = b'data: {"choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}\n\n'
DONE = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
EMPTY = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def chunk(event: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(event), event)


def answering(host: Host, deltas: int) -> None:
    """Have a host answer calls, and streams of so many deltas."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    streamed = STREAM + chunk(DELTA) * deltas + chunk(DONE) + b"0\r\n\r\n"

    async def script(visit: Visit) -> None:
        streams = b'"stream":true' in host.asked[-1][1]
        await visit.send(streamed if streams else head % len(WHOLE) + WHOLE)

    host.script = script
    llm.register_provider("openai:completions", api_key="sk-costs-key", base_url=host.url)


class Calls:
    """Counts the Python functions that are called, by this thread."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Calls:  # noqa: PYI034, nobody subclasses it
        if sys.gettrace() is not None:
            pytest.skip("what measures coverage makes calls of its own")
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, _frame: FrameType, event: str, _arg: Any) -> None:
        self.count += event == "call"


async def test_calls_and_streams_of_all_kinds_share_one_connection(host: Host) -> None:
    answering(host, 10)
    for _ in range(5):
        assert (await llm.Model(MODEL).call_async("hello")).text() == "hi"
        stream = await llm.Model(MODEL).stream_async("hello")
        await stream.finish()
        assert stream.text() == " word" * 10
    assert host.connections == 1


async def test_a_call_takes_a_bounded_number_of_steps(host: Host) -> None:
    answering(host, 1)
    model = llm.Model(MODEL)
    for _ in range(3):
        await model.call_async("hello")
    with Calls() as calls:
        for _ in range(10):
            await model.call_async("hello")
    assert calls.count / 10 < 290  # about 261; by `httpx2` it is 1,620


async def test_a_chunk_takes_a_bounded_number_of_steps(host: Host) -> None:
    async def steps(deltas: int) -> int:
        answering(host, deltas)
        stream = await llm.Model(MODEL).stream_async("hello")
        with Calls() as calls:
            async for _ in stream.text_stream():
                pass
        return calls.count

    await steps(10)
    few, many = await steps(1000), await steps(3000)
    assert (many - few) / 2000 < 18  # about 16, nine of them to decode it; by `httpx2` it is 105


async def test_a_chunk_leaves_a_bounded_amount_of_memory(host: Host) -> None:
    async def left(deltas: int) -> int:
        answering(host, deltas)
        stream = await llm.Model(MODEL).stream_async("hello")
        gc.collect()
        tracemalloc.start()
        await stream.finish()
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return size

    await left(10)
    # Bytes: a chunk, its text, and the data of its event.
    assert (await left(3000) - await left(1000)) / 2000 < 350  # about 290


def test_importing_the_core_is_no_more_than_it_was() -> None:
    def modules(code: str) -> set[str]:
        ran = subprocess.run(
            [sys.executable, "-c", code + EMPTY], capture_output=True, text=True, check=True
        )
        return set(ran.stdout.replace('"', "").strip("[]\n").split(", "))

    loaded = modules("from mirascope_nb import llm; ") - modules("")
    assert not loaded & {"asyncio", "httpx2", "pydantic", "pydantic_core", "ssl", "socket", "h11"}
    ours = {name for name in loaded if name.startswith("mirascope_nb")}
    assert len(ours) < 120
    assert len(loaded - ours) < 170


def test_a_blocking_call_needs_neither_asyncio_nor_httpx2(host: Host) -> None:
    answering(host, 1)
    code = (
        "import sys; from mirascope_nb import llm; "
        "llm.register_provider('openai:completions', api_key='sk-x', base_url=sys.argv[1]); "
        "assert llm.Model('openai/gpt-4o').call('hello').text() == 'hi'; "
        "assert not {'asyncio', 'httpx2', 'httpcore2'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code, host.url], check=True)


async def test_sending_a_conversation_again_grows_with_its_length_and_no_faster(host: Host) -> None:
    answering(host, 1)

    async def steps(size: int) -> int:
        said: list[llm.Message] = [llm.messages.user("x") for _ in range(size - 1)]
        response = await llm.Model(MODEL).call_async(said)
        with Calls() as calls:
            await response.resume("and now?")
        return calls.count

    await steps(11)
    few, many = await steps(1001), await steps(2001)
    assert many < 2.2 * few
    assert (many - few) / 1000 < 4  # 3, of which an answer takes most


class Item(BaseModel):
    name: str
    size: int


class Items(BaseModel):
    items: list[Item]


async def test_partial_objects_grow_with_their_deltas_and_no_faster(host: Host) -> None:
    async def steps(items: int) -> int:
        pieces = [
            '{"items": [',
            *['{"name": "x", "size": 1}', ", "] * items,
            '{"name": "y", "size": 2}]}',
        ]
        events = [delta_of(piece) for piece in pieces]
        answering(host, 0)
        body = STREAM + b"".join(map(chunk, events)) + chunk(DONE) + b"0\r\n\r\n"

        async def script(visit: Visit) -> None:
            await visit.send(body)

        host.script = script
        stream = await llm.Model(MODEL).stream_async("hello", format=Items)
        count = 0
        with Calls() as calls:
            async for _ in stream.structured_stream():
                count += 1
        assert count > items
        return calls.count

    await steps(10)
    assert await steps(800) < 2.2 * await steps(400)


def delta_of(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"
