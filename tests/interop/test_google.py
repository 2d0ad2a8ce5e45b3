"""Google's SDK takes the simulator for the Gemini API."""

from typing import Any

import pytest

genai: Any = pytest.importorskip("google.genai")
types: Any = pytest.importorskip("google.genai.types")
errors: Any = pytest.importorskip("google.genai.errors")

BOOK = "Recommend a fantasy book."
TWO_CITIES = "What is the weather in Tokyo and Paris?"
ERRORS = [
    (400, "ClientError", "INVALID_ARGUMENT"),
    (403, "ClientError", "PERMISSION_DENIED"),
    (404, "ClientError", "NOT_FOUND"),
    (429, "ClientError", "RESOURCE_EXHAUSTED"),
    (500, "ServerError", "INTERNAL"),
    (503, "ServerError", "UNAVAILABLE"),
]


def connected(sandbox: Any, key: str = "sandbox") -> Any:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=sandbox.url))


@pytest.fixture
def client(sandbox: Any) -> Any:
    with connected(sandbox) as opened:
        yield opened


def asked(text: str, *, model: str = "assistant", **config: Any) -> dict[str, Any]:
    return {
        "model": model,
        "contents": text,
        "config": types.GenerateContentConfig(**config) if config else None,
    }


def test_content_is_generated_and_streamed(client: Any) -> None:
    whole = client.models.generate_content(**asked(BOOK))
    assert whole.text.startswith("I recommend **The Name of the Wind**")
    assert whole.candidates[0].finish_reason == types.FinishReason.STOP
    usage = whole.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    chunks = list(client.models.generate_content_stream(**asked(BOOK)))
    assert len(chunks) > 1
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert chunks[-1].usage_metadata == usage
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP


def test_a_chat_remembers(client: Any) -> None:
    chat = client.chats.create(model="assistant")
    chat.send_message("My name is Ada.")
    assert "Ada" in chat.send_message("What is my name?").text


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_functions_are_called_in_parallel_and_answered(
    client: Any, weather: Any, *, is_streamed: bool
) -> None:
    declared = types.FunctionDeclaration(name="fetch_weather", parameters_json_schema=weather)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])
    request = {"model": "assistant", "config": config}
    if is_streamed:
        (turn,) = client.models.generate_content_stream(contents=TWO_CITIES, **request)
    else:
        turn = client.models.generate_content(contents=TWO_CITIES, **request)
    assert [call.args for call in turn.function_calls] == [{"city": "Tokyo"}, {"city": "Paris"}]
    answers = [
        types.Part.from_function_response(name="fetch_weather", response={"output": text})
        for text in ("sunny", "rain")
    ]
    conversation = [
        types.UserContent(TWO_CITIES),
        turn.candidates[0].content,
        types.UserContent(answers),
    ]
    after = client.models.generate_content(contents=conversation, **request)
    assert "- **Tokyo**: sunny\n- **Paris**: rain" in after.text


def test_the_sdks_automatic_function_calling_runs_to_its_end(client: Any) -> None:
    ran: list[str] = []

    def fetch_weather(city: str) -> str:
        """Fetch the current weather for a city."""
        ran.append(city)
        return f"{city}: fog"

    last = client.models.generate_content(**asked(TWO_CITIES, tools=[fetch_weather]))
    assert ran == ["Tokyo", "Paris"]
    assert "fog" in last.text


@pytest.mark.parametrize("member", ["response_schema", "response_json_schema"])
def test_content_is_parsed(client: Any, book: Any, member: str) -> None:
    schema = book if member == "response_schema" else book.model_json_schema()
    config = {"response_mime_type": "application/json", member: schema}
    whole = client.models.generate_content(**asked(BOOK, **config))
    expected = book(title="The Name of the Wind", author="Patrick Rothfuss")
    assert book.model_validate_json(whole.text) == expected
    if member == "response_schema":
        assert whole.parsed == expected
    streamed = client.models.generate_content_stream(**asked(BOOK, **config))
    assert "".join(chunk.text for chunk in streamed) == whole.text


def test_thoughts_are_shown_where_they_are_asked_for(client: Any) -> None:
    config = {"thinking_config": types.ThinkingConfig(include_thoughts=True)}
    whole = client.models.generate_content(**asked("Hello!", model="thinker", **config))
    thought, text = whole.candidates[0].content.parts
    assert (thought.thought, text.thought) == (True, None)
    assert whole.usage_metadata.thoughts_token_count > 0
    chunks = list(
        client.models.generate_content_stream(**asked("Hello!", model="thinker", **config))
    )
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts]
    assert "".join(part.text for part in parts if part.thought) == thought.text
    assert "".join(part.text for part in parts if not part.thought) == whole.text == text.text


def test_a_refusal_and_cut_off_content_say_so(client: Any, sandbox: Any) -> None:
    sandbox.reply("I cannot help with that.", refusal=True)
    refused = client.models.generate_content(**asked("x"))
    assert refused.candidates[0].finish_reason == types.FinishReason.SAFETY
    cut = client.models.generate_content(**asked("List all U.S. states.", max_output_tokens=5))
    assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert cut.usage_metadata.candidates_token_count <= 5


@pytest.mark.parametrize(("status", "name", "code"), ERRORS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
def test_a_failure_is_an_error_of_its_class(
    client: Any, sandbox: Any, *, status: int, name: str, code: str, is_streamed: bool
) -> None:
    sandbox.fail(status, message="Simulated.")
    ask = client.models.generate_content_stream if is_streamed else client.models.generate_content
    with pytest.raises(getattr(errors, name)) as caught:
        list(ask(**asked("x")))
    assert (caught.value.code, caught.value.status) == (status, code)
    assert caught.value.message == "Simulated."


def test_an_unknown_model_and_a_rejected_key_are_told_apart(client: Any, sandbox: Any) -> None:
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(**asked("x", model="missing"))
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    with connected(sandbox, "invalid") as stranger, pytest.raises(errors.ClientError) as caught:
        stranger.models.generate_content(**asked("x"))
    assert caught.value.code == 400
    assert "API key not valid" in caught.value.message


def test_an_error_inside_a_stream_is_raised(client: Any, sandbox: Any) -> None:
    sandbox.fail(503, message="Simulated.", after=1)
    chunks: list[Any] = []
    with pytest.raises(errors.ServerError, match="Simulated"):
        chunks.extend(client.models.generate_content_stream(**asked(BOOK)))


def test_an_image_goes_along(client: Any, sandbox: Any) -> None:
    picture = types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png")
    whole = client.models.generate_content(model="assistant", contents=["What is this?", picture])
    assert "image" in whole.text
    assert sandbox.requests[-1].status == 200


async def test_the_async_client_understands_it_too(sandbox: Any) -> None:
    with connected(sandbox) as client:
        whole = await client.aio.models.generate_content(**asked(BOOK))
        stream = await client.aio.models.generate_content_stream(**asked(BOOK))
        deltas = [chunk.text or "" async for chunk in stream]
        await client.aio.aclose()
    assert "".join(deltas) == whole.text
