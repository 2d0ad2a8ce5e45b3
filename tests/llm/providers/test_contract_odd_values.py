"""No odd value from a server trips a decoder, and neither does an event out of order."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import to_json

from mirascope_nb import llm
from mirascope_nb.llm.accumulate import Accumulator
from mirascope_nb.llm.sse import Event

USAGE = llm.Usage(input_tokens=20, output_tokens=9, cache_read_tokens=4, reasoning_tokens=3)
ALL = [
    llm.Thought(thought="I wonder.\nI look it up."),
    llm.Text(text="4200 + 42 = 4242."),
    llm.ToolCall(id="call_a", name="look_up", args='{"word":"frog"}'),
    llm.ToolCall(id="call_b", name="look_up", args='{"word":"toad"}'),
]


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return f"{word}: an amphibian"


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
            reply = server.called(wire, tools=[look_up])
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
    model = server.model(wire, thinking={"level": "medium", "include_thoughts": True})
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
