"""Chat completions: what is made of replies, OpenAI's own and its imitators'."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm

MODEL = "openai/gpt-4o:completions"
HELLO = [llm.messages.user("Hello.")]


class Book(BaseModel):
    title: str
    pages: int = 0


@llm.tool
def shelve(title: str, tags: list[str] | None = None) -> str:
    """Put a book on the shelf."""
    return f"{title} {tags}"


@pytest.fixture
def received(server: Any, sse: Any) -> Callable[..., Any]:
    """The streamed reply that consists of these deltas."""

    def read(*deltas: dict[str, Any] | str, reason: str | None = "stop", **params: Any) -> Any:
        events = [chunk(delta) if isinstance(delta, dict) else delta for delta in deltas]
        server.stream(sse([("", event) for event in [*events, chunk({}, reason), "[DONE]"]]))
        server.register("openai")
        stream = llm.Model(MODEL, **params).stream("Hello.", tools=[shelve])
        stream.finish()
        return stream

    return read


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}


def call(args: str = "", **members: Any) -> dict[str, Any]:
    """A delta of one tool call."""
    function = {"arguments": args}
    if "name" in members:
        function["name"] = members.pop("name")
    return {"tool_calls": [{**members, "function": function}]}


def test_content_and_refusal_are_texts_of_their_own(received: Any) -> None:
    stream = received({"content": "Well."}, {"refusal": "I "}, {"refusal": "won't."})
    assert [text.text for text in stream.texts] == ["Well.", "I won't."]
    assert stream.finish_reason is llm.FinishReason.REFUSAL
    assert stream.messages[-1].raw_message == {
        "role": "assistant",
        "content": "Well.",
        "refusal": "I won't.",
    }


def test_a_filtered_reply_is_a_refusal(received: Any) -> None:
    assert received({"content": "Once"}, reason="content_filter").finish_reason is (
        llm.FinishReason.REFUSAL
    )


def test_a_finish_reason_that_is_null_is_a_normal_end(received: Any) -> None:
    stream = received({"content": "Done."}, reason=None)
    assert stream.text() == "Done."
    assert stream.finish_reason is None


def test_usage_with_every_chunk_is_counted_once(received: Any) -> None:
    events = [
        str_of(chunk({"content": "a"}, usage={"prompt_tokens": 5, "completion_tokens": n}))
        for n in (1, 2, 3)
    ]
    stream = received(*events)
    assert (stream.usage.input_tokens, stream.usage.output_tokens) == (5, 3)


def str_of(event: dict[str, Any]) -> str:
    from pydantic_core import to_json

    return to_json(event).decode()


THREE = [("a", '{"title":"A"}'), ("b", '{"title":"B"}'), ("c", "{}")]


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param(
            [call(args, index=n, id=id, name="shelve") for n, (id, args) in enumerate(THREE)],
            id="each whole",
        ),
        pytest.param(
            [call(args, index=0, id=id, name="shelve") for id, args in THREE],
            id="index reused",
        ),
        pytest.param(
            [
                *(call(args, index=n, id=id, name="shelve") for n, (id, args) in enumerate(THREE)),
                *(call(args, id=id, name="shelve") for id, args in THREE),
            ],
            id="told again without index",
        ),
        pytest.param([call(args, id=id, name="shelve") for id, args in THREE], id="index absent"),
        pytest.param([call(args, index=0, name="shelve") for _, args in THREE], id="ids absent"),
        pytest.param([call(args, name="shelve") for _, args in THREE], id="both absent"),
        pytest.param(
            [call(args, id=None, index=None, name="shelve", type=None) for _, args in THREE],
            id="both null",
        ),
        pytest.param(
            [
                delta
                for n, (id, args) in enumerate(THREE)
                for delta in (
                    call("", index=n, id=id),
                    call("", index=n, name="shelve"),
                    call(args[:1], index=n),
                    call(args[1:], index=n),
                )
            ],
            id="name after the id",
        ),
        pytest.param(
            [
                delta
                for n, (id, args) in enumerate(THREE)
                for delta in (
                    call(args[:1], index=n, id=id, name="shelve"),
                    call(args[1:], index=n, id=id, name="shelve"),
                )
            ],
            id="told with every delta",
        ),
        pytest.param(
            [
                *(call("", index=n, id=id, name="shelve") for n, (id, _) in enumerate(THREE)),
                *(call(args[:1], index=n) for n, (_, args) in enumerate(THREE)),
                *(call(args[1:], index=n) for n, (_, args) in enumerate(THREE)),
            ],
            id="interleaved by index",
        ),
        pytest.param(
            [
                *(call(args[:1], id=id, name="shelve") for id, args in THREE),
                *(call(args[1:], id=id) for id, args in THREE),
            ],
            id="interleaved by id",
        ),
        pytest.param(
            [
                {
                    "tool_calls": [
                        call(args, id=id, name="shelve")["tool_calls"][0] for id, args in THREE
                    ]
                }
            ],
            id="in one delta",
        ),
        pytest.param(
            [
                {"tool_calls": [{"id": id, "function": {"name": "shelve", "arguments": value}}]}
                for (id, _), value in zip(THREE, ({"title": "A"}, {"title": "B"}, {}), strict=True)
            ],
            id="arguments not as text",
        ),
    ],
)
def test_calls_however_a_server_tells_of_them(received: Any, deltas: Any) -> None:
    stream = received(*deltas)
    assert [(call.name, call.args) for call in stream.tool_calls] == [
        ("shelve", args) for _, args in THREE
    ]
    assert len({call.id for call in stream.tool_calls}) == 3
    raw = stream.messages[-1].raw_message["tool_calls"]
    assert [each["id"] for each in raw] == [call.id for call in stream.tool_calls]


def test_a_call_is_whole_as_soon_as_the_next_begins(received: Any) -> None:
    stream = received(
        *(call(args, index=n, id=id, name="shelve") for n, (id, args) in enumerate(THREE))
    )
    kinds = [(chunk.type.split("_")[2], chunk.id) for chunk in stream.chunks]
    assert kinds == [(kind, id) for id, _ in THREE for kind in ("start", "chunk", "end")]


def test_a_call_that_is_told_twice_is_one_call(received: Any) -> None:
    stream = received(*(call('{"title":"A"}', index=0, id="a", name="shelve") for _ in range(2)))
    assert [call.args for call in stream.tool_calls] == ['{"title":"A"}']


def test_the_format_tool_beside_another_stays_in_order(server: Any, sse: Any) -> None:
    deltas = [
        call("", index=0, id="a", name="shelve"),
        call("", index=1, id="b", name="__mirascope_formatted_output_tool__"),
        call('{"title":', index=0),
        call('{"title":', index=1),
        call('"A"}', index=0),
        call('"B","pages":1}', index=1),
    ]
    events = [chunk(delta) for delta in deltas]
    server.stream(sse([("", event) for event in [*events, chunk({}, "stop"), "[DONE]"]]))
    server.register("openai")
    form = llm.format(Book, mode="tool")
    stream = llm.Model(MODEL).stream("Hello.", tools=[shelve], format=form)
    stream.finish()
    assert [type(part).__name__ for part in stream.content] == ["ToolCall", "Text"]
    assert stream.parse() == Book(title="B", pages=1)


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
    ],
    ids=["deepseek", "openrouter", "mistral"],
)
def test_reasoning_wherever_a_server_puts_it(received: Any, server: Any, delta: Any) -> None:
    thinking: Any = {"level": "low", "include_thoughts": True}
    text = {"content": [{"type": "text", "text": "Yes."}]}
    stream = received(delta, text, thinking=thinking)
    assert stream.content == [llm.Thought(thought="Hm."), llm.Text(text="Yes.")]
    server.whole({"choices": [{"message": delta}]})
    response = llm.Model(MODEL, thinking=thinking).call("Hello.")
    assert response.thoughts == [llm.Thought(thought="Hm.")]


@pytest.mark.parametrize(
    "cached",
    [
        {"prompt_tokens_details": {"cached_tokens": 4}},
        {"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6},
        {"cached_tokens": 4},
    ],
    ids=["openai", "deepseek", "moonshot"],
)
def test_tokens_from_the_cache_are_counted_wherever_a_server_puts_them(
    received: Any, cached: Any
) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 2, **cached}
    stream = received({"content": "Hi."}, str_of({"choices": [], "usage": usage}))
    assert (stream.usage.input_tokens, stream.usage.cache_read_tokens) == (10, 4)


def test_a_conversation_that_no_longer_fits_says_so(received: Any) -> None:
    stream = received({"content": "Hi"}, reason="model_length")
    assert stream.finish_reason is llm.FinishReason.CONTEXT_LENGTH_EXCEEDED


def test_a_reply_that_a_server_has_broken_off_is_no_success(received: Any, server: Any) -> None:
    reason = "insufficient_system_resource"
    with pytest.raises(llm.ServerError, match=f"broken off: {reason}"):
        received({"content": "Hi"}, reason=reason)
    server.whole({"choices": [{"message": {"content": "Hi"}, "finish_reason": reason}]})
    with pytest.raises(llm.ServerError, match=f"broken off: {reason}"):
        llm.Model(MODEL).call("Hello.")


def test_a_first_event_without_choices_is_passed_over(received: Any) -> None:
    stream = received(str_of({"choices": [], "prompt_filter_results": []}), {"content": "Hi."})
    assert stream.text() == "Hi."


def test_no_choices_are_an_error(server: Any) -> None:
    server.whole({"choices": [], "usage": None})
    server.register("openai")
    with pytest.raises(llm.ResponseValidationError, match="without choices"):
        llm.Model(MODEL).call("Hello.")


@pytest.mark.parametrize("where", ["body", "choice"])
def test_an_error_in_a_reply_with_a_good_status(server: Any, where: str) -> None:
    error: dict[str, Any] = {"code": 429, "message": "Slow down.", "metadata": {}}
    body: dict[str, Any] = {"error": error}
    if where == "choice":
        body = {"choices": [{"error": error, "finish_reason": "error", "message": {}}]}
    server.whole(body)
    server.register("openai")
    with pytest.raises(llm.RateLimitError, match="Slow down"):
        llm.Model(MODEL).call("Hello.")


def test_an_error_that_says_so_of_itself(server: Any, sse: Any) -> None:
    error = {"object": "error", "message": "Too long.", "type": "BadRequestError", "code": 400}
    server.register("openai")
    server.whole(error)
    with pytest.raises(llm.BadRequestError, match=r"^Too long\.$"):
        llm.Model(MODEL).call("Hello.")
    server.whole(error)
    with pytest.raises(llm.BadRequestError, match=r"^Too long\.$"):
        llm.Model(MODEL).stream("Hello.")
    server.stream(sse([("", chunk({"content": "Hi"})), ("", error)]))
    stream = llm.Model(MODEL).stream("Hello.")
    with pytest.raises(llm.BadRequestError, match=r"^Too long\.$"):
        stream.finish()
    assert stream.text() == "Hi"


def test_an_error_in_a_choice_of_a_stream(server: Any, sse: Any) -> None:
    event = chunk({"content": ""}, "error", error={"code": 502, "message": "Gone."})
    server.stream(sse([("", chunk({"content": "Hi"})), ("", event)]))
    server.register("openai")
    stream = llm.Model(MODEL).stream("Hello.")
    with pytest.raises(llm.ServerError, match="Gone"):
        stream.finish()
    assert stream.text() == "Hi"


def test_a_server_that_never_says_done_is_known_by_its_finish_reason() -> None:
    from mirascope_nb.llm.providers.codec import Profile, Request
    from mirascope_nb.llm.providers.openai_chat import CODEC
    from mirascope_nb.llm.sse import Event

    request = Request(
        provider_id="odd",
        model_id="odd/model",
        model_name="model",
        messages=HELLO,
        toolkit=llm.Toolkit(None),
        format=None,
        params={},
        profile=Profile(tolerates_missing_end=True),
    )
    decoder = CODEC.decoder(request)
    decoder.feed(Event("", str_of(chunk({"content": "Hi."})).encode()))
    with pytest.raises(llm.ConnectionError):
        decoder.finish()
    decoder.feed(Event("", str_of(chunk({}, "length")).encode()))
    assert [type(each).__name__ for each in decoder.finish()] == [
        "RawMessageChunk",
        "FinishReasonChunk",
    ]


def test_a_call_without_a_name_is_shown_and_runs_nothing(received: Any) -> None:
    stream = received(call('{"title":"A"}', index=0, id="a"))
    assert stream.tool_calls == [llm.ToolCall(id="a", name="", args='{"title":"A"}')]
    assert isinstance(stream.execute_tools()[0].error, llm.ToolNotFoundError)
