"""The responses API: what is made of replies."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

MODEL = "openai/gpt-4o:responses"
FORMAT_TOOL = "__mirascope_formatted_output_tool__"


class Book(BaseModel):
    """A book."""

    title: str
    pages: int = 0


@llm.tool
def shelve(title: str) -> str:
    """Put a book on the shelf."""
    return title


@pytest.fixture
def received(server: Any, sse: Any) -> Callable[..., Any]:
    """The streamed reply that consists of these events."""

    def read(*events: dict[str, Any], **asked: Any) -> Any:
        server.stream(sse([(event["type"], event) for event in events]))
        server.register("openai")
        thinking: Any = {"level": "low", "include_thoughts": True}
        model: Any = llm.Model("openai/gpt-5:responses", thinking=thinking)
        stream = model.stream("Hello.", tools=[shelve], **asked)
        stream.finish()
        return stream

    return read


def completed(*output: dict[str, Any], **members: Any) -> dict[str, Any]:
    reply = {"status": "completed", "output": list(output), **members}
    return {"type": f"response.{reply['status']}", "response": reply}


def message(id: str, *texts: str, **part: Any) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, **part} for text in texts]
    return {"id": id, "type": "message", "role": "assistant", "content": parts}


def call(id: str, args: str = '{"title":"A"}', name: str = "shelve") -> dict[str, Any]:
    item = {"id": f"fc_{id}", "type": "function_call", "call_id": f"call_{id}"}
    return {**item, "name": name, "arguments": args}


def reasoning(id: str, *summaries: str) -> dict[str, Any]:
    parts = [{"type": "summary_text", "text": text} for text in summaries]
    return {"id": id, "type": "reasoning", "summary": parts}


def added(index: int, item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: [] if isinstance(item[name], list) else "" for name in EMPTIED if name in item
    }
    event = {"type": "response.output_item.added", "output_index": index}
    return {**event, "item": {**item, **empty}}


EMPTIED = ("content", "summary", "arguments")


def done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def text(index: int, delta: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.output_text.delta", "output_index": index, "content_index": 0}
    return {**event, "delta": delta, **place}


def text_done(index: int, whole: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.output_text.done", "output_index": index, "content_index": 0}
    return {**event, "text": whole, **place}


def args(index: int, delta: str | None, **place: Any) -> dict[str, Any]:
    event = {"type": "response.function_call_arguments.delta", "output_index": index}
    return {**event, "delta": delta, **place}


def args_done(index: int, whole: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.function_call_arguments.done", "output_index": index}
    return {**event, "arguments": whole, **place}


def thought(index: int, delta: str, part: int = 0) -> dict[str, Any]:
    event = {"type": "response.reasoning_summary_text.delta", "output_index": index}
    return {**event, "delta": delta, "summary_index": part}


def parts(response: Any) -> list[str]:
    """The content, each part as one word."""
    members = {"text": "text", "thought": "thought", "tool_call": "args"}
    return [getattr(part, members[part.type]) for part in response.content]


CALL = call("a")


def test_the_turn_to_send_back_is_the_items_without_nulls(server: Any) -> None:
    item = {**reasoning("rs_1", "Hm."), "encrypted_content": None, "status": None}
    search = {"id": "ws_1", "type": "web_search_call", "action": {"type": "search", "query": "q"}}
    server.whole({"status": "completed", "output": [item, search, {"type": "moon", "phase": 1}]})
    server.register("openai")
    response: Any = llm.Model(MODEL).call("Hello.")
    assert response.messages[-1].raw_message == [
        reasoning("rs_1", "Hm."),
        {**search, "action": {"sources": None, "type": "search", "query": "q"}},
        {"type": "moon", "phase": 1},
    ]
    assert response.raw["output"][0] == item
    assert response.provider_model_name == "gpt-4o:responses"


def test_searches_are_counted(server: Any, received: Any) -> None:
    output = [{"id": "ws_1", "type": "web_search_call"}, {"id": "ws_2", "type": "web_search_call"}]
    usage = {"input_tokens": 5, "output_tokens": 2}
    server.whole({"status": "completed", "output": output, "usage": usage})
    server.register("openai")
    replies: list[Any] = [
        llm.Model(MODEL).call("Hello."),
        received(completed(*output, usage=usage)),
    ]
    for reply in replies:
        assert reply.usage.provider_tool_usage == [
            llm.ProviderToolUsage(name="web_search", call_count=2)
        ]


def test_summaries_then_contents_are_thoughts(server: Any) -> None:
    item = {
        **reasoning("rs_1", "One.", "Two."),
        "content": [{"type": "reasoning_text", "text": "Three."}],
    }
    server.whole({"status": "completed", "output": [item, message("msg_1", "Four.", "Five.")]})
    server.register("openai")
    thinking: Any = {"level": "low", "include_thoughts": True}
    response = llm.Model("openai/gpt-5:responses", thinking=thinking).call("Hello.")
    assert [thought.thought for thought in response.thoughts] == ["One.", "Two.", "Three."]
    assert [text.text for text in response.texts] == ["Four.", "Five."]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", llm.FinishReason.MAX_TOKENS),
        ("content_filter", llm.FinishReason.REFUSAL),
        ("full moon", None),
    ],
)
def test_incomplete_replies(server: Any, received: Any, reason: str, finish: Any) -> None:
    reply: dict[str, Any] = {
        "status": "incomplete",
        "incomplete_details": {"reason": reason},
        "output": [],
    }
    server.whole(reply)
    server.register("openai")
    assert llm.Model(MODEL).call("Hello.").finish_reason is finish
    assert received({"type": "response.incomplete", "response": reply}).finish_reason is finish


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("server_error", llm.ServerError),
        ("rate_limit_exceeded", llm.RateLimitError),
        ("image_too_large", llm.BadRequestError),
        ("context_length_exceeded", llm.BadRequestError),
        ("full_moon", llm.ServerError),
    ],
)
def test_failed_replies(server: Any, received: Any, code: str, error: Any) -> None:
    reply: dict[str, Any] = {
        "status": "failed",
        "error": {"code": code, "message": "No."},
        "output": [],
    }
    server.whole(reply)
    server.register("openai")
    with pytest.raises(error, match=r"No\.") as caught:
        llm.Model(MODEL).call("Hello.")
    assert caught.value.code == code
    with pytest.raises(error, match=r"No\."):
        received({"type": "response.failed", "response": reply})


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "message": "No.", "code": "rate_limit_exceeded"},
        {"type": "error", "error": {"message": "No.", "code": "rate_limit_exceeded"}},
        {"type": "error", "error": None, "message": "No.", "code": "rate_limit_exceeded"},
        {"type": "response.failed", "error": {"message": "No.", "code": "rate_limit_exceeded"}},
    ],
    ids=["flat", "nested", "null", "failed without response"],
)
def test_error_events(received: Any, event: Any) -> None:
    with pytest.raises(llm.RateLimitError, match=r"No\."):
        received(event)


def test_a_call_inside_a_text_waits_for_its_end(received: Any) -> None:
    said = message("msg_1", "One.")
    stream = received(
        added(0, said),
        text(0, "On"),
        added(1, CALL),
        args(1, '{"title":"A"}'),
        text(0, "e."),
        args_done(1, '{"title":"A"}'),
        done(1, CALL),
        text_done(0, "One."),
        done(0, said),
        completed(said, CALL),
    )
    assert parts(stream) == ["One.", '{"title":"A"}']
    assert [chunk.type for chunk in stream.chunks] == [
        "text_start_chunk",
        "text_chunk",
        "text_chunk",
        "text_end_chunk",
        "tool_call_start_chunk",
        "tool_call_chunk",
        "tool_call_end_chunk",
    ]


def test_thoughts_end_with_their_item(received: Any) -> None:
    item = reasoning("rs_1", "One.", "Two.")
    stream = received(
        added(0, item),
        thought(0, "One."),
        thought(0, "Tw", part=1),
        done(0, item),
        text(1, "Three."),
        completed(item, message("msg_1", "Three.")),
    )
    assert parts(stream) == ["One.", "Two.", "Three."]


def test_reasoning_that_is_not_summarised(received: Any) -> None:
    place = {"output_index": 0, "content_index": 0}
    stream = received(
        {"type": "response.reasoning_text.delta", **place, "delta": "Hm"},
        {"type": "response.reasoning_text.delta", **place, "delta": "."},
        {"type": "response.reasoning_text.done", **place, "text": "Hm."},
        completed({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}),
    )
    assert stream.content == [llm.Thought(thought="Hm.")]


def test_a_call_without_a_name_is_shown_and_runs_nothing(received: Any) -> None:
    stream = received(args(0, '{"title":"A"}'), completed())
    assert [(call.name, call.args) for call in stream.tool_calls] == [("", '{"title":"A"}')]
    assert isinstance(stream.execute_tools()[0].error, llm.ToolNotFoundError)


def test_arguments_after_the_end_of_a_call_are_left_out(received: Any) -> None:
    stream = received(added(0, CALL), done(0, CALL), args(0, "?"), args(0, None), completed(CALL))
    assert stream.tool_calls[0].args == CALL["arguments"]


def test_a_cancelled_reply_is_an_error(received: Any, server: Any) -> None:
    with pytest.raises(llm.APIError):
        received({"type": "response.cancelled", "response": {"status": "cancelled"}})
    server.whole({"status": "cancelled", "output": [], "error": None})
    with pytest.raises(llm.APIError):
        llm.Model(MODEL).call("Hello.")


def test_an_error_without_a_type(server: Any, sse: Any) -> None:
    server.stream(sse([("", {"error": {"message": "No.", "code": "rate_limit_exceeded"}})]))
    server.register("openai")
    with pytest.raises(llm.RateLimitError, match=r"No\."):
        llm.Model(MODEL).stream("Hello.").finish()


def test_the_format_tool_is_a_text_while_it_streams(received: Any) -> None:
    item = call("a", '{"title":"A","pages":3}', name=FORMAT_TOOL)
    stream = received(
        added(0, item),
        args(0, '{"title":"A",'),
        args(0, '"pages":3}'),
        args_done(0, '{"title":"A","pages":3}'),
        done(0, item),
        completed(item),
        format=llm.format(Book, mode="tool"),
    )
    assert stream.tool_calls == []
    assert stream.parse() == Book(title="A", pages=3)
    assert {chunk.content_type for chunk in stream.chunks} == {"text"}


def test_the_format_tool_beside_another_stays_in_order(received: Any) -> None:
    book = call("b", '{"title":"B"}', name=FORMAT_TOOL)
    stream = received(
        added(0, book),
        added(1, CALL),
        args(1, '{"title":'),
        args(0, '{"title":'),
        args(1, '"A"}'),
        args(0, '"B"}'),
        args_done(1, '{"title":"A"}'),
        args_done(0, '{"title":"B"}'),
        completed(book, CALL),
        format=llm.format(Book, mode="tool"),
    )
    assert [chunk.content_type for chunk in stream.chunks] == ["text"] * 4 + ["tool_call"] * 4
    assert stream.parse() == Book(title="B")
    assert stream.tool_calls[0].args == '{"title":"A"}'


def test_each_delta_of_the_arguments_is_one_chunk(received: Any) -> None:
    stream = received(
        added(0, CALL),
        *(args(0, delta) for delta in ("", '{"title"', ":", '"A"}', "")),
        args_done(0, CALL["arguments"]),
        done(0, CALL),
        completed(CALL),
    )
    assert len(stream.chunks) == 7


def test_a_streamed_refusal_is_a_text(received: Any) -> None:
    place = {"output_index": 0, "content_index": 0}
    stream = received(
        {"type": "response.refusal.delta", **place, "delta": "I "},
        {"type": "response.refusal.delta", **place, "delta": "won't."},
        {"type": "response.refusal.done", **place, "refusal": "I won't."},
        completed({"type": "message", "content": [{"type": "refusal", "refusal": "I won't."}]}),
    )
    assert parts(stream) == ["I won't."]
    assert stream.finish_reason is llm.FinishReason.REFUSAL


def test_usage_with_every_event_is_counted_once(received: Any) -> None:
    def usage(output: int) -> dict[str, Any]:
        return {"usage": {"input_tokens": 5, "output_tokens": output}}

    stream = received(
        {"type": "response.created", "response": usage(0)},
        {"type": "response.in_progress", "response": usage(1)},
        completed(**usage(7)),
    )
    assert (stream.usage.input_tokens, stream.usage.output_tokens) == (5, 7)


def test_no_output_is_an_error(server: Any) -> None:
    server.whole({"status": "completed", "output": None})
    server.register("openai")
    with pytest.raises(llm.ResponseValidationError, match="without output"):
        llm.Model(MODEL).call("Hello.")
