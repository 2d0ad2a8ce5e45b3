"""A stream is a success if and only if its terminal event came, wherever it is cut, and however."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from tests.faults.wires import TEXT

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

PATIENCE = llm.Timeouts(connect=60)
"""A machine that is busy elsewhere may take long to accept a connection, which is no cut."""
LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


def cut(body: bytes, at: int, how: str) -> Script:
    async def script(connection: Connection) -> None:
        if how == "chunked-FIN":  # in the middle of a chunk
            await connection.head(b"text/event-stream", b"transfer-encoding: chunked", close=False)
            await connection.send(b"%x\r\n%s" % (len(body) + 1, body[:at]))
        elif how == "zero":
            await connection.head(b"text/event-stream", b"transfer-encoding: chunked", close=False)
            if at:
                await connection.chunk(body[:at])
            await connection.chunk(b"")
            connection.is_kept = True
        else:
            await connection.head()
            await connection.send(body[:at])
            if how == "RST":
                connection.reset()

    return script


def first_whole(body: bytes, end: bytes) -> int:
    """How many bytes a client must have for the terminal event, by the standard's rules."""
    tail = re.search(rb"(?:" + end * 2 + rb")\Z", body)
    assert tail
    # A CR is a line's end at once: an LF that may follow is not waited for.
    return len(body) - (end == b"\r\n")


@dataclass(slots=True)
class Figures:
    """What became of the cases of a sweep."""

    cases: int = 0
    successes: int = 0
    false_successes: list[str] = field(default_factory=list[str])
    """Told to be whole, and were not."""
    lost: list[str] = field(default_factory=list[str])
    """Were whole, and told to be not, or less than had come."""
    mixed: list[str] = field(default_factory=list[str])
    """Held what another case was answered."""
    duplicated: list[str] = field(default_factory=list[str])
    """Were asked twice."""
    others: list[str] = field(default_factory=list[str])
    """Ended in another error than that of a connection."""

    def wrong(self) -> dict[str, list[str]]:
        """All that must be empty."""
        names = ("false_successes", "lost", "mixed", "duplicated", "others")
        return {name: found for name in names if (found := getattr(self, name))}


TOTAL = Figures()


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[None]:
    """Say at the end what the sweeps came to."""
    yield
    sys.stderr.write(
        f"\ncuts: {TOTAL.cases} cases, {TOTAL.successes} whole; {len(TOTAL.lost)} lost, "
        f"{len(TOTAL.duplicated)} duplicated, {len(TOTAL.mixed)} mixed, "
        f"{len(TOTAL.false_successes)} false successes\n"
    )


def text_of(number: int) -> str:
    """What a case is answered: as long for each, and like no other's."""
    return TEXT.replace("4242", f"{number % 10_000:04}")


async def sweep(
    faults: FaultServer, wire: Wire, face: str, how: str, *, end: bytes = b"\n", step: int = 1
) -> int:
    body = wire.stream.replace(b"\n", end)
    whole = first_whole(body, end)
    places = sorted({*range(0, len(body), step), *range(len(body) - 8, len(body) + 1)})
    prompts = [
        faults.case(cut(body.replace(b"4242", b"%04d" % (at % 10_000)), at, how)) for at in places
    ]
    faults.register(wire, timeout=PATIENCE)
    outcomes = await faults.run_all(wire, prompts, face=face)
    figures = Figures(cases=len(places))
    for at, prompt, outcome in zip(places, prompts, outcomes, strict=True):
        place = f"{wire.name} {face} {how} at {at} of {len(body)}: {outcome!r}"
        text = text_of(at)
        figures.successes += outcome.is_success
        if len(faults.requests(prompt)) > 1:
            figures.duplicated.append(place)
        if not text.startswith(outcome.text):
            figures.mixed.append(place)
        elif outcome.is_success:
            if at < whole:
                figures.false_successes.append(place)
            elif outcome.text != text:
                figures.lost.append(place)
        elif not isinstance(outcome.error, llm.ConnectionError):
            figures.others.append(place)
        elif at >= whole and how != "RST":  # which may destroy what was sent before
            figures.lost.append(place)
    for name in Figures.__slots__:
        setattr(TOTAL, name, getattr(TOTAL, name) + getattr(figures, name))
    assert figures.wrong() == {}
    return figures.cases


@pytest.mark.parametrize("how", ["FIN", "chunked-FIN", "RST", "zero"])
async def test_a_cut_at_every_byte_is_told(
    faults: FaultServer, wire: Wire, face: str, how: str
) -> None:
    # Each byte of one stream; of the others a sample, since the long run tries them all.
    each = wire.name == "openai_chat" and face == "async" and how in {"FIN", "zero"}
    assert await sweep(faults, wire, face, how, step=1 if each else 29) > 10


@pytest.mark.soak
@pytest.mark.parametrize("end", sorted(LINE_ENDS))
@pytest.mark.parametrize("how", ["FIN", "chunked-FIN", "RST", "zero"])
async def test_a_cut_at_every_single_byte_is_told_with_every_line_end(
    faults: FaultServer, wire: Wire, face: str, how: str, end: str
) -> None:
    assert await sweep(faults, wire, face, how, end=LINE_ENDS[end]) > 150


async def test_a_cut_at_every_byte_of_the_last_event_is_told_with_every_line_end(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    for end in LINE_ENDS.values():
        assert await sweep(faults, wire, face, "FIN", end=end, step=500) > 8


@pytest.mark.parametrize("how", ["FIN", "RST"])
async def test_a_whole_reply_that_is_cut_is_never_a_success(
    faults: FaultServer, wire: Wire, face: str, how: str
) -> None:
    def script(at: int) -> Script:
        async def answer(connection: Connection) -> None:
            length = b"content-length: %d" % len(wire.once)
            await connection.head(b"application/json", length, close=False)
            await connection.send(wire.once[:at])
            if how == "RST":
                connection.reset()

        return answer

    places = range(0, len(wire.once), 17)
    prompts = [faults.case(script(at)) for at in places]
    faults.register(wire)
    for outcome in await faults.run_all(wire, prompts, face=face, streams=False):
        assert isinstance(outcome.error, llm.ConnectionError)


async def test_a_reply_that_ends_with_the_connection_and_is_cut_is_never_a_success(
    faults: FaultServer, wire: Wire, face: str
) -> None:
    def script(at: int) -> Script:
        async def answer(connection: Connection) -> None:
            await connection.head(b"application/json")
            await connection.send(wire.once[:at])

        return answer

    prompts = [faults.case(script(at)) for at in range(0, len(wire.once), 17)]
    faults.register(wire)
    for outcome in await faults.run_all(wire, prompts, face=face, streams=False):
        assert isinstance(outcome.error, llm.ResponseValidationError)
