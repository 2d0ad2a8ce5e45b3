"""The vendors' own libraries, and others that stand on them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

from tests.benchmarks.adapters.base import (
    MODEL,
    PROMPT,
    Adapter,
    body,
    items_model,
    load,
    turns,
    with_outputs,
)
from tests.benchmarks.adapters.base import wait as wait_for

__all__ = ["Anthropic", "LiteLLM", "OpenAI", "PydanticAI"]


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
        return await with_outputs(reply.choices[0].message.model_dump(), self._say)

    async def objects(self) -> AsyncIterator[object]:
        stream = self._client.chat.completions.stream(**body(), response_format=items_model())
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
        self._waiting: Any = None

    async def call(self) -> str:
        return (await self._agent.run(PROMPT)).output

    def call_sync(self) -> str:
        return self._agent.run_sync(PROMPT).output

    async def stream(self) -> AsyncIterator[object]:
        async with self._agent.run_stream(PROMPT) as reply:
            async for text in reply.stream_text(delta=True, debounce_by=None):
                yield text

    async def tools(self) -> str:
        if self._waiting is None:
            self._waiting = load("pydantic_ai").Agent(self._model)

            @self._waiting.tool_plain
            async def wait(number: int) -> str:
                """Wait."""
                return await wait_for(number)

            del wait
        return (await self._waiting.run(PROMPT)).output


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
