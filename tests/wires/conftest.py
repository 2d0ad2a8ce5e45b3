"""The four wire protocols over real HTTP: the core at one end, the sandbox at the other."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.sandbox.simulator import Sandbox


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A wire protocol, and the models to ask by it."""

    name: str
    title: str
    provider: str
    model: str
    thinker: str
    """A model that reasons."""
    listener: str
    """A model that takes audio, where there is one."""


WIRES = (
    Wire(
        name="openai_chat",
        title="OpenAI chat completions",
        provider="openai",
        model="openai/gpt-4o:completions",
        thinker="openai/gpt-5:completions",
        listener="openai/gpt-audio:completions",
    ),
    Wire(
        name="openai_responses",
        title="OpenAI responses",
        provider="openai",
        model="openai/gpt-4o:responses",
        thinker="openai/gpt-5:responses",
        listener="openai/gpt-4o:responses",
    ),
    Wire(
        name="anthropic",
        title="Anthropic messages",
        provider="anthropic",
        model="anthropic/claude-sonnet-4-5",
        thinker="anthropic/claude-sonnet-4-5",
        listener="anthropic/claude-sonnet-4-5",
    ),
    Wire(
        name="google",
        title="Google generateContent",
        provider="google",
        model="google/gemini-2.5-flash",
        thinker="google/gemini-2.5-flash",
        listener="google/gemini-2.5-flash",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to ask: by blocking or on an event loop, for a whole reply or for a stream."""

    is_async: bool
    is_streamed: bool

    @property
    def method(self) -> str:
        """What a model's method for it is called."""
        return ("stream" if self.is_streamed else "call") + ("_async" if self.is_async else "")


WAYS = tuple(
    Way(is_async=is_async, is_streamed=is_streamed)
    for is_async in (False, True)
    for is_streamed in (False, True)
)


@dataclass(kw_only=True)
class Talk:
    """Asks by one wire in one way, and reads every reply to its end."""

    wire: Wire
    way: Way
    sandbox: Sandbox
    caplog: pytest.LogCaptureFixture

    def ask(
        self, content: Any, *, model: str = "", tools: Any = None, format: Any = None, **params: Any
    ) -> Any:
        """The finished reply of the wire's model, or of another one."""
        asked = llm.Model(model or self.wire.model, **params)
        begin = getattr(asked, self.way.method)
        return self.settled(lambda: begin(content, tools=tools, format=format))

    def resume(self, reply: Any, content: Any) -> Any:
        """The finished reply to what is said next."""
        return self.settled(lambda: reply.resume(content))

    def run_tools(self, reply: Any) -> list[llm.ToolOutput[Any]]:
        """What the tools that a reply calls give back."""
        if not self.way.is_async:
            return reply.execute_tools()
        return asyncio.run(awaited(reply.execute_tools))

    def partials(self, content: Any, **asked: Any) -> list[Any]:
        """What is known of a structured reply, step by step."""
        begin = getattr(llm.Model(self.wire.model), self.way.method)
        if not self.way.is_async:
            return list(begin(content, **asked).structured_stream())

        async def known() -> list[Any]:
            stream = await begin(content, **asked)
            return [value async for value in stream.structured_stream()]

        return asyncio.run(known())

    def broken(self, content: Any) -> tuple[Any, Exception | None]:
        """A reply that fails on the way, and how."""
        asked = llm.Model(self.wire.model)
        begun: list[Any] = []

        def begin() -> Any:
            begun.append(asked.stream(content))
            return begun[-1]

        async def begin_async() -> Any:
            begun.append(await asked.stream_async(content))
            return begun[-1]

        try:
            self.settled(begin_async if self.way.is_async else begin)
        except llm.Error as error:
            return begun[-1], error
        return begun[-1], None

    def settled(self, begin: Callable[[], Any]) -> Any:
        """What a call comes to."""
        if self.way.is_async:
            return asyncio.run(awaited(begin, finish=self.way.is_streamed))
        reply = begin()
        if self.way.is_streamed:
            reply.finish()
        return reply

    @property
    def sent(self) -> str:
        """The body of the last request."""
        return str(self.sandbox.requests[-1].body)

    @property
    def warned(self) -> str:
        """What the log says."""
        return self.caplog.text


async def awaited(begin: Callable[[], Any], *, finish: bool = False) -> Any:
    reply = await begin()
    if finish:
        await reply.finish()
    return reply


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A simulator without delays, which stands in for every service."""
    with Sandbox(pace=0) as running:
        llm.register_provider("openai", base_url=f"{running.url}/v1", api_key="sandbox")
        llm.register_provider("anthropic", base_url=running.url, api_key="sandbox")
        llm.register_provider("google", base_url=running.url, api_key="sandbox")
        yield running


@pytest.fixture(params=WIRES, ids=lambda wire: wire.name)
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each wire in turn."""
    return request.param


@pytest.fixture(params=WAYS, ids=lambda way: way.method)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way in turn."""
    return request.param


@pytest.fixture
def talk(wire: Wire, way: Way, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> Talk:
    """Something to ask with."""
    return Talk(wire=wire, way=way, sandbox=sandbox, caplog=caplog)


@pytest.fixture
def wires() -> tuple[Wire, ...]:
    """All of them."""
    return WIRES
