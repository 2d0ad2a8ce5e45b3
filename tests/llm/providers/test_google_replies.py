"""What is made of Gemini's replies, where it is particular; the rest is in the contract."""

from typing import Any

import pytest

from mirascope_nb import llm

FLASH = "google/gemini-2.5-flash"
UNKNOWN = "google_unknown_tool_id"


REPLY = {"candidates": [{"content": {"parts": [{"text": "{}"}]}, "finishReason": "STOP"}]}


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return word


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


def test_an_error_with_a_good_status_is_an_error(server: Any) -> None:
    server.register("google")
    server.whole({"error": {"code": 503, "message": "Later."}})
    with pytest.raises(llm.ServerError, match=r"Later\."):
        llm.Model(FLASH).call("Hello.")
