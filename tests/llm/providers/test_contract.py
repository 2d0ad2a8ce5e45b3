"""What every codec does with the replies of its service, and with what servers make of them.

The replies are written by the modules of `wires/`, so that one test holds for all protocols.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from mirascope_nb import llm
from mirascope_nb.llm.accumulate import Accumulator
from mirascope_nb.llm.sse import Event

THINKING: Any = {"level": "medium", "include_thoughts": True}
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


def called(server: Any, wire: Any, **asked: Any) -> Any:
    return server.model(wire, thinking=THINKING).call("Hello.", **asked)


def streamed(server: Any, wire: Any, **asked: Any) -> Any:
    return server.model(wire, thinking=THINKING).stream("Hello.", **asked)


def finished(server: Any, wire: Any, **asked: Any) -> Any:
    stream = streamed(server, wire, **asked)
    stream.finish()
    return stream


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
    response = called(server, wire)
    assert response.content == wire.arrange(content)
    assert response.finish_reason is None
    assert plain(response.usage) == usage


@pytest.mark.parametrize("content", [[], TEXT, CALLS[:1], CALLS, ALL], ids=str)
@pytest.mark.parametrize("usage", [None, USAGE], ids=["no usage", "usage"])
def test_a_stream_is_decoded(wire: Any, server: Any, sse: Write, content: Any, usage: Any) -> None:
    server.stream(sse(wire.events(content, usage=usage)))
    stream = finished(server, wire)
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
    response = called(server, wire)
    server.stream(*cut(sse(wire.events(content, usage=USAGE)), places))
    stream = finished(server, wire)
    assert stream.content == response.content == content
    assert stream.finish_reason == response.finish_reason
    assert plain(stream.usage) == plain(response.usage)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_a_stream_is_the_same_byte_by_byte(
    wire: Any, server: Any, sse: Write, line_end: bytes
) -> None:
    whole = sse(wire.events(ALL, usage=USAGE)).replace(b"\n", line_end)
    server.stream(*(whole[index : index + 1] for index in range(len(whole))))
    stream = finished(server, wire)
    assert stream.content == wire.arrange(ALL)


def test_each_delta_of_the_wire_is_one_chunk(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(TEXT)))
    stream = finished(server, wire)
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
    response = called(server, wire)
    server.stream(sse(wire.events(TEXT, finish.value)))
    stream = finished(server, wire)
    assert response.finish_reason is stream.finish_reason is finish
    assert response.content == stream.content == TEXT


FINISHES = {"max_tokens", "refusal"}


def test_a_conversation_goes_on_after_parallel_tools(wire: Any, server: Any) -> None:
    server.whole(wire.whole(CALLS))
    server.whole(wire.whole(TEXT))
    first = called(server, wire, tools=[look_up])
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
    first = called(server, wire, tools=[look_up])
    first.resume(first.execute_tools()).resume("Thanks.")
    server.stream(sse(wire.events(CALLS)))
    server.stream(sse(wire.events(TEXT)))
    server.stream(sse(wire.events(TEXT)))
    stream = streamed(server, wire, tools=[look_up])
    stream.resume(stream.execute_tools()).resume("Thanks.").finish()
    unstreamed, last = server.bodies[2], server.bodies[5]
    without = getattr(wire, "STREAM_MEMBERS", {"stream", "stream_options"})
    joined = getattr(wire, "joined", dict[str, Any])
    assert unnulled(joined({name: last[name] for name in last if name not in without})) == unnulled(
        unstreamed
    )


def unnulled(value: Any) -> Any:
    """A JSON value without nulls in objects."""
    if isinstance(value, dict):
        return {name: unnulled(each) for name, each in inside(value) if each is not None}
    return [unnulled(each) for _, each in inside(value)] if isinstance(value, list) else value


def test_a_tool_without_arguments_gets_an_empty_object(wire: Any, server: Any, sse: Write) -> None:
    for args in ("", "{}"):
        call = llm.ToolCall(id="call_a", name="stand_still", args=args)
        server.whole(wire.whole([call]))
        server.stream(sse(wire.events([call])))
        for reply in (
            called(server, wire, tools=[stand_still]),
            finished(server, wire, tools=[stand_still]),
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
        called(server, wire, tools=[look_up]),
        finished(server, wire, tools=[look_up]),
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
    stream = finished(server, wire, tools=[look_up])
    assert stream.tool_calls == [cut_off]
    assert stream.finish_reason is llm.FinishReason.MAX_TOKENS
    assert stream.execute_tools()[0].error is not None


ERRORS = {
    400: llm.BadRequestError,
    401: llm.AuthenticationError,
    403: llm.PermissionError,
    404: llm.NotFoundError,
    409: llm.BadRequestError,
    422: llm.BadRequestError,
    429: llm.RateLimitError,
    500: llm.ServerError,
    503: llm.ServerError,
    529: llm.ServerError,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("ask", [called, streamed])
def test_a_bad_status_is_an_error_of_its_class(
    wire: Any, server: Any, ask: Any, status: int
) -> None:
    server.whole(wire.error(status, "This will not do."), status)
    with pytest.raises(ERRORS[status], match=r"This will not do\.") as caught:
        ask(server, wire)
    assert caught.value.status_code == status
    assert caught.value.provider == wire.PROVIDER


RED = "a\x1b[31mred\x1b[0m\u202e\x07:\n\t你好\u200c, 世界"


@pytest.mark.parametrize("ask", [called, streamed])
def test_an_error_acts_on_no_screen(wire: Any, server: Any, sse: Write, ask: Any) -> None:
    server.whole(wire.error(400, RED), 400)
    with pytest.raises(llm.BadRequestError) as caught:
        ask(server, wire)
    assert str(caught.value) == "ared:\n\t你好\u200c, 世界"
    server.stream(sse([wire.error_event(500, RED)]))
    with pytest.raises(llm.ServerError) as caught:
        finished(server, wire)
    assert str(caught.value) == "ared:\n\t你好\u200c, 世界"


SAID: dict[str, Any] = {"message": "This will not do."}
LESS: dict[str, Any] = {"message": "Less."}
WRAPPED: list[Any] = [
    {"error": {"error": SAID}},
    {"error": {"error": {"error": "This will not do."}}},
    {"success": False, "errors": [SAID], "result": None},
    {"errors": ["This will not do."]},
    [{"error": SAID}],
    [SAID],
    SAID | {"errors": [LESS]},
    {"error": SAID | {"error": LESS, "errors": [LESS]}},
]


@pytest.mark.parametrize("body", WRAPPED, ids=str)
@pytest.mark.parametrize("ask", [called, streamed])
def test_an_error_is_found_in_what_proxies_wrap_it_in(
    wire: Any, server: Any, ask: Any, body: Any
) -> None:
    server.whole(body, 400)
    with pytest.raises(llm.BadRequestError) as caught:
        ask(server, wire)
    assert str(caught.value) == "This will not do."


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("ask", [called, streamed])
def test_an_error_with_a_good_status_is_an_error_of_its_class(
    wire: Any, server: Any, ask: Any, status: int
) -> None:
    server.whole(wire.error(status, "This will not do."), 200)
    with pytest.raises(ERRORS[status], match=r"^This will not do\.$") as caught:
        ask(server, wire)
    assert caught.value.status_code == status


def test_a_whole_reply_to_a_stream_is_no_stream(wire: Any, server: Any) -> None:
    server.whole(wire.whole(TEXT))
    with pytest.raises(llm.ResponseValidationError, match="instead of an event stream"):
        streamed(server, wire)


@pytest.mark.parametrize("ask", [called, streamed])
def test_an_error_does_not_repeat_the_key(wire: Any, server: Any, key: str, ask: Any) -> None:
    server.whole(wire.error(401, f"Bad key {key}."), 401)
    with pytest.raises(llm.AuthenticationError) as caught:
        ask(server, wire)
    assert key not in repr(caught.value)
    assert "[redacted]" in str(caught.value)


def test_nothing_that_cannot_be_read_repeats_the_key(
    wire: Any, server: Any, sse: Write, key: str
) -> None:
    server.whole(f"no JSON, but {key}".encode())
    with pytest.raises(llm.ResponseValidationError) as caught:
        called(server, wire)
    assert key not in str(caught.value)
    server.stream(sse([("", f"no JSON, but {key}")]))
    with pytest.raises(llm.ResponseValidationError) as caught:
        finished(server, wire)
    assert key not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500])
def test_an_error_inside_a_stream_keeps_what_came_before(
    wire: Any, server: Any, sse: Write, status: int
) -> None:
    half = len(wire.events(TEXT)) // 2
    events = [*wire.events(TEXT)[:half], wire.error_event(status, "Enough.")]
    server.stream(sse(events))
    stream = streamed(server, wire)
    with pytest.raises(ERRORS[status], match=r"Enough\.") as caught:
        stream.finish()
    assert stream.text()
    assert TEXT[0].text.startswith(stream.text())
    assert not stream.consumed
    with pytest.raises(ERRORS[status]) as again:
        stream.finish()
    assert again.value is caught.value


def test_an_error_inside_a_stream_does_not_repeat_the_key(
    wire: Any, server: Any, sse: Write, key: str
) -> None:
    server.stream(sse([wire.error_event(500, f"Bad key {key}.")]))
    with pytest.raises(llm.ServerError) as caught:
        finished(server, wire)
    assert key not in str(caught.value)


def test_a_stream_without_its_last_event_is_no_success(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(TEXT)[:-1]))
    stream = streamed(server, wire)
    with pytest.raises(llm.ConnectionError):
        stream.finish()
    assert stream.text("") == TEXT[0].text
    assert not stream.consumed


def test_nothing_after_the_last_event_counts(wire: Any, server: Any, sse: Write) -> None:
    body = server.stream(sse(wire.events(TEXT)), b"data: what is this?\n\n")
    stream = finished(server, wire)
    assert stream.content == TEXT
    assert body.is_closed


def test_a_connection_that_breaks_keeps_what_came_before(
    wire: Any, server: Any, sse: Write
) -> None:
    half = sse(wire.events(TEXT)[:6])
    server.stream(half, failure=OSError("the wire was cut"))
    stream = streamed(server, wire)
    with pytest.raises(llm.ConnectionError):
        stream.finish()
    assert stream.text()


def test_what_is_unknown_is_kept_and_ignored(wire: Any, server: Any, sse: Write) -> None:
    unknown: Any = (
        "moon.phase",
        {"type": "moon.phase", "phase": 0.25, "choices": [], "error": None},
    )
    events = wire.events(TEXT)
    server.stream(sse([events[0], unknown, *events[1:]]))
    stream = finished(server, wire)
    assert stream.content == TEXT
    assert unknown[1] in stream.raw_stream_events
    server.whole(wire.whole(TEXT) | {"moon": {"phase": 0.25}})
    response = called(server, wire)
    assert response.content == TEXT
    assert response.raw["moon"] == {"phase": 0.25}


def test_keep_alives_are_passed_over(wire: Any, server: Any, sse: Write) -> None:
    events = sse(wire.events(TEXT)).split(b"\n\n")
    server.stream(b"\n\n: still here\n\n\n\ndata: \n\nid: 7\n\nretry: 10\n\n".join(events))
    assert finished(server, wire).content == TEXT


@pytest.mark.parametrize("ask", [called, finished])
def test_html_with_a_good_status_is_a_clear_error(wire: Any, server: Any, ask: Any) -> None:
    server.whole(b"<html>\n<script>alert(1)</script>Log in", content_type="text/html")
    with pytest.raises(llm.ResponseValidationError, match="<html>") as caught:
        ask(server, wire)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ask", [called, finished])
def test_html_with_a_bad_status_is_a_clear_error(wire: Any, server: Any, ask: Any) -> None:
    server.whole(b"<html>Bad gateway" + b"!" * 5_000, 502, "text/html")
    with pytest.raises(llm.ServerError, match=r"502.*<html>Bad gateway") as caught:
        ask(server, wire)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("ask", [called, finished])
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'"text"', b"\xff\xfe"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_body_that_makes_no_sense_is_an_error(
    wire: Any, server: Any, ask: Any, body: bytes, status: int
) -> None:
    server.whole(body, status)
    expected = ERRORS.get(status, llm.ResponseValidationError)
    with pytest.raises(expected):
        ask(server, wire)


@pytest.mark.parametrize("data", ["{", "null", "[1]", '"text"', "{}{}"])
def test_an_event_that_makes_no_sense_keeps_what_came_before(
    wire: Any, server: Any, sse: Write, data: str
) -> None:
    server.stream(sse([*wire.events(TEXT)[:6], ("", data)]))
    stream = streamed(server, wire)
    with pytest.raises(llm.ResponseValidationError):
        stream.finish()
    assert stream.text()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    found = [path] if path else []
    for key, each in inside(value):
        found += places(each, (*path, key))
    return found


def inside(value: Any) -> list[tuple[Any, Any]]:
    match value:
        case dict():
            members: dict[Any, Any] = {**value}
            return list(members.items())
        case list():
            items: list[Any] = [*value]
            return list(enumerate(items))
        case _:
            return []


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A JSON value with another one at a path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


TRIPPED = "cannot be read"
"""What the error says into which an exception of a decoder is made."""

ODD_VALUES = [None, 7, "odd", [], {}, [None], {"odd": ["odd"]}]


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_an_odd_value_in_a_whole_reply_never_trips_a_decoder(
    wire: Any, server: Any, odd: Any
) -> None:
    whole = wire.whole(ALL, usage=USAGE)
    for path in places(whole):
        server.whole(replaced(whole, path, odd))
        try:
            reply = called(server, wire, tools=[look_up])
        except llm.ProviderError as error:
            assert TRIPPED not in str(error)  # noqa: PT017, there need not be an error
            continue
        assert all(isinstance(call.id + call.name + call.args, str) for call in reply.tool_calls)
        assert len({call.id for call in reply.tool_calls}) == len(reply.tool_calls)
        reply.execute_tools()
        reply.pretty()


@pytest.fixture
def survives(wire: Any, server: Any) -> Callable[[list[tuple[str, Any]]], None]:
    """Checks that a decoder copes with events, without the way to it."""
    model = server.model(wire, thinking=THINKING)
    messages = [llm.messages.user("Hello.")]
    codec, _, request = model.provider._prepare(
        wire.MODEL, messages, llm.Toolkit([look_up]), None, model.params
    )

    def decode(events: list[tuple[str, Any]]) -> None:
        decoder = codec.decoder(request)
        reply = Accumulator()
        with contextlib.suppress(llm.ProviderError):
            for kind, event in events:
                data = event.encode() if isinstance(event, str) else to_json(event)
                for chunk in decoder.feed(Event(kind, data)):
                    reply.add(chunk)  # raises RuntimeError where chunks are out of order
                if decoder.done:
                    break
        ids = [call.id for call in reply.tool_calls]
        assert len(set(ids)) == len(ids)
        assert all(isinstance(call.name + call.args, str) for call in reply.tool_calls)

    return decode


@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_an_odd_value_in_a_stream_never_trips_a_decoder(wire: Any, survives: Any, odd: Any) -> None:
    events = wire.events(ALL, usage=USAGE)
    for number, (kind, event) in enumerate(events):
        for path in places(event):
            changed = (kind, replaced(event, path, odd))
            survives([*events[:number], changed, *events[number + 1 :]])


def test_events_that_are_lost_or_swapped_never_break_the_order_of_chunks(
    wire: Any, survives: Any
) -> None:
    events = wire.events(ALL, usage=USAGE)
    for one in range(len(events)):
        survives(events[:one] + events[one + 1 :])
        survives(events[: one + 1] + events[one:])
        for other in range(one):
            swapped = list(events)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            survives(swapped)
