"""Bytes to events, whatever the line ends and wherever the bytes are cut."""

import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb.llm.sse import Event, EventTooLargeError, SSEParser


def parsed(*pieces: bytes) -> list[Event]:
    parser = SSEParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def cut(whole: bytes, places: Iterable[int]) -> list[bytes]:
    bounds = [0, *sorted({place % (len(whole) + 1) for place in places}), len(whole)]
    return [whole[start:end] for start, end in pairwise(bounds)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        ("data: one\n\n", [("", "one")]),
        ("data: one\ndata: two\n\n", [("", "one\ntwo")]),
        ("data:one\n\ndata:  two\n\n", [("", "one"), ("", " two")]),
        ("data\n\ndata\ndata\n\n", [("", ""), ("", "\n")]),
        ("data:\n\n", [("", "")]),
        ("event: add\ndata: 1\n\ndata: 2\n\n", [("add", "1"), ("", "2")]),
        ("event: a\nevent: b\ndata: 1\n\n", [("b", "1")]),
        ("event: lonely\n\ndata: 1\n\n", [("", "1")]),
        ("event:tight\ndata:1\n\n", [("tight", "1")]),
        (": comment\n\n:\n: another\ndata: 1\n\n", [("", "1")]),
        ("id: 1\nretry: 10\n\ndata: 1\nid\n\n", [("", "1")]),
        ("unknown: field\ndata: 1\nalso unknown\n\n", [("", "1")]),
        ("data: 1\n\n\n\n\n\ndata: 2\n\n", [("", "1"), ("", "2")]),
        ("data: unfinished\n", []),
        ("data: unfinished", []),
        ("data: 1\n\ndata: cut off\n", [("", "1")]),
        ("\ufeffdata: 1\n\n", [("", "1")]),
        ("\ufeff\ufeffdata: 1\n\ndata: 2\n\n", [("", "2")]),
        ("data: \ufeff\n\n", [("", "\ufeff")]),
        ("data: a\u2028b\u0085c\x0bd\x0ce\x1cf\n\n", [("", "a\u2028b\u0085c\x0bd\x0ce\x1cf")]),
        ("data: näïve 🦊\n\n", [("", "näïve 🦊")]),
        ("data: a: b: c\n\n", [("", "a: b: c")]),
        ("data\u003a \u003a\n\n", [("", ":")]),
        ("DATA: loud\n\n", []),
        (" data: indented\n\n", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_cases_of_the_standard(
    stream: str, events: list[tuple[str, str]], line_end: str
) -> None:
    expected = [Event(kind, data.encode()) for kind, data in events]
    whole = stream.replace("\n", line_end).encode()
    assert parsed(whole) == expected
    assert parsed(*(whole[index : index + 1] for index in range(len(whole)))) == expected


def test_line_ends_may_be_mixed() -> None:
    assert parsed(b"data: 1\rdata: 2\r\ndata: 3\n\r\ndata: 4\n\n") == [
        Event("", b"1\n2\n3"),
        Event("", b"4"),
    ]


def test_a_cut_between_cr_and_lf_makes_no_empty_line() -> None:
    assert parsed(b"data: 1\r", b"\ndata: 2\r", b"\n\r", b"\n") == [Event("", b"1\n2")]


def test_an_event_is_given_with_the_byte_that_ends_it() -> None:
    parser = SSEParser()
    assert parser.feed(b"data: 1\n") == []
    assert parser.feed(b"\r") == [Event("", b"1")]
    assert parser.feed(b"\n") == []


BITS = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "data:",
    "data: ",
    "event: ",
    "id: 7",
    ":",
    " ",
    "x",
    "🦊",
    "\u2028",
]
alphabet = st.sampled_from([*(bit.encode() for bit in BITS), b"\xef", b"\xbb", b"\xbf"])


@given(
    pieces=st.lists(alphabet, max_size=60),
    places=st.lists(st.integers(min_value=0), max_size=20),
)
def test_any_cut_gives_the_same_events(pieces: list[bytes], places: list[int]) -> None:
    whole = b"".join(pieces)
    assert parsed(*cut(whole, places)) == parsed(whole) == by_the_book(whole)


def by_the_book(whole: bytes) -> list[Event]:
    """The standard's own algorithm, a line at a time, over the whole stream."""
    whole = whole.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[Event] = []
    kind, data = "", b""
    for line in whole.split(b"\n")[:-1]:
        name, colon, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append(Event(kind, data[:-1]))
            kind, data = "", b""
        elif colon and not name:
            continue
        elif name == b"event":
            kind = value.decode("utf-8", "replace")
        elif name == b"data":
            data += value + b"\n"
    return events


@pytest.mark.parametrize("line_size", [10_000_000, 100], ids=["one line", "many lines"])
@pytest.mark.parametrize("piece_size", [1_000, 65_536])
def test_a_large_event_takes_linear_time(line_size: int, piece_size: int) -> None:
    line = b"data: " + b"x" * line_size + b"\n"
    whole = line * (10_000_000 // line_size) + b"\n"
    pieces = [whole[start : start + piece_size] for start in range(0, len(whole), piece_size)]
    started = time.process_time()
    (event,) = parsed(*pieces)
    # Copying what has come with every piece would move some 50 GB.
    assert time.process_time() - started < 3
    assert event.data.count(b"x") == 10_000_000


@pytest.mark.parametrize(
    "pieces",
    [[b"data: " + b"x" * 50, b"x" * 60, b"x"], [b"data: 123456789\n"] * 12, [b"data\n"] * 120],
    ids=["a line", "lines", "empty lines"],
)
def test_an_event_beyond_the_cap_is_refused(pieces: list[bytes]) -> None:
    parser = SSEParser(max_event=100)
    with pytest.raises(EventTooLargeError, match="100 bytes"):  # noqa: PT012, when is left open
        for piece in pieces:
            parser.feed(piece)


def test_events_before_one_beyond_the_cap_are_given() -> None:
    parser = SSEParser(max_event=100)
    assert parser.feed(b"data: 1\n\ndata: " + b"x" * 200) == [Event("", b"1")]
    with pytest.raises(EventTooLargeError):
        parser.feed(b"x")


def test_the_cap_is_for_each_event() -> None:
    parser = SSEParser(max_event=100)
    for _ in range(20):
        parser.feed(b"data: " + b"x" * 60)
        assert parser.feed(b"\n\n") == [Event("", b"x" * 60)]
