"""What Gemini is sent, where it is particular; the rest is in the contract and the recordings."""

import datetime as dt
import logging
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

FLASH, PRO3, FLASH3 = (
    f"google/gemini-{name}" for name in ("2.5-flash", "3-pro-preview", "3-flash-preview")
)
UNKNOWN = "google_unknown_tool_id"
PNG = b"\x89PNG\r\n\x1a\n" + b"\xff\xfe\xfb" * 8
REPLY = {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}]}


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


@llm.tool
def stand_still() -> None:
    """Do nothing."""


@pytest.fixture
def sent(server: Any) -> Any:
    """The body of a request, made as a user makes it."""

    def body(model_id: str, content: Any = "Hello.", **asked: Any) -> dict[str, Any]:
        params = {name: asked.pop(name) for name in list(asked) if name not in {"tools", "format"}}
        server.register("google")
        server.whole(REPLY)
        llm.Model(model_id, **params).call(content, **asked)
        return server.bodies[-1]

    return body


@pytest.mark.parametrize(
    ("level", "budget"),
    [
        ("default", -1),
        ("none", 0),
        ("minimal", 1000),
        ("low", 2000),
        ("medium", 4000),
        ("high", 6000),
        ("max", 8000),
    ],
)
def test_a_level_of_thinking_is_a_share_of_the_tokens(sent: Any, level: str, budget: int) -> None:
    config = sent(FLASH, max_tokens=10_000, thinking={"level": level})["generationConfig"]
    assert config == {"maxOutputTokens": 10_000, "thinkingConfig": {"thinking_budget": budget}}


@pytest.mark.parametrize(
    ("model_id", "levels"),
    [
        (PRO3, {"minimal": "LOW", "low": "LOW", "medium": "HIGH", "max": "HIGH"}),
        (FLASH3, {"none": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "max": "HIGH"}),
    ],
)
def test_newer_models_take_a_level(sent: Any, model_id: str, levels: dict[str, str]) -> None:
    for level, expected in levels.items():
        config = sent(model_id, thinking={"level": level})["generationConfig"]
        assert config["thinkingConfig"] == {"thinking_level": expected}
    assert "generationConfig" not in sent(model_id, thinking={"level": "default"})


def test_a_second_system_message_is_skipped_aloud(
    sent: Any, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [llm.messages.system(text) for text in ("One.", "Two.")]
    with caplog.at_level(logging.WARNING):
        body = sent(FLASH, [*messages, llm.messages.user("Hi.")])
    assert body["systemInstruction"]["parts"] == [{"text": "One."}]
    assert "Two." in caplog.text


def test_addresses_are_refused_and_contents_are_not(sent: Any) -> None:
    for part, feature in (
        (llm.Image.from_url("https://example.org/a.png"), "url image source"),
        (llm.Document.from_url("https://example.org/a.pdf"), "url document source"),
    ):
        with pytest.raises(llm.FeatureNotSupportedError) as caught:
            sent(FLASH, ["Look:", part])
        assert caught.value.feature == feature
    body = sent(FLASH, [llm.Image.from_bytes(PNG)])
    data = body["contents"][0]["parts"][0]["inlineData"]["data"]
    assert "_" in data
    assert not {"+", "/"} & set(data)


@pytest.mark.parametrize("mode", ["strict", "json"])
def test_older_models_cannot_combine_tools_and_a_schema(sent: Any, mode: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError) as caught:
        sent(FLASH, tools=[look_up], format=llm.format(Book, mode=mode))
    assert caught.value.feature == f"formatting_mode:{mode} with tools"
    config = sent(PRO3, tools=[look_up], format=llm.format(Book, mode=mode))["generationConfig"]
    assert config["responseMimeType"] == "application/json"
    assert ("responseSchema" in config) is (mode == "strict")


def test_a_format_beside_tools_is_a_tool_where_it_must_be(sent: Any) -> None:
    body = sent(FLASH, tools=[look_up, llm.WebSearchTool()], format=Book)
    declared = body["tools"][0]["functionDeclarations"]
    assert [each["name"] for each in declared] == ["__mirascope_formatted_output_tool__", "look_up"]
    assert body["tools"][1] == {"googleSearch": {}}
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert "responseSchema" in sent(FLASH, format=Book)["generationConfig"]
    assert "toolConfig" not in sent(FLASH3, tools=[look_up], format=Book)


def test_strict_tools_are_refused(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError):
        sent(FLASH, tools=[look_up_strictly])


def test_a_tool_without_parameters_has_no_schema(sent: Any) -> None:
    declared = sent(FLASH, tools=[stand_still])["tools"][0]["functionDeclarations"]
    assert declared == [{"name": "stand_still", "description": "Do nothing."}]


@pytest.mark.parametrize(
    ("result", "response"),
    [
        ("text", {"output": "text"}),
        (13, {"output": "13"}),
        ([1, 2], {"output": "[1, 2]"}),
        ({"a": dt.date(2026, 1, 1)}, {"a": "2026-01-01"}),
        ({"a": object}, {"output": str({"a": object})}),
        (Book(title="X"), {"output": '{"title":"X"}'}),
    ],
)
def test_results_of_tools_are_sent_as_they_are_or_as_text(
    sent: Any, result: Any, response: Any
) -> None:
    kind: Any = llm.ToolOutput
    part = sent(FLASH, [kind(id=UNKNOWN, name="f", result=result)])["contents"][0]["parts"][0]
    assert part == {"functionResponse": {"name": "f", "response": response}}


def test_a_call_goes_by_its_order_unless_it_has_an_id(sent: Any) -> None:
    for call_id, expected in ((UNKNOWN, {}), ("call_1", {"id": "call_1"})):
        call = llm.ToolCall(id=call_id, name="look_up", args='{"word": "x"}')
        turn = llm.messages.assistant(call, model_id=None, provider_id=None)
        output: llm.ToolOutput[Any] = llm.ToolOutput(id=call_id, name="look_up", result="y")
        contents = sent(FLASH, [llm.messages.user("Hi."), turn, llm.messages.user([output])])[
            "contents"
        ]
        function = {"name": "look_up", "args": {"word": "x"}} | expected
        assert contents[1]["parts"] == [{"functionCall": function}]
        response = {"name": "look_up", "response": {"output": "y"}} | expected
        assert contents[2]["parts"] == [{"functionResponse": response}]


def test_another_models_calls_are_let_through_unsigned(sent: Any) -> None:
    call = llm.ToolCall(id="call_1", name="look_up", args="{broken")
    turn = llm.messages.assistant(call, model_id=None, provider_id=None)
    part = sent(PRO3, [llm.messages.user("Hi."), turn])["contents"][1]["parts"][0]
    assert part["thoughtSignature"] == "skip_thought_signature_validator"
    assert part["functionCall"]["args"] == {"INVALID_JSON": "{broken"}


def test_a_tool_that_the_provider_does_not_have_is_refused(sent: Any) -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="'moon' of its own"):
        sent(FLASH, tools=[llm.ProviderTool("moon")])


def test_a_tuned_model_is_asked_where_it_is(sent: Any, server: Any) -> None:
    sent("google/tunedModels/mine")
    assert server.urls[-1].endswith("/v1beta/tunedModels/mine:generateContent")


def test_a_name_cannot_lead_elsewhere(sent: Any, server: Any) -> None:
    sent("google/m?key=x#")
    assert server.urls[-1].endswith("/v1beta/models/m%3Fkey%3Dx%23:generateContent")


def test_a_document_of_text_is_sent_as_its_bytes(sent: Any) -> None:
    source = llm.TextDocumentSource(type="text_document_source", data="ÿ?", media_type="text/plain")
    part = sent(FLASH, [llm.Document(source=source)])["contents"][0]["parts"][0]
    assert part == {"inlineData": {"data": "w78_", "mimeType": "text/plain"}}


def test_an_empty_turn_of_the_model_is_left_out(sent: Any) -> None:
    silent = llm.messages.assistant([""], model_id=None, provider_id=None)
    hello = llm.messages.user("Hello.")
    contents = sent(FLASH, [hello, silent, hello])["contents"]
    assert [content["role"] for content in contents] == ["user", "user"]
