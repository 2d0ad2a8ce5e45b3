"""IO on the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from mirascope_nb.llm.io.bodies import read_whole
from mirascope_nb.llm.io.clients import async_client, build, close_with_loop
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, too_large, translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest
from mirascope_nb.llm.io.resend import Attempt

if TYPE_CHECKING:
    import httpx2

__all__ = ["ASYNC", "AsyncIO"]

T = TypeVar("T")


def _leave(_: AsyncGenerator[Any, None]) -> None:
    """What finalises a dropped generator: nothing, since `AsyncByteStream` closes it."""


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


class AsyncByteStream:
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
            async with asyncio.timeout(None if deadline is None else deadline - time.monotonic()):
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


class AsyncIO:
    """IO that suspends while it waits."""

    is_async = True

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def lock(self) -> asyncio.Lock:
        """A lock among tasks."""
        return asyncio.Lock()

    async def send(self, endpoint: Endpoint, request: HttpRequest, /) -> HttpReply:
        """Send a request and read the whole reply; see `IO.send`."""
        total = endpoint.timeouts.total
        deadline = None if total is None else self.now() + total
        return await read_whole(await self.open(endpoint, request), deadline)

    async def open(self, endpoint: Endpoint, request: HttpRequest, /) -> ByteStream:
        """Send a request and return with its headers; see `IO.open`."""
        failure: Exception
        try:
            async with asyncio.timeout(endpoint.timeouts.reply):
                response = await self._request(endpoint, request)
            stream = AsyncByteStream(endpoint, response)
            close_with_loop(stream)
        except TimeoutError:
            failure = late(endpoint)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        else:
            return stream
        raise failure

    @staticmethod
    async def _request(endpoint: Endpoint, request: HttpRequest) -> httpx2.Response:
        client = await async_client(endpoint)
        attempt = Attempt()
        try:
            return await client.send(
                build(client, endpoint, request, trace=attempt.note_async), stream=True
            )
        except Exception as error:
            if not attempt.may_resend(error):
                raise
        return await client.send(build(client, endpoint, request), stream=True)

    async def sleep(self, seconds: float, /) -> None:
        """Wait without blocking the loop."""
        await asyncio.sleep(seconds)

    async def gather(self, jobs: Sequence[Coroutine[Any, Any, T]], /) -> list[T]:
        """Run jobs concurrently; the first that raises cancels the others, which are awaited."""
        if len(jobs) == 1:
            return [await jobs[0]]
        failures: list[BaseException] = []
        results: dict[int, T] = {}

        async def guard(index: int, job: Coroutine[Any, Any, T]) -> None:
            try:
                results[index] = await job
            except asyncio.CancelledError:
                raise
            # A task that ends in KeyboardInterrupt or SystemExit would tear down the loop before
            # its siblings were cancelled.
            except BaseException as error:  # noqa: BLE001, raised again below
                failures.append(error)
                for task in tasks:
                    task.cancel()

        tasks = [asyncio.create_task(guard(index, job)) for index, job in enumerate(jobs)]
        await _settle(tasks)
        if failures:
            raise failures[0]
        if any(task.cancelled() for task in tasks):
            raise asyncio.CancelledError
        return [results[index] for index in range(len(jobs))]

    async def run(self, fn: Callable[[], T], /) -> T:
        """Run a blocking function in a worker thread, with the caller's context variables."""
        return await asyncio.to_thread(fn)

    async def limit(self, seconds: float | None, job: Coroutine[Any, Any, T], /) -> T:
        """Cancel the job when its time is over."""
        async with asyncio.timeout(seconds):
            return await job


async def _settle(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until all tasks are done, however often this is cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
            for task in pending:
                task.cancel()
    if cancelled is not None:
        raise cancelled


ASYNC = AsyncIO()
