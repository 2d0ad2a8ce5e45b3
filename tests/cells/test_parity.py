"""The awaited and the blocking forms do the same: one scenario through both."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mirascope_nb import cells, llm

Do = Callable[..., Awaitable[Any]]


@llm.tool
def get_weather(city: str) -> str:
    """Current weather in a city."""
    return f"sunny in {city}"


class Awaited:
    """The forms that are awaited."""

    async def show(self, model: str, prompt: str, **options: Any) -> Any:
        return await cells.show(llm.Model(model).stream_async(prompt), **options)

    async def run(self, model: str, prompt: str, **options: Any) -> Any:
        call = llm.Model(model).stream_async(prompt, tools=[get_weather])
        return await cells.run(call, **options)


class Blocking:
    """The forms that block. A function asks, so that its failure is shown too."""

    async def show(self, model: str, prompt: str, **options: Any) -> Any:
        return cells.show_blocking(lambda: llm.Model(model).stream(prompt), **options)

    async def run(self, model: str, prompt: str, **options: Any) -> Any:
        return cells.run_blocking(
            lambda: llm.Model(model).stream(prompt, tools=[get_weather]), **options
        )


@pytest.fixture(params=[Awaited, Blocking])
def face(request: pytest.FixtureRequest) -> Any:
    return request.param()


WEATHER = "What is the weather in Paris?"


async def test_the_reply_is_bound_before_it_is_read(face: Any, headless: Any) -> None:
    told: list[tuple[Any, bool]] = []

    def note(response: Any) -> None:
        told.append((response, response.consumed))

    reply = await face.show("sandbox/fast", "Hi", bind=note)
    assert told == [(reply, False)]
    assert reply.consumed
    assert headless.record["state"] == "done"


async def test_every_reply_of_a_loop_is_bound(face: Any, headless: Any) -> None:
    told: list[Any] = []
    last = await face.run("sandbox/fast", WEATHER, approve="allow", bind=told.append)
    assert [bool(response.tool_calls) for response in told] == [True, False]
    assert told[-1] is last
    assert [block["type"] for block in headless.record["blocks"]] == ["tool", "text"]
    assert headless.record["usage"]["output"] == sum(each.usage.output_tokens for each in told)


async def test_a_loop_ends_after_its_turns_and_says_so(face: Any, headless: Any) -> None:
    last = await face.run("sandbox/fast", WEATHER, approve="allow", max_turns=1)
    assert last.tool_calls
    assert "the model goes on calling tools" in headless.record["note"]


@pytest.mark.parametrize("kind", ["show", "run"])
async def test_what_cannot_be_asked_is_a_failed_card(face: Any, headless: Any, kind: str) -> None:
    with pytest.raises(llm.RateLimitError):
        await getattr(face, kind)("sandbox/flaky-429", "Hi")
    assert headless.record["state"] == "failed"


async def test_what_breaks_off_keeps_its_beginning(face: Any, headless: Any) -> None:
    told: list[Any] = []
    with pytest.raises(llm.ConnectionError):
        await face.show("sandbox/flaky-cut", "Recommend a fantasy book.", bind=told.append)
    assert told[0].text()
    assert headless.record["state"] == "failed"
    assert told[0].text().strip()[:20] in headless.bundle["text/plain"]


async def test_denied_calls_are_not_run_and_the_loop_goes_on(face: Any, headless: Any) -> None:
    last = await face.run("sandbox/fast", WEATHER, approve="deny")
    assert not last.tool_calls
    assert headless.record["blocks"][0]["state"] == "auto_denied"


@pytest.mark.parametrize("options", [{"max_turns": 0}, {"approve": "perhaps"}])
async def test_wrong_options_are_refused(face: Any, headless: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        await face.run("sandbox/fast", "Hi", **options)


@pytest.mark.parametrize("kind", ["show", "run"])
async def test_nothing_is_shown_where_nothing_may_be(face: Any, headless: Any, kind: str) -> None:
    await getattr(face, kind)("sandbox/fast", "Hi", display=False)
    assert headless.outputs == []


async def test_a_response_that_is_there_already_is_taken(headless: Any) -> None:
    reply = llm.Model("sandbox/fast").call("Hi")
    assert cells.show_blocking(reply) is reply
    assert await cells.show(reply) is reply
