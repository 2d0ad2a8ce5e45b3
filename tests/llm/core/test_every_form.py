"""Every form that a call has, of models, prompts and calls, plain and retried: one behaviour."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from conftest import ScriptedProvider

CTX = llm.Context(deps="library")
core: Any = llm  # every form by its name, where no type checker could follow
FORMS = [
    (context, is_async, streamed)
    for context in (False, True)
    for is_async in (False, True)
    for streamed in (False, True)
]


def plain(what: str) -> str:
    return what


async def awaited(what: str) -> str:
    return what


def contextual(ctx: llm.Context[str], what: str) -> str:
    return f"{what} of {ctx.deps}"


async def contextual_awaited(ctx: llm.Context[str], what: str) -> str:
    return f"{what} of {ctx.deps}"


FUNCTIONS: dict[tuple[bool, bool], Any] = {
    (False, False): plain,
    (False, True): awaited,
    (True, False): contextual,
    (True, True): contextual_awaited,
}


class Form:
    """One form, with what it is called and what it returns."""

    def __init__(self, *, context: bool, is_async: bool, streamed: bool) -> None:
        self.streamed = streamed
        self.function = FUNCTIONS[context, is_async]
        self.first: tuple[Any, ...] = (CTX,) if context else ()
        self.keyword: dict[str, Any] = {"ctx": CTX} if context else {}
        stream, later = "stream" * streamed, "_async" * is_async
        self.method = f"{'context_' * context}{stream or 'call'}{later}"
        self.resume = f"{'context_' * context}resume{'_stream' * streamed}{later}"
        self.prefix = "Async" * is_async + "Context" * context
        self.suffix = f"{'Stream' * streamed}Response"
        self.asked = f"it{' of library' * context}"

    async def settle(self, given: Any) -> Any:
        response = await given if inspect.isawaitable(given) else given
        if self.streamed:
            finished = response.finish()
            await finished if inspect.isawaitable(finished) else None
        return response


@pytest.fixture(params=FORMS, ids=str)
def form(request: pytest.FixtureRequest) -> Form:
    context, is_async, streamed = request.param
    return Form(context=context, is_async=is_async, streamed=streamed)


@pytest.fixture(params=["", "Retry"], ids=["plain", "retried"])
def retry(request: pytest.FixtureRequest, scripted: ScriptedProvider) -> str:
    """What is put before a response's kind; a retried form fails once before it succeeds."""
    scripted.script = [[llm.Text(text=word)] for word in ("one", "two")]
    if request.param:
        scripted.script.insert(0, llm.ServerError("down", "scripted"))
    return request.param


async def test_a_model(form: Form, retry: str) -> None:
    make = core.retry_model if retry else core.model
    model = make("scripted/m", **({"initial_delay": 0} if retry else {}))
    response = await form.settle(getattr(model, form.method)("it", **form.keyword))
    assert type(response).__name__ == form.prefix + retry + form.suffix
    assert response.text() == "one"
    resumed = getattr(model, form.resume)(response=response, content="more", **form.keyword)
    again = await form.settle(resumed)
    assert type(again) is type(response)
    assert again.text() == "two"
    assert [message.role for message in again.messages] == ["user", "assistant"] * 2


async def test_a_prompt(form: Form, retry: str) -> None:
    prompt = core.prompt(form.function)
    if retry:
        prompt = core.retry(initial_delay=0)(prompt)
    assert type(prompt).__name__ == f"{form.prefix}{retry}Prompt"
    ways = [prompt.stream] if form.streamed else [prompt, prompt.call]
    for way, word in zip(ways, ("one", "two"), strict=False):
        response = await form.settle(way("scripted/m", *form.first, "it"))
        assert type(response).__name__ == form.prefix + retry + form.suffix
        assert response.messages[0] == llm.messages.user(form.asked)
        assert response.text() == word
    asked = prompt.messages(*form.first, what="it")
    asked = await asked if inspect.isawaitable(asked) else asked
    assert asked == [llm.messages.user(form.asked)]


async def test_a_call(form: Form, retry: str) -> None:
    call = core.call("scripted/m")(form.function)
    if retry:
        call = core.retry(initial_delay=0)(call)
    assert type(call).__name__ == f"{form.prefix}{retry}Call"
    ways = [call.stream] if form.streamed else [call, call.call]
    for way, word in zip(ways, ("one", "two"), strict=False):
        response = await form.settle(way(*form.first, "it"))
        assert type(response).__name__ == form.prefix + retry + form.suffix
        assert response.messages[0] == llm.messages.user(form.asked)
        assert response.text() == word
        assert response.model.model_id == "scripted/m"


async def test_a_toolkit_and_its_tools(form: Form) -> None:
    tool = core.tool(form.function)
    kind = getattr(core, f"{form.prefix}Toolkit")
    kit = kind([tool])
    call = llm.ToolCall(id="1", name=tool.name, args='{"what": "it"}')
    for run in (kit.execute, tool.execute):
        output = run(*form.first, call)
        output = await output if inspect.isawaitable(output) else output
        assert output.output == form.asked
    direct = tool(*form.first, "it")
    assert (await direct if inspect.isawaitable(direct) else direct) == form.asked
    assert kit.get(call) is tool
    normalise = getattr(core.tools, "normalize_" + kit_name(form) + "tools")
    assert normalise(kit) is kit
    assert normalise([tool]).tools == [tool]
    assert normalise(None).tools == []


def kit_name(form: Form) -> str:
    return {"": "", "Async": "async_", "Context": "context_", "AsyncContext": "async_context_"}[
        form.prefix
    ]
