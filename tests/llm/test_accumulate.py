"""Chunks to a reply: what may come when, and what it makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirascope_nb import llm
from mirascope_nb.llm.accumulate import Accumulator
from mirascope_nb.llm.chunks import Batch
from mirascope_nb.llm.responses import FinishReasonChunk, RawStreamEventChunk

FORMAT_TOOL = "__mirascope_formatted_output_tool__"

TEXT = [
    llm.TextStartChunk(),
    llm.TextChunk(delta="a"),
    llm.TextChunk(delta="b"),
    llm.TextEndChunk(),
]
THOUGHT = [llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="h"), llm.ThoughtEndChunk()]


def tool(id: str = "1", name: str = "f", *deltas: str) -> list[Any]:
    return [
        llm.ToolCallStartChunk(id=id, name=name),
        *(llm.ToolCallChunk(id=id, delta=delta) for delta in deltas),
        llm.ToolCallEndChunk(id=id),
    ]


def accumulated(*chunks: Any) -> Accumulator:
    reply = Accumulator()
    for chunk in chunks:
        reply.add(chunk)
    return reply


def test_parts_in_order() -> None:
    reply = accumulated(*THOUGHT, *TEXT, *tool("1", "f", '{"a"', ":1}"), *TEXT)
    assert reply.content == [
        llm.Thought(thought="h"),
        llm.Text(text="ab"),
        llm.ToolCall(id="1", name="f", args='{"a":1}'),
        llm.Text(text="ab"),
    ]
    assert reply.texts == [llm.Text(text="ab")] * 2
    assert reply.thoughts == [llm.Thought(thought="h")]
    assert [call.id for call in reply.tool_calls] == ["1"]


def test_a_text_is_there_from_its_start_and_a_call_from_its_end() -> None:
    reply = accumulated(llm.TextStartChunk())
    assert reply.content == [llm.Text(text="")]
    reply.add(llm.TextChunk(delta="a"))
    assert reply.content == [llm.Text(text="a")]
    assert reply.texts[0].text == "a"
    reply.add(llm.TextEndChunk())
    reply.add(llm.ToolCallStartChunk(id="1", name="f"))
    reply.add(llm.ToolCallChunk(id="1", delta="{}"))
    assert reply.tool_calls == []
    assert len(reply.content) == 1
    reply.add(llm.ToolCallEndChunk(id="1"))
    assert len(reply.tool_calls) == len(reply.content) - 1 == 1


def test_a_part_under_growth_is_like_any_other() -> None:
    reply = accumulated(llm.ThoughtStartChunk(), llm.ThoughtChunk(delta="h"))
    thought = reply.thoughts[0]
    assert thought == llm.Thought(thought="h")
    assert thought != llm.Thought(thought="")
    assert repr(thought) == "Thought(type='thought', thought='h')"
    reply = accumulated(llm.TextStartChunk(), llm.TextChunk(delta="t"))
    assert repr(reply.texts[0]) == "Text(type='text', text='t')"
    assert reply.texts[0] != llm.Text(text="x")
    assert isinstance(reply.texts[0], llm.Text)


def test_finished_parts_are_ordinary_ones() -> None:
    reply = accumulated(*TEXT, *THOUGHT)
    assert [type(part) for part in reply.content] == [llm.Text, llm.Thought]
    assert reply.content[0] is reply.texts[0]
    assert reply.content[1] is reply.thoughts[0]


def test_lists_keep_their_identity() -> None:
    reply = Accumulator()
    lists = [reply.chunks, reply.content, reply.texts, reply.thoughts, reply.tool_calls]
    for chunk in [*THOUGHT, *TEXT, *tool()]:
        reply.add(chunk)
    now = [reply.chunks, reply.content, reply.texts, reply.thoughts, reply.tool_calls]
    assert all(one is other for one, other in zip(lists, now, strict=True))


@pytest.mark.parametrize("blank", [[], [""], [" ", "\n"]], ids=repr)
def test_blank_arguments_are_an_empty_object(blank: list[str]) -> None:
    assert accumulated(*tool("1", "f", *blank)).tool_calls[0].args == "{}"


def test_calls_may_interleave_by_id() -> None:
    one, two = tool("1", "f", "[1", "]"), tool("2", "g", "[2", "]")
    reply = accumulated(*(chunk for pair in zip(one, two, strict=True) for chunk in pair))
    assert [(call.id, call.args) for call in reply.tool_calls] == [("1", "[1]"), ("2", "[2]")]


def test_an_id_may_be_used_again_once_its_call_is_over() -> None:
    assert len(accumulated(*tool("1"), *tool("1")).tool_calls) == 2


RULES = [
    ([TEXT[0], TEXT[0]], "Received text_start_chunk while processing another chunk"),
    ([THOUGHT[0], TEXT[0]], "Received text_start_chunk while processing another chunk"),
    ([tool()[0], TEXT[0]], "Received text_start_chunk while processing another chunk"),
    (
        [llm.ToolCallStartChunk(id="1", name=FORMAT_TOOL), TEXT[0]],
        "Received text_start_chunk while processing another chunk",
    ),
    ([TEXT[0], THOUGHT[0]], "Received thought_start_chunk while processing another chunk"),
    ([THOUGHT[0], THOUGHT[0]], "Received thought_start_chunk while processing another chunk"),
    ([tool()[0], THOUGHT[0]], "Received thought_start_chunk while processing another chunk"),
    ([TEXT[0], tool()[0]], "Received tool_call_start_chunk while processing another chunk"),
    ([THOUGHT[0], tool()[0]], "Received tool_call_start_chunk while processing another chunk"),
    ([TEXT[1]], "Received text_chunk while not processing text."),
    ([TEXT[3]], "Received text_end_chunk while not processing text."),
    ([*TEXT, TEXT[1]], "Received text_chunk while not processing text."),
    ([THOUGHT[0], TEXT[1]], "Received text_chunk while not processing text."),
    ([THOUGHT[1]], "Received thought_chunk while not processing thought."),
    ([THOUGHT[2]], "Received thought_end_chunk while not processing thought."),
    ([tool()[0], tool()[0]], "Got tool_call_start_chunk with conflicting id: 1"),
    (
        [llm.ToolCallChunk(id="9", delta="")],
        "Received tool_call_chunk for unknown tool call ID: 9",
    ),
    (
        [llm.ToolCallEndChunk(id="9")],
        "Received tool_call_end_chunk for unknown tool call ID: 9",
    ),
    (
        [*tool("1"), llm.ToolCallChunk(id="1", delta="")],
        "Received tool_call_chunk for unknown tool call ID: 1",
    ),
]


@pytest.mark.parametrize(("chunks", "message"), RULES)
def test_chunks_out_of_order(chunks: list[Any], message: str) -> None:
    reply = accumulated(*chunks[:-1])
    with pytest.raises(RuntimeError) as caught:
        reply.add(chunks[-1])
    assert str(caught.value) == message
    assert len(reply.chunks) == len(chunks) - 1


@pytest.mark.parametrize("chunk", [TEXT[0], THOUGHT[0], *tool("1")], ids=str)
def test_no_content_after_a_finish_reason(chunk: Any) -> None:
    reply = accumulated(*TEXT, FinishReasonChunk(finish_reason=llm.FinishReason.MAX_TOKENS))
    with pytest.raises(RuntimeError, match="Stream already finished with reason: "):
        reply.add(chunk)
    assert reply.content == [llm.Text(text="ab")]
    assert reply.finish_reason is llm.FinishReason.MAX_TOKENS


def test_usage_may_come_after_a_finish_reason() -> None:
    reply = accumulated(FinishReasonChunk(finish_reason=llm.FinishReason.REFUSAL))
    assert reply.usage is None
    reply.add(llm.UsageDeltaChunk(input_tokens=3, raw={"prompt": 3}))
    reply.add(llm.UsageDeltaChunk(input_tokens=2, output_tokens=5, cache_read_tokens=1))
    searches = [llm.ProviderToolUsage(name="web_search", call_count=1)]
    reply.add(llm.UsageDeltaChunk(reasoning_tokens=4, provider_tool_usage=searches))
    assert reply.usage == llm.Usage(
        input_tokens=5,
        output_tokens=5,
        cache_read_tokens=1,
        reasoning_tokens=4,
        provider_tool_usage=searches,
        raw={"prompt": 3},
    )


def test_what_is_not_content_makes_no_chunk() -> None:
    reply = Accumulator()
    for chunk in (
        RawStreamEventChunk(raw_stream_event={"n": 1}),
        llm.RawMessageChunk(raw_message={"role": "assistant"}),
        llm.UsageDeltaChunk(),
        FinishReasonChunk(finish_reason=llm.FinishReason.REFUSAL),
    ):
        assert reply.add(chunk) is None
    assert reply.chunks == []
    assert reply.raw_stream_events == [{"n": 1}]
    assert reply.raw_message == {"role": "assistant"}


def test_an_event_is_there_once_its_first_chunk_was_taken() -> None:
    reply = Accumulator()
    batch = Batch([*TEXT, llm.UsageDeltaChunk()])
    batch.events = [(0, b"[1]"), (1, b"[2]"), (1, b"[3]"), (3, b"[4]"), (5, b"no JSON")]
    reply.receive(Batch())
    reply.receive(batch)
    assert reply.raw_stream_events == []
    seen: list[int] = []
    for number, _ in enumerate(reply.arrived(0)):
        assert len(reply.chunks) == number + 1
        seen.append(len(reply.raw_stream_events))
    assert seen == [1, 3, 3, 4]
    later = Batch()
    later.events = [(5, b"[5]")]
    reply.receive(later)
    assert reply.raw_stream_events == [[1], [2], [3], [4], [5]]


def test_what_follows_a_chunk_out_of_order_is_forgotten() -> None:
    reply = Accumulator()
    reply.receive(Batch([llm.TextStartChunk(), llm.ThoughtChunk(delta="x"), *TEXT]))
    with pytest.raises(RuntimeError, match="thought_chunk"):
        list(reply.arrived(0))
    assert list(reply.arrived(0)) == [llm.TextStartChunk()]


def test_a_call_of_the_format_tool_is_a_text() -> None:
    reply = accumulated(*tool("1", FORMAT_TOOL, '{"a"', ":1}"))
    assert reply.chunks == [
        llm.TextStartChunk(),
        llm.TextChunk(delta='{"a"'),
        llm.TextChunk(delta=":1}"),
        llm.TextEndChunk(),
    ]
    assert reply.content == reply.texts == [llm.Text(text='{"a":1}')]
    assert reply.tool_calls == []


def test_two_calls_of_the_format_tool_do_not_mix() -> None:
    one, two = tool("1", FORMAT_TOOL, "[1", "]"), tool("2", FORMAT_TOOL, "[2", "]")
    reply = accumulated(*(chunk for pair in zip(one, two, strict=True) for chunk in pair))
    assert reply.texts == [llm.Text(text="[1]"), llm.Text(text="[2]")]


def test_the_format_tool_beside_another() -> None:
    one, two = tool("1", FORMAT_TOOL, "[1", "]"), tool("2", "f", "[2", "]")
    reply = accumulated(*(chunk for pair in zip(one, two, strict=True) for chunk in pair))
    assert reply.texts == [llm.Text(text="[1]")]
    assert [call.args for call in reply.tool_calls] == ["[2]"]


@given(st.lists(st.text(max_size=5), max_size=30))
def test_a_text_is_its_deltas_whenever_it_is_read(deltas: list[str]) -> None:
    reply = accumulated(llm.TextStartChunk())
    for number, delta in enumerate(deltas):
        reply.add(llm.TextChunk(delta=delta))
        if number % 3 == 0:
            assert reply.texts[0].text == "".join(deltas[: number + 1])
    reply.add(llm.TextEndChunk())
    assert reply.texts[0].text == "".join(deltas)
