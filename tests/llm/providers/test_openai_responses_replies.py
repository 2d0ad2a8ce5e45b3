"""The responses API: what is made of replies."""

import runpy
from pathlib import Path
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


EVENTS = runpy.run_path(str(Path(__file__).parent / "events" / "openai_responses.py"))
(
    completed,
    message,
    call,
    reasoning,
    added,
    done,
    text,
    text_done,
    args,
    args_done,
    thought,
    parts,
) = (
    EVENTS[name]
    for name in (
        "completed",
        "message",
        "call",
        "reasoning",
        "added",
        "done",
        "text",
        "text_done",
        "args",
        "args_done",
        "thought",
        "parts",
    )
)


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


def test_searches_are_counted(server: Any, received_items: Any) -> None:
    output = [{"id": "ws_1", "type": "web_search_call"}, {"id": "ws_2", "type": "web_search_call"}]
    usage = {"input_tokens": 5, "output_tokens": 2}
    server.whole({"status": "completed", "output": output, "usage": usage})
    server.register("openai")
    replies: list[Any] = [
        llm.Model(MODEL).call("Hello."),
        received_items(completed(*output, usage=usage)),
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
def test_incomplete_replies(server: Any, received_items: Any, reason: str, finish: Any) -> None:
    reply: dict[str, Any] = {
        "status": "incomplete",
        "incomplete_details": {"reason": reason},
        "output": [],
    }
    server.whole(reply)
    server.register("openai")
    assert llm.Model(MODEL).call("Hello.").finish_reason is finish
    assert (
        received_items({"type": "response.incomplete", "response": reply}).finish_reason is finish
    )


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
def test_failed_replies(server: Any, received_items: Any, code: str, error: Any) -> None:
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
        received_items({"type": "response.failed", "response": reply})


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
def test_error_events(received_items: Any, event: Any) -> None:
    with pytest.raises(llm.RateLimitError, match=r"No\."):
        received_items(event)


def test_a_call_inside_a_text_waits_for_its_end(received_items: Any) -> None:
    said = message("msg_1", "One.")
    stream = received_items(
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


def test_thoughts_end_with_their_item(received_items: Any) -> None:
    item = reasoning("rs_1", "One.", "Two.")
    stream = received_items(
        added(0, item),
        thought(0, "One."),
        thought(0, "Tw", part=1),
        done(0, item),
        text(1, "Three."),
        completed(item, message("msg_1", "Three.")),
    )
    assert parts(stream) == ["One.", "Two.", "Three."]


def test_reasoning_that_is_not_summarised(received_items: Any) -> None:
    place = {"output_index": 0, "content_index": 0}
    stream = received_items(
        {"type": "response.reasoning_text.delta", **place, "delta": "Hm"},
        {"type": "response.reasoning_text.delta", **place, "delta": "."},
        {"type": "response.reasoning_text.done", **place, "text": "Hm."},
        completed({"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}),
    )
    assert stream.content == [llm.Thought(thought="Hm.")]


def test_a_call_without_a_name_is_shown_and_runs_nothing(received_items: Any) -> None:
    stream = received_items(args(0, '{"title":"A"}'), completed())
    assert [(call.name, call.args) for call in stream.tool_calls] == [("", '{"title":"A"}')]
    assert isinstance(stream.execute_tools()[0].error, llm.ToolNotFoundError)


def test_arguments_after_the_end_of_a_call_are_left_out(received_items: Any) -> None:
    stream = received_items(
        added(0, CALL), done(0, CALL), args(0, "?"), args(0, None), completed(CALL)
    )
    assert stream.tool_calls[0].args == CALL["arguments"]


def test_a_cancelled_reply_is_an_error(received_items: Any, server: Any) -> None:
    with pytest.raises(llm.APIError):
        received_items({"type": "response.cancelled", "response": {"status": "cancelled"}})
    server.whole({"status": "cancelled", "output": [], "error": None})
    with pytest.raises(llm.APIError):
        llm.Model(MODEL).call("Hello.")


def test_an_error_without_a_type(server: Any, sse: Any) -> None:
    server.stream(sse([("", {"error": {"message": "No.", "code": "rate_limit_exceeded"}})]))
    server.register("openai")
    with pytest.raises(llm.RateLimitError, match=r"No\."):
        llm.Model(MODEL).stream("Hello.").finish()


def test_the_format_tool_is_a_text_while_it_streams(received_items: Any) -> None:
    item = call("a", '{"title":"A","pages":3}', name=FORMAT_TOOL)
    stream = received_items(
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


def test_the_format_tool_beside_another_stays_in_order(received_items: Any) -> None:
    book = call("b", '{"title":"B"}', name=FORMAT_TOOL)
    stream = received_items(
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


def test_each_delta_of_the_arguments_is_one_chunk(received_items: Any) -> None:
    stream = received_items(
        added(0, CALL),
        *(args(0, delta) for delta in ("", '{"title"', ":", '"A"}', "")),
        args_done(0, CALL["arguments"]),
        done(0, CALL),
        completed(CALL),
    )
    assert len(stream.chunks) == 7


def test_a_streamed_refusal_is_a_text(received_items: Any) -> None:
    place = {"output_index": 0, "content_index": 0}
    stream = received_items(
        {"type": "response.refusal.delta", **place, "delta": "I "},
        {"type": "response.refusal.delta", **place, "delta": "won't."},
        {"type": "response.refusal.done", **place, "refusal": "I won't."},
        completed({"type": "message", "content": [{"type": "refusal", "refusal": "I won't."}]}),
    )
    assert parts(stream) == ["I won't."]
    assert stream.finish_reason is llm.FinishReason.REFUSAL


def test_usage_with_every_event_is_counted_once(received_items: Any) -> None:
    def usage(output: int) -> dict[str, Any]:
        return {"usage": {"input_tokens": 5, "output_tokens": output}}

    stream = received_items(
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
