"""Streamed replies of an `httpx2.AsyncClient`.

It serves what our own sockets do not: transports of the caller's, proxies, odd addresses, browsers.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from mirascope_nb.llm.exceptions import ProviderError
from mirascope_nb.llm.io.clients import async_client, build, close_with_loop
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, too_large, translate
from mirascope_nb.llm.io.protocol import HttpRequest
from mirascope_nb.llm.io.redacting import logs_redacted
from mirascope_nb.llm.io.resend import Attempt

if TYPE_CHECKING:
    import httpx2

__all__ = ["ClientStream", "request_by_client"]

T = TypeVar("T")


def _leave(_: AsyncGenerator[Any, None]) -> None:
    """What finalises a dropped generator: nothing, since `ClientStream` closes it."""


class _Unlisted(Generic[T]):
    """Drives a coroutine so that the async generators it begins are unknown to the loop.

    A loop that ends closes the suspended generators that it knows, all at the same time. Those of
    the transport are nested, and an inner one that is closed together with its outer one fails.
    They are closed by us instead, the outer one first: see `clients.close_with_loop`.
    """

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, Any, T]:
        return cast("Generator[Any, Any, T]", self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        return self._step(self._work.send, value)

    def throw(self, *raised: Any) -> Any:
        return self._step(self._work.throw, *raised)

    def close(self) -> None:
        self._work.close()

    @staticmethod
    def _step(resume: Callable[..., Any], *given: Any) -> Any:
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, _leave)
        try:
            return resume(*given)
        finally:
            sys.set_asyncgen_hooks(*hooks)


class ClientStream:
    """A streamed reply of an `httpx2.AsyncClient`."""

    def __init__(self, endpoint: Endpoint, response: httpx2.Response) -> None:
        self._endpoint = endpoint
        self._response = response
        self._bytes: AsyncGenerator[bytes, None] = response.aiter_bytes()
        self._loop = asyncio.get_running_loop()
        self._size = 0
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes, empty at the end; see `ByteStream`."""
        failure: Exception
        try:
            left = None if deadline is None else deadline - time.monotonic()
            with logs_redacted(self._endpoint):
                async with asyncio.timeout(left):
                    received = await _Unlisted(self._next())
            self._size += len(received)
            # What has arrived already is read without waiting, and so without noticing the time.
            if deadline is not None and time.monotonic() > deadline:
                failure = late(self._endpoint)
            elif self._size > self._endpoint.max_reply:
                failure = too_large(self._endpoint)
            else:
                return received
        except TimeoutError:
            failure = late(self._endpoint)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, self._endpoint)
        await self.aclose()
        raise failure

    async def _next(self) -> bytes:
        async for received in self._bytes:
            if received:
                return received
        return b""

    async def release(self) -> None:
        """Free the connection, which is kept if the reply's end has arrived by now."""
        with contextlib.suppress(ProviderError):
            await self.read(time.monotonic())
        await self.aclose()

    async def aclose(self) -> None:
        """Free the connection."""
        try:
            with contextlib.suppress(Exception):
                await self._bytes.aclose()
        finally:
            if not self._response.is_closed:
                with contextlib.suppress(Exception):
                    await self._response.aclose()

    def __del__(self) -> None:
        # Dropped without being closed: the pool would hold the connection for ever.
        if not self._response.is_closed and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_close_later, self._bytes, self._response)


_closing: set[asyncio.Task[None]] = set()


def _close_later(received: AsyncGenerator[bytes, None], response: httpx2.Response) -> None:
    async def close() -> None:
        with contextlib.suppress(Exception):
            await received.aclose()
        with contextlib.suppress(Exception):
            await response.aclose()

    task = asyncio.ensure_future(close())
    _closing.add(task)  # the loop keeps only a weak reference
    task.add_done_callback(_closing.discard)


async def request_by_client(endpoint: Endpoint, request: HttpRequest) -> ClientStream:
    """Send a request and return with the head of its reply."""
    client = await async_client(endpoint)
    attempt = Attempt()
    with logs_redacted(endpoint):
        async with asyncio.timeout(endpoint.timeouts.reply):
            try:
                response = await client.send(
                    build(client, endpoint, request, trace=attempt.note_async), stream=True
                )
            except Exception as error:
                if not attempt.may_resend(error):
                    raise
                response = None
            if response is None:
                response = await client.send(build(client, endpoint, request), stream=True)
    stream = ClientStream(endpoint, response)
    close_with_loop(stream)
    return stream
