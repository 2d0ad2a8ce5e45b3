"""What every codec does with the replies of its service, and with what servers make of them.

The replies are written by the modules of `wires/`, so that one test holds for all protocols.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirascope_nb import llm

USAGE = llm.Usage(input_tokens=20, output_tokens=9, cache_read_tokens=4, reasoning_tokens=3)

TEXT = [llm.Text(text="4200 + 42 = 4242: naïve, but right. 🦊")]
CALLS = [
    llm.ToolCall(id="call_a", name="look_up", args='{"word":"frog"}'),
    llm.ToolCall(id="call_b", name="look_up", args='{"word":"toad"}'),
]
ALL = [llm.Thought(thought="I wonder.\nI look it up."), *TEXT, *CALLS]

Write = Callable[[Any], bytes]


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return f"{word}: an amphibian"


@llm.tool
def stand_still() -> str:
    """Do nothing."""
    return "nothing done"


def plain(usage: llm.Usage | None) -> llm.Usage | None:
    """Usage without the provider's own record."""
    if usage is not None:
        usage.raw = None
    return usage


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=12)
replies = st.lists(
    st.one_of(
        words.map(lambda text: llm.Text(text=text)),
        words.map(lambda text: llm.Thought(thought=text)),
        st.sampled_from(CALLS),
    ),
    max_size=5,
    unique_by=lambda part: part.id if isinstance(part, llm.ToolCall) else id(part),
)


@pytest.mark.parametrize("content", [[], TEXT, CALLS[:1], CALLS, ALL], ids=str)
@pytest.mark.parametrize("usage", [None, USAGE], ids=["no usage", "usage"])
def test_a_whole_reply_is_decoded(wire: Any, server: Any, content: Any, usage: Any) -> None:
    server.whole(wire.whole(content, usage=usage))
    response = server.called(wire)
    assert response.content == wire.arrange(content)
    assert response.finish_reason is None
    assert plain(response.usage) == usage


@pytest.mark.parametrize("content", [[], TEXT, CALLS[:1], CALLS, ALL], ids=str)
@pytest.mark.parametrize("usage", [None, USAGE], ids=["no usage", "usage"])
def test_a_stream_is_decoded(wire: Any, server: Any, sse: Write, content: Any, usage: Any) -> None:
    server.stream(sse(wire.events(content, usage=usage)))
    stream = server.finished(wire)
    assert stream.content == wire.arrange(content)
    assert stream.consumed
    assert stream.finish_reason is None
    assert plain(stream.usage) == usage


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=replies, places=st.lists(st.integers(min_value=0), max_size=20))
def test_a_stream_comes_to_the_same_as_a_whole_reply_however_it_is_cut(  # noqa: PLR0917, fixtures
    wire: Any, server: Any, sse: Write, cut: Any, content: Any, places: list[int]
) -> None:
    content = wire.arrange(content)
    server.whole(wire.whole(content, usage=USAGE))
    response = server.called(wire)
    server.stream(*cut(sse(wire.events(content, usage=USAGE)), places))
    stream = server.finished(wire)
    assert stream.content == response.content == content
    assert stream.finish_reason == response.finish_reason
    assert plain(stream.usage) == plain(response.usage)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_is_the_same_byte_by_byte(
    wire: Any, server: Any, sse: Write, line_end: bytes
) -> None:
    whole = sse(wire.events(ALL, usage=USAGE)).replace(b"\n", line_end)
    server.stream(*(whole[index : index + 1] for index in range(len(whole))))
    stream = server.finished(wire)
    assert stream.content == wire.arrange(ALL)


def test_each_delta_of_the_wire_is_one_chunk(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(TEXT)))
    stream = server.finished(wire)
    text = TEXT[0].text
    deltas = [text[start : start + 3] for start in range(0, len(text), 3)]
    assert stream.chunks == [
        llm.TextStartChunk(),
        *(llm.TextChunk(delta=delta) for delta in deltas),
        llm.TextEndChunk(),
    ]


def test_thoughts_are_dropped_unless_they_are_wanted(wire: Any, server: Any, sse: Write) -> None:
    model = server.model(wire)
    server.whole(wire.whole(ALL))
    assert model.call("Hello.").thoughts == []
    server.stream(sse(wire.events(ALL)))
    stream = model.stream("Hello.")
    stream.finish()
    assert stream.thoughts == []
    assert stream.content == [part for part in wire.arrange(ALL) if part.type != "thought"]


@pytest.mark.parametrize("finish", list(llm.FinishReason))
def test_why_a_reply_ended_is_told_alike(
    wire: Any, server: Any, sse: Write, finish: llm.FinishReason
) -> None:
    if finish.value not in FINISHES | getattr(wire, "FINISHES", set[str]()):
        return
    server.whole(wire.whole(TEXT, finish.value))
    response = server.called(wire)
    server.stream(sse(wire.events(TEXT, finish.value)))
    stream = server.finished(wire)
    assert response.finish_reason is stream.finish_reason is finish
    assert response.content == stream.content == TEXT


FINISHES = {"max_tokens", "refusal"}


def test_a_conversation_goes_on_after_parallel_tools(wire: Any, server: Any) -> None:
    server.whole(wire.whole(CALLS))
    server.whole(wire.whole(TEXT))
    first = server.called(wire, tools=[look_up])
    second = first.resume(first.execute_tools())
    assert second.content == TEXT
    sent = str(server.bodies[1])
    for call in CALLS:
        assert call.id in sent
    assert "frog: an amphibian" in sent
    assert "toad: an amphibian" in sent


def test_a_streamed_conversation_goes_on_as_an_unstreamed_one(
    wire: Any, server: Any, sse: Write
) -> None:
    server.whole(wire.whole(CALLS))
    server.whole(wire.whole(TEXT))
    server.whole(wire.whole(TEXT))
    first = server.called(wire, tools=[look_up])
    first.resume(first.execute_tools()).resume("Thanks.")
    server.stream(sse(wire.events(CALLS)))
    server.stream(sse(wire.events(TEXT)))
    server.stream(sse(wire.events(TEXT)))
    stream = server.streamed(wire, tools=[look_up])
    stream.resume(stream.execute_tools()).resume("Thanks.").finish()
    unstreamed, last = server.bodies[2], server.bodies[5]
    without = getattr(wire, "STREAM_MEMBERS", {"stream", "stream_options"})
    joined = getattr(wire, "joined", dict[str, Any])
    assert unnulled(joined({name: last[name] for name in last if name not in without})) == unnulled(
        unstreamed
    )


def unnulled(value: Any) -> Any:
    """A JSON value without nulls in objects."""
    match value:
        case dict():
            members: dict[str, Any] = {**value}
            return {name: unnulled(each) for name, each in members.items() if each is not None}
        case list():
            items: list[Any] = [*value]
            return [unnulled(each) for each in items]
        case _:
            return value


def test_a_tool_without_arguments_gets_an_empty_object(wire: Any, server: Any, sse: Write) -> None:
    for args in ("", "{}"):
        call = llm.ToolCall(id="call_a", name="stand_still", args=args)
        server.whole(wire.whole([call]))
        server.stream(sse(wire.events([call])))
        for reply in (
            server.called(wire, tools=[stand_still]),
            server.finished(wire, tools=[stand_still]),
        ):
            assert reply.tool_calls[0].args == "{}"
            assert reply.execute_tools()[0].output == "nothing done"


@pytest.mark.parametrize("ids", [["", ""], ["same", "same"]], ids=["empty", "duplicate"])
def test_calls_have_ids_of_their_own(wire: Any, server: Any, sse: Write, ids: list[str]) -> None:
    calls = [
        llm.ToolCall(id=id, name=call.name, args=call.args)
        for id, call in zip(ids, CALLS, strict=True)
    ]
    server.whole(wire.whole(calls))
    server.stream(sse(wire.events(calls)))
    for reply in (
        server.called(wire, tools=[look_up]),
        server.finished(wire, tools=[look_up]),
    ):
        assert [call.args for call in reply.tool_calls] == [
            call.args for call in wire.arrange(CALLS)
        ]
        found = [call.id for call in reply.tool_calls]
        if not any(ids) and hasattr(wire, "UNKNOWN_ID"):  # calls pair up by their order
            assert found == [wire.UNKNOWN_ID] * 2
            continue
        assert len(set(found)) == 2
        assert all(found)
        server.whole(wire.whole(TEXT))
        server.model(wire).call([*reply.messages, llm.messages.user(reply.execute_tools())])
        for id in found:
            assert str(server.bodies[-1]).count(repr(id)) >= 2, "the call and its output pair up"


def test_arguments_that_are_cut_off_run_nothing(wire: Any, server: Any, sse: Write) -> None:
    if getattr(wire, "CALLS_ARE_WHOLE", False):
        return
    cut_off = llm.ToolCall(id="call_a", name="look_up", args='{"word": "fr')
    server.stream(sse(wire.events([cut_off], "max_tokens")))
    stream = server.finished(wire, tools=[look_up])
    assert stream.tool_calls == [cut_off]
    assert stream.finish_reason is llm.FinishReason.MAX_TOKENS
    assert stream.execute_tools()[0].error is not None
