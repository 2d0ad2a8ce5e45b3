"""What is particular to Google's Gemini; the rest is in the contract and the recordings."""

import datetime as dt
import logging
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.providers.google.schemas import format_schema, tool_schema

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


def test_calls_without_ids_have_none_of_their_own(server: Any, sse: Any) -> None:
    calls = [{"functionCall": {"name": "look_up", "args": {"word": word}}} for word in "xy"]
    reply = {"candidates": [{"content": {"parts": calls}, "finishReason": "STOP"}]}
    server.register("google")
    server.whole(reply)
    server.stream(sse([("", reply)]))
    response = llm.Model(FLASH).call("Hello.", tools=[look_up])
    stream = llm.Model(FLASH).stream("Hello.", tools=[look_up])
    stream.finish()
    assert response.tool_calls == stream.tool_calls
    assert [call.id for call in response.tool_calls] == [UNKNOWN, UNKNOWN]
    assert [type(chunk) for chunk in stream.chunks] == [
        llm.ToolCallStartChunk,
        llm.ToolCallChunk,
        llm.ToolCallEndChunk,
    ] * 2
    server.whole(REPLY)
    response.resume(response.execute_tools())
    assert "id" not in str(server.bodies[-1]["contents"][1:])


def test_signatures_go_back_in_the_alphabet_for_addresses(server: Any) -> None:
    parts = [
        {"text": "Yes.", "thoughtSignature": "a+b/c="},
        {"inlineData": {"mimeType": "image/png", "data": "d+e/f="}},
        {"executableCode": {"code": "1"}},
    ]
    server.register("google")
    server.whole({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
    server.whole(REPLY)
    response = llm.Model(FLASH).call("Hello.")
    assert response.content == [llm.Text(text="Yes.")]
    response.resume("Go on.")
    assert server.bodies[-1]["contents"][1] == {
        "role": "model",
        "parts": [
            {"text": "Yes.", "thoughtSignature": "a-b_c="},
            {"inlineData": {"mimeType": "image/png", "data": "d-e_f="}},
            {"executableCode": {"code": "1"}},
        ],
    }


@pytest.mark.parametrize(
    "reason",
    ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"],
)
def test_a_filter_that_steps_in_is_a_refusal(server: Any, sse: Any, reason: str) -> None:
    reply = {"candidates": [{"content": {"parts": [{"text": "I"}]}, "finishReason": reason}]}
    server.register("google")
    server.whole(reply)
    server.stream(sse([("", reply)]))
    assert llm.Model(FLASH).call("Hello.").finish_reason is llm.FinishReason.REFUSAL
    stream = llm.Model(FLASH).stream("Hello.")
    stream.finish()
    assert stream.finish_reason is llm.FinishReason.REFUSAL


def test_a_prompt_that_is_blocked_is_a_refusal_without_content(server: Any, sse: Any) -> None:
    reply = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    server.register("google")
    server.whole(reply)
    server.stream(sse([("", reply)]))
    response = llm.Model(FLASH).call("Hello.")
    stream = llm.Model(FLASH).stream("Hello.")
    stream.finish()
    for each in (response, stream):
        assert each.content == []
        assert each.finish_reason is llm.FinishReason.REFUSAL
        assert each.usage is not None
        assert each.usage.input_tokens == 3


def test_searches_are_counted(server: Any, sse: Any) -> None:
    grounding = {"webSearchQueries": ["a", "b"]}
    candidate = REPLY["candidates"][0] | {"groundingMetadata": grounding}
    reply = {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 1}}
    server.register("google")
    server.whole(reply)
    server.stream(sse([("", reply)]))
    response = llm.Model(FLASH).call("Hello.")
    stream = llm.Model(FLASH).stream("Hello.")
    stream.finish()
    for each in (response, stream):
        assert each.usage is not None
        assert each.usage.provider_tool_usage == [
            llm.ProviderToolUsage(name="web_search", call_count=2)
        ]


def test_a_bad_key_is_told_by_its_message(server: Any) -> None:
    server.register("google")
    server.whole({"error": {"code": 400, "message": "API key not valid. Pass one."}}, 400)
    with pytest.raises(llm.AuthenticationError) as caught:
        llm.Model(FLASH).call("Hello.")
    assert caught.value.status_code == 400


def test_an_error_in_an_array_is_read(server: Any) -> None:
    server.register("google")
    error = {"error": {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}}
    server.whole([error], 429)
    with pytest.raises(llm.RateLimitError, match=r"Slow down\.") as caught:
        llm.Model(FLASH).stream("Hello.")
    assert caught.value.code == "RESOURCE_EXHAUSTED"


def test_an_error_says_how_long_to_wait_and_whether_to(server: Any, sse: Any) -> None:
    details = [
        {"@type": "RetryInfo", "retryDelay": "34.5s"},
        {"@type": "QuotaFailure", "violations": [{"quotaId": "RequestsPerDayPerProject"}]},
        {"@type": "RetryInfo", "retryDelay": "soon s"},
    ]
    error = {"code": 429, "message": "Enough.", "details": details}
    server.register("google")
    server.stream(sse([("", {"error": error})]))
    with pytest.raises(llm.RateLimitError) as caught:
        llm.Model(FLASH).stream("Hello.").finish()
    assert caught.value.retry_after == 34.5
    assert caught.value.should_retry is False


def test_an_error_event_without_a_number_goes_by_its_name(server: Any, sse: Any) -> None:
    server.register("google")
    for error, expected in (
        ({"status": "UNAVAILABLE", "message": "Later."}, llm.ServerError),
        ({"status": "NOT_FOUND", "message": "Where?"}, llm.NotFoundError),
        ("Broken.", llm.ServerError),
    ):
        server.stream(sse([("", {"error": error})]))
        with pytest.raises(expected):
            llm.Model(FLASH).stream("Hello.").finish()


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Everything(BaseModel):
    """All kinds of members."""

    colour: Colour
    size: Annotated[Size, Field(description="How large.")]
    kind: Literal["only"]
    pair: tuple[int, int]
    mixed: tuple[int, str]
    maybe: Annotated[int | None, Field(ge=1)] = None
    either: int | str = 3
    words: Annotated[list[str], Field(min_length=1, max_length=4)]


def test_a_schema_is_written_in_the_services_own_form() -> None:
    schema = Everything.model_json_schema()
    before = str(schema)
    made = format_schema(schema)
    assert str(schema) == before
    assert "$" not in str(made)
    assert "additionalProperties" not in str(made)
    assert made["property_ordering"] == list(Everything.model_fields)
    members = made["properties"]
    assert members["colour"] == {"enum": ["red", "blue"], "title": "Colour", "type": "STRING"}
    assert members["size"] == {
        "title": "Size",
        "type": "INTEGER",
        "description": "How large.\nOne of: 1, 2",
    }
    assert members["kind"] == {"enum": ["only"], "title": "Kind", "type": "STRING"}
    assert members["pair"]["items"] == {"type": "INTEGER"}
    assert members["mixed"]["items"] == {"any_of": [{"type": "INTEGER"}, {"type": "STRING"}]}
    assert members["maybe"] == {
        "type": "INTEGER",
        "minimum": 1,
        "nullable": True,
        "title": "Maybe",
    }
    assert members["either"] == {
        "any_of": [{"type": "INTEGER"}, {"type": "STRING"}],
        "default": 3,
        "title": "Either",
    }
    assert members["words"]["min_items"] == 1
    assert members["words"]["max_items"] == 4


def test_formats_that_the_service_refuses_are_described() -> None:
    day = {"type": "string", "format": "date", "description": "When."}
    schema = {"type": "object", "properties": {"day": day, "at": day | {"format": "date-time"}}}
    for made in (format_schema(schema), tool_schema(schema) or {}):
        assert made["properties"] == {
            "day": {"type": "STRING", "description": "When.\nFormat: date"},
            "at": {"type": "STRING", "description": "When.", "format": "date-time"},
        }


def test_what_the_service_has_no_keyword_for_is_described() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}}}
    properties = {
        "more": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "additionalProperties": {"$ref": "#/$defs/Point"},
        },
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
        "closed": {"type": "object", "additionalProperties": False},
    }
    schema = {"type": "object", "properties": properties, "$defs": {"Point": point}}
    made = format_schema(schema)["properties"]
    described = {name: each.get("description") for name, each in made.items()}
    assert described == {
        "more": (
            "{additionalProperties: {'type': 'OBJECT', 'properties': {'x': {'type': 'NUMBER'}}}}"
        ),
        "share": "{exclusiveMaximum: 1, exclusiveMinimum: 0}",
        "pair": "{prefixItems: [{'type': 'INTEGER'}, {'type': 'STRING'}]}",
        "closed": None,
    }


def test_a_tools_schema_keeps_null_as_a_type() -> None:
    made = tool_schema(
        {
            "type": "object",
            "properties": {"x": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "y": True},
            "additionalProperties": False,
        }
    )
    assert made == {
        "type": "OBJECT",
        "properties": {"x": {"any_of": [{"type": "INTEGER"}, {"type": "NULL"}]}, "y": {}},
    }


def test_a_list_of_types_is_a_union() -> None:
    schema = {"type": "object", "properties": {"x": {"type": ["string", "null"]}}}
    assert format_schema(schema)["properties"]["x"] == {"type": "STRING", "nullable": True}
    schema = {"type": "object", "properties": {"x": {"type": ["string"]}}}
    assert format_schema(schema)["properties"]["x"] == {"type": "STRING"}


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


def test_an_error_with_a_good_status_is_an_error(server: Any) -> None:
    server.register("google")
    server.whole({"error": {"code": 503, "message": "Later."}})
    with pytest.raises(llm.ServerError, match=r"Later\."):
        llm.Model(FLASH).call("Hello.")


def test_an_empty_turn_of_the_model_is_left_out(sent: Any) -> None:
    silent = llm.messages.assistant([""], model_id=None, provider_id=None)
    hello = llm.messages.user("Hello.")
    contents = sent(FLASH, [hello, silent, hello])["contents"]
    assert [content["role"] for content in contents] == ["user", "user"]
