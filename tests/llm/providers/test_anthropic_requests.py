"""What Anthropic is sent, where it is particular; the rest is in the contract and recordings."""

import logging
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.providers.anthropic.models import (
    always_thinks,
    takes_structured_outputs,
    thinks_adaptively,
)
from mirascope_nb.llm.providers.anthropic.structured import adapted_schema

OLD, NEW, NEWEST = (f"anthropic/claude-{name}" for name in ("sonnet-4-0", "opus-4-5", "opus-4-7"))
CACHED = {"cache_control": {"type": "ephemeral"}}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
HEIC = bytes(4) + b"ftypheic" + bytes(16)
WAV = b"RIFF" + bytes(4) + b"WAVE" + bytes(16)


class Book(BaseModel):
    """A book."""

    title: str


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return word


@llm.tool(strict=True)
def look_up_strictly(word: str) -> str:
    """Look up a word."""
    return word


@llm.tool(strict=False)
def look_up_loosely(word: str) -> str:
    """Look up a word."""
    return word


@llm.tool
def count(words: dict[str, int]) -> int:
    """Count words."""
    return sum(words.values())


@llm.tool(strict=True)
def count_strictly(words: dict[str, int]) -> int:
    """Count words."""
    return sum(words.values())


@pytest.fixture
def sent(server: Any) -> Any:
    """The body of a request, made as a user makes it."""

    def body(model_id: str, content: Any = "Hello.", **asked: Any) -> dict[str, Any]:
        params = {name: asked.pop(name) for name in list(asked) if name not in {"tools", "format"}}
        server.register("anthropic")
        server.whole({"type": "message", "content": [{"type": "text", "text": "{}"}]})
        llm.Model(model_id, **params).call(content, **asked)
        return server.bodies[-1]

    return body


@pytest.mark.parametrize(
    ("name", "structured", "adaptive"),
    [
        ("claude-3-5-haiku-20241022", False, False),
        ("claude-3-opus-latest", False, False),
        ("claude-instant-1", False, False),
        ("claude-sonnet-4-0", False, False),
        ("claude-sonnet-4-20250514", False, False),
        ("claude-opus-4-1", True, False),
        ("claude-opus-4-1-20250805", True, False),
        ("claude-sonnet-4-5-20250929", True, False),
        ("claude-opus-4-6", True, False),
        ("claude-opus-4-7", True, True),
        ("claude-sonnet-5", True, True),
        ("claude-mythos-preview", True, True),
        ("a-model-of-tomorrow", True, False),
    ],
)
def test_what_models_can_do_is_told_by_their_version(
    name: str, *, structured: bool, adaptive: bool
) -> None:
    assert takes_structured_outputs(name) is structured
    assert thinks_adaptively(name) is adaptive
    assert always_thinks(name) is ("mythos" in name)


@pytest.mark.parametrize(
    ("level", "budget"),
    [("minimal", 1024), ("low", 2000), ("medium", 4000), ("high", 6000), ("max", 8000)],
)
def test_a_level_of_thinking_is_a_share_of_the_tokens(sent: Any, level: str, budget: int) -> None:
    body = sent(OLD, max_tokens=10_000, thinking={"level": level})
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    ("level", "effort"), [("minimal", "low"), ("default", "medium"), ("max", "max")]
)
def test_newer_models_take_an_effort(sent: Any, level: str, effort: str) -> None:
    body = sent(NEWEST, thinking={"level": level})
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": effort}
    shown = sent(NEWEST, thinking={"level": level, "include_thoughts": True})
    assert shown["thinking"] == {"type": "adaptive", "display": "summarized"}


def test_newer_models_are_sent_no_sampling_params(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    params: dict[str, Any] = {"temperature": 0.5, "top_p": 0.9, "top_k": 3}
    with caplog.at_level(logging.WARNING):
        body = sent(NEWEST, **params)
    assert not params.keys() & body.keys()
    assert [record.getMessage() for record in caplog.records] == [
        f"Skipping unsupported parameter: {name}={value} "
        f"(provider: anthropic with model_id: {NEWEST})"
        for name, value in params.items()
    ]
    assert params.items() <= sent(OLD, **params).items()


def test_thinking_can_be_left_alone_and_turned_off(sent: Any, server: Any) -> None:
    assert "thinking" not in sent(OLD, thinking={"level": "default"})
    assert sent(OLD, thinking={"level": "none"})["thinking"] == {"type": "disabled"}
    assert sent(NEWEST, thinking={"level": "none"})["thinking"] == {"type": "disabled"}
    with pytest.raises(llm.FeatureNotSupportedError, match="always thinks"):
        sent("anthropic/claude-mythos-preview", thinking={"level": "none"})
    assert len(server.bodies) == 3


def test_a_seed_and_a_second_system_message_are_skipped_aloud(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [llm.messages.system(text) for text in ("One.", "Two.")]
    with caplog.at_level(logging.WARNING):
        body = sent(OLD, [*messages, llm.messages.user("Hi.")], seed=7, top_k=3)
    assert body["system"] == [{"type": "text", "text": "One."} | CACHED]
    assert body["top_k"] == 3
    assert "Two." in caplog.text
    assert "Skipping unsupported parameter: seed=7 (provider: anthropic)" in caplog.text


def marked(blocks: Any) -> list[bool]:
    return [bool(block.get("cache_control")) for block in blocks]


def test_the_end_of_a_conversation_is_marked_for_the_cache(sent: Any) -> None:
    hello = llm.messages.user("Hello.")
    answer = llm.messages.assistant("Yes?", model_id=None, provider_id=None)
    alone = sent(OLD, [hello])
    assert alone["messages"] == [{"role": "user", "content": "Hello."}]
    going_on = sent(OLD, [hello, answer, llm.messages.user(["Look:", llm.Image.from_bytes(PNG)])])
    assert going_on["messages"][:2] == [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Yes?"},
    ]
    assert marked(going_on["messages"][2]["content"]) == [False, True]
    prefilled = sent(OLD, [hello, answer])
    assert prefilled["messages"][1]["content"] == [{"type": "text", "text": "Yes?"} | CACHED]


def test_the_last_tool_is_marked_for_the_cache(sent: Any) -> None:
    tools = [llm.WebSearchTool(), look_up]
    assert marked(sent(OLD, tools=tools)["tools"]) == [False, True]
    with_format = sent(OLD, tools=tools, format=Book)
    assert marked(with_format["tools"]) == [False, False, True]
    assert with_format["tool_choice"] == {"type": "any"}


def test_a_turn_that_is_last_is_written_anew_to_be_marked(sent: Any) -> None:
    raw: dict[str, Any] = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Yes?", "citations": []}],
    }
    turn = llm.messages.assistant("Yes?", model_id=OLD, provider_id="anthropic", raw_message=raw)
    hello = llm.messages.user("Hello.")
    assert sent(OLD, [hello, turn, hello])["messages"][1] == raw
    last = sent(OLD, [hello, turn])["messages"][-1]
    assert last["content"] == [{"type": "text", "text": "Yes?"} | CACHED]


@pytest.mark.parametrize("content", ["", [""]])
def test_an_empty_message_is_refused(sent: Any, content: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError) as caught:
        sent(OLD, llm.messages.user(content).content)
    assert caught.value.feature == "empty message content"


def test_an_empty_turn_of_the_model_is_left_out(sent: Any) -> None:
    silent = llm.messages.assistant([], model_id=None, provider_id=None)
    hello = llm.messages.user("Hello.")
    messages = sent(OLD, [hello, silent, hello])["messages"]
    assert [message["role"] for message in messages] == ["user", "user"]


def test_media_that_it_cannot_read_are_refused(sent: Any) -> None:
    for part in (llm.Audio.from_bytes(WAV), llm.Image.from_bytes(HEIC)):
        with pytest.raises(llm.FeatureNotSupportedError):
            sent(OLD, ["Look:", part])


def test_documents_are_sent_as_what_they_are(sent: Any) -> None:
    text = llm.Document(
        source=llm.TextDocumentSource(
            type="text_document_source", data="x = 1", media_type="text/x-python"
        )
    )
    sources = [
        block["source"]
        for block in sent(OLD, [text, llm.Document.from_url("https://example.org/a.pdf")])[
            "messages"
        ][0]["content"]
    ]
    assert sources == [
        {"type": "text", "media_type": "text/plain", "data": "x = 1"},
        {"type": "url", "url": "https://example.org/a.pdf"},
    ]


def test_tool_results_come_first_in_their_message(sent: Any) -> None:
    call = llm.ToolCall(id="call.1", name="look_up", args="{broken")
    messages = [
        llm.messages.user("Hello."),
        llm.messages.assistant(call, model_id=None, provider_id=None),
        llm.messages.user(["See:", llm.ToolOutput(id="call.1", name="look_up", result={"a": 1})]),
    ]
    _, turn, results = sent(OLD, messages)["messages"]
    assert turn["content"][0]["input"] == {"INVALID_JSON": "{broken"}
    assert [block["type"] for block in results["content"]] == ["tool_result", "text"]
    assert turn["content"][0]["id"] == results["content"][0]["tool_use_id"] == "call_1"
    assert results["content"][0]["content"] == '{"a": 1}'


def test_older_models_are_held_to_nothing(sent: Any, server: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError) as caught:
        sent(OLD, format=llm.format(Book, mode="strict"))
    assert caught.value.feature == "formatting_mode:strict"
    with pytest.raises(llm.FeatureNotSupportedError):
        sent(OLD, tools=[look_up_strictly])
    body = sent(OLD, tools=[look_up], format=Book)
    assert "strict" not in body["tools"][0]
    assert "beta" not in server.urls[-1]
    assert "anthropic-beta" not in server.headers[-1]


@pytest.mark.parametrize(
    ("asked", "structured", "mode"),
    [
        ({}, False, None),
        ({"format": Book}, True, "strict"),
        ({"format": list[str]}, False, "tool"),
        ({"format": list[str], "tools": [look_up]}, True, "strict"),
        ({"format": llm.format(Book, mode="strict")}, True, "strict"),
        ({"format": llm.format(Book, mode="tool")}, False, "tool"),
        ({"format": llm.format(Book, mode="json")}, False, "json"),
        ({"tools": [look_up]}, True, None),
        ({"tools": [look_up_loosely]}, False, None),
        ({"tools": [llm.WebSearchTool()]}, False, None),
    ],
)
def test_structured_outputs_are_used_where_anything_asks_for_them(
    sent: Any, server: Any, asked: dict[str, Any], mode: str | None, *, structured: bool
) -> None:
    body = sent(NEW, **asked)
    assert server.urls[-1].endswith("?beta=true") is structured
    assert ("anthropic-beta" in server.headers[-1]) is structured
    assert ("output_format" in body) is (mode == "strict")
    assert ("tool_choice" in body) is (mode == "tool")
    for tool in body.get("tools", ()):
        assert ("strict" in tool) is (structured and "input_schema" in tool)


def test_a_tool_that_takes_any_names_is_not_held_to_a_schema(sent: Any) -> None:
    held, free = sent(NEW, tools=[look_up, count])["tools"]
    assert held["strict"] is True
    assert free["strict"] is False
    assert free["input_schema"]["properties"]["words"]["additionalProperties"]


class Scores(BaseModel):
    """Points by name."""

    scores: dict[str, int]


class Tree(BaseModel):
    """A tree."""

    children: "list[Tree]" = []


@pytest.mark.parametrize(
    ("form", "name", "schema"),
    [
        (Scores, "scores", {"additionalProperties": {"type": "integer"}}),
        (dict[str, int], "output", {"additionalProperties": {"type": "integer"}}),
        (Tree, "children", {"items": {"$ref": "#/$defs/Tree"}}),
    ],
)
@pytest.mark.parametrize("tools", [[], [look_up]])
def test_a_format_that_cannot_be_enforced_is_a_tool(
    sent: Any, form: Any, name: str, schema: dict[str, Any], tools: Any
) -> None:
    body = sent(NEW, format=form, tools=tools)
    assert "output_format" not in body
    assert body["tool_choice"]["type"] == ("any" if tools else "tool")
    tool = body["tools"][-1]
    assert schema.items() <= tool["input_schema"]["properties"][name].items()
    assert not tool.get("strict")


@pytest.mark.parametrize("form", [Scores, Tree, dict[str, int]])
def test_strictness_that_cannot_be_is_refused(sent: Any, server: Any, form: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="use mode 'tool' or 'json'") as caught:
        sent(NEW, format=llm.format(form, mode="strict"))
    assert caught.value.feature == "formatting_mode:strict"
    assert not server.bodies
    assert "output_format" not in sent(NEW, format=llm.format(form, mode="json"))


def test_a_strict_tool_that_takes_any_names_is_refused(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="strict=True of tool 'count_strictly'"):
        sent(NEW, tools=[count_strictly])


def test_a_format_tool_is_not_forced_on_a_model_that_thinks(sent: Any) -> None:
    body = sent(OLD, format=Book, thinking={"level": "medium"})
    assert body["tool_choice"] == {"type": "auto"}


class Page(BaseModel):
    """A page."""

    number: Annotated[int, Field(ge=1, description="Which one.")]
    kind: Literal["left", "right"]
    words: Annotated[list[str], Field(min_length=1, max_length=9)]
    mail: Annotated[str | None, Field(json_schema_extra={"format": "email"})] = None


def test_a_schema_is_adapted_and_its_lost_constraints_are_told() -> None:
    schema = Page.model_json_schema()
    before = str(schema)
    assert adapted_schema(schema) == {
        "type": "object",
        "title": "Page",
        "description": "A page.",
        "additionalProperties": False,
        "required": ["number", "kind", "words"],
        "properties": {
            "number": {
                "type": "integer",
                "title": "Number",
                "description": "Which one.\n\n{minimum: 1}",
            },
            "kind": {"type": "string", "enum": ["left", "right"], "title": "Kind"},
            "words": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "title": "Words",
                "description": "{maxItems: 9}",
            },
            "mail": {
                "anyOf": [{"type": "string"}, {"type": "null"}],
                "title": "Mail",
                "description": "{default: None, format: email}",
            },
        },
    }
    assert str(schema) == before


class Shelf(BaseModel):
    books: list[Book]
    others: "Shelf | None" = None


def test_definitions_stay_where_they_are() -> None:
    adapted = adapted_schema(Shelf.model_json_schema())
    assert adapted["$ref"] == "#/$defs/Shelf"
    assert adapted["$defs"]["Book"]["additionalProperties"] is False
    books = adapted["$defs"]["Shelf"]["properties"]["books"]
    assert books["items"] == {"$ref": "#/$defs/Book"}


def test_a_tool_that_the_provider_does_not_have_is_refused(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="'moon' of its own"):
        sent(OLD, tools=[llm.ProviderTool("moon")])
