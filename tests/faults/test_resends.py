"""What is sent, how often, and when: every request is in the server's ledger."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from tests.faults.wires import TEXT

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])


def answering(wire: Wire, *, streams: bool) -> Script:
    async def script(connection: Connection) -> None:
        if streams:
            await connection.whole(b"text/event-stream", wire.stream)
        else:
            await connection.whole(b"application/json", wire.once)

    return script


@BOTH
@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_a_kept_connection_that_died_is_replaced_once_unnoticed(
    faults: FaultServer, wire: Wire, face: str, how: str, *, streams: bool
) -> None:
    answer = answering(wire, streams=streams)

    async def script(connection: Connection) -> None:
        if connection.number == 1:
            if how == "RST":
                connection.reset()
        else:
            await answer(connection)

    faults.register(wire)
    await keep_one(faults, wire, face)
    prompt = faults.case(script)
    (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
    assert outcome.error is None
    assert outcome.text == TEXT
    first, second = faults.requests(prompt)
    assert first.body == second.body
    assert first.connection != second.connection


async def keep_one(faults: FaultServer, wire: Wire, face: str) -> None:
    """Have one connection and no other kept."""
    from mirascope_nb.llm.io.clients import close_blocking_clients

    close_blocking_clients()
    prompt = faults.case(answering(wire, streams=False))
    (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=False)
    assert outcome.error is None


@BOTH
async def test_nothing_is_resent_twice_or_after_a_part_of_the_answer(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def dies(_: Connection) -> None:
        return

    async def begins(connection: Connection) -> None:
        await connection.send(b"HTTP/1.")

    faults.register(wire)
    for script, times in ((dies, 2), (begins, 1)):
        await keep_one(faults, wire, face)
        prompt = faults.case(script)
        (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
        assert isinstance(outcome.error, llm.ConnectionError)
        assert len(faults.requests(prompt)) == times


@BOTH
async def test_a_request_that_was_worked_on_for_a_while_is_not_sent_again_unasked(
    faults: FaultServer,
    wire: Wire,
    face: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    streams: bool,
) -> None:
    from mirascope_nb.llm.io import sockets

    async def dies(_: Connection) -> None:
        return

    faults.register(wire)
    await keep_one(faults, wire, face)
    monkeypatch.setattr(sockets, "SOON", 0.0)  # so that any time is a while
    prompt = faults.case(dies)
    (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert len(faults.requests(prompt)) == 1


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which take no time."""
    waits: list[float] = []
    mine, really = threading.get_ident(), asyncio.sleep

    def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def sleep_async(seconds: float, result: object = None) -> object:
        if threading.get_ident() == mine and seconds:  # and not the server's
            waits.append(seconds)
            seconds = 0
        return await really(seconds, result)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(asyncio, "sleep", sleep_async)
    return waits


# Status, headers, attempts of three at most, and the gaps between them.
POLICY: list[tuple[int, tuple[bytes, ...], int, list[float]]] = [
    (408, (), 3, [0.5, 1.0]),
    (429, (), 3, [0.5, 1.0]),
    (500, (), 3, [0.5, 1.0]),
    (503, (b"retry-after: 3",), 3, [3, 3]),
    (503, (b"retry-after-ms: 1500",), 3, [1.5, 1.5]),
    (503, (b"retry-after: 61",), 1, []),
    (529, (), 3, [0.5, 1.0]),
    (503, (b"retry-after: Thu, 01 Jan 1970 00:00:00 GMT",), 3, [0.5, 1.0]),
    (503, (b"retry-after: soon",), 3, [0.5, 1.0]),
    (503, (b"x-should-retry: false",), 1, []),
    (429, (b"x-should-retry: false",), 1, []),
    (408, (b"x-should-retry: false",), 1, []),
    (500, (b"retry-after: 7", b"x-should-retry: false"), 1, []),
    (400, (b"x-should-retry: true", b"retry-after: 1"), 1, []),
    (409, (), 1, []),
    (409, (b"x-should-retry: true",), 3, [0.5, 1.0]),
    (400, (), 1, []),
    (401, (b"x-should-retry: true",), 1, []),
    (404, (), 1, []),
]


@BOTH
@pytest.mark.parametrize(("status", "headers", "attempts", "gaps"), POLICY)
async def test_the_policy_holds_against_the_ledger(  # noqa: PLR0917, fixtures
    faults: FaultServer,
    chat: Wire,
    face: str,
    sleeps: list[float],
    status: int,
    headers: tuple[bytes, ...],
    attempts: int,
    gaps: list[float],
    *,
    streams: bool,
) -> None:
    async def script(connection: Connection) -> None:
        body = b'{"error": {"message": "no"}}'
        await connection.whole(b"application/json", body, *headers, status=status)

    faults.register(chat)
    llm.limits.set("openai", adaptive=False)  # its own waiting is not what is measured here
    prompt = faults.case(script)
    model = llm.retry_model(chat.model, max_retries=2)
    asked: dict[tuple[str, bool], Any] = {
        ("sync", True): model.stream,
        ("sync", False): model.call,
        ("async", True): model.stream_async,
        ("async", False): model.call_async,
    }
    with pytest.raises(llm.Error) as caught:  # noqa: PT012, two faces
        reply = asked[face, streams](prompt)
        if face == "async":
            await reply
    assert isinstance(caught.value, llm.RetriesExhausted | llm.APIError)
    received = faults.requests(prompt)
    assert len(received) == attempts
    assert len({each.body for each in received}) == 1
    assert len(sleeps) == len(gaps)
    for waited, gap in zip(sleeps, gaps, strict=True):
        assert gap <= waited <= gap * 1.1 + 0.001
    llm.limits.clear("openai")


@BOTH
@pytest.mark.parametrize("how", ["reset", "overloaded", "quota", "garbage"])
async def test_what_fails_in_other_ways_is_asked_again_only_where_that_can_help(
    faults: FaultServer, wire: Wire, face: str, sleeps: list[float], how: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        if how == "reset":
            connection.reset()
        elif how == "overloaded" and streams:
            await connection.whole(b"text/event-stream", wire.overloaded)
        elif how == "overloaded":
            await connection.whole(b"application/json", b"{}", status=529)
        elif how == "quota":
            told = b'{"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}'
            await connection.whole(b"application/json", told, status=429)
        else:
            kind = b"text/event-stream" if streams else b"application/json"
            await connection.whole(kind, b"data: {nonsense\n\n")

    faults.register(wire)
    llm.limits.set(f"http://127.0.0.1:{faults.port}", adaptive=False)
    prompt = faults.case(script)
    model: Any = llm.retry_model(wire.model, max_retries=2)
    with pytest.raises(llm.Error) as caught:  # noqa: PT012, four ways
        if streams and face == "async":
            await (await model.stream_async(prompt)).finish()
        elif streams:
            model.stream(prompt).finish()
        elif face == "async":
            await model.call_async(prompt)
        else:
            model.call(prompt)
    helps = how in {"reset", "overloaded"}
    if how != "quota" or wire.name.startswith("openai"):
        assert isinstance(caught.value, llm.RetriesExhausted) == helps
        received = faults.requests(prompt)
        assert len(received) == (3 if helps else 1)
        assert len({each.body for each in received}) == 1
        assert len(sleeps) == (2 if helps else 0)


async def test_two_attempts_of_a_stream_are_never_spliced(
    faults: FaultServer, wire: Wire, sleeps: list[float]
) -> None:
    async def script(connection: Connection) -> None:
        if connection.number == 1:
            await connection.head()
            await connection.send(wire.begin + wire.delta("It is wrong"))
        else:
            await connection.whole(b"text/event-stream", wire.stream)

    faults.register(wire)
    model = llm.retry_model(wire.model, max_retries=2)
    stream = await model.stream_async(faults.case(script))
    seen: list[str] = []
    with pytest.raises(llm.StreamRestarted):
        seen.extend([text async for text in stream.text_stream()])
    seen = [text async for text in stream.text_stream(sep="")]
    assert "".join(seen) == stream.text() == TEXT


async def test_cancelling_is_no_reason_to_ask_again(faults: FaultServer, wire: Wire) -> None:
    async def script(connection: Connection) -> None:
        await connection.hang()

    faults.register(wire)
    prompt = faults.case(script)
    task = asyncio.create_task(llm.retry_model(wire.model, max_retries=2).call_async(prompt))
    while not faults.requests(prompt):  # noqa: ASYNC110, told by another thread
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(faults.requests(prompt)) == 1
