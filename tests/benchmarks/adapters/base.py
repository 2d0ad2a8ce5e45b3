"""What is measured, and what all of it sends."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Protocol

__all__ = [
    "HEADERS",
    "MODEL",
    "PROMPT",
    "TOOL_SECONDS",
    "Adapter",
    "Library",
    "body",
    "items_model",
    "load",
    "turns",
    "wait",
    "with_outputs",
]

PROMPT = "What is the answer?"
MODEL = "gpt-4o"
HEADERS = {"authorization": "Bearer sk-bench", "content-type": "application/json"}
TOOL_SECONDS = 0.1


def load(name: str) -> Any:
    """A module that need not be installed where the types are checked."""
    return importlib.import_module(name)


class Adapter:
    """A library under comparison, in a process of its own.

    It has those methods of `Library` for what the library does. A scenario names the ones it needs.
    """

    name: ClassVar[str]
    modules: ClassVar[tuple[str, ...]] = ()
    """What a user imports."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    async def aclose(self) -> None:
        """Close what is open."""


class Library(Protocol):
    """An adapter that has everything a scenario needs."""

    base_url: str

    def __init__(self, base_url: str) -> None: ...

    async def call(self) -> str:
        """The text of one reply."""
        ...

    def call_sync(self) -> str:
        """The same by blocking."""
        ...

    def stream(self) -> AsyncIterator[object]:
        """The pieces of one streamed reply."""
        ...

    async def fresh_call(self) -> str:
        """One call by a client, or model, made for it."""
        ...

    async def tools(self) -> str:
        """A call that runs eight tools of 100 ms and sends their outputs back."""
        ...

    def objects(self) -> AsyncIterator[object]:
        """The partial objects of one streamed reply."""
        ...

    async def history(self, count: int) -> str:
        """Send a conversation of so many messages, of which all but the last were sent before."""
        ...

    def card(self, count: int, each: int) -> int:
        """The bytes that show so many tokens live, told to the browser after each few of them."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...


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


async def wait(number: int) -> str:
    await asyncio.sleep(TOOL_SECONDS)
    return f"waited {number}"


async def with_outputs(message: dict[str, Any], say: Any) -> str:
    calls = message["tool_calls"]
    outputs = await asyncio.gather(
        *(wait(json.loads(call["function"]["arguments"])["number"]) for call in calls)
    )
    told = [
        {"role": "tool", "tool_call_id": call["id"], "content": output}
        for call, output in zip(calls, outputs, strict=True)
    ]
    return await say([{"role": "user", "content": PROMPT}, message, *told])


def items_model() -> Any:
    from pydantic import BaseModel

    class Item(BaseModel):
        name: str
        size: int

    class Items(BaseModel):
        items: list[Item]

    return Items
