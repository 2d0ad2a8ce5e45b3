"""The same events, however their bytes are written, cut, packed or broken."""

from __future__ import annotations

import gzip
import random
import time
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from tests.faults.wires import TEXT

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Outcome, Script
    from tests.faults.wires import Wire

MANY = 2_000_000


def streamed(*pieces: bytes, headers: tuple[bytes, ...] = ()) -> Script:
    async def script(connection: Connection) -> None:
        await connection.head(b"text/event-stream", *headers)
        await connection.send(*pieces)

    return script


async def ask(faults: FaultServer, wire: Wire, face: str, script: Script) -> Outcome:
    faults.register(wire)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face)
    return outcome


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
async def test_any_line_end_and_any_cut_gives_the_same_reply(
    faults: FaultServer, wire: Wire, face: str, end: bytes
) -> None:
    chance = random.Random(17)  # noqa: S311, to cut with
    # A comment, an id and a blank data line are no content.
    body = b"\xef\xbb\xbf: hello\n\nid: 7\nretry: 10\n\n" + wire.stream
    body = body.replace(b"\n", end)
    scripts: list[Script] = [streamed(*(body[at : at + 1] for at in range(len(body))))]
    for _ in range(4):
        cuts = sorted(chance.sample(range(len(body)), 12))
        borders = zip([0, *cuts], [*cuts, len(body)], strict=True)
        scripts.append(streamed(*(body[start:stop] for start, stop in borders)))
    faults.register(wire)
    prompts = [faults.case(script) for script in scripts]
    for outcome in await faults.run_all(wire, prompts, face=face):
        assert outcome.error is None
        assert outcome.text == TEXT


@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\ufeff"])
async def test_what_only_looks_like_a_line_end_is_text(
    faults: FaultServer, wire: Wire, face: str, odd: str
) -> None:
    given = f"a{odd}b"
    outcome = await ask(faults, wire, face, streamed(wire.begin + wire.delta(given) + wire.end))
    assert outcome.error is None
    assert outcome.text == given


async def test_bytes_that_are_no_utf8_never_crash_and_never_pass_as_something_else(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    body = (wire.begin + wire.delta("a~b") + wire.end).replace(b"a~b", b"a\xff\xfeb")
    outcome = await ask(faults, wire, face, streamed(body))
    assert isinstance(outcome.error, llm.ResponseValidationError)


async def test_an_event_that_is_no_json_is_told(faults: FaultServer, wire: Wire, face: str) -> None:
    outcome = await ask(faults, wire, face, streamed(b"data: {nonsense\n\n"))
    assert isinstance(outcome.error, llm.ResponseValidationError)
    deep = b"data: " + b"[" * 100_000 + b"\n\n"
    outcome = await ask(faults, wire, face, streamed(deep))
    assert isinstance(outcome.error, llm.ResponseValidationError)


async def test_a_ten_megabyte_event_takes_linear_time(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    given = "x" * 10_000_000
    began = time.monotonic()
    outcome = await ask(faults, wire, face, streamed(wire.begin + wire.delta(given) + wire.end))
    assert outcome.error is None
    assert outcome.text == given
    assert time.monotonic() - began < 10  # about 0.1 s where nobody else is busy


async def test_an_endless_event_is_refused(faults: FaultServer, chat: Wire, face: str) -> None:
    async def script(connection: Connection) -> None:
        await connection.head()
        while True:
            await connection.send(b"data: " + b"x" * 65536)

    faults.register(chat, max_event=MANY)
    (outcome,) = await faults.run_all(chat, [faults.case(script)], face=face)
    assert isinstance(outcome.error, llm.ResponseValidationError)
    assert "an event of the stream exceeds 2000000 bytes" in str(outcome.error)


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])
async def test_the_caps_are_the_users_and_what_is_below_them_is_read(
    faults: FaultServer, wire: Wire, face: str, *, streams: bool
) -> None:
    async def script(connection: Connection) -> None:
        if streams:
            await connection.whole(b"text/event-stream", wire.stream)
        else:
            await connection.whole(b"application/json", wire.once)

    size = len(wire.stream if streams else wire.once)
    for cap, is_read in ((size, True), (size - 1, False)):
        faults.register(wire, max_reply=cap, max_event=size)
        (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
        assert outcome.is_success == is_read
        if not is_read:
            assert isinstance(outcome.error, llm.ResponseValidationError)
            assert f"larger than {cap:,} bytes" in str(outcome.error)


@pytest.mark.parametrize("name", ["max_event", "max_reply"])
def test_a_cap_is_a_positive_number_of_bytes(name: str) -> None:
    settings: dict[str, Any]
    for size, error in ((0, ValueError), (-1, ValueError), (1e6, TypeError), (True, TypeError)):
        settings = {name: size}
        with pytest.raises(error, match=f"{name}="):
            llm.register_provider("openai", api_key="k", **settings)


async def test_gzip_is_read_and_a_cut_of_it_is_told(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    packed = gzip.compress(wire.stream)
    zipped = (b"content-encoding: gzip",)
    whole = await ask(faults, wire, face, streamed(packed, headers=zipped))
    assert whole.error is None
    assert whole.text == TEXT
    faults.register(wire)
    places = range(0, len(packed) - 8, max(1, len(packed) // 12))
    prompts = [faults.case(streamed(packed[:at], headers=zipped)) for at in places]
    for at, outcome in zip(places, await faults.run_all(wire, prompts, face=face), strict=True):
        unpacked = zlib.decompressobj(wbits=31).decompress(packed[:at])
        assert outcome.is_success == unpacked.endswith(wire.stream[-20:])
    broken = await ask(faults, wire, face, streamed(b"no gzip at all", headers=zipped))
    assert isinstance(broken.error, llm.ConnectionError)


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])
async def test_a_compressed_bomb_is_refused(
    faults: FaultServer, chat: Wire, face: str, *, streams: bool
) -> None:
    bomb = gzip.compress(b": ping\n\n" * MANY)
    kind = b"text/event-stream" if streams else b"application/json"

    async def script(connection: Connection) -> None:
        await connection.head(kind, b"content-encoding: gzip")
        await connection.send(bomb)

    faults.register(chat, max_reply=MANY)
    (outcome,) = await faults.run_all(chat, [faults.case(script)], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ResponseValidationError)
    assert "larger than 2,000,000 bytes" in str(outcome.error)


async def test_a_bomb_as_an_error_page_does_not_hide_the_status(
    faults: FaultServer, chat: Wire, face: str
) -> None:
    async def script(connection: Connection) -> None:
        await connection.head(b"text/html", b"content-encoding: gzip", status=500)
        await connection.send(gzip.compress(b"<p>" * 20 * MANY))

    for streams in (True, False):
        faults.register(chat)
        (outcome,) = await faults.run_all(chat, [faults.case(script)], face=face, streams=streams)
        assert isinstance(outcome.error, llm.ServerError)
        assert len(str(outcome.error)) < 500
