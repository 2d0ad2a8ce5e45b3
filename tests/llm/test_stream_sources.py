"""Where a stream's chunks come from: batches, in order, the error after what came before it."""

from collections.abc import Sequence
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.llm.io import Endpoint
from mirascope_nb.llm.source import IteratorSource, WireSource
from mirascope_nb.llm.sse import Event


class Bytes:
    """A body, a piece to a read; it notes the deadlines it was given."""

    status = 200
    headers: dict[str, str] = {}  # noqa: RUF012, never changed

    def __init__(self, pieces: Sequence[bytes | Exception]) -> None:
        self.pieces = list(pieces)
        self.deadlines: list[float | None] = []
        self.closed = 0
        self.released = 0

    async def read(self, deadline: float | None, /) -> bytes:
        self.deadlines.append(deadline)
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def aclose(self) -> None:
        self.closed += 1

    async def release(self) -> None:
        self.released += 1


class Decoder:
    """Gives a text chunk for each event, fails at `fail`, ends at `end`."""

    def __init__(self) -> None:
        self.done = False
        self.whole = True

    def feed(self, event: Event, /) -> list[Any]:
        match event.data:
            case b"fail":
                raise llm.ServerError("Enough, sk-secret-key.", "scripted")
            case b"trip":
                raise KeyError("sk-secret-key")
            case b"end":
                self.done = True
                return []
            case data:
                return [llm.TextChunk(delta=data.decode())]

    def finish(self) -> list[Any]:
        if not self.whole:
            raise llm.ConnectionError("cut off", "scripted")
        return [llm.TextEndChunk()]


class Clock:
    """The little of an IO that a source asks for."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


class Place:
    """A place among the requests under way, of a request that was sent at 0."""

    sent = 0.0

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
    def close(self) -> None: ...


def source(body: Bytes, *, tolerant: bool = False, decoder: Decoder | None = None) -> Any:
    from pydantic import SecretStr

    endpoint = Endpoint(
        provider="scripted",
        base_url="http://127.0.0.1",
        key=SecretStr("sk-secret-key"),
        timeouts=llm.Timeouts(first_content=100, idle=10, total=1_000),
    )
    clock: Any = Clock()
    place: Any = Place()
    made: Any = WireSource(
        io=clock,
        endpoint=endpoint,
        stream=body,
        decoder=decoder or Decoder(),
        lease=place,
        tolerates_missing_end=tolerant,
    )
    made.clock = clock
    return made


def data(*lines: str) -> bytes:
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def deltas(chunks: list[Any] | None) -> list[str]:
    return [chunk.delta for chunk in chunks or () if isinstance(chunk, llm.TextChunk)]


def test_a_batch_is_what_one_read_brought() -> None:
    body = Bytes([data("a", "b"), data("c")[:4], data("c")[4:] + data("end")])
    wire = source(body)
    assert [deltas(run_now(wire.read())) for _ in range(3)] == [["a", "b"], [], ["c"]]
    assert run_now(wire.read()) is None
    assert body.closed


def test_the_connection_is_freed_with_the_last_event() -> None:
    body = Bytes([data("a", "end", "never decoded"), data("nor this")])
    wire = source(body)
    assert deltas(run_now(wire.read())) == ["a"]
    assert body.closed
    assert run_now(wire.read()) is None
    assert body.released == 1
    assert len(body.deadlines) == 1  # nothing is waited for


def test_what_came_before_an_error_comes_first() -> None:
    body = Bytes([data("a", "fail", "never decoded")])
    wire = source(body)
    assert deltas(run_now(wire.read())) == ["a"]
    with pytest.raises(llm.ServerError, match=r"Enough, \[redacted\]\."):
        run_now(wire.read())
    assert body.closed
    assert run_now(wire.read()) is None


def test_whatever_trips_a_decoder_is_an_error_of_ours_without_the_key() -> None:
    wire = source(Bytes([data("a", "trip")]))
    assert deltas(run_now(wire.read())) == ["a"]
    with pytest.raises(llm.ResponseValidationError, match="cannot be read") as caught:
        run_now(wire.read())
    assert "sk-secret-key" not in str(caught.value)


def test_an_end_without_the_last_event_is_an_error() -> None:
    wire = source(Bytes([data("a")]))
    assert deltas(run_now(wire.read())) == ["a"]
    assert run_now(wire.read()) == []
    with pytest.raises(llm.ConnectionError, match="before the reply was whole"):
        run_now(wire.read())


def test_an_end_without_the_last_event_is_tolerated_where_it_is_known() -> None:
    wire = source(Bytes([data("a")]), tolerant=True)
    run_now(wire.read())
    assert run_now(wire.read()) == [llm.TextEndChunk()]
    assert run_now(wire.read()) is None


def test_tolerance_does_not_hide_a_reply_that_was_cut_off() -> None:
    decoder = Decoder()
    decoder.whole = False
    wire = source(Bytes([data("a")]), tolerant=True, decoder=decoder)
    run_now(wire.read())
    assert run_now(wire.read()) == []
    with pytest.raises(llm.ConnectionError, match="before the reply was whole"):
        run_now(wire.read())


def test_a_connection_that_breaks_is_freed() -> None:
    body = Bytes([data("a"), llm.ConnectionError("gone", "scripted")])
    wire = source(body)
    run_now(wire.read())
    with pytest.raises(llm.ConnectionError, match="gone"):
        run_now(wire.read())
    assert body.closed


@pytest.mark.parametrize(
    ("piece", "counts"),
    [
        (data("a"), True),
        (b": comment\n\n", False),
        (b"data: \n\n", False),
        (b"event: ping\ndata: {}\n\n", False),
        (b"event: keepalive\ndata: {}\n\n", False),
        (b"event: response.created\ndata: {}\n\n", False),
        (b"event: response.in_progress\ndata: {}\n\n", False),
        (b"event: message_start\ndata: {}\n\n", False),
        (b"event: response.output_text.delta\ndata: x\n\n", True),
    ],
)
def test_only_content_counts_for_the_time_between_contents(piece: bytes, counts: bool) -> None:  # noqa: FBT001
    body = Bytes([piece, data("b"), data("end")])
    wire = source(body)
    wire.clock.time = 50.0
    run_now(wire.read())
    wire.clock.time = 55.0
    run_now(wire.read())
    run_now(wire.read())
    assert body.deadlines[:3] == [100.0, 60.0 if counts else 100.0, 65.0]


def test_closing_twice_is_fine() -> None:
    body = Bytes([data("a")])
    wire = source(body)
    run_now(wire.aclose())
    run_now(wire.aclose())
    assert run_now(wire.read()) is None


def test_a_custom_providers_exceptions_are_translated() -> None:
    def chunks() -> Any:
        yield llm.TextStartChunk()
        raise OSError("gone")

    custom = IteratorSource(chunks())
    custom.translate = lambda error: llm.ConnectionError(f"translated: {error}", "custom")
    assert run_now(custom.read()) == [llm.TextStartChunk()]
    with pytest.raises(llm.ConnectionError, match="translated: gone"):
        run_now(custom.read())
