"""Conversations that one provider begins and another goes on with, in every pair of protocols."""

import base64
from itertools import permutations
from typing import Any

import pytest

from mirascope_nb import llm

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(90, 120)) * 3
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


@pytest.mark.parametrize("begun_by", ["call", "stream"])
def test_images_and_streams_survive_a_change_of_provider(  # noqa: PLR0917, fixtures
    first: str, second: str, begun_by: str, server: Any, sse: Any, wires: Any
) -> None:
    one, other = wires[first], wires[second]
    if begun_by == "call":
        server.whole(one.whole(BEGUN))
    else:
        server.stream(sse(one.events(BEGUN)))
    images = [llm.Image.from_bytes(PNG), llm.Image.from_bytes(PNG + b"2")]
    begun = getattr(server.model(one), begun_by)(["Compare:", *images], tools=[look_up])
    outputs = begun.execute_tools()
    server.stream(sse(other.events(CALLS)))
    server.stream(sse(other.events(GONE_ON)))
    again = ["And these?", llm.Image.from_bytes(PNG + b"3")]
    with server.model(other):
        stream: Any = llm.use_model("nobody/none").stream(
            [*begun.messages, llm.messages.user([*outputs, *again])], tools=[look_up]
        )
        ended = stream.resume(stream.execute_tools())
        ended.finish()
    assert ended.content == GONE_ON
    for sent in map(str, server.bodies[-2:]):
        for data in (PNG, PNG + b"2", PNG + b"3"):
            encoded = base64.b64encode(data).decode()
            assert encoded in sent or encoded.replace("+", "-").replace("/", "_") in sent
        assert sent.count("frog: an amphibian") == sent.count("toad: an amphibian")
    assert str(server.bodies[-1]).count("frog: an amphibian") == 2


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


@llm.tool
def measure(word: str) -> str:
    """Measure a word."""
    return f"{word}: {len(word)} letters"


@pytest.mark.parametrize("second", ["openai_chat", "openai_responses", "anthropic", "google"])
def test_outputs_in_another_order_go_to_the_calls_of_their_tools(
    second: str, server: Any, wires: Any
) -> None:
    calls = [
        llm.ToolCall(id="", name="look_up", args='{"word": "frog"}'),
        llm.ToolCall(id="", name="measure", args='{"word": "toad"}'),
    ]
    server.whole(wires["google"].whole(calls))
    tools = [look_up, measure]
    turn = server.model(wires["google"]).call("Compare.", tools=tools)
    outputs = turn.execute_tools()
    assert [output.output for output in outputs] == ["frog: an amphibian", "toad: 4 letters"]
    server.whole(wires[second].whole(GONE_ON))
    with server.model(wires[second]):
        turn.resume(outputs[::-1])
    sent = server.bodies[-1]
    match second:
        case "openai_chat":
            ids = [call["id"] for call in sent["messages"][1]["tool_calls"]]
            told = {each["tool_call_id"]: each["content"] for each in sent["messages"][2:]}
        case "openai_responses":
            items = sent["input"]
            ids = [each["call_id"] for each in items if each.get("type") == "function_call"]
            told = {
                each["call_id"]: each["output"]
                for each in items
                if each.get("type") == "function_call_output"
            }
        case "anthropic":
            ids = [block["id"] for block in sent["messages"][1]["content"]]
            told = {each["tool_use_id"]: each["content"] for each in sent["messages"][2]["content"]}
        case _:
            ids = [part["functionCall"]["name"] for part in sent["contents"][1]["parts"]]
            responses = [part["functionResponse"] for part in sent["contents"][2]["parts"]]
            told = {each["name"]: each["response"]["output"] for each in responses}
    assert [told[call_id] for call_id in ids] == ["frog: an amphibian", "toad: 4 letters"]
