"""Mistakes that people make, and what they are told."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm
from mirascope_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from conftest import ScriptedProvider

KEY = "sk-canary-0123456789"


@pytest.mark.parametrize("content", [None, 3, b"abc", {"role": "user"}, [None], iter("ab")])
def test_what_cannot_be_sent_is_refused_and_nothing_is_sent(
    scripted: ScriptedProvider, content: Any
) -> None:
    with pytest.raises(TypeError, match=r"cannot be sent|forget to return"):
        llm.Model("scripted/m").call(content)
    assert scripted.requests == []


def test_a_message_alone_is_a_conversation(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text="x")], [llm.Text(text="y")]]
    response = llm.Model("scripted/m").call(llm.messages.user("hello"))
    assert response.messages[0] == llm.messages.user("hello")
    again: Any = llm.messages.user("more")
    assert response.resume(again).messages[2] == again


def test_messages_and_parts_do_not_mix(scripted: ScriptedProvider) -> None:
    mixed: list[Any] = [llm.messages.user("a"), "b"]
    for content in (mixed, mixed[::-1]):
        with pytest.raises(TypeError, match=r"do not mix|cannot be sent"):
            llm.Model("scripted/m").call(content)


async def test_tasks_may_leave_a_models_block_in_any_order() -> None:
    model = llm.Model("scripted/m")
    entered = [asyncio.Event() for _ in range(3)]

    async def use(index: int) -> None:
        with model:
            await entered[index].wait()
            assert llm.model_from_context() is model
        assert llm.model_from_context() is None

    tasks = [asyncio.create_task(use(index)) for index in range(3)]
    for index in (1, 0, 2):
        await asyncio.sleep(0)
        entered[index].set()
    await asyncio.gather(*tasks)


def test_threads_may_leave_a_models_block_in_any_order() -> None:
    model = llm.Model("scripted/m")
    inside, leave = threading.Event(), threading.Event()
    seen: list[object] = []

    def use() -> None:
        with model:
            inside.set()
            leave.wait()
        seen.append(llm.model_from_context())

    thread = threading.Thread(target=use)
    with model:
        thread.start()
        inside.wait()
    leave.set()
    thread.join()
    assert seen == [None]


async def test_a_sync_tool_that_raises_stop_iteration_fails_like_any_other() -> None:
    @llm.tool
    def first() -> int:
        """Take the first."""
        return next(iter([]))

    call = llm.ToolCall(id="1", name="first", args="")
    for output in (await llm.AsyncToolkit([first]).execute(call), first.execute(call)):
        assert output.result == "the tool raised StopIteration"


def test_a_tool_with_a_context_is_refused_where_there_is_none() -> None:
    @llm.tool
    def look(ctx: llm.Context[int]) -> int:
        """Look."""
        return ctx.deps

    tools: Any = [look]
    with pytest.raises(ValueError, match="'look' takes a context, and this call has none"):
        llm.Toolkit(tools)


def test_a_provider_that_answers_with_a_class_of_its_own_can_be_retried(
    scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Own(llm.Response[Any]):
        pass

    def call(**request: Any) -> Own:
        return scripted.whole(Own, request)

    monkeypatch.setattr(scripted, "_call", call)
    scripted.script = [[llm.Text(text="x")]]
    assert isinstance(llm.retry_model("scripted/m").call("hello"), llm.RetryResponse)


@pytest.mark.parametrize("key", [f"{KEY}\nx", f"{KEY}é", f"\x00{KEY}"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match="Copy it again") as caught:
        llm.register_provider("openai:completions", api_key=key, base_url="http://127.0.0.1:1")
    assert KEY not in str(caught.value)


def test_a_line_break_behind_a_key_is_no_part_of_it() -> None:
    provider: Any = llm.register_provider(
        "openai:completions", api_key=f"{KEY}\n", base_url="http://127.0.0.1:1"
    )
    assert provider.client.key.get_secret_value() == KEY
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(provider)


@pytest.mark.parametrize("thinking", ["high", {"level": "hi"}, {}])
def test_thinking_of_no_known_level_is_refused(thinking: Any) -> None:
    with pytest.raises(ValueError, match="levels are none, default, minimal"):
        llm.Model("scripted/m", thinking=thinking)


def test_retry_settings_take_lists_and_refuse_what_is_no_exception() -> None:
    classes: Any = [ValueError, llm.ServerError]
    assert llm.RetryConfig(retry_on=classes).retry_on == (ValueError, llm.ServerError)
    with pytest.raises(ValueError, match="retry_on must hold exception classes"):
        llm.RetryConfig.from_args(retry_on=["ServerError"])
    with pytest.raises(ValueError, match="a list of models, not 'scripted/m'"):
        llm.RetryConfig(fallback_models="scripted/m")
    with pytest.raises(TypeError, match="initial_delay must be a number, not nan"):
        llm.RetryConfig(initial_delay=float("nan"))
    half: Any = 1.5
    with pytest.raises(TypeError, match=r"max_retries must be a whole number, not 1\.5"):
        llm.RetryConfig(max_retries=half)


@pytest.mark.parametrize(
    ("fallbacks", "error", "message"),
    [
        (5, ValueError, "a list of models, not 5"),
        ([5], TypeError, "named by an id such as"),
        (["gpt-4o"], ValueError, "Invalid model_id format: 'gpt-4o'"),
        (llm.Model("scripted/m"), ValueError, "a list of models, not Model"),
    ],
)
def test_fallbacks_that_are_no_models_are_refused_at_once(
    fallbacks: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        llm.RetryConfig(fallback_models=fallbacks)


def test_retry_settings_with_a_list_of_fallbacks_are_hashed_as_with_a_tuple() -> None:
    listed = llm.RetryConfig(fallback_models=["scripted/b"])
    assert {listed} == {llm.RetryConfig(fallback_models=("scripted/b",))}


async def test_only_a_response_is_resumed(scripted: ScriptedProvider) -> None:
    model = llm.Model("scripted/m")
    scripted.script = [[llm.Text(text="x")]]
    forgotten: Any = model.call_async("hello")
    with pytest.raises(TypeError, match=r"not a coroutine\. .* has to be awaited"):
        await model.resume_async(response=forgotten, content="more")
    await forgotten


@pytest.mark.parametrize("decorator", [llm.prompt, llm.call("scripted/m")])
def test_what_is_decorated_already_is_refused(decorator: Any) -> None:
    @llm.prompt
    def ask(what: str) -> str:
        return what

    with pytest.raises(TypeError, match=r"decorate it once, or give ask\.fn"):
        decorator(ask)
    assert decorator(ask.fn).fn is ask.fn


@pytest.mark.parametrize("wrong", [None, 3, "ctx"])
async def test_tools_are_not_run_with_what_is_no_context(
    scripted: ScriptedProvider, wrong: Any
) -> None:
    @llm.tool
    def look(ctx: llm.Context[str]) -> object:
        return ctx

    ctx = llm.Context(deps="x")
    scripted.script = [[llm.ToolCall(id="1", name="look", args="{}")] for _ in range(2)]
    response = llm.Model("scripted/m").context_call("hello", ctx=ctx, tools=[look])
    stream = await llm.Model("scripted/m").context_stream_async("hello", ctx=ctx, tools=[look])
    with pytest.raises(TypeError, match="ctx must be a context"):
        response.execute_tools(wrong)
    with pytest.raises(TypeError, match="ctx must be a context"):
        await stream.execute_tools(wrong)
    assert response.execute_tools(ctx)[0].result is ctx
    await stream.finish()


def test_params_of_a_response_are_a_copy(scripted: ScriptedProvider) -> None:
    scripted.script = [[llm.Text(text="x")]]
    model = llm.Model("scripted/m", seed=1)
    response = model.call("hello")
    response.params["seed"] = 2
    assert model.params == {"seed": 1}


async def test_half_a_surrogate_pair_does_not_end_a_conversation() -> None:
    with Sandbox(pace=0) as sandbox, sandbox.as_default():
        response = await llm.Model("sandbox/echo").call_async("odd name \udc80")
    assert response.text() == "odd name ?"
