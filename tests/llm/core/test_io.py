"""Clients, timeouts, faults and secrets, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import os
import pickle
import threading
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx2
import pytest

from mirascope_nb import llm
from mirascope_nb.llm.io import clients

KEY = "sk-canary-0123456789"
REPLY = b'{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n"
DELTA = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each connection as a test says, byte by byte if it likes."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.handler(reader, writer)
        writer.close()

    @contextlib.asynccontextmanager
    async def started(self) -> AsyncGenerator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.close()
            for writer in self.writers:
                writer.transport.abort()
            await asyncio.sleep(0)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    await reader.readexactly(length)
    return head


async def whole_replies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await read_request(reader)
        head = HEAD % b"application/json" + b"content-length: %d\r\n\r\n" % len(REPLY)
        writer.write(head + REPLY)
        await writer.drain()


def register(url: str, **options: object) -> None:
    llm.register_provider("openai:completions", api_key=KEY, base_url=url, **options)  # pyright: ignore[reportArgumentType]


MODEL = "openai/gpt-4o"


async def test_calls_of_one_loop_share_their_connections() -> None:
    server = Server(whole_replies)
    async with server.started() as url:
        register(url)
        for _ in range(5):
            assert (await llm.Model(MODEL).call_async("hello")).text() == "hi"
    assert server.connections == 1


def test_six_loops_in_a_row_all_work_and_leave_nothing_open() -> None:
    async def once() -> str:
        async with Server(whole_replies).started() as url:
            register(url)
            return (await llm.Model(MODEL).call_async("hello")).text()

    assert [asyncio.run(once()) for _ in range(6)] == ["hi"] * 6
    gc.collect()
    assert not [each for each in clients._loops if each.is_closed()]  # pyright: ignore[reportPrivateUsage]


def test_a_blocking_call_works_inside_a_running_loop_and_in_threads() -> None:
    async def main() -> None:
        async with Server(whole_replies).started() as url:
            register(url)
            texts: list[str] = []

            def work() -> None:
                texts.append(llm.Model(MODEL).call("hello").text())

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            assert texts == ["hi"] * 4

    asyncio.run(main())


async def test_a_slow_reply_times_out_as_ours() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await reader.read()

    async with Server(silent).started() as url:
        register(url, timeout=0.05)
        with pytest.raises(llm.TimeoutError, match=r"did not answer in time.*timeout="):
            await llm.Model(MODEL).call_async("hello")
        with pytest.raises(llm.TimeoutError):
            await llm.Model(MODEL).stream_async("hello")
        register(url)
        with pytest.raises(llm.TimeoutError):
            await llm.Model(MODEL, timeout=llm.Timeouts(first_content=0.05)).call_async("hello")


async def test_pings_do_not_count_as_content() -> None:
    async def pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD % b"text/event-stream" + b"\r\n" + DELTA)
        while True:
            writer.write(b": ping\n\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with Server(pings).started() as url:
        register(url, timeout=llm.Timeouts(idle=0.1))
        stream = await llm.Model(MODEL).stream_async("hello")
        with pytest.raises(llm.TimeoutError):
            await asyncio.wait_for(stream.finish(), 5)
        assert stream.text() == "hi"


async def test_a_stream_cut_before_its_end_is_never_a_success() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD % b"text/event-stream" + b"connection: close\r\n\r\n" + DELTA)
        await writer.drain()

    async with Server(cut).started() as url:
        register(url)
        stream = await llm.Model(MODEL).stream_async("hello")
        with pytest.raises(llm.ConnectionError, match="ended before the reply was whole"):
            await stream.finish()
        assert stream.text() == "hi"
        assert not stream.consumed


async def test_after_the_terminal_event_nobody_waits_for_the_server_to_close() -> None:
    async def lingers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD % b"text/event-stream" + b"\r\n" + DELTA + b"data: [DONE]\n\n")
        await writer.drain()
        await reader.read()

    async with Server(lingers).started() as url:
        register(url)
        stream = await llm.Model(MODEL).stream_async("hello")
        await asyncio.wait_for(stream.finish(), 5)
        assert stream.consumed


@pytest.mark.parametrize("how", ["close", "with", "drop"])
async def test_a_stream_that_is_given_up_frees_its_connection(how: str) -> None:
    gone = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD % b"text/event-stream" + b"\r\n" + DELTA)
        await writer.drain()
        await reader.read()
        gone.set()

    async with Server(endless).started() as url:
        register(url)
        stream = await llm.Model(MODEL).stream_async("hello")
        async for text in stream.text_stream():
            assert text == "hi"
            break
        if how == "close":
            await stream.aclose()
            assert stream.stopped
            with pytest.raises(llm.ConnectionError, match="stopped before the reply was whole"):
                await stream.finish()
        elif how == "with":
            async with stream:
                pass
        del stream
        gc.collect()
        await asyncio.wait_for(gone.wait(), 5)


async def test_cancelling_a_stream_keeps_the_text_and_leaves_no_task() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD % b"text/event-stream" + b"\r\n" + DELTA)
        await writer.drain()
        await reader.read()

    async with Server(endless).started() as url:
        register(url)
        stream = await llm.Model(MODEL).stream_async("hello")
        task = asyncio.create_task(stream.finish())
        while len(stream.chunks) < 2:  # noqa: ASYNC110, no event says that a chunk was read
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stream.text() == "hi"
        assert stream.stopped


async def test_an_unreachable_server_is_told_with_a_remedy_and_without_the_key() -> None:
    register("http://127.0.0.1:1/v1")
    with pytest.raises(llm.ConnectionError, match=r"Cannot reach.*Check that") as caught:
        await llm.Model(MODEL).call_async("hello")
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "ConnectionRefusedError" in shown
    assert KEY not in shown


async def test_the_key_shows_nowhere_but_in_the_header() -> None:
    seen: list[str] = []

    def echo(request: httpx2.Request) -> httpx2.Response:
        seen.append(hashlib.sha256(request.headers["authorization"].encode()).hexdigest())
        return httpx2.Response(401, json={"error": {"message": f"bad key {KEY}"}})

    provider = llm.register_provider(
        "openai:completions",
        api_key=KEY,
        base_url="http://x/v1",
        transport=httpx2.MockTransport(echo),
    )
    with pytest.raises(llm.AuthenticationError, match=r"bad key \[redacted\]") as caught:
        await llm.Model(MODEL).call_async("hello")
    assert seen == [hashlib.sha256(f"Bearer {KEY}".encode()).hexdigest()]
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    for text in (shown, repr(provider), repr(provider.client), repr(vars(provider)), str(provider)):
        assert KEY not in text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_makes_its_own_client() -> None:
    register("http://127.0.0.1:1/v1")
    with pytest.raises(llm.ConnectionError):
        llm.Model(MODEL).call("hello")
    keys = {pid for pid, _ in clients._blocking_pools}  # pyright: ignore[reportPrivateUsage]
    assert keys == {os.getpid()}


def test_errors_survive_pickling_without_a_key() -> None:
    error = llm.RateLimitError("slow down", "openai", 429)
    error.retry_after = 3.0
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301, our own
    assert (str(copy), copy.provider, copy.status_code) == ("slow down", "openai", 429)
