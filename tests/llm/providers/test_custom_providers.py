"""A provider of one's own: eight hooks, sixteen methods, errors by a table."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mirascope_nb import llm
from mirascope_nb.llm.providers import BaseProvider
from mirascope_nb.llm.responses import (
    AsyncContextResponse,
    AsyncContextStreamResponse,
    AsyncResponse,
    AsyncStreamResponse,
    ContextResponse,
    ContextStreamResponse,
    Response,
    StreamResponse,
)

MANUAL = Path(__file__).parents[3] / "docs" / "providers.md"

KINDS: dict[str, Any] = {
    "_call": Response,
    "_context_call": ContextResponse,
    "_call_async": AsyncResponse,
    "_context_call_async": AsyncContextResponse,
    "_stream": StreamResponse,
    "_context_stream": ContextStreamResponse,
    "_stream_async": AsyncStreamResponse,
    "_context_stream_async": AsyncContextStreamResponse,
}


class OutageError(Exception):
    """What this provider's client raises."""


class Parrot(BaseProvider[None]):
    """Says what it was told."""

    id = "parrot"
    default_scope = "parrot/"
    error_map = {OutageError: llm.ServerError, LookupError: lambda error: llm.NotFoundError}  # noqa: RUF012, the published shape
    client = None

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def get_error_status(self, e: Exception) -> int | None:
        return 503 if isinstance(e, OutageError) else None


class Silent(Parrot):
    """Implements nothing."""

    id = "silent"


def reply(hook: str, request: dict[str, Any]) -> Any:
    asked: list[Any] = list(request["messages"])
    text = asked[-1].content[0].text
    if text == "outage":
        raise OutageError("the cage is shut")
    if text == "lookup":
        raise KeyError("no such bird")
    members: dict[str, Any] = {
        "provider_id": "parrot",
        "model_id": request["model_id"],
        "provider_model_name": "m",
        "params": {},
        "tools": request["toolkit"],
        "input_messages": asked,
    }
    if "stream" not in hook:
        message = llm.messages.assistant(text, model_id=None, provider_id="parrot")
        return KINDS[hook](
            raw=None, assistant_message=message, finish_reason=None, usage=None, **members
        )
    chunks = [llm.TextStartChunk(), llm.TextChunk(delta=text), llm.TextEndChunk()]

    async def later() -> Any:
        for chunk in chunks:
            yield chunk

    return KINDS[hook](chunk_iterator=later() if "async" in hook else iter(chunks), **members)


def _hook(name: str) -> Any:
    def blocking(self: Parrot, **request: Any) -> Any:
        self.asked.append(request)
        return reply(name, request)

    async def awaited(self: Parrot, **request: Any) -> Any:
        return blocking(self, **request)

    return awaited if name.endswith("_async") else blocking


Speaking: Any = type("Speaking", (Parrot,), {name: _hook(name) for name in KINDS})


async def done(work: Any, name: str) -> Any:
    return await work if name.endswith("_async") else work


async def text_of(response: Any) -> str:
    if hasattr(response, "finish"):
        finishing = response.finish()
        if finishing is not None:
            await finishing
    return response.text()


@pytest.mark.parametrize("hook", KINDS)
async def test_every_method_goes_by_its_hook(hook: str) -> None:
    provider = Speaking()
    name = hook.removeprefix("_")
    ctx: dict[str, Any] = {"ctx": llm.Context(deps=1)} if "context" in hook else {}
    asked = {"model_id": "parrot/m", "messages": [llm.messages.user("Hello.")], "top_k": 3}
    response = await done(getattr(provider, name)(**asked, **ctx), name)
    assert type(response) is KINDS[hook]
    assert await text_of(response) == "Hello."
    assert provider.asked[0]["top_k"] == 3
    assert provider.asked[0].get("ctx") == ctx.get("ctx")

    resume = name.replace("call", "resume").replace("stream", "resume_stream")
    again = await done(
        getattr(provider, resume)(model_id="parrot/m", response=response, content="More.", **ctx),
        name,
    )
    assert type(again) is KINDS[hook]
    assert await text_of(again) == "More."
    assert [message.role for message in again.messages] == ["user", "assistant"] * 2


@pytest.mark.parametrize("hook", KINDS)
async def test_a_hook_that_is_not_there_says_so(hook: str) -> None:
    name = hook.removeprefix("_")
    ctx: dict[str, Any] = {"ctx": llm.Context(deps=1)} if "context" in hook else {}
    with pytest.raises(llm.FeatureNotSupportedError, match=f"does not implement {hook}"):
        await done(getattr(Silent(), name)(model_id="silent/m", messages=[], **ctx), name)


@pytest.mark.parametrize("hook", KINDS)
@pytest.mark.parametrize(
    ("said", "kind", "status"),
    [("outage", llm.ServerError, 503), ("lookup", llm.NotFoundError, 404)],
)
async def test_errors_of_the_client_become_ours(
    hook: str, said: str, kind: type[llm.APIError], status: int
) -> None:
    name = hook.removeprefix("_")
    ctx: dict[str, Any] = {"ctx": llm.Context(deps=1)} if "context" in hook else {}
    asked = {"model_id": "parrot/m", "messages": [llm.messages.user(said)]}
    with pytest.raises(kind) as caught:
        await done(getattr(Speaking(), name)(**asked, **ctx), name)
    assert caught.value.provider == "parrot"
    assert caught.value.status_code == status
    assert isinstance(caught.value.__cause__, OutageError | KeyError)


@pytest.fixture
def _documented() -> Any:
    """The provider that the manual shows, registered."""
    text = MANUAL.read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    exec(next(each for each in snippets if "_call" in each), {})  # noqa: S102, our own manual
    yield
    llm.reset_provider_registry()


class Word(BaseModel):
    said: str


@pytest.mark.usefixtures("_documented")
def test_the_provider_of_the_manual_tells_the_model_of_the_format() -> None:
    response = llm.Model("parrot/grey", temperature=0.5).call('{"said": "Hello!"}', format=Word)
    assert response.parse() == Word(said="Hello!")
    first = response.messages[0]
    assert isinstance(first, llm.SystemMessage)
    assert first.content.text.startswith("Respond only with valid JSON")
    assert response.params == {"temperature": 0.5}


@pytest.mark.usefixtures("_documented")
def test_the_provider_of_the_manual_says_what_it_lacks() -> None:
    with pytest.raises(llm.FeatureNotSupportedError, match="does not implement _stream"):
        llm.Model("parrot/grey").stream("Hello!")
