"""Conversations that one provider begins and another goes on with, in every pair of protocols."""

from itertools import permutations
from typing import Any

import pytest

from mirascope_nb import llm

THINKING: Any = {"level": "medium", "include_thoughts": True}
AS_TEXT: Any = THINKING | {"encode_thoughts_as_text": True}
CALLS = [
    llm.ToolCall(id="call_a", name="look_up", args='{"word": "frog"}'),
    llm.ToolCall(id="call_b", name="look_up", args='{"word": "toad"}'),
]
BEGUN = [llm.Thought(thought="I wonder."), llm.Text(text="Let me see."), *CALLS]
GONE_ON = [llm.Text(text="They are alike.")]


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return f"{word}: an amphibian"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"first", "second"} <= set(metafunc.fixturenames):
        pairs = list(permutations(WIRES, 2))
        metafunc.parametrize(("first", "second"), pairs)


WIRES = ["openai_chat", "openai_responses", "anthropic", "google"]


@pytest.mark.parametrize("begun_by", ["call", "stream"])
def test_thoughts_and_tools_survive_a_change_of_provider(  # noqa: PLR0917, fixtures
    first: str, second: str, begun_by: str, server: Any, sse: Any, wires: Any
) -> None:
    one, other = wires[first], wires[second]
    if begun_by == "call":
        server.whole(one.whole(BEGUN))
    else:
        server.stream(sse(one.events(BEGUN)))
    begun = getattr(server.model(one, thinking=THINKING), begun_by)("Compare.", tools=[look_up])
    if begun_by == "stream":
        begun.finish()
    assert begun.thoughts
    outputs = begun.execute_tools()
    server.whole(other.whole(GONE_ON))
    with server.model(other):
        gone_on = begun.resume(outputs) if begun_by == "call" else called(begun, outputs)
    assert gone_on.content == GONE_ON
    sent = str(server.bodies[-1])
    assert "Let me see." in sent
    assert "frog: an amphibian" in sent
    assert "toad: an amphibian" in sent
    assert "I wonder." not in sent, "thoughts stay with the model that thought"
    for call in begun.tool_calls:
        assert sent.count(repr(call.id)) == 2, "a call and its output pair up"


def called(begun: Any, outputs: Any) -> Any:
    """The reply to a streamed conversation, unstreamed."""
    model = llm.use_model("nobody/none")
    return model.call([*begun.messages, llm.messages.user(outputs)], tools=[look_up])


def test_thoughts_can_be_sent_on_as_text(first: str, second: str, server: Any, wires: Any) -> None:
    one, other = wires[first], wires[second]
    server.whole(one.whole(BEGUN[:2]))
    begun = server.model(one, thinking=THINKING).call("Compare.")
    server.whole(other.whole(GONE_ON))
    with server.model(other, thinking=AS_TEXT):
        begun.resume("Go on.")
    assert "**Thinking:** I wonder." in str(server.bodies[-1])


def test_a_conversation_comes_back_to_who_began_it(
    first: str, second: str, server: Any, wires: Any
) -> None:
    one, other = wires[first], wires[second]
    server.whole(one.whole(BEGUN))
    server.whole(other.whole(GONE_ON))
    server.whole(one.whole(GONE_ON))
    begun = server.model(one, thinking=THINKING).call("Compare.", tools=[look_up])
    with server.model(other):
        gone_on = begun.resume(begun.execute_tools())
    with server.model(one, thinking=THINKING):
        again = gone_on.resume("And?")
    assert again.content == GONE_ON
    sent = str(server.bodies[-1])
    turn: Any = begun.messages[1].raw_message
    own = turn[0] if first == "openai_responses" else turn
    assert str(own) in sent, "its own turn goes back as it wrote it"
    assert "They are alike." in sent


@pytest.mark.parametrize("second", ["openai_chat", "openai_responses", "anthropic"])
def test_calls_that_google_gave_no_ids_are_told_apart(second: str, server: Any, wires: Any) -> None:
    google, other = wires["google"], wires[second]
    nameless = [llm.ToolCall(id="", name=call.name, args=call.args) for call in CALLS]
    model = server.model(google)
    server.whole(google.whole(nameless))
    server.whole(google.whole(nameless))
    turn = model.call("Compare.", tools=[look_up])
    turn = turn.resume(turn.execute_tools())
    outputs = turn.execute_tools()
    server.whole(other.whole(GONE_ON))
    with server.model(other):
        gone_on = turn.resume(outputs)
    sent = str(server.bodies[-1])
    ids = ["google_unknown_tool_id", *(f"google_unknown_tool_id_{n}" for n in (2, 3, 4))]
    assert [sent.count(repr(call_id)) for call_id in ids] == [2, 2, 2, 2]
    told = gone_on.messages[-2].content
    assert [part.id for part in told] == ["google_unknown_tool_id"] * 2, "the user's are untouched"
