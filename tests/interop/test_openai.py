"""OpenAI's SDK, on both of its APIs, takes the simulator for the service."""

import json
from typing import Any

import pytest

openai: Any = pytest.importorskip("openai")

BOOK = "Recommend a fantasy book."
TWO_CITIES = "What is the weather in Tokyo and Paris?"
ERRORS = [
    (400, "BadRequestError"),
    (401, "AuthenticationError"),
    (403, "PermissionDeniedError"),
    (404, "NotFoundError"),
    (409, "ConflictError"),
    (422, "UnprocessableEntityError"),
    (429, "RateLimitError"),
    (500, "InternalServerError"),
    (503, "InternalServerError"),
]


@pytest.fixture
def client(sandbox: Any) -> Any:
    with openai.OpenAI(
        base_url=f"{sandbox.url}/v1", api_key="sandbox", max_retries=0, timeout=30
    ) as opened:
        yield opened


def chat_tool(weather: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": "fetch_weather", "parameters": weather, "strict": True},
    }


def asked(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_models_are_listed(client: Any) -> None:
    assert "sandbox/assistant" in [model.id for model in client.models.list()]
    assert client.models.retrieve("echo").id == "echo"


def test_a_chat_is_answered(client: Any) -> None:
    whole = client.chat.completions.create(model="assistant", messages=asked(BOOK))
    (choice,) = whole.choices
    assert choice.message.content.startswith("I recommend **The Name of the Wind**")
    assert (choice.finish_reason, choice.message.refusal) == ("stop", None)
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    assert whole.usage.completion_tokens_details.reasoning_tokens == 0


def test_a_chat_is_streamed(client: Any) -> None:
    whole = client.chat.completions.create(model="assistant", messages=asked(BOOK))
    chunks = list(
        client.chat.completions.create(
            model="assistant",
            messages=asked(BOOK),
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    deltas = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(deltas) == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage


def test_the_sdks_own_accumulation_of_a_chat_equals_the_whole_reply(client: Any) -> None:
    whole = client.chat.completions.create(model="assistant", messages=asked(BOOK))
    with client.chat.completions.stream(
        model="assistant", messages=asked(BOOK), stream_options={"include_usage": True}
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == whole.choices[0].message.content
    assert final.choices[0].finish_reason == whole.choices[0].finish_reason
    assert final.usage == whole.usage


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_tools_of_a_chat_are_called_in_parallel_and_answered(
    client: Any, weather: Any, *, is_streamed: bool
) -> None:
    options = {"model": "assistant", "tools": [chat_tool(weather)]}
    messages = asked(TWO_CITIES)
    if is_streamed:
        with client.chat.completions.stream(messages=messages, **options) as stream:
            turn = stream.get_final_completion().choices[0]
    else:
        turn = client.chat.completions.create(messages=messages, **options).choices[0]
    assert turn.finish_reason == "tool_calls"
    calls = turn.message.tool_calls
    cities = [json.loads(call.function.arguments) for call in calls]
    assert cities == [{"city": "Tokyo"}, {"city": "Paris"}]
    assert len({call.id for call in calls}) == 2
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": weather_now}
        for call, weather_now in zip(calls, ("sunny", "rain"), strict=True)
    ]
    sent = turn.message.model_dump(include={"role", "content", "tool_calls"}, mode="json")
    after = client.chat.completions.create(messages=[*messages, sent, *results], **options)
    assert "- **Tokyo**: sunny\n- **Paris**: rain" in after.choices[0].message.content


def test_a_chat_is_parsed(client: Any, book: Any) -> None:
    parsed = client.chat.completions.parse(
        model="assistant", messages=asked(BOOK), response_format=book
    )
    assert parsed.choices[0].message.parsed == book(
        title="The Name of the Wind", author="Patrick Rothfuss"
    )
    with client.chat.completions.stream(
        model="assistant", messages=asked(BOOK), response_format=book
    ) as stream:
        partial = [event.parsed for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion().choices[0].message.parsed
    assert final == parsed.choices[0].message.parsed
    assert any(part and "author" not in part for part in partial)


def test_a_refusal_and_a_cut_off_chat_say_so(client: Any, sandbox: Any) -> None:
    sandbox.reply("I cannot help with that.", refusal=True)
    refused = client.chat.completions.create(model="assistant", messages=asked("x")).choices[0]
    assert refused.message.refusal == "I cannot help with that."
    assert refused.message.content is None
    cut = client.chat.completions.create(
        model="assistant", messages=asked("List all U.S. states."), max_completion_tokens=5
    )
    assert cut.choices[0].finish_reason == "length"
    assert cut.usage.completion_tokens <= 5


def test_thoughts_of_a_chat_are_counted(client: Any) -> None:
    whole = client.chat.completions.create(model="thinker", messages=asked("Hello!"))
    assert whole.usage.completion_tokens_details.reasoning_tokens > 0


def test_a_response_is_answered_and_streamed(client: Any) -> None:
    whole = client.responses.create(model="assistant", input=BOOK)
    assert whole.status == "completed"
    assert whole.output_text.startswith("I recommend **The Name of the Wind**")
    assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens
    with client.responses.stream(model="assistant", input=BOOK) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == whole.output_text
    assert final.usage == whole.usage


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_tools_of_a_response_are_called_in_parallel_and_answered(
    client: Any, weather: Any, *, is_streamed: bool
) -> None:
    tool = {"type": "function", "name": "fetch_weather", "parameters": weather, "strict": True}
    options: Any = {"model": "assistant", "tools": [tool]}
    if is_streamed:
        with client.responses.stream(input=TWO_CITIES, **options) as stream:
            turn = stream.get_final_response()
    else:
        turn = client.responses.create(input=TWO_CITIES, **options)
    calls = [item for item in turn.output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Tokyo", "Paris"]
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": weather_now}
        for call, weather_now in zip(calls, ("sunny", "rain"), strict=True)
    ]
    items = [item.model_dump(exclude_none=True, mode="json") for item in turn.output]
    for item in items:
        item.pop("parsed_arguments", None)
    after = client.responses.create(input=[*asked(TWO_CITIES), *items, *results], **options)
    assert "- **Tokyo**: sunny\n- **Paris**: rain" in after.output_text


def test_a_response_is_parsed(client: Any, book: Any) -> None:
    parsed = client.responses.parse(model="assistant", input=BOOK, text_format=book)
    expected = book(title="The Name of the Wind", author="Patrick Rothfuss")
    assert parsed.output_parsed == expected
    with client.responses.stream(model="assistant", input=BOOK, text_format=book) as stream:
        stream.until_done()
        assert stream.get_final_response().output_parsed == expected


def test_thoughts_of_a_response_are_summarised(client: Any) -> None:
    options = {"model": "thinker", "input": "Hello!", "reasoning": {"summary": "auto"}}
    whole = client.responses.create(**options)
    (thought,) = [item for item in whole.output if item.type == "reasoning"]
    assert thought.summary[0].text.startswith("**Reading the question**")
    assert whole.usage.output_tokens_details.reasoning_tokens > 0
    with client.responses.stream(**options) as stream:
        deltas = [e.delta for e in stream if e.type == "response.reasoning_summary_text.delta"]
    assert "".join(deltas) == "".join(part.text for part in thought.summary)


def test_a_refusal_and_a_cut_off_response_say_so(client: Any, sandbox: Any) -> None:
    sandbox.reply("I cannot help with that.", refusal=True)
    refused = client.responses.create(model="assistant", input="x")
    assert refused.output[0].content[0].refusal == "I cannot help with that."
    cut = client.responses.create(
        model="assistant", input="List all U.S. states.", max_output_tokens=5
    )
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


@pytest.mark.parametrize(("status", "name"), ERRORS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_failure_is_an_error_of_its_class(
    client: Any, sandbox: Any, status: int, name: str, *, is_streamed: bool
) -> None:
    for ask in (
        lambda: client.chat.completions.create(
            model="assistant", messages=asked("x"), stream=is_streamed
        ),
        lambda: client.responses.create(model="assistant", input="x", stream=is_streamed),
    ):
        sandbox.fail(status, message="Simulated.", retry_after=2)
        with pytest.raises(getattr(openai, name)) as caught:
            ask()
        assert caught.value.status_code == status
        assert caught.value.body["message"] == "Simulated."
        assert caught.value.request_id.startswith("req_")
        assert caught.value.response.headers["retry-after"] == "2"


def test_an_unknown_model_and_a_rejected_key_are_told_by_their_codes(
    client: Any, sandbox: Any
) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="missing", messages=asked("x"))
    assert caught.value.code == "model_not_found"
    with (
        openai.OpenAI(base_url=f"{sandbox.url}/v1", api_key="invalid", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        stranger.responses.create(model="assistant", input="x")
    assert caught.value.code == "invalid_api_key"


def test_an_error_inside_a_stream_is_raised(client: Any, sandbox: Any) -> None:
    sandbox.fail(500, message="Simulated.", after=3)
    stream = client.chat.completions.create(model="assistant", messages=asked(BOOK), stream=True)
    with pytest.raises(openai.APIError, match="Simulated"):
        list(stream)


def test_an_error_inside_a_streamed_response_is_its_last_event(client: Any, sandbox: Any) -> None:
    sandbox.fail(500, message="Simulated.", after=6)
    events = list(client.responses.create(model="assistant", input=BOOK, stream=True))
    assert (events[-1].type, events[-1].message) == ("error", "Simulated.")
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_sdk_retries_what_it_is_told_to(sandbox: Any) -> None:
    sandbox.fail(429, retry_after=0.01).fail(503)
    with openai.OpenAI(base_url=f"{sandbox.url}/v1", api_key="sandbox", max_retries=2) as client:
        whole = client.chat.completions.create(model="assistant", messages=asked("Hello!"))
    assert whole.choices[0].message.content
    assert [record.status for record in sandbox.requests] == [429, 503, 200]


async def test_the_async_client_understands_it_too(sandbox: Any) -> None:
    async with openai.AsyncOpenAI(base_url=f"{sandbox.url}/v1", api_key="sandbox") as client:
        stream = await client.chat.completions.create(
            model="assistant", messages=asked(BOOK), stream=True
        )
        deltas = [chunk.choices[0].delta.content or "" async for chunk in stream]
        whole = await client.responses.create(model="assistant", input=BOOK)
    assert "".join(deltas) == whole.output_text
