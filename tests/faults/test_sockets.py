"""Connections: how they are made, kept, left and given up, and what is said on them."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from tests.faults.wires import TEXT

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])


def answer(wire: Wire, *, streams: bool) -> tuple[bytes, bytes]:
    """A reply's content type and its body."""
    if streams:
        return b"text/event-stream", wire.stream
    return b"application/json", wire.once


@BOTH
async def test_one_connection_serves_call_after_call(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        await connection.whole(*answer(wire, streams=streams))

    faults.register(wire)
    prompt = faults.case(script)
    for _ in range(6):
        (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
        assert (outcome.error, outcome.text) == (None, TEXT)
    assert len({each.connection for each in faults.requests(prompt)}) == 1


@BOTH
async def test_a_kept_connection_that_the_server_closed_between_calls_costs_nothing(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        await connection.whole(*answer(wire, streams=streams))
        connection.is_kept = False  # said to be kept, and closed

    faults.register(wire)
    prompt = faults.case(script)
    for _ in range(6):
        (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
        assert (outcome.error, outcome.text) == (None, TEXT)
        assert await faults.quiet()
    assert len(faults.requests(prompt)) == 6


@BOTH
async def test_nobody_waits_for_a_socket_that_is_left_open_after_the_end(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        kind, body = answer(wire, streams=streams)
        if streams:
            await connection.head(kind, b"transfer-encoding: chunked", close=False)
            await connection.chunk(body)  # and no last chunk
        else:
            await connection.head(kind, b"content-length: %d" % len(body), close=False)
            await connection.send(body)
        await connection.hang()

    faults.register(wire, timeout=20)
    began = time.monotonic()
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    assert (outcome.error, outcome.text) == (None, TEXT)
    assert time.monotonic() - began < 10


@BOTH
async def test_what_a_server_says_unasked_on_an_idle_connection_answers_nobody(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    later: list[asyncio.Task[None]] = []

    async def say(connection: Connection) -> None:
        await asyncio.sleep(0.1)  # when the reply has been read
        kind, body = answer(wire, streams=streams)
        await connection.whole(kind, body.replace(b"4242", b"9999"))

    async def script(connection: Connection) -> None:
        await connection.whole(*answer(wire, streams=streams))
        if connection.number == 1:
            later.append(asyncio.create_task(say(connection)))

    faults.register(wire)
    prompt = faults.case(script)
    for _ in range(3):
        (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
        assert (outcome.error, outcome.text) == (None, TEXT)
        await asyncio.sleep(0.2)


@BOTH
async def test_what_came_together_with_a_reply_answers_nobody_else(
    faults: FaultServer, chat: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        kind, body = answer(chat, streams=streams)
        lines = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n"
        one = lines % (kind, len(body)) + body
        again = one.replace(b"4242", b"9999") if connection.number == 1 else b""
        await connection.send(one + again)
        connection.is_kept = True

    faults.register(chat)
    prompt = faults.case(script)
    for _ in range(3):
        (outcome,) = await faults.run_all(chat, [prompt], face=face, streams=streams)
        assert (outcome.error, outcome.text) == (None, TEXT)


@BOTH
async def test_interim_answers_are_passed_over(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await connection.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
        await connection.whole(*answer(wire, streams=streams))

    faults.register(wire)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    assert (outcome.error, outcome.text) == (None, TEXT)


@BOTH
@pytest.mark.parametrize("how", ["endless line", "endless headers", "two lengths"])
async def test_a_head_that_makes_no_sense_is_told_and_fills_no_memory(
    faults: FaultServer, chat: Wire, face: str, how: str, *, streams: bool
) -> None:
    sent = 0

    async def script(connection: Connection) -> None:
        nonlocal sent
        await connection.send(b"HTTP/1.1 200 OK\r\n")
        if how == "two lengths":
            await connection.send(b"content-length: 5\r\ncontent-length: 7\r\n\r\nhello")
            return
        piece = b"x" * 4096 if how == "endless line" else b"x-more: " + b"y" * 4086 + b"\r\n"
        while sent < 50_000_000:
            await connection.send(piece)
            sent += len(piece)

    faults.register(chat, timeout=10)
    (outcome,) = await faults.run_all(chat, [faults.case(script)], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert sent < 50_000_000


@BOTH
@pytest.mark.parametrize("status", [302, 307, 308])
async def test_a_redirect_to_another_origin_reaches_nobody_there(
    faults: FaultServer,
    elsewhere: FaultServer,
    wire: Wire,
    face: str,
    status: int,
    *,
    streams: bool,
) -> None:
    async def script(connection: Connection) -> None:
        there = b"location: " + elsewhere.address.encode()
        await connection.whole(b"text/plain", b"over there", there, status=status)

    faults.register(wire)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    assert isinstance(outcome.error, llm.APIError)
    assert outcome.error.status_code == status
    assert elsewhere.connections == 0


async def test_a_redirect_on_the_way_by_a_proxy_reaches_nobody_either(
    faults: FaultServer,
    elsewhere: FaultServer,
    chat: Wire,
    face: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(connection: Connection) -> None:
        there = b"location: " + elsewhere.address.encode()
        await connection.whole(b"text/plain", b"over there", there, status=307)

    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{faults.port}")
    faults.register(chat, base_url="http://provider.invalid/v1")
    prompt = faults.case(script)
    (outcome,) = await faults.run_all(chat, [prompt], face=face)
    assert isinstance(outcome.error, llm.APIError)
    assert len(faults.requests(prompt)) == 1
    assert elsewhere.connections == 0


@contextmanager
def deaf() -> Generator[int]:
    """A port that lets nobody in: its queue is full, so that connecting takes for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        queued: list[socket.socket] = []
        for _ in range(8):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
            queued.append(waiting)
        yield listening.getsockname()[1]
        for waiting in queued:
            waiting.close()


@BOTH
async def test_a_connection_that_is_never_made_ends_at_its_own_deadline(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    with deaf() as port:
        faults.register(
            wire, base_url=f"http://127.0.0.1:{port}/v1", timeout=llm.Timeouts(connect=0.2)
        )
        began = time.monotonic()
        (outcome,) = await faults.run_all(wire, ["case 0"], face=face, streams=streams)
    assert isinstance(outcome.error, llm.TimeoutError)
    assert "did not accept a connection within 0.2 s" in str(outcome.error)
    assert time.monotonic() - began < 3


async def test_a_call_that_is_cancelled_while_it_connects_ends_at_once(
    faults: FaultServer, chat: Wire
) -> None:
    with deaf() as port:
        faults.register(chat, base_url=f"http://127.0.0.1:{port}/v1")
        for times in (1, 2):
            task = asyncio.create_task(faults.run(chat, "case 0"))
            await asyncio.sleep(0.1)
            began = time.monotonic()
            for _ in range(times):
                task.cancel()
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - began < 1


@BOTH
async def test_a_name_that_is_not_known_is_told(
    faults: FaultServer, chat: Wire, face: str, monkeypatch: pytest.MonkeyPatch, *, streams: bool
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    faults.register(chat, base_url="http://provider.invalid/v1")
    (outcome,) = await faults.run_all(chat, ["case 0"], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert "provider.invalid" in str(outcome.error)
    assert llm.retry_model(chat.model).retry_config.retries(outcome.error)


@contextmanager
def overheard() -> Generator[tuple[int, list[bytes]]]:
    """A port that listens to what a client says first, and answers in plain text."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                with sock:
                    sock.settimeout(5)
                    heard.append(sock.recv(65536))
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@BOTH
async def test_tls_that_fails_is_told_never_retried_and_offers_no_http2(
    faults: FaultServer, chat: Wire, face: str, *, streams: bool
) -> None:
    with overheard() as (port, heard):
        faults.register(chat, base_url=f"https://127.0.0.1:{port}/v1")
        (outcome,) = await faults.run_all(chat, ["case 0"], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert "TLS" in str(outcome.error)
    assert not llm.retry_model(chat.model).retry_config.retries(outcome.error)
    (hello,) = heard
    assert b"\x02h2" not in hello  # as the negotiation of protocols writes its name
    assert b"case 0" not in hello


def script_of(body: bytes, kind: bytes) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(b"HTTP/1.0 200 OK\r\ncontent-type: " + kind + b"\r\n\r\n" + body)

    return script


@BOTH
async def test_an_old_server_that_ends_its_replies_by_closing_is_understood(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    kind, body = answer(wire, streams=streams)
    faults.register(wire)
    prompts = [faults.case(script_of(body, kind)) for _ in range(3)]
    for outcome in await faults.run_all(wire, prompts, face=face, streams=streams):
        assert (outcome.error, outcome.text) == (None, TEXT)
