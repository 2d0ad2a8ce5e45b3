import json
import sys
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from mirascope_nb.llm.formatting.partial_json import MISSING, PartialJSON

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda each: st.lists(each, max_size=4) | st.dictionaries(TEXT, each, max_size=4),
    max_leaves=25,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)

# Pieces that JSON is made of and breaks at, so that most texts go wrong late, not at once.
GARBAGE = st.lists(
    st.sampled_from(
        [
            *'{}[]",:-+.eE0123456789 \n\\/u\x00éx',
            '"a"', '{"a":', '"b":', '"', ",", "true", "false", "null", "NaN", "Infinity",
            "-Infinity", "\\u00e9", "\\ud83d", "\\ude00", "\\n", "😀", "1.5e3",
        ]
    )
).map(lambda pieces: '{"a":' + "".join(pieces))  # fmt: skip


def expected(text: str) -> Any:
    """What the reference implementation makes of a text."""
    start = text.find("{")
    if start < 0:
        return MISSING
    try:
        return from_json(text[start:], allow_partial="trailing-strings")
    except ValueError:
        return MISSING


def parsed(text: str) -> Any:
    parser = PartialJSON()
    parser.feed(text)
    return parser.value


def assert_equal_at_every_prefix(text: str) -> None:
    read_often, read_never = PartialJSON(), PartialJSON()
    for end, character in enumerate(text, start=1):
        read_often.feed(character)
        read_never.feed(character)
        # By `repr`, which tells 1 from 1.0 and True, and finds NaN equal to itself.
        assert repr(read_often.value) == repr(expected(text[:end])), text[:end]
    assert repr(read_never.value) == repr(expected(text))


@settings(deadline=None, max_examples=50)
@given(
    OBJECTS,
    st.fixed_dictionaries({"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 1])}),
)
def test_json_is_read_as_pydantic_reads_it_at_every_prefix(
    value: dict[str, Any], layout: dict[str, Any]
) -> None:
    assert_equal_at_every_prefix(json.dumps(value, **layout))


@settings(deadline=None)
@given(GARBAGE)
@example('{"a": 1 2, "b": 3}')
@example('{"a": [1 2], "b": 3}')
@example('{"a": [{"b": 1 ], "c": 3}')
@example('{"a": 1, "b": 2, "a": {"c')
@example('{"a": 1, "a": 2.}')
@example('{"a": [1, 2.]}')
@example('{"a": 1,}')
@example('{"a": [1,]}')
@example('{"a": 01}')
@example('{"a": 1-2, "b": 1}')
@example('{"a": 1.5.2, "b": 1}')
@example('{"a": truex, "b": 1}')
@example('{"a": trux}')
@example('{"a": -0, "b": -0.0, "c": 1e400, "d": -Inf')
@example('{"a": "\\ud83d\\ude00", "b": "\\ude00"}')
@example('{"a": "\\ud83dx"}')
@example('{"a": "\\ud83d\\u0041"}')
@example('{"a": "\\u00é"}')
@example('{"a": "\\u0😀"}')
@example('{"\\u0061": 1}')
@example('{"a": "\n"}')
@example("{a: 1}")
@example('{"a" 1}')
def test_garbage_is_read_as_pydantic_reads_it_at_every_prefix(text: str) -> None:
    assert_equal_at_every_prefix(text)


@settings(deadline=None)
@given(OBJECTS.map(json.dumps) | GARBAGE, st.data())
def test_any_cut_of_a_text_gives_the_same_value(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text))).map(sorted))
    parser = PartialJSON()
    for start, end in pairwise([0, *cuts, len(text)]):
        parser.feed(text[start:end])
        if data.draw(st.booleans()):
            assert repr(parser.value) == repr(expected(text[:end]))
    assert repr(parser.value) == repr(expected(text))


@settings(deadline=None)
@given(st.text())
def test_no_text_raises(text: str) -> None:
    for prefix in ("", '{"a":"', '{"a":', "{"):
        parser = PartialJSON()
        for character in prefix + text:
            parser.feed(character)
            _ = parser.value


def test_half_of_a_surrogate_pair_leaves_no_value() -> None:
    assert parsed('{"a": "x\ud800') is MISSING


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("inside", ["", "1", '"x', "t", "[]"])
@pytest.mark.parametrize("depth", [198, 199, 200, 201])
def test_depth_is_limited_as_by_pydantic(opening: str, inside: str, depth: int) -> None:
    text = '{"a":' + opening * depth + inside
    assert repr(parsed(text)) == repr(expected(text))


def test_depth_takes_no_recursion() -> None:
    assert parsed('{"a":' + "[" * 100_000) is MISSING


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("after", ["", ",", ".5", "e1", ".", "x"])
@pytest.mark.parametrize("digits", [640, 4_299, 4_300, 4_301, 9_000])
def test_integers_are_limited_as_by_pydantic(sign: str, after: str, digits: int) -> None:
    text = f'{{"a": {sign}{"1" * digits}{after}'
    # As `str`, long integers are refused, too.
    assert parsed(text) == expected(text)


def test_a_lower_limit_of_the_interpreter_is_no_error() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert parsed(f'{{"a": {"1" * 641}') == {}
        assert parsed(f'{{"a": {"1" * 641},') is MISSING
    finally:
        sys.set_int_max_str_digits(limit)


def test_a_number_without_end_is_none() -> None:
    assert parsed('{"a": 0.' + "1" * 100_000) is MISSING


def test_text_before_and_after_the_object_is_passed_over() -> None:
    parser = PartialJSON()
    parser.feed("Sure: ```json\n")
    assert parser.value is MISSING
    assert not parser.is_complete
    parser.feed('{"a": 1')
    assert parser.value == {"a": 1}
    assert not parser.is_complete
    parser.feed('}\n``` {"b": "')
    assert parser.value == {"a": 1}
    assert parser.is_complete


def test_missing_is_false_and_not_none() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"


def test_what_is_no_json_is_over() -> None:
    parser = PartialJSON()
    parser.feed("{x")
    assert parser.value is MISSING
    assert parser.is_complete
    parser.feed('{"a": 1}')
    assert parser.value is MISSING


def test_the_value_is_one_object_that_grows() -> None:
    parser = PartialJSON()
    parser.feed('{"a": [')
    value = parser.value
    parser.feed("1, 2]")
    assert parser.value is value
    assert value == {"a": [1, 2]}


def test_a_member_named_twice_is_noticed() -> None:
    parser = PartialJSON()
    parser.feed('{"a": 1')
    _ = parser.value
    parser.feed('2, "b": {"a": 1}')
    assert not parser.has_repeats
    parser.feed(', "a": ')
    assert not parser.has_repeats
    parser.feed("3")
    assert parser.value == {"a": 3, "b": {"a": 1}}
    assert parser.has_repeats


def seconds(deltas: list[str]) -> float:
    """Processor time to feed a stream and read the value after each piece; the best of three."""
    times: list[float] = []
    for _ in range(3):
        parser = PartialJSON()
        start = time.process_time()
        for delta in deltas:
            parser.feed(delta)
            _ = parser.value
        times.append(time.process_time() - start)
    return min(times)


def records(count: int) -> str:
    return json.dumps([{"title": f"Number {n}", "pages": n, "tags": ["a"]} for n in range(count)])


@pytest.mark.parametrize(
    "body",
    [records(4_000), json.dumps("lorem ipsum\n" * 12_000), json.dumps(list(range(20_000)))],
    ids=["records", "text", "numbers"],
)
def test_a_stream_takes_time_in_proportion_to_its_length(body: str) -> None:
    deltas = [body[start : start + 4] for start in range(0, len(body), 4)]
    short, long = (['{"a":', *deltas[:count]] for count in (4_000, 16_000))
    assert seconds(short) < 0.15
    # Four times as much. A parser that starts over takes sixteen times as long.
    assert seconds(long) < 8 * seconds(short)
