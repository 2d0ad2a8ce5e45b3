"""How `show` and `run` take a turn: with responses that are awaited, or with ones that block.

What the two differ in is here, each answer beside the other's; what they share is in `cells`.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any, Protocol, cast

from mirascope_nb import llm
from mirascope_nb.widgets.live import LiveCard
from mirascope_nb.widgets.reading import read, read_blocking
from mirascope_nb.widgets.tools import current_tool

__all__ = ["Awaited", "Blocking", "Turns"]


class Turns(Protocol):
    """What differs between responses that are awaited and responses that block."""

    card: LiveCard

    async def open(self, source: Any) -> Any:
        """The response that a source is, or gives."""
        ...

    async def read(self, response: Any) -> None:
        """Show a response to its end."""
        ...

    async def execute_tools(self, response: Any) -> list[llm.ToolOutput[Any]]:
        """Run the tool calls of a response, and show each as it ends."""
        ...

    def resume(self, response: Any, outputs: Sequence[llm.ToolOutput[Any]]) -> Any:
        """What `open` takes for the next reply."""
        ...


class Blocking:
    """Turns of responses that block. Its coroutines never suspend."""

    def __init__(self, card: LiveCard, ctx: llm.Context[Any] | None = None) -> None:
        self.card = card
        self._ctx = ctx

    async def open(self, source: Any) -> Any:
        """The response; a function is called for it."""
        return source() if callable(source) else source

    async def read(self, response: Any) -> None:
        """Read it at one go."""
        read_blocking(self.card, response)

    async def execute_tools(self, response: Any) -> list[llm.ToolOutput[Any]]:
        """Run them one after another."""
        blocks = self.card.blocks_of(response.tool_calls)
        outputs: list[llm.ToolOutput[Any]] = response.execute_tools(*_given(response, self._ctx))
        for index, output in zip(blocks, outputs, strict=True):
            self.card.tool_ended(index, output)
        return outputs

    def resume(self, response: Any, outputs: Sequence[llm.ToolOutput[Any]]) -> Any:
        """A function that asks for a reply of the same kind."""
        return lambda: response.resume(*_given(response, self._ctx), outputs)


class Awaited:
    """Turns of responses that are awaited; one that blocks is read by a thread."""

    def __init__(self, card: LiveCard, ctx: llm.Context[Any] | None = None) -> None:
        self.card = card
        self._ctx = ctx

    async def open(self, source: Any) -> Any:
        """The response; it is awaited if need be."""
        return await source if inspect.isawaitable(source) else source

    async def read(self, response: Any) -> None:
        """Read it as it comes."""
        await read(self.card, response)

    async def execute_tools(self, response: Any) -> list[llm.ToolOutput[Any]]:
        """Run them at once."""
        return await _execute_at_once(self.card, response, self._ctx)

    def resume(self, response: Any, outputs: Sequence[llm.ToolOutput[Any]]) -> Any:
        """What is awaited for a reply that streams, whatever the one before did."""
        given = _given(response, self._ctx)
        if hasattr(response, "aclose"):
            return response.resume(*given, outputs)
        messages = [*response.messages, llm.messages.user(outputs)]
        asked: dict[str, Any] = {"tools": list(response.toolkit.tools), "format": response.format}
        if given:
            return response.model.context_stream_async(messages, ctx=given[0], **asked)
        return response.model.stream_async(messages, **asked)


async def _execute_at_once(
    card: LiveCard, response: llm.AnyResponse, ctx: llm.Context[Any] | None
) -> list[llm.ToolOutput[Any]]:
    """Run the tool calls of a response at once, and show each as it ends."""
    toolkit, given = _async_toolkit(response), _given(response, ctx)
    outputs: dict[int, llm.ToolOutput[Any]] = {}
    failures: list[BaseException] = []

    async def execute(position: int, index: int, call: llm.ToolCall) -> None:
        current_tool.set((card.state.id, index))
        try:
            output = outputs[position] = await toolkit.execute(*given, call)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - raised again below
            # A task that ends in `KeyboardInterrupt` takes the event loop with it.
            failures.append(error)
            for task in tasks:
                task.cancel()
        else:
            card.tool_ended(index, output)

    calls = list(response.tool_calls)
    tasks = [
        asyncio.create_task(execute(position, index, call))
        for position, (index, call) in enumerate(zip(card.blocks_of(calls), calls, strict=True))
    ]
    try:
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        # Stopped: what is left is cancelled already; it is awaited, so that nothing stays behind.
        await asyncio.gather(*tasks, return_exceptions=True)
    if failures:
        raise failures[0]
    if any(task.cancelled() for task in tasks):
        raise asyncio.CancelledError
    response.tool_outputs = [outputs[position] for position in range(len(calls))]
    return list(response.tool_outputs)


_WITH_CONTEXT = (
    llm.ContextResponse,
    llm.ContextStreamResponse,
    llm.AsyncContextResponse,
    llm.AsyncContextStreamResponse,
)


def _given(response: object, ctx: llm.Context[Any] | None) -> tuple[llm.Context[Any], ...]:
    """The context as the leading argument of whatever the response does, if it takes one."""
    if not isinstance(response, _WITH_CONTEXT):
        return ()
    if ctx is None:
        raise ValueError("this call takes a context: pass it as ctx=")
    return (ctx,)


def _async_toolkit(response: Any) -> Any:
    """The response's tools as ones that can be awaited: blocking ones run in worker threads."""
    toolkit = response.toolkit
    if isinstance(toolkit, (llm.AsyncToolkit, llm.AsyncContextToolkit)):
        return cast("Any", toolkit)
    made: Any = llm.AsyncContextToolkit if isinstance(response, _WITH_CONTEXT) else llm.AsyncToolkit
    return made(toolkit.tools)
