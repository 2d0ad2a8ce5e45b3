"""The parsers beneath the codecs: no input raises, hangs, or depends on how it is cut."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from mirascope_nb.llm.formatting.partial_json import MISSING, PartialJSON
from mirascope_nb.llm.sse import Event, EventTooLargeError, SSEParser

QUICK = settings(settings.get_profile("fuzz-quick"), max_examples=300)
LONG = settings(settings.get_profile("fuzz-long"), max_examples=8_000)

# What an event stream is made of, and what only looks like it.
PIECES = st.sampled_from(
    [
        b"data",
        b"data:",
        b"data: ",
        b"event: ",
        b"id: 1",
        b"retry: 5",
        b":",
        b": ping",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
        b"\xf0\x9f",
        b"\xa6\x8a",
        b"\xff",
        b"\x00",
        b"{}",
        b"[DONE]",
        b" ",
    ]
)
STREAMS = st.lists(PIECES | st.binary(max_size=4), max_size=40).map(b"".join)


def parse(*pieces: bytes, cap: int = 1_000_000) -> list[Event]:
    parser = SSEParser(max_event=cap)
    return [event for piece in pieces for event in parser.feed(piece)]


def cut(whole: Any, places: list[int]) -> list[Any]:
    borders = sorted(min(place, len(whole)) for place in places)
    return [
        whole[start:stop] for start, stop in zip([0, *borders], [*borders, len(whole)], strict=True)
    ]


def any_cut_gives_the_same_events(stream: bytes, places: list[int]) -> None:
    whole = parse(stream)
    assert parse(*cut(stream, places)) == whole
    assert parse(*(stream[at : at + 1] for at in range(len(stream)))) == whole
    # Nothing is made up, and what is not whole is not given.
    assert sum(len(event.data) for event in whole) <= len(stream)
    assert parse(stream + b"\n\n")[: len(whole)] == whole


def a_cap_is_kept(stream: bytes, cap: int) -> None:
    try:
        events = parse(*(stream[at : at + 1] for at in range(len(stream))), cap=cap)
    except EventTooLargeError:
        assert len(stream) > cap
    else:
        assert events == parse(stream)


CUTS = st.lists(st.integers(0, 200), max_size=8)


@QUICK
@given(STREAMS, CUTS)
def test_any_bytes_are_events_or_nothing_however_they_are_cut(
    stream: bytes, places: list[int]
) -> None:
    any_cut_gives_the_same_events(stream, places)


@QUICK
@given(STREAMS, st.integers(1, 40))
def test_no_event_grows_beyond_the_cap(stream: bytes, cap: int) -> None:
    a_cap_is_kept(stream, cap)


@pytest.mark.soak
@pytest.mark.timeout(900)
@LONG
@given(STREAMS, CUTS, st.integers(1, 40))
def test_any_bytes_are_events_or_nothing_for_long(
    stream: bytes, places: list[int], cap: int
) -> None:
    any_cut_gives_the_same_events(stream, places)
    a_cap_is_kept(stream, cap)


MARKS = '{}[]:,"\\-.+eE0123 \n\t'
WORDS = ["true", "false", "null", "NaN", "Infinity", "\\u", "\\ud83e", "\\udd8a", '"a"', '"a": ']
TOKENS = st.sampled_from(
    [*MARKS, *WORDS, "1e400", "\ud83e", "\u2028", "[[[[", '{"a":' * 60],
)
TEXTS = st.lists(TOKENS | st.text(max_size=3), max_size=40).map("".join)


def no_text_raises(text: str, places: list[int]) -> None:
    reader = PartialJSON()
    for piece in cut(text, places):
        reader.feed(piece)
        _ = reader.value
        _ = reader.is_complete
    whole = PartialJSON()
    whole.feed(text)
    assert repr(reader.value) == repr(whole.value)
    letters = PartialJSON()
    for letter in text:
        letters.feed(letter)
        _ = letters.value
    assert repr(letters.value) == repr(whole.value)
    value: Any = whole.value
    assert value is MISSING or type(value) is dict


def a_whole_text_is_read_whole(value: dict[str, Any], places: list[int]) -> None:
    text = json.dumps(value)
    reader = PartialJSON()
    for piece in cut(text, places):
        reader.feed(piece)
        so_far: Any = reader.value
        assert so_far is MISSING or type(so_far) is dict
    assert reader.is_complete
    assert reader.value == from_json(text)


OBJECTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
        max_leaves=8,
    ),
    max_size=4,
)


@QUICK
@given(TEXTS, CUTS)
def test_no_text_raises_at_any_prefix_however_it_is_cut(text: str, places: list[int]) -> None:
    no_text_raises(text, places)


@QUICK
@given(OBJECTS, CUTS)
def test_a_whole_object_is_read_whole_however_it_is_cut(
    value: dict[str, Any], places: list[int]
) -> None:
    a_whole_text_is_read_whole(value, places)


@pytest.mark.soak
@pytest.mark.timeout(900)
@LONG
@given(TEXTS, OBJECTS, CUTS)
def test_no_text_raises_for_long(text: str, value: dict[str, Any], places: list[int]) -> None:
    no_text_raises(text, places)
    a_whole_text_is_read_whole(value, places)


def events_of_size(size: int) -> Callable[[], object]:
    stream = b"data: x\n\n" * size
    return lambda: parse(*(stream[at : at + 7] for at in range(0, len(stream), 7)))


def lines_of_size(size: int) -> Callable[[], object]:
    stream = b"data: x\n" * size + b"\n"
    return lambda: parse(*(stream[at : at + 7] for at in range(0, len(stream), 7)))


def line_of_size(size: int) -> Callable[[], object]:
    stream = b"data: " + b"x" * size * 8 + b"\n\n"
    return lambda: parse(*(stream[at : at + 7] for at in range(0, len(stream), 7)))


def ends_of_size(size: int) -> Callable[[], object]:
    stream = b"\r\n\r" * size * 3
    return lambda: parse(*(stream[at : at + 7] for at in range(0, len(stream), 7)))


def partial_of(text: Callable[[int], str]) -> Callable[[int], Callable[[], object]]:
    def sized(size: int) -> Callable[[], object]:
        whole = text(size)

        def read() -> object:
            reader = PartialJSON()
            for at in range(0, len(whole), 3):
                reader.feed(whole[at : at + 3])
                _ = reader.value
            return reader.value

        return read

    return sized


SHAPES: dict[str, Callable[[int], Callable[[], object]]] = {
    "events": events_of_size,
    "lines of one event": lines_of_size,
    "one long line": line_of_size,
    "line ends": ends_of_size,
    "a long string": partial_of(lambda size: '{"a": "' + "x" * size * 4),
    "escapes": partial_of(lambda size: '{"a": "' + "\\u00e9" * size),
    "many members": partial_of(lambda size: "{" + ",".join(f'"{n}":{n}' for n in range(size))),
    "deep and out again": partial_of(lambda size: '{"a":[' + "[[[[]]]]," * (size // 2)),
    "blanks": partial_of(lambda size: '{"a":' + " \n" * size * 2),
    "text before": partial_of(lambda size: "Certainly! " * size),
    "numbers": partial_of(lambda size: '{"a":[' + "1.5e3," * size),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_four_times_as_much_takes_about_four_times_as_long(shape: str) -> None:
    small, large = SHAPES[shape](3_000), SHAPES[shape](12_000)
    small()
    # In pairs, so that a machine that is busy for a while is so for both; the best pair counts.
    ratios: list[float] = []
    for _ in range(5):
        started = time.process_time()
        small()
        middle = time.process_time()
        large()
        ratios.append((time.process_time() - middle) / max(middle - started, 1e-4))
    assert min(ratios) < 8, ratios  # 16 if it were quadratic
