"""Retries: which errors, how often, how long, which model, and what is remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.retries.config import next_delay

if TYPE_CHECKING:
    from conftest import ScriptedProvider


def limited(after: float | None = None) -> llm.RateLimitError:
    error = llm.RateLimitError("slow down", "scripted")
    error.retry_after = after
    return error


def broken() -> llm.ServerError:
    return llm.ServerError("broken", "scripted")


HERE = llm.Text(text="here")


def test_a_call_is_retried_with_growing_delays(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [broken(), limited(), llm.TimeoutError("late", "scripted"), [HERE]]
    response = llm.retry_model("scripted/m", temperature=0.5).call("hello")
    assert isinstance(response, llm.RetryResponse)
    assert response.text() == "here"
    assert slept == [0.5, 1.0, 2.0]
    assert [type(each.exception).__name__ for each in response.retry_failures] == [
        "ServerError",
        "RateLimitError",
        "TimeoutError",
    ]
    assert {request["temperature"] for request in scripted.requests} == {0.5}


async def test_an_async_call_is_retried_alike(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [broken(), [HERE]]
    response = await llm.retry_model("scripted/m").call_async("hello")
    assert isinstance(response, llm.AsyncRetryResponse)
    assert slept == [0.5]


def test_other_errors_pass_at_once(scripted: ScriptedProvider, slept: list[float]) -> None:
    scripted.script = [llm.BadRequestError("no", "scripted")]
    with pytest.raises(llm.BadRequestError):
        llm.retry_model("scripted/m").call("hello")
    quota = limited()
    quota.should_retry = False
    scripted.script = [quota]
    with pytest.raises(llm.RateLimitError):
        llm.retry_model("scripted/m").call("hello")
    assert slept == []


def test_when_all_fail_every_failure_is_told(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    fallback = llm.Model("other/n", seed=1)
    scripted.script = [broken() for _ in range(6)]
    model = llm.retry_model(
        "scripted/m", max_retries=1, fallback_models=["scripted/o", fallback], top_p=0.5
    )
    with pytest.raises(llm.RetriesExhausted, match=r"after 6 attempt\(s\)") as caught:
        model.call("hello")
    asked = [failure.model.model_id for failure in caught.value.failures]
    assert asked == ["scripted/m"] * 2 + ["scripted/o"] * 2 + ["other/n"] * 2
    assert [request.get("top_p") for request in scripted.requests] == [0.5] * 4 + [None] * 2
    assert len(slept) == 3  # none when the next model is asked
    assert caught.value.__cause__ is caught.value.failures[-1].exception


def test_a_conversation_stays_with_the_model_that_answered(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    model = llm.retry_model("scripted/m", max_retries=0, fallback_models=["other/n"])
    scripted.script = [broken(), [HERE], [HERE], broken(), [HERE]]
    first = model.call("hello")
    assert first.model_id == "other/n"
    second = first.resume("more")
    assert isinstance(second, llm.RetryResponse)
    assert second.model_id == "other/n"
    assert second.retry_failures == []
    third = second.resume("more")
    assert third.model_id == "scripted/m"
    assert slept == []


def test_retry_after_is_waited_for_and_too_long_a_wait_goes_to_the_next_model(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [limited(7.0), limited(61.0), [HERE]]
    model = llm.retry_model("scripted/m", fallback_models=["other/n"])
    assert model.call("hello").model_id == "other/n"
    assert len(slept) == 1
    assert 7.0 <= slept[0] <= 8.0
    scripted.script = [limited(61.0)]
    with pytest.raises(llm.RetriesExhausted) as caught:
        llm.retry_model("scripted/m").call("hello")
    assert caught.value.retry_after == 61.0


def test_no_attempt_begins_after_max_elapsed(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [limited(40.0), [HERE]]
    with pytest.raises(llm.RetriesExhausted):
        llm.retry_model("scripted/m", max_elapsed=30.0).call("hello")
    assert slept == []


def test_delays_grow_to_their_limit_and_vary_by_jitter() -> None:
    config = llm.RetryConfig(max_delay=3.0)
    assert [next_delay(config, n, broken()) for n in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 3.0]
    varied = llm.RetryConfig(initial_delay=10.0, jitter=0.5)
    delays = [next_delay(varied, 1, broken()) or 0 for _ in range(50)]
    assert min(delays) >= 5.0
    assert max(delays) <= 15.0
    assert len(set(delays)) > 1
    assert next_delay(config, 5000, broken()) == 3.0  # where the power is no float any more
    assert next_delay(llm.RetryConfig(initial_delay=0), 5000, broken()) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_retries": -1}, "max_retries must be non-negative"),
        ({"initial_delay": -1.0}, "initial_delay must be non-negative"),
        ({"max_delay": -1.0}, "max_delay must be non-negative"),
        ({"backoff_multiplier": 0.5}, "backoff_multiplier must be >= 1"),
        ({"jitter": 1.5}, r"jitter must be between 0\.0 and 1\.0"),
    ],
)
def test_a_value_out_of_its_range_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        llm.RetryConfig.from_args(**wrong)


def test_a_stream_that_cannot_be_opened_is_retried(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [broken(), [HERE]]
    stream = llm.retry_model("scripted/m").stream("hello")
    assert isinstance(stream, llm.RetryStreamResponse)
    assert list(stream.text_stream()) == ["here", "\n"]
    assert len(stream.retry_failures) == 1


def test_a_stream_that_breaks_before_its_first_content_begins_anew_unnoticed(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [[broken()], [HERE]]
    stream = llm.retry_model("scripted/m").stream("hello")
    assert isinstance(stream, llm.RetryStreamResponse)
    assert list(stream.text_stream()) == ["here", "\n"]
    assert len(stream.retry_failures) == 1


def test_a_stream_that_breaks_midway_says_so_and_never_splices(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [[llm.Text(text="old"), broken()], broken(), [llm.Text(text="new")]]
    stream = llm.retry_model("scripted/m").stream("hello")
    assert isinstance(stream, llm.RetryStreamResponse)
    with pytest.raises(llm.StreamRestarted, match="Stream restarted due to: broken") as caught:
        stream.finish()
    assert isinstance(caught.value.failure.exception, llm.ServerError)
    assert stream.text() == ""
    stream.finish()
    assert stream.text() == "new"
    assert stream.messages[-1].content == [llm.Text(text="new")]
    assert len(stream.retry_failures) == 2
    assert slept == [0.5, 1.0]


def test_a_stream_that_goes_on_elsewhere_tells_what_was_sent_there(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    class Strict(type(scripted)):
        id = "strict"
        default_scope = "strict/"
        mode = "strict"

    class Instructed(Strict):
        """Sends the format's instructions, as providers do that have no strict mode."""

        id = "instructed"
        default_scope = "instructed/"
        mode = "json"

        def _common(self, request: dict[str, Any]) -> dict[str, Any]:
            told = super()._common(request)
            instructions = llm.messages.system(told["format"].formatting_instructions)
            return told | {"input_messages": [instructions, *told["input_messages"]]}

    first, then = Instructed(), Strict()
    for provider in (first, then):
        llm.register_provider(provider)
    first.script = [[llm.Text(text="old"), broken()]]
    then.script = [[llm.Text(text='{"output": 3}')]]
    model = llm.retry_model("instructed/m", max_retries=0, fallback_models=["strict/n"])
    stream = model.stream("hello", format=int)
    with pytest.raises(llm.StreamRestarted):
        stream.finish()
    stream.finish()
    assert stream.parse() == 3
    assert stream.format is not None
    assert (stream.provider_id, stream.format.mode) == ("strict", "strict")
    assert [message.role for message in stream.messages] == ["user", "assistant"]


async def test_a_stream_that_never_holds_ends_in_retries_exhausted(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    scripted.script = [[HERE, broken()], broken()]
    stream = await llm.retry_model("scripted/m", max_retries=1).stream_async("hello")
    with pytest.raises(llm.RetriesExhausted):
        await stream.finish()
    with pytest.raises(llm.RetriesExhausted):
        await stream.finish()


async def test_another_error_of_a_stream_passes_unchanged(scripted: ScriptedProvider) -> None:
    scripted.script = [[HERE, llm.ParseError("odd", ValueError("x"))]]
    stream = await llm.retry_model("scripted/m").stream_async("hello")
    with pytest.raises(llm.ParseError):
        await stream.finish()


async def test_the_decorator_makes_every_kind_of_call_and_prompt_retry(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    ctx = llm.Context(deps=1)

    @llm.retry(max_retries=2)
    @llm.call("scripted/m")
    def call(x: str) -> str:
        """Say x."""
        return x

    @llm.retry
    @llm.call("scripted/m")
    async def call_async(x: str) -> str:
        return x

    @llm.retry
    @llm.call("scripted/m")
    def context_call(ctx: llm.Context[int], x: str) -> str:
        return x * ctx.deps

    @llm.retry
    @llm.call("scripted/m")
    async def context_call_async(ctx: llm.Context[int], x: str) -> str:
        return x * ctx.deps

    @llm.retry
    @llm.prompt
    def ask(x: str) -> str:
        return x

    @llm.retry
    @llm.prompt
    async def ask_async(x: str) -> str:
        return x

    @llm.retry
    @llm.prompt
    async def context_ask_async(ctx: llm.Context[int], x: str) -> str:
        return x * ctx.deps

    assert call.__doc__ == "Say x."
    assert call.retry_config.max_retries == 2
    assert isinstance(call.model, llm.RetryModel)
    assert isinstance(call, llm.RetryCall)
    assert isinstance(call_async, llm.AsyncRetryCall)
    assert isinstance(ask, llm.RetryPrompt)
    assert isinstance(ask_async, llm.AsyncRetryPrompt)
    scripted.script = [broken(), [HERE]] * 8
    assert isinstance(call("x"), llm.RetryResponse)
    assert isinstance(await call_async("x"), llm.AsyncRetryResponse)
    assert isinstance(context_call(ctx, "x"), llm.ContextRetryResponse)
    assert isinstance(await context_call_async(ctx, "x"), llm.AsyncContextRetryResponse)
    assert isinstance(ask("scripted/m", "x"), llm.RetryResponse)
    assert isinstance(await ask_async("scripted/m", "x"), llm.AsyncRetryResponse)
    context_reply = await context_ask_async("scripted/m", ctx, "x")
    assert isinstance(context_reply, llm.AsyncContextRetryResponse)
    stream = await call_async.stream("x")
    assert isinstance(stream, llm.AsyncRetryStreamResponse)
    again = llm.retry(max_retries=9)(call)
    assert again.retry_config.max_retries == 9
    with pytest.raises(ValueError, match=r"Unsupported target type for retry.*above @llm\.call"):
        llm.retry(lambda: None)  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_a_context_model_keeps_the_calls_config_unless_it_retries_itself(
    scripted: ScriptedProvider,
) -> None:
    @llm.retry(max_retries=2)
    @llm.call("scripted/m")
    def call(x: str) -> str:
        return x

    with llm.model("other/n"):
        assert call.model.retry_config.max_retries == 2
        assert call.model.model_id == "other/n"
    with llm.retry_model("other/n", max_retries=7):
        assert call.model.retry_config.max_retries == 7


def test_a_plain_call_retries_inside_a_retrying_model(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    @llm.call("scripted/m")
    def call(x: str) -> str:
        return x

    scripted.script = [broken(), [HERE]]
    with llm.retry_model("other/n"):
        response = call("x")
    assert isinstance(response, llm.RetryResponse)
    assert response.model_id == "other/n"


async def test_a_tool_that_ran_is_not_run_again(
    scripted: ScriptedProvider, slept: list[float]
) -> None:
    ran: list[str] = []

    @llm.tool
    async def fetch(city: str) -> str:
        """Fetch."""
        ran.append(city)
        return city

    @llm.retry
    @llm.call("scripted/m", tools=[fetch])
    async def call(x: str) -> str:
        return x

    scripted.script = [
        [llm.ToolCall(id="1", name="fetch", args='{"city": "Rome"}')],
        broken(),
        limited(),
        [HERE],
    ]
    response = await call("x")
    response = await response.resume(await response.execute_tools())
    assert response.text() == "here"
    assert ran == ["Rome"]
    sent = [request["messages"][-1].content[0] for request in scripted.requests[1:]]
    assert sent == [llm.ToolOutput(id="1", name="fetch", result="Rome")] * 3


def test_a_models_block_decides_who_goes_on_and_how_it_retries(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text=word)] for word in ("one", "two", "three")]
    response = llm.retry_model("scripted/m", max_retries=7).call("x")
    with llm.model("other/n"):
        assert response.model.retry_config.max_retries == 7
        assert response.resume("more").model_id == "other/n"
    other = llm.retry_model("other/n", max_retries=1)
    with other:
        assert response.model is other
    assert response.model.model_id == "scripted/m"
