"""Anthropic's SDK takes the simulator for the service."""

from typing import Any

import pytest

anthropic: Any = pytest.importorskip("anthropic")

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
    (529, "OverloadedError"),
]


@pytest.fixture
def client(sandbox: Any) -> Any:
    with anthropic.Anthropic(
        base_url=sandbox.url, api_key="sandbox", max_retries=0, timeout=30
    ) as opened:
        yield opened


def asked(text: str, **options: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "assistant", "max_tokens": 2048, "messages": messages, **options}


def test_a_message_is_answered_and_streamed(client: Any) -> None:
    whole = client.messages.create(**asked(BOOK))
    (block,) = whole.content
    assert block.text.startswith("I recommend **The Name of the Wind**")
    assert (whole.stop_reason, whole.role) == ("end_turn", "assistant")
    assert min(whole.usage.input_tokens, whole.usage.output_tokens) > 0
    with client.messages.stream(**asked(BOOK)) as stream:
        deltas = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(deltas) == final.content[0].text == block.text
    assert len(deltas) > 5
    assert final.usage.output_tokens == whole.usage.output_tokens
    assert final.stop_reason == whole.stop_reason


def test_raw_events_are_typed(client: Any) -> None:
    with client.messages.create(**asked(BOOK), stream=True) as stream:
        kinds = [event.type for event in stream]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_in_parallel_and_answered(
    client: Any, weather: Any, *, is_streamed: bool
) -> None:
    tools = [{"name": "fetch_weather", "description": "Tell it.", "input_schema": weather}]
    request = asked(TWO_CITIES, tools=tools)
    if is_streamed:
        with client.messages.stream(**request) as stream:
            turn = stream.get_final_message()
    else:
        turn = client.messages.create(**request)
    assert turn.stop_reason == "tool_use"
    calls = [block for block in turn.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": "Tokyo"}, {"city": "Paris"}]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": text}
        for call, text in zip(calls, ("sunny", "rain"), strict=True)
    ]
    blocks = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
        for call in calls
    ]
    request["messages"] += [
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": results},
    ]
    after = client.messages.create(**request)
    assert "- **Tokyo**: sunny\n- **Paris**: rain" in after.content[0].text


def test_the_sdks_tool_runner_runs_to_its_end(client: Any) -> None:
    ran: list[str] = []

    @anthropic.beta_tool
    def fetch_weather(city: str) -> str:
        """Fetch the current weather for a city.

        Args:
            city: Name of the city.
        """
        ran.append(city)
        return f"{city}: fog"

    runner = client.beta.messages.tool_runner(**asked(TWO_CITIES, tools=[fetch_weather]))
    last = runner.until_done()
    assert ran == ["Tokyo", "Paris"]
    assert "fog" in last.content[0].text


def test_a_message_is_parsed(client: Any, book: Any) -> None:
    expected = book(title="The Name of the Wind", author="Patrick Rothfuss")
    parsed = client.messages.parse(**asked(BOOK), output_format=book)
    assert parsed.parsed_output == expected
    with client.messages.stream(**asked(BOOK), output_format=book) as stream:
        assert stream.get_final_message().parsed_output == expected


def test_thoughts_are_shown_and_signed(client: Any) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    request = asked("Hello!", thinking=thinking) | {"model": "thinker"}
    whole = client.messages.create(**request)
    thought, text = whole.content
    assert (thought.type, text.type) == ("thinking", "text")
    assert thought.signature
    with client.messages.stream(**request) as stream:
        deltas = [event.thinking for event in stream if event.type == "thinking"]
        final = stream.get_final_message()
    assert "".join(deltas) == thought.thinking == final.content[0].thinking
    assert final.content[0].signature


def test_a_refusal_and_a_cut_off_message_say_so(client: Any, sandbox: Any) -> None:
    sandbox.reply("I cannot help with that.", refusal=True)
    assert client.messages.create(**asked("x")).stop_reason == "refusal"
    cut = client.messages.create(**asked("List all U.S. states.") | {"max_tokens": 5})
    assert cut.stop_reason == "max_tokens"
    assert cut.usage.output_tokens <= 5
    stopped = client.messages.create(**asked("List 5 fruits", stop_sequences=["3."]))
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "3.")


@pytest.mark.parametrize(("status", "name"), ERRORS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_failure_is_an_error_of_its_class(
    client: Any, sandbox: Any, status: int, name: str, *, is_streamed: bool
) -> None:
    sandbox.fail(status, message="Simulated.", retry_after=2)
    kind = getattr(anthropic, name, None) or getattr(anthropic._exceptions, name)
    with pytest.raises(kind) as caught:
        client.messages.create(**asked("x"), stream=is_streamed)
    assert caught.value.status_code == status
    assert caught.value.body["error"]["message"] == "Simulated."
    assert caught.value.request_id.startswith("req_")
    assert caught.value.response.headers["retry-after"] == "2"


def test_an_unknown_model_and_a_rejected_key_are_told_by_their_types(
    client: Any, sandbox: Any
) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(**asked("x") | {"model": "missing"})
    assert caught.value.body["error"]["type"] == "not_found_error"
    with (
        anthropic.Anthropic(base_url=sandbox.url, api_key="invalid", max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        stranger.messages.create(**asked("x"))
    assert caught.value.body["error"]["type"] == "authentication_error"


def test_an_error_inside_a_stream_is_raised(client: Any, sandbox: Any) -> None:
    sandbox.fail(529, after=5)
    pieces: list[str] = []
    with (
        client.messages.stream(**asked(BOOK)) as stream,
        pytest.raises(anthropic.APIStatusError, match=r"(?i)overloaded"),
    ):
        pieces.extend(stream.text_stream)


async def test_the_async_client_understands_it_too(sandbox: Any) -> None:
    async with anthropic.AsyncAnthropic(base_url=sandbox.url, api_key="sandbox") as client:
        whole = await client.messages.create(**asked(BOOK))
        async with client.messages.stream(**asked(BOOK)) as stream:
            deltas = [piece async for piece in stream.text_stream]
    assert "".join(deltas) == whole.content[0].text
