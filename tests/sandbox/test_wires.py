"""Replies look exactly as the real services send them: keys, their order, events, errors."""

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Speaker

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def offer(wire: str) -> dict[str, Any]:
    named = {"name": "fetch_weather", "description": "Fetch current weather for a city."}
    if wire == "openai_chat":
        return {"tools": [{"type": "function", "function": {**named, "parameters": WEATHER}}]}
    if wire == "openai_responses":
        return {"tools": [{"type": "function", **named, "parameters": WEATHER}]}
    if wire == "anthropic":
        return {"tools": [{**named, "input_schema": WEATHER}]}
    return {"tools": [{"functionDeclarations": [{**named, "parameters": WEATHER}]}]}


# What each service sends for a plain question: the keys, in order.
BODIES: dict[str, list[str]] = {
    "openai_chat": [
        "id", "object", "created", "model", "choices", "usage", "service_tier",
        "system_fingerprint",
    ],
    "openai_responses": [
        "id", "object", "created_at", "status", "background", "completed_at", "error",
        "frequency_penalty", "incomplete_details", "instructions", "max_output_tokens",
        "max_tool_calls", "model", "output", "parallel_tool_calls", "presence_penalty",
        "previous_response_id", "prompt_cache_key", "prompt_cache_retention", "reasoning",
        "safety_identifier", "service_tier", "store", "temperature", "text", "tool_choice",
        "tools", "top_logprobs", "top_p", "truncation", "usage", "user", "metadata", "billing",
    ],
    "anthropic": [
        "model", "id", "type", "role", "content", "stop_reason", "stop_sequence", "usage",
    ],
    "google": ["candidates", "usageMetadata", "modelVersion", "responseId"],
}  # fmt: skip

# The events of a streamed answer in text, and of two tool calls.
TEXT_EVENTS: dict[str, list[str]] = {
    "openai_chat": ["role", "content", "finish", "usage", "[DONE]"],
    "openai_responses": [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.content_part.added", "response.output_text.delta", "response.output_text.done",
        "response.content_part.done", "response.output_item.done", "response.completed",
    ],
    "anthropic": [
        "message_start", "content_block_start", "content_block_delta", "content_block_stop",
        "message_delta", "message_stop",
    ],
    "google": ["chunk", "finish"],
}  # fmt: skip
TOOL_EVENTS: dict[str, list[str]] = {
    "openai_chat": [
        "role", "tool start", "tool arguments", "tool start", "tool arguments", "finish", "usage",
        "[DONE]",
    ],
    "openai_responses": [
        "response.created", "response.in_progress",
        *[
            "response.output_item.added", "response.function_call_arguments.delta",
            "response.function_call_arguments.done", "response.output_item.done",
        ] * 2,
        "response.completed",
    ],
    "anthropic": [
        "message_start",
        *["content_block_start", "content_block_delta", "content_block_stop"] * 2,
        "message_delta", "message_stop",
    ],
    "google": ["finish"],
}  # fmt: skip

ERRORS: dict[str, dict[str, tuple[int, dict[str, Any]]]] = {
    "unknown model": {
        "openai_chat": (404, {"code": "model_not_found", "type": "invalid_request_error"}),
        "openai_responses": (400, {"code": "model_not_found", "param": "model"}),
        "anthropic": (404, {"type": "not_found_error", "message": "model: missing"}),
        "google": (404, {"code": 404, "status": "NOT_FOUND"}),
    },
    "rejected key": {
        "openai_chat": (401, {"code": "invalid_api_key"}),
        "openai_responses": (401, {"code": "invalid_api_key"}),
        "anthropic": (401, {"type": "authentication_error", "message": "invalid x-api-key"}),
        "google": (400, {"code": 400, "status": "INVALID_ARGUMENT"}),
    },
    "rate limit": {
        "openai_chat": (429, {"code": "rate_limit_exceeded", "type": "requests"}),
        "openai_responses": (429, {"code": "rate_limit_exceeded"}),
        "anthropic": (429, {"type": "rate_limit_error"}),
        "google": (429, {"code": 429, "status": "RESOURCE_EXHAUSTED"}),
    },
    "server failure": {
        "openai_chat": (500, {"type": "server_error", "code": None}),
        "openai_responses": (500, {"type": "server_error"}),
        "anthropic": (500, {"type": "api_error"}),
        "google": (500, {"code": 500, "status": "INTERNAL"}),
    },
    "overload": {
        "openai_chat": (503, {"type": "server_error"}),
        "openai_responses": (503, {"type": "server_error"}),
        "anthropic": (529, {"type": "overloaded_error", "message": "Overloaded"}),
        "google": (503, {"code": 503, "status": "UNAVAILABLE"}),
    },
}


def test_body_of_a_reply_has_the_keys_of_the_service_in_order(
    speaker: "Speaker", wire: str
) -> None:
    body = speaker.ask(wire, "What is 4200 + 42?").json()
    assert list(body) == BODIES[wire]
    assert speaker.text_of(wire, body) == "4200 + 42 = **4242**"


def test_stream_of_text_has_the_events_of_the_service_in_order(
    speaker: "Speaker", wire: str
) -> None:
    options = {"stream_options": {"include_usage": True}} if wire == "openai_chat" else {}
    raw = speaker.ask(wire, "Recommend a fantasy book.", stream=True, **options).text
    assert speaker.order_of(speaker.events_of(raw)) == TEXT_EVENTS[wire]


def test_stream_of_tool_calls_has_the_events_of_the_service_in_order(
    speaker: "Speaker", wire: str
) -> None:
    options = offer(wire)
    if wire == "openai_chat":
        options["stream_options"] = {"include_usage": True}
    raw = speaker.ask(wire, "Weather in Tokyo and Paris?", stream=True, **options).text
    assert speaker.order_of(speaker.events_of(raw)) == TOOL_EVENTS[wire]


def test_streamed_pieces_join_to_the_unstreamed_text(speaker: "Speaker", wire: str) -> None:
    question = "Write a python function that computes fibonacci numbers"
    whole = speaker.text_of(wire, speaker.ask(wire, question).json())
    pieces = speaker.deltas_of(wire, speaker.ask(wire, question, stream=True).text)
    assert "".join(pieces) == whole
    assert len(pieces) > 5


def test_streamed_and_unstreamed_calls_are_equal(speaker: "Speaker", wire: str) -> None:
    body = speaker.ask(wire, "Weather in Tokyo and Paris?", **offer(wire)).json()
    expected = [("fetch_weather", {"city": "Tokyo"}), ("fetch_weather", {"city": "Paris"})]
    assert speaker.calls_of(wire, body) == expected
    events = speaker.events_of(
        speaker.ask(wire, "Weather in Tokyo and Paris?", stream=True, **offer(wire)).text
    )
    assert joined_calls(wire, events) == expected


def joined_calls(wire: str, events: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    if wire == "google":
        parts = [part for _, data in events for part in data["candidates"][0]["content"]["parts"]]
        return [(part["functionCall"]["name"], part["functionCall"]["args"]) for part in parts]
    names: list[str] = []
    arguments: list[str] = []
    for kind, data in events:
        if wire == "anthropic" and kind == "content_block_start":
            names.append(data["content_block"]["name"])
            arguments.append("")
        elif wire == "anthropic" and kind == "content_block_delta":
            arguments[-1] += data["delta"]["partial_json"]
        elif wire == "openai_responses" and kind == "response.output_item.added":
            names.append(data["item"]["name"])
            arguments.append("")
        elif wire == "openai_responses" and kind == "response.function_call_arguments.delta":
            arguments[-1] += data["delta"]
        elif wire == "openai_chat" and data != "[DONE]" and data["choices"]:
            for call in data["choices"][0]["delta"].get("tool_calls", []):
                if "id" in call:
                    names.append(call["function"]["name"])
                    arguments.append("")
                arguments[call["index"]] += call["function"]["arguments"]
    return [(name, json.loads(text)) for name, text in zip(names, arguments, strict=True)]


def test_lone_call_starts_in_the_first_chunk_of_a_chat(speaker: "Speaker") -> None:
    options = offer("openai_chat")
    raw = speaker.ask("openai_chat", "Weather in Tokyo?", stream=True, **options).text
    first = speaker.events_of(raw)[0][1]["choices"][0]["delta"]
    assert first["tool_calls"][0]["function"] == {"name": "fetch_weather", "arguments": ""}
    assert (first["role"], first["content"], first["refusal"]) == ("assistant", None, None)


def test_usage_is_streamed_on_chat_only_when_asked_for(speaker: "Speaker") -> None:
    raw = speaker.ask("openai_chat", "Hello!", stream=True).text
    assert "usage" not in speaker.order_of(speaker.events_of(raw))
    assert raw.endswith("data: [DONE]\n\n")


def test_events_of_responses_are_numbered_without_a_gap(speaker: "Speaker") -> None:
    events = speaker.events_of(speaker.ask("openai_responses", "Hello!", stream=True).text)
    assert [data["sequence_number"] for _, data in events] == list(range(len(events)))


def test_long_messages_are_accompanied_by_pings(speaker: "Speaker") -> None:
    raw = speaker.ask("anthropic", "List all U.S. states.", stream=True).text
    assert raw.count("event: ping") > 3


def test_google_streams_one_array_without_server_sent_events(speaker: "Speaker") -> None:
    path, body = speaker.request("google", "Recommend a fantasy book.", stream=True)
    reply = speaker.client.post(path.removesuffix("?alt=sse"), json=body)
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    chunks = reply.json()
    text = "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks)
    assert text.startswith("I recommend **The Name of the Wind**")


def test_token_limit_cuts_the_reply_and_says_so(speaker: "Speaker", wire: str) -> None:
    limits: dict[str, dict[str, Any]] = {
        "openai_chat": {"max_tokens": 16},
        "openai_responses": {"max_output_tokens": 16},
        "anthropic": {"max_tokens": 16},
        "google": {"generationConfig": {"maxOutputTokens": 16}},
    }
    body = speaker.ask(wire, "List all U.S. states.", **limits[wire]).json()
    expected = {
        "openai_chat": "length",
        "openai_responses": "incomplete",
        "anthropic": "max_tokens",
        "google": "MAX_TOKENS",
    }
    assert speaker.finish_of(wire, body) == expected[wire]
    assert speaker.usage_of(wire, body)[1] <= 16
    assert speaker.text_of(wire, body).startswith("1. Alabama")


def test_stop_sequence_ends_the_reply(speaker: "Speaker") -> None:
    chat = speaker.chat("List 5 fruits", stop=["3."])
    assert chat["content"] == "1. apple\n2. banana\n"
    body = speaker.ask("anthropic", "List 5 fruits", stop_sequences=["3."]).json()
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "3.")
    config = {"stopSequences": ["3."]}
    google = speaker.ask("google", "List 5 fruits", generationConfig=config).json()
    assert speaker.text_of("google", google) == "1. apple\n2. banana\n"


@pytest.mark.parametrize("union", ["anyOf", "any_of"])
@pytest.mark.parametrize("least", ["minItems", "min_items"])
def test_google_reads_a_schema_in_either_spelling(
    speaker: "Speaker", union: str, least: str
) -> None:
    kinds = [{"type": "INTEGER"}, {"type": "BOOLEAN"}]
    schema = {
        "type": "OBJECT",
        "properties": {
            "any_of": {union: kinds},
            "numbers": {"type": "ARRAY", "items": {"type": "INTEGER"}, least: 3},
        },
        "required": ["any_of", "numbers"],
    }
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    body = speaker.ask("google", "Make one up.", generationConfig=config).json()
    made = json.loads(speaker.text_of("google", body))
    assert isinstance(made["any_of"], int)
    assert len(made["numbers"]) >= 3


def test_usage_is_the_same_on_a_repeated_question(speaker: "Speaker", wire: str) -> None:
    first, second = (speaker.ask(wire, "Tell me a joke").json() for _ in range(2))
    assert speaker.usage_of(wire, first) == speaker.usage_of(wire, second)
    assert min(speaker.usage_of(wire, first)) > 0


def test_thoughts_come_first_where_the_request_asks_for_them(speaker: "Speaker") -> None:
    body = speaker.ask(
        "anthropic", "Hello!", model="thinker", thinking={"type": "enabled", "budget_tokens": 1024}
    ).json()
    assert [block["type"] for block in body["content"]] == ["thinking", "text"]
    assert body["content"][0]["signature"]
    body = speaker.ask(
        "openai_responses", "Hello!", model="thinker", reasoning={"summary": "auto"}
    ).json()
    assert [item["type"] for item in body["output"]] == ["reasoning", "message"]
    assert len(body["output"][0]["summary"]) == 3
    config = {"thinkingConfig": {"include_thoughts": True}}
    body = speaker.ask("google", "Hello!", model="thinker", generationConfig=config).json()
    parts = body["candidates"][0]["content"]["parts"]
    assert [part.get("thought", False) for part in parts] == [True, False]


def test_thoughts_stay_hidden_otherwise_but_are_counted(speaker: "Speaker", wire: str) -> None:
    body = speaker.ask(wire, "Hello!", model="thinker").json()
    plain = speaker.ask(wire, "Hello!").json()
    assert speaker.text_of(wire, body) == speaker.text_of(wire, plain)
    assert speaker.usage_of(wire, body)[1] > speaker.usage_of(wire, plain)[1]
    assert "Reading the question" not in json.dumps(body)


def test_schema_is_honoured_on_every_wire(speaker: "Speaker", wire: str) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "author": {"type": "string"}},
        "required": ["title", "author"],
    }
    forms: dict[str, dict[str, Any]] = {
        "openai_chat": {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "Book", "schema": schema},
            }
        },
        "openai_responses": {
            "text": {"format": {"type": "json_schema", "name": "Book", "schema": schema}}
        },
        "anthropic": {"output_format": {"type": "json_schema", "schema": schema}},
        "google": {
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseSchema": {
                    "type": "OBJECT",
                    "properties": {"title": {"type": "STRING"}, "author": {"type": "STRING"}},
                    "required": ["title", "author"],
                },
            }
        },
    }
    body = speaker.ask(wire, "Recommend a fantasy book.", **forms[wire]).json()
    text = speaker.text_of(wire, body)
    assert json.loads(text) == {"title": "The Name of the Wind", "author": "Patrick Rothfuss"}


def test_forced_tool_is_called_even_when_it_does_not_fit(speaker: "Speaker", wire: str) -> None:
    forced: dict[str, dict[str, Any]] = {
        "openai_chat": {"tool_choice": {"type": "function", "function": {"name": "fetch_weather"}}},
        "openai_responses": {
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "fetch_weather"}],
            }
        },
        "anthropic": {"tool_choice": {"type": "tool", "name": "fetch_weather"}},
        "google": {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
    }
    body = speaker.ask(wire, "Tell me a joke", **offer(wire), **forced[wire]).json()
    assert [name for name, _ in speaker.calls_of(wire, body)] == ["fetch_weather"]


def test_no_tool_is_called_when_that_is_forbidden(speaker: "Speaker", wire: str) -> None:
    forbidden: dict[str, dict[str, Any]] = {
        "openai_chat": {"tool_choice": "none"},
        "openai_responses": {"tool_choice": "none"},
        "anthropic": {"tool_choice": {"type": "none"}},
        "google": {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
    }
    body = speaker.ask(wire, "Weather in Tokyo?", **offer(wire), **forbidden[wire]).json()
    assert speaker.calls_of(wire, body) == []


def test_one_call_at_a_time_when_parallel_calls_are_off(speaker: "Speaker") -> None:
    off = {"parallel_tool_calls": False}
    body = speaker.ask("openai_chat", "Weather in Tokyo and Paris?", **offer("openai_chat"), **off)
    assert len(speaker.calls_of("openai_chat", body.json())) == 1


@pytest.mark.parametrize("case", ERRORS)
def test_error_has_the_form_of_the_service(speaker: "Speaker", wire: str, case: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "unknown model": {"model": "missing"},
        "rejected key": {
            "headers": {
                "authorization": "Bearer invalid",
                "x-api-key": "invalid",
                "x-goog-api-key": "invalid",
            }
        },
        "rate limit": {"model": "flaky-429"},
        "server failure": {"model": "flaky-500"},
        "overload": {"model": "flaky-529"},
    }
    reply = speaker.ask(wire, "Hello!", **options[case])
    status, fields = ERRORS[case][wire]
    assert reply.status_code == status
    error = reply.json()["error"]
    assert {key: error[key] for key in fields} == fields
    if wire == "anthropic":
        assert reply.json()["type"] == "error"
        assert reply.json()["request_id"] == reply.headers["request-id"]
    if case == "rate limit":
        assert reply.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("wire", "body", "said"),
    [
        ("openai_chat", {"messages": [{"role": "user", "content": "x"}]}, "model"),
        ("openai_chat", {"model": "assistant"}, "'messages'"),
        ("openai_chat", {"model": "assistant", "messages": [3]}, "messages[0]"),
        ("openai_responses", {"model": "assistant"}, "'input'"),
        ("anthropic", {"model": "assistant", "messages": []}, "max_tokens"),
        ("anthropic", {"model": "assistant", "max_tokens": 5, "messages": []}, "at least one"),
        ("anthropic", {"max_tokens": 5}, "model: Field required"),
        ("google", {}, "contents is not specified"),
    ],
)
def test_missing_field_is_a_bad_request_that_names_it(
    speaker: "Speaker", wire: str, body: dict[str, Any], said: str
) -> None:
    path, _ = speaker.request(wire, "x", model="assistant")
    headers = {"anthropic-version": "2023-06-01"}
    reply = speaker.client.post(path, json=body, headers=headers)
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]


def test_broken_json_is_a_bad_request(speaker: "Speaker", wire: str) -> None:
    path, _ = speaker.request(wire, "x")
    headers = {"anthropic-version": "2023-06-01"}
    reply = speaker.client.post(path, content=b'{"model": ', headers=headers)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"]


def test_messages_need_a_version_header(speaker: "Speaker") -> None:
    path, body = speaker.request("anthropic", "x")
    reply = speaker.client.post(path, json=body)
    assert reply.status_code == 400
    assert "anthropic-version" in reply.json()["error"]["message"]
