r"""Characters that a server spells as two escapes, `\ud83e\udd8a`, and sends in two pieces."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import to_json

from mirascope_nb import llm

THINKING: Any = {"level": "medium", "include_thoughts": True}
HIGH, LOW = "\ud83e", "\udd8a"
FOX = "\U0001f98a"
Write = Callable[[Any], bytes]

# The wires cut after three characters, of which a half is one here.
CUT = f"ab{HIGH}{LOW}c"


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return f"{word}: an animal"


def parts(text: str) -> list[Any]:
    args = json.dumps({"word": text}, ensure_ascii=False)
    return [
        llm.Thought(thought=text),
        llm.Text(text=text),
        llm.ToolCall(id="call_a", name="look_up", args=args),
    ]


def read(reply: Any) -> list[str]:
    thought, text, call = reply.content
    word = json.loads(call.args)["word"].encode("utf-16", "surrogatepass").decode("utf-16")
    return [thought.thought, text.text, word]


def ask(server: Any, wire: Any) -> Any:
    return server.model(wire, thinking=THINKING).stream("Hello.", tools=[look_up])


def test_a_character_that_two_deltas_share_is_whole(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(parts(CUT))))
    stream = ask(server, wire)
    stream.finish()
    assert read(stream) == [f"ab{FOX}c"] * 3
    assert "".join(stream.text_stream()) == f"ab{FOX}c\n"
    for kept in (stream.chunks, stream.raw_stream_events, stream.messages):
        assert to_json(kept), "every string of it can be saved"
    server.whole(wire.whole([llm.Text(text="Good.")]))
    server.model(wire).call([*stream.messages, llm.messages.user(stream.execute_tools())])
    assert FOX in str(server.bodies[-1])


def test_there_are_as_many_chunks_as_deltas(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events([llm.Text(text=CUT)])))
    stream = ask(server, wire)
    stream.finish()
    deltas = [chunk.delta for chunk in stream.chunks if isinstance(chunk, llm.TextChunk)]
    assert deltas == ["ab", f"{FOX}c"]


@pytest.mark.parametrize("text", [f"ab{HIGH}", f"ab{HIGH}c", f"ab{LOW}"], ids=ascii)
def test_half_a_character_that_stays_alone_is_replaced(
    wire: Any, server: Any, sse: Write, text: str
) -> None:
    expected = text.replace(HIGH, "\ufffd").replace(LOW, "\ufffd")
    said = [llm.Thought(thought=text), llm.Text(text=text)]
    server.stream(sse(wire.events(said)))
    server.whole(wire.whole(said))
    stream = ask(server, wire)
    stream.finish()
    response = server.model(wire, thinking=THINKING).call("Hello.")
    for reply in (stream, response):
        assert reply.content == [llm.Thought(thought=expected), llm.Text(text=expected)]
        assert to_json(reply.messages)
    assert to_json(response.raw)


def test_half_a_character_in_arguments_harms_no_stream(wire: Any, server: Any, sse: Write) -> None:
    server.stream(sse(wire.events(parts(f"ab{HIGH}c")[2:])))
    stream = ask(server, wire)
    stream.finish()
    (call,) = stream.tool_calls
    assert call.args.encode()
    assert to_json(stream.messages)
    (output,) = stream.execute_tools()
    server.whole(wire.whole([llm.Text(text="Good.")]))
    server.model(wire).call([*stream.messages, llm.messages.user([output])])


def test_a_stream_that_breaks_off_inside_a_character(wire: Any, server: Any, sse: Write) -> None:
    events = wire.events([llm.Text(text=CUT)])
    half = next(
        place for place, event in enumerate(events) if HIGH in json.dumps(event, ensure_ascii=False)
    )
    server.stream(sse(events[: half + 1]))
    stream = ask(server, wire)
    with pytest.raises(llm.ConnectionError):
        stream.finish()
    assert stream.text() == "ab"


def test_an_error_may_hold_half_a_character(wire: Any, server: Any, sse: Write) -> None:
    server.whole(wire.error(500, f"Enough{HIGH}."), 500)
    with pytest.raises(llm.ServerError, match="Enough\ufffd"):
        server.model(wire).call("Hello.")
    server.stream(sse([wire.error_event(500, f"Enough{HIGH}.")]))
    with pytest.raises(llm.ServerError, match="Enough\ufffd"):
        ask(server, wire).finish()
