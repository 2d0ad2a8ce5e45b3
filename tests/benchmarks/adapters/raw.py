"""HTTP clients alone: they send and receive and decode nothing. The others stand on such."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tests.benchmarks.adapters.base import (
    HEADERS,
    PROMPT,
    Adapter,
    body,
    load,
    turns,
    with_outputs,
)

__all__ = ["Aiohttp", "Httpx2"]


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
        return await with_outputs(message, self._say)

    async def _say(self, messages: list[Any]) -> str:
        sent = body(messages=messages)
        reply = await self._async_client().post(self.url, json=sent, headers=HEADERS)
        return reply.json()["choices"][0]["message"]["content"]

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if self._sync is not None:
            self._sync.close()


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
        return await with_outputs(message, self._say)

    async def history(self, count: int) -> str:
        return await self._say(turns(count))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
