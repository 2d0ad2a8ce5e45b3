"""The libraries under comparison, each behind the same few methods.

The raw clients send and receive and decode nothing: they are what a library stands on. The others
are used as their manuals say, with retries and tracing as they come. What a library does not do it
leaves out by raising `NotImplementedError`.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from collections.abc import AsyncIterator
from typing import Any, ClassVar

__all__ = ["ADAPTERS", "Adapter"]

PROMPT = "What is the answer?"
MODEL = "gpt-4o"
ADAPTERS: dict[str, type[Adapter]] = {}
TOOL_SECONDS = 0.1


def load(name: str) -> Any:
    """A module that need not be installed where the types are checked."""
    return importlib.import_module(name)


class Adapter:
    """What is measured; one per process."""

    name: ClassVar[str]
    modules: ClassVar[tuple[str, ...]] = ()
    """What a user imports."""

    def __init_subclass__(cls) -> None:
        ADAPTERS[cls.name] = cls

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    async def call(self) -> str:
        """The text of one reply."""
        raise NotImplementedError

    def call_sync(self) -> str:
        """The same by blocking."""
        raise NotImplementedError

    def stream(self) -> AsyncIterator[object]:
        """The pieces of one streamed reply."""
        raise NotImplementedError

    async def fresh_call(self) -> str:
        """One call by a client, or model, made for it."""
        raise NotImplementedError

    async def tools(self) -> str:
        """A call that runs eight tools of 100 ms and sends their outputs back."""
        raise NotImplementedError

    def objects(self) -> AsyncIterator[object]:
        """The partial objects of one streamed reply."""
        raise NotImplementedError

    async def history(self, count: int) -> str:
        """Send a conversation of so many messages, of which all but the last were sent before."""
        raise NotImplementedError

    def card(self, count: int, each: int) -> int:
        """The bytes that show so many tokens live, told to the browser after each few of them."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what is open."""


def body(*, stream: bool = False, **more: Any) -> dict[str, Any]:
    """The JSON that the raw clients send."""
    messages = more.pop("messages", [{"role": "user", "content": PROMPT}])
    return {"model": MODEL, "messages": messages, **({"stream": True} if stream else {}), **more}


def turns(count: int) -> list[dict[str, Any]]:
    """A conversation as plain JSON."""
    return [
        {"role": ("user", "assistant")[number % 2], "content": f"Turn {number}: " + "word " * 40}
        for number in range(count - 1 + count % 2)
    ]


HEADERS = {"authorization": "Bearer sk-bench", "content-type": "application/json"}


def _lines(pending: bytes, received: bytes) -> tuple[list[bytes], bytes]:
    *lines, rest = (pending + received).split(b"\n")
    return [line for line in lines if line.startswith(b"data: {")], rest


class Httpx2(Adapter):
    """`httpx2` alone: what the others are measured against."""

    name = "httpx2"
    modules = ("httpx2", "pydantic")

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._httpx2 = load("httpx2")
        self._client: Any = None
        self._sync: Any = None

    @property
    def url(self) -> str:
        """Where the chat is."""
        return f"{self.base_url}/chat/completions"

    def _async_client(self) -> Any:
        if self._client is None:
            limits = self._httpx2.Limits(max_connections=None, max_keepalive_connections=None)
            self._client = self._httpx2.AsyncClient(timeout=60, limits=limits)
        return self._client

    async def call(self) -> str:
        reply = await self._async_client().post(self.url, json=body(), headers=HEADERS)
        return reply.json()["choices"][0]["message"]["content"]

    def call_sync(self) -> str:
        if self._sync is None:
            self._sync = self._httpx2.Client(timeout=60)
        reply = self._sync.post(self.url, json=body(), headers=HEADERS)
        return reply.json()["choices"][0]["message"]["content"]

    async def stream(self) -> AsyncIterator[object]:
        sent = body(stream=True)
        client = self._async_client()
        async with client.stream("POST", self.url, json=sent, headers=HEADERS) as reply:
            rest = b""
            async for received in reply.aiter_bytes():
                lines, rest = _lines(rest, received)
                for line in lines:
                    yield line

    async def fresh_call(self) -> str:
        async with self._httpx2.AsyncClient(timeout=60) as client:
            reply = await client.post(self.url, json=body(), headers=HEADERS)
            return reply.json()["choices"][0]["message"]["content"]

    async def history(self, count: int) -> str:
        sent = body(messages=turns(count))
        reply = await self._async_client().post(self.url, json=sent, headers=HEADERS)
        return reply.json()["choices"][0]["message"]["content"]

    async def tools(self) -> str:
        first = await self._async_client().post(self.url, json=body(), headers=HEADERS)
        message = first.json()["choices"][0]["message"]
        return await _with_outputs(message, self._say)

    async def _say(self, messages: list[Any]) -> str:
        sent = body(messages=messages)
        reply = await self._async_client().post(self.url, json=sent, headers=HEADERS)
        return reply.json()["choices"][0]["message"]["content"]

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if self._sync is not None:
            self._sync.close()


async def _wait(number: int) -> str:
    await asyncio.sleep(TOOL_SECONDS)
    return f"waited {number}"


async def _with_outputs(message: dict[str, Any], say: Any) -> str:
    calls = message["tool_calls"]
    outputs = await asyncio.gather(
        *(_wait(json.loads(call["function"]["arguments"])["number"]) for call in calls)
    )
    told = [
        {"role": "tool", "tool_call_id": call["id"], "content": output}
        for call, output in zip(calls, outputs, strict=True)
    ]
    return await say([{"role": "user", "content": PROMPT}, message, *told])


class Aiohttp(Adapter):
    """`aiohttp` alone."""

    name = "aiohttp"
    modules = ("aiohttp",)

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._aiohttp = load("aiohttp")
        self._session: Any = None
        self.url = f"{base_url}/chat/completions"

    def _client(self) -> Any:
        if self._session is None:
            connector = self._aiohttp.TCPConnector(limit=0)
            self._session = self._aiohttp.ClientSession(connector=connector)
        return self._session

    async def call(self) -> str:
        return await self._say([{"role": "user", "content": PROMPT}])

    async def _say(self, messages: list[Any]) -> str:
        sent = body(messages=messages)
        async with self._client().post(self.url, json=sent, headers=HEADERS) as reply:
            return (await reply.json())["choices"][0]["message"]["content"]

    async def stream(self) -> AsyncIterator[object]:
        sent = body(stream=True)
        async with self._client().post(self.url, json=sent, headers=HEADERS) as reply:
            rest = b""
            async for received in reply.content.iter_any():
                lines, rest = _lines(rest, received)
                for line in lines:
                    yield line

    async def tools(self) -> str:
        async with self._client().post(self.url, json=body(), headers=HEADERS) as reply:
            message = (await reply.json())["choices"][0]["message"]
        return await _with_outputs(message, self._say)

    async def history(self, count: int) -> str:
        return await self._say(turns(count))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class Ours(Adapter):
    """This project."""

    name = "mirascope_nb"
    modules = ("mirascope_nb.llm",)

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        from mirascope_nb import llm

        self._llm = llm
        llm.register_provider("openai:completions", api_key="sk-bench-key", base_url=base_url)
        self._model = llm.Model("openai/gpt-4o")
        self._response: Any = None

    async def call(self) -> str:
        return (await self._model.call_async(PROMPT)).text()

    def call_sync(self) -> str:
        return self._model.call(PROMPT).text()

    async def stream(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT)
        async for text in reply.text_stream():
            yield text

    async def fresh_call(self) -> str:
        return (await self._llm.Model("openai/gpt-4o").call_async(PROMPT)).text()

    async def tools(self) -> str:
        @self._llm.tool
        async def wait(number: int) -> str:
            """Wait."""
            return await _wait(number)

        response = await self._model.call_async(PROMPT, tools=[wait])
        while response.tool_calls:
            response = await response.resume(await response.execute_tools())
        return response.text()

    async def objects(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT, format=_items_model())
        async for partial in reply.structured_stream():
            yield partial

    async def history(self, count: int) -> str:
        messages = self._llm.messages
        if self._response is None or len(self._response.messages) != count - 1:
            said = [
                messages.user(turn["content"])
                if turn["role"] == "user"
                else messages.assistant(turn["content"], model_id=None, provider_id=None)
                for turn in turns(count - 2)
            ]
            self._response = await self._model.call_async(said)
        return (await self._response.resume("And now?")).text()

    def card(self, count: int, each: int) -> int:
        from mirascope_nb.widgets.card import CardState

        llm = self._llm
        shown, sent = CardState("bench", model="gpt-4o"), 0
        shown.feed(llm.TextStartChunk())
        for number in range(count):
            shown.feed(llm.TextChunk(delta="word "))
            if number % each == 0:
                sent += len(json.dumps(shown.drain()))
        return sent


def _items_model() -> Any:
    from pydantic import BaseModel

    class Item(BaseModel):
        name: str
        size: int

    class Items(BaseModel):
        items: list[Item]

    return Items


class OpenAI(Adapter):
    """The `openai` SDK."""

    name = "openai"
    modules = ("openai",)

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._openai = load("openai")
        self._client = self._openai.AsyncOpenAI(api_key="sk-bench", base_url=base_url)
        self._sync: Any = None

    async def call(self) -> str:
        return await self._say([{"role": "user", "content": PROMPT}])

    async def _say(self, messages: list[Any]) -> str:
        reply = await self._client.chat.completions.create(model=MODEL, messages=messages)
        return reply.choices[0].message.content

    def call_sync(self) -> str:
        if self._sync is None:
            self._sync = self._openai.OpenAI(api_key="sk-bench", base_url=self.base_url)
        reply = self._sync.chat.completions.create(**body())
        return reply.choices[0].message.content

    async def stream(self) -> AsyncIterator[object]:
        async for chunk in await self._client.chat.completions.create(**body(stream=True)):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    async def fresh_call(self) -> str:
        async with self._openai.AsyncOpenAI(api_key="sk-bench", base_url=self.base_url) as client:
            return (await client.chat.completions.create(**body())).choices[0].message.content

    async def tools(self) -> str:
        reply = await self._client.chat.completions.create(**body())
        return await _with_outputs(reply.choices[0].message.model_dump(), self._say)

    async def objects(self) -> AsyncIterator[object]:
        stream = self._client.chat.completions.stream(**body(), response_format=_items_model())
        async with stream as events:
            async for event in events:
                if event.type == "content.delta":
                    yield event.parsed

    async def history(self, count: int) -> str:
        return await self._say(turns(count))

    async def aclose(self) -> None:
        await self._client.close()


class Anthropic(Adapter):
    """The `anthropic` SDK, of which only the import can be compared on this wire."""

    name = "anthropic"
    modules = ("anthropic",)


class Mirascope(Adapter):
    """`mirascope`, whose interface this project follows."""

    name = "mirascope"
    modules = ("mirascope.llm",)

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._llm = load("mirascope.llm")
        self._llm.register_provider("openai:completions", api_key="sk-bench", base_url=base_url)
        self._model = self._llm.Model("openai/gpt-4o:completions")

    async def call(self) -> str:
        return (await self._model.call_async(PROMPT)).text()

    def call_sync(self) -> str:
        return self._model.call(PROMPT).text()

    async def stream(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT)
        async for text in reply.text_stream():
            yield text

    async def fresh_call(self) -> str:
        return (await self._llm.Model("openai/gpt-4o:completions").call_async(PROMPT)).text()

    async def tools(self) -> str:
        @self._llm.tool
        async def wait(number: int) -> str:
            """Wait."""
            return await _wait(number)

        response = await self._model.call_async(PROMPT, tools=[wait])
        while response.tool_calls:
            response = await response.resume(await response.execute_tools())
        return response.text()

    async def objects(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT, format=_items_model())
        async for partial in reply.structured_stream():
            yield partial


class PydanticAI(Adapter):
    """`pydantic-ai`."""

    name = "pydantic-ai"
    modules = ("pydantic_ai", "pydantic_ai.models.openai", "pydantic_ai.providers.openai")

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        provider = load("pydantic_ai.providers.openai").OpenAIProvider(
            base_url=base_url, api_key="sk-bench"
        )
        self._model = load("pydantic_ai.models.openai").OpenAIChatModel(MODEL, provider=provider)
        self._agent = load("pydantic_ai").Agent(self._model)

    async def call(self) -> str:
        return (await self._agent.run(PROMPT)).output

    def call_sync(self) -> str:
        return self._agent.run_sync(PROMPT).output

    async def stream(self) -> AsyncIterator[object]:
        async with self._agent.run_stream(PROMPT) as reply:
            async for text in reply.stream_text(delta=True, debounce_by=None):
                yield text

    async def tools(self) -> str:
        agent = load("pydantic_ai").Agent(self._model)

        @agent.tool_plain
        async def wait(number: int) -> str:
            """Wait."""
            return await _wait(number)

        del wait
        return (await agent.run(PROMPT)).output


class LiteLLM(Adapter):
    """`litellm`."""

    name = "litellm"
    modules = ("litellm",)

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        self._litellm = load("litellm")
        self._options = {"model": "openai/gpt-4o", "api_base": base_url, "api_key": "sk-bench"}

    async def call(self) -> str:
        sent = body() | self._options
        return (await self._litellm.acompletion(**sent)).choices[0].message.content

    def call_sync(self) -> str:
        sent = body() | self._options
        return self._litellm.completion(**sent).choices[0].message.content

    async def stream(self) -> AsyncIterator[object]:
        async for chunk in await self._litellm.acompletion(**(body(stream=True) | self._options)):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content
