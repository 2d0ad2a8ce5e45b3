"""What is made of Anthropic's messages, where it is particular; the rest is in the contract."""

from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.sse import Event

OLD = "anthropic/claude-sonnet-4-0"


@llm.tool
def look_up(word: str) -> str:
    """Look up a word."""
    return word


REDACTED = {"type": "redacted_thinking", "data": "c2VjcmV0"}


def test_what_is_no_content_is_kept_for_the_next_request(server: Any, sse: Any) -> None:
    signed = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    text = {"type": "text", "text": "Yes."}
    server.register("anthropic")
    server.whole({"type": "message", "content": [REDACTED, signed, text]})
    response = llm.Model(OLD).call("Hello.")
    assert response.content == [llm.Text(text="Yes.")]
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": REDACTED},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "thinking", "thinking": "", "signature": ""},
        },
        *(
            {"type": "content_block_delta", "index": 1, "delta": delta}
            for delta in (
                {"type": "thinking_delta", "thinking": "Hm."},
                {"type": "signature_delta", "signature": "c2"},
                {"type": "signature_delta", "signature": "ln"},
            )
        ),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "content_block_start",
            "index": 2,
            "content_block": {"type": "text", "text": "", "citations": []},
        },
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "citations_delta", "citation": {"url": "x"}},
        },
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "text_delta", "text": "Yes."},
        },
        {"type": "content_block_stop", "index": 2},
        {"type": "message_stop"},
    ]
    server.stream(sse([(event["type"], event) for event in events]))
    stream = llm.Model(OLD).stream("Hello.")
    stream.finish()
    turns: list[Any] = [stream.messages[-1], response.messages[-1]]
    assert turns[0].raw_message["content"] == [REDACTED, signed, text]
    assert turns[1].raw_message["content"] == [REDACTED, signed, text | {"citations": None}]
    assert stream.chunks == [
        llm.TextStartChunk(),
        llm.TextChunk(delta="Yes."),
        llm.TextEndChunk(),
    ]


CALL = {"type": "tool_use", "id": "a", "name": "look_up"}


def test_blocks_that_overlap_or_lack_a_start_are_put_in_order(server: Any, sse: Any) -> None:
    events: list[dict[str, Any]] = [
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {
                "type": "tool_use",
                "id": "a",
                "name": "look_up",
                "input": {"word": "x"},
            },
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "text_delta", "text": "Early."},
        },
        {"type": "content_block_stop", "index": 1},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": CALL | {"input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"word":"y"}'},
        },
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]
    server.register("anthropic")
    server.stream(sse([(event["type"], event) for event in events]))
    stream = llm.Model(OLD).stream("Hello.", tools=[look_up])
    stream.finish()
    assert stream.content == [
        llm.ToolCall(id="a", name="look_up", args='{"word": "x"}'),
        llm.Text(text="Early."),
        llm.ToolCall(id="a_2", name="look_up", args='{"word":"y"}'),
    ]


def test_usage_that_grows_is_not_counted_twice(server: Any, sse: Any) -> None:
    start = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
    search = {"web_search_requests": 2}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"usage": start}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4}},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"input_tokens": 12, "output_tokens": 9, "server_tool_use": search},
        },
        {"type": "message_stop"},
    ]
    server.register("anthropic")
    server.stream(sse([(event["type"], event) for event in events]))
    stream = llm.Model(OLD).stream("Hello.")
    stream.finish()
    usage = stream.usage
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens) == (17, 5, 9)
    assert usage.provider_tool_usage == [llm.ProviderToolUsage(name="web_search", call_count=2)]


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("overloaded_error", 529, llm.ServerError),
        ("billing_error", 402, llm.APIError),
        ("request_too_large", 413, llm.APIError),
        ("something_new", 500, llm.ServerError),
    ],
)
def test_an_error_event_is_what_its_http_form_is(
    server: Any, sse: Any, kind: str, status: int, error: type[llm.APIError]
) -> None:
    event = {"type": "error", "error": {"type": kind, "message": "Not now."}}
    server.register("anthropic")
    server.stream(sse([("error", event)]))
    server.whole(event, status)
    with pytest.raises(error, match=r"Not now\.") as streamed:
        llm.Model(OLD).stream("Hello.").finish()
    with pytest.raises(error, match=r"Not now\.") as whole:
        llm.Model(OLD).call("Hello.")
    assert type(streamed.value) is type(whole.value)
    assert streamed.value.status_code == whole.value.status_code == status
    assert streamed.value.code == kind


@llm.tool
def ping() -> None:
    """Answer."""


def test_what_compatible_servers_say_instead_is_understood(server: Any, sse: Any) -> None:
    server.register("anthropic")
    server.whole({"error": "No such key."}, 401)
    with pytest.raises(llm.AuthenticationError, match=r"No such key\."):
        llm.Model(OLD).call("Hello.")
    server.whole({"detail": [{"msg": "Wrong."}]}, 422)
    with pytest.raises(llm.BadRequestError, match=r"Wrong\."):
        llm.Model(OLD).call("Hello.")
    server.whole({"error": {"type": "overloaded_error", "message": "Later."}})
    with pytest.raises(llm.ServerError, match=r"Later\."):
        llm.Model(OLD).call("Hello.")
    server.stream(sse([("", {"error": {"type": "api_error", "message": "Oh."}})]))
    with pytest.raises(llm.ServerError, match=r"Oh\."):
        llm.Model(OLD).stream("Hello.").finish()


def test_a_stream_may_miss_its_last_event_only_once_it_told_why_it_ended(server: Any) -> None:
    server.register("anthropic")
    provider: Any = llm.Model(OLD).provider
    hello = [llm.messages.user("Hello.")]
    codec, _, request = provider._prepare(OLD, hello, llm.Toolkit([ping]), None, {})
    decoder = codec.decoder(request)
    with pytest.raises(llm.ConnectionError):
        decoder.finish()
    ending = b'{"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}'
    decoder.feed(Event("message_delta", ending))
    assert [type(chunk).__name__ for chunk in decoder.finish()] == [
        "RawMessageChunk",
        "FinishReasonChunk",
    ]
    assert decoder.feed(Event("", b"[DONE]")) == []
