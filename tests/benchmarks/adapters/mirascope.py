"""This project, and the library whose interface it follows: what they share is written once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from tests.benchmarks.adapters.base import PROMPT, Adapter, items_model, load, turns
from tests.benchmarks.adapters.base import wait as wait_for

__all__ = ["Mirascope", "Ours"]


class Mirascope(Adapter):
    """`mirascope`."""

    name = "mirascope"
    modules = ("mirascope.llm",)
    model_id: ClassVar[str] = "openai/gpt-4o:completions"

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._llm = load(self.modules[0])
        self._llm.register_provider("openai:completions", api_key="sk-bench-key", base_url=base_url)
        self._model = self._llm.Model(self.model_id)
        self._wait: Any = None

    async def call(self) -> str:
        return (await self._model.call_async(PROMPT)).text()

    def call_sync(self) -> str:
        return self._model.call(PROMPT).text()

    async def stream(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT)
        async for text in reply.text_stream():
            yield text

    async def fresh_call(self) -> str:
        return (await self._llm.Model(self.model_id).call_async(PROMPT)).text()

    async def tools(self) -> str:
        if self._wait is None:

            @self._llm.tool
            async def wait(number: int) -> str:
                """Wait."""
                return await wait_for(number)

            self._wait = wait
        response = await self._model.call_async(PROMPT, tools=[self._wait])
        while response.tool_calls:
            response = await response.resume(await response.execute_tools())
        return response.text()

    async def objects(self) -> AsyncIterator[object]:
        reply = await self._model.stream_async(PROMPT, format=items_model())
        async for partial in reply.structured_stream():
            yield partial


class Ours(Mirascope):
    """This project."""

    name = "mirascope_nb"
    modules = ("mirascope_nb.llm",)
    model_id = "openai/gpt-4o"

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self._response: Any = None

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
