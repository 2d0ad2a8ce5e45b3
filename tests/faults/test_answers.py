"""Answers that are not what was asked for, and servers that answer too late or not at all."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

PAGE = b"<html><script>alert(1)</script>\x1b[31m<h1>Bad gateway</h1></html>"
BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])


@BOTH
@pytest.mark.parametrize("status", [200, 502])
async def test_an_html_page_is_a_clear_error_with_an_escaped_snippet(
    faults: FaultServer, wire: Wire, face: str, status: int, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        await connection.whole(b"text/html", PAGE * 50, status=status)

    faults.register(wire)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    kind = llm.ResponseValidationError if status == 200 else llm.ServerError
    assert isinstance(outcome.error, kind)
    assert len(str(outcome.error)) < 500
    assert "\x1b" not in str(outcome.error)


@BOTH
async def test_an_error_page_that_breaks_off_keeps_its_status(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        await connection.head(b"application/json", b"content-length: 999", status=401)
        await connection.send(b'{"error": {"message": "no')

    faults.register(wire)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    assert isinstance(outcome.error, llm.AuthenticationError)


async def test_an_error_event_is_the_same_first_and_late_and_keeps_what_came(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    def script(before: bytes) -> Script:
        async def answer(connection: Connection) -> None:
            await connection.head()
            await connection.send(before + wire.overloaded + wire.delta("never") + wire.end)

        return answer

    faults.register(wire)
    prompts = [faults.case(script(b"")), faults.case(script(wire.begin + wire.delta("so far")))]
    first, late = await faults.run_all(wire, prompts, face=face)
    assert isinstance(first.error, llm.ServerError)
    assert type(late.error) is type(first.error)
    assert "busy" in str(first.error)
    assert (first.text, late.text) == ("", "so far")


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_the_key_stays_here(
    faults: FaultServer, wire: Wire, face: str, status: int, *, streams: bool
) -> None:
    async def elsewhere(_: Connection) -> None:
        raise AssertionError("followed")

    trap = faults.case(elsewhere)

    async def script(connection: Connection) -> None:
        other = b"location: http://localhost:%d/elsewhere" % faults.port
        await connection.whole(b"text/plain", b"over there", other, status=status)

    faults.register(wire)
    prompt = faults.case(script)
    (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
    assert isinstance(outcome.error, llm.APIError)
    assert len(faults.requests(prompt)) == 1
    assert not faults.requests(trap)


@BOTH
async def test_a_refused_connection_is_told(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        faults.register(wire, base_url=f"http://127.0.0.1:{bound.getsockname()[1]}/v1")
        (outcome,) = await faults.run_all(wire, ["case 0"], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert "Cannot reach" in str(outcome.error)


@BOTH
@pytest.mark.parametrize("how", ["FIN", "RST", "half a head", "nonsense"])
async def test_a_connection_that_breaks_before_the_headers_is_told_and_not_resent(
    faults: FaultServer, wire: Wire, face: str, how: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        if how == "half a head":
            await connection.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
        elif how == "nonsense":
            await connection.send(b"220 mail.example ESMTP\r\n\r\n")
        elif how == "RST":
            connection.reset()

    faults.register(wire)
    prompt = faults.case(script)
    await faults_cleared(faults)
    (outcome,) = await faults.run_all(wire, [prompt], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError)
    assert len(faults.requests(prompt)) == 1


async def faults_cleared(faults: FaultServer) -> None:
    """No connection is kept: of one that is, the request would be sent again."""
    from mirascope_nb.llm.io.clients import close_blocking_clients

    close_blocking_clients()
    assert await faults.quiet()


STALLS = {
    "no headers": ((), llm.Timeouts(first_content=0.15)),
    "half a head": ((b"HTTP/1.1 200 OK\r\n",), llm.Timeouts(first_content=0.15)),
    "no content": (("head",), llm.Timeouts(first_content=0.15)),
    "in the middle": (("head", "delta"), llm.Timeouts(idle=0.15)),
    "pings before": (("head", "pings"), llm.Timeouts(first_content=0.15)),
    "pings after": (("head", "delta", "pings"), llm.Timeouts(idle=0.15)),
    "slow for ever": (("head", "deltas"), llm.Timeouts(total=0.25)),
    "head by bytes": (("dribble",), llm.Timeouts(first_content=0.15)),
}


@pytest.mark.parametrize("where", sorted(STALLS))
async def test_a_stall_ends_at_its_deadline(
    faults: FaultServer, wire: Wire, face: str, where: str
) -> None:
    steps, timeouts = STALLS[where]

    async def script(connection: Connection) -> None:
        for step in steps:
            if isinstance(step, bytes):
                await connection.send(step)
            elif step == "head":
                await connection.head()
                await connection.send(wire.begin)
            elif step == "delta":
                await connection.send(wire.delta("so far"))
            else:
                while True:
                    await connection.send(
                        {"pings": b": ping\n\n", "deltas": wire.delta("x"), "dribble": b"H"}[step]
                    )
                    await asyncio.sleep(0.02)
        await connection.hang()

    faults.register(wire, timeout=timeouts)
    began = time.monotonic()
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face)
    assert isinstance(outcome.error, llm.TimeoutError)
    assert 0.1 < time.monotonic() - began < 3  # a loaded machine; other limits are a minute
    if "delta" in steps:
        assert outcome.text == "so far"


async def test_a_slow_stream_that_keeps_moving_is_read_to_its_end(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    async def script(connection: Connection) -> None:
        await connection.head()
        await connection.send(wire.begin)
        for _ in range(20):
            await asyncio.sleep(0.02)
            await connection.send(wire.delta("x"))
        await connection.send(wire.end)
        await connection.hang()  # nobody waits for the server to close

    faults.register(wire, timeout=llm.Timeouts(first_content=5, idle=5))
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face)
    assert outcome.error is None
    assert outcome.text == "x" * 20


async def test_a_call_that_dribbles_ends_at_its_total(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    async def script(connection: Connection) -> None:
        await connection.head(b"application/json")
        while True:
            await connection.send(b" ")
            await asyncio.sleep(0.02)

    faults.register(wire, timeout=0.2)
    began = time.monotonic()
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=False)
    assert isinstance(outcome.error, llm.TimeoutError)
    assert time.monotonic() - began < 3
