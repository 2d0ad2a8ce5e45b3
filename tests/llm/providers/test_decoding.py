"""Blocks in order, ids of calls, counts of tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb import llm
from mirascope_nb.llm.accumulate import Accumulator
from mirascope_nb.llm.chunks import StreamResponseChunk
from mirascope_nb.llm.providers.decoding import (
    Block,
    Blocks,
    CallIds,
    UsageMeter,
    arguments_text,
    count,
    is_whole_object,
)

KINDS = ["text", "thought", "call"]


def begin(blocks: Blocks, kind: str, number: int, chunks: list[StreamResponseChunk]) -> Block:
    match kind:
        case "text":
            pair = llm.TextStartChunk(), llm.TextEndChunk()
        case "thought":
            pair = llm.ThoughtStartChunk(), llm.ThoughtEndChunk()
        case _:
            id = f"call_{number}"
            pair = llm.ToolCallStartChunk(id=id, name="f"), llm.ToolCallEndChunk(id=id)
    return blocks.begin(*pair, chunks, alone=kind != "call")


def delta(kind: str, number: int, text: str) -> StreamResponseChunk:
    match kind:
        case "text":
            return llm.TextChunk(delta=text)
        case "thought":
            return llm.ThoughtChunk(delta=text)
        case _:
            return llm.ToolCallChunk(id=f"call_{number}", delta=text)


@given(
    kinds=st.lists(st.sampled_from(KINDS), max_size=6),
    script=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["more", "end"])), max_size=40),
)
def test_blocks_that_overlap_come_out_in_order(
    kinds: list[str], script: list[tuple[int, str]]
) -> None:
    blocks, chunks = Blocks(), list[StreamResponseChunk]()
    open_blocks = [begin(blocks, kind, number, chunks) for number, kind in enumerate(kinds)]
    for step, (number, what) in enumerate(script):
        if number >= len(kinds) or open_blocks[number].ended:
            continue
        if what == "end":
            blocks.end(open_blocks[number], chunks)
        else:
            blocks.add(open_blocks[number], delta(kinds[number], number, f"{step} "), chunks)
    blocks.end_all(chunks)
    reply = Accumulator()
    for chunk in chunks:
        reply.add(chunk)
    expected = ["".join(told(script, number)) for number in range(len(kinds))]
    found = {
        "text": [part.text for part in reply.texts],
        "thought": [part.thought for part in reply.thoughts],
        "call": sorted((call.id, call.args) for call in reply.tool_calls),
    }
    for kind in ("text", "thought"):
        assert found[kind] == [expected[n] for n, each in enumerate(kinds) if each == kind]
    assert found["call"] == [
        (f"call_{n}", expected[n] or "{}") for n, kind in enumerate(kinds) if kind == "call"
    ]


def told(script: list[tuple[int, str]], number: int) -> list[str]:
    """The deltas of a block until its end."""
    deltas: list[str] = []
    for step, (each, what) in enumerate(script):
        if each == number:
            if what == "end":
                break
            deltas.append(f"{step} ")
    return deltas


def test_the_first_block_passes_at_once() -> None:
    blocks, chunks = Blocks(), list[StreamResponseChunk]()
    text = begin(blocks, "text", 0, chunks)
    blocks.add(text, llm.TextChunk(delta="a"), chunks)
    assert chunks == [llm.TextStartChunk(), llm.TextChunk(delta="a")]


def test_calls_pass_beside_one_another_and_a_text_waits() -> None:
    blocks, chunks = Blocks(), list[StreamResponseChunk]()
    first = begin(blocks, "call", 0, chunks)
    second = begin(blocks, "call", 1, chunks)
    begin(blocks, "text", 2, chunks)
    assert len(chunks) == 2
    blocks.end(second, chunks)
    blocks.end(first, chunks)
    assert chunks[2:] == [
        llm.ToolCallEndChunk(id="call_1"),
        llm.ToolCallEndChunk(id="call_0"),
        llm.TextStartChunk(),
    ]


@given(st.lists(st.sampled_from(["", None, "a", "a_2", "call_0", "call_1", 7]), max_size=12))
def test_ids_are_unique(wanted: list[object]) -> None:
    ids = CallIds()
    found = [ids.unique(each) for each in wanted]
    assert len(set(found)) == len(found)
    assert all(found)


def test_an_id_that_is_good_is_kept() -> None:
    assert CallIds().unique("call_x") == "call_x"


def test_usage_so_far_is_told_once() -> None:
    meter = UsageMeter()
    told = [
        meter.news(llm.Usage(input_tokens=5, output_tokens=count)).output_tokens
        for count in (1, 3, 3, 8)
    ]
    assert told == [1, 2, 0, 5]


def test_arguments_as_text() -> None:
    assert arguments_text('{"a":1}') == '{"a":1}'
    assert arguments_text({"a": 1}) == '{"a":1}'
    assert arguments_text(None) == ""
    assert arguments_text([1]) == ""


def test_what_is_a_whole_object() -> None:
    assert is_whole_object('{"a": {"b": "}"}} ')
    assert not is_whole_object('{"a": {"b": "}"')
    assert not is_whole_object('{"a": {}')
    assert not is_whole_object("")
    assert not is_whole_object("12")


@pytest.mark.parametrize("told", [-1, True, None, "7", 2.5, [7], -(2**70)])
def test_what_is_no_number_of_tokens_is_none(told: object) -> None:
    assert count(told) == 0


def test_a_number_of_tokens_is_taken_as_it_is() -> None:
    assert (count(0), count(7), count(2**70)) == (0, 7, 2**70)
