"""IO on the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mirascope_nb.llm.io.clients import async_client
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest

if TYPE_CHECKING:
    import httpx2

__all__ = ["ASYNC", "AsyncIO"]

T = TypeVar("T")


class AsyncByteStream:
    """A streamed reply of an `httpx2.AsyncClient`."""

    def __init__(self, endpoint: Endpoint, response: httpx2.Response) -> None:
        self._endpoint = endpoint
        self._response = response
        self._bytes: AsyncGenerator[bytes, None] = response.aiter_bytes()
        self._loop = asyncio.get_running_loop()
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes, empty at the end; see `ByteStream`."""
        failure: Exception | None = None
        try:
            if deadline is None:
                return await anext(self._bytes, b"")
            left = deadline - time.monotonic()
            async with asyncio.timeout(max(left, 0)):
                return await anext(self._bytes, b"")
        except TimeoutError:
            failure = late(self._endpoint)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, self._endpoint)
        await self.aclose()
        raise failure

    async def aclose(self) -> None:
        """Free the connection."""
        # The generator first: a loop that ends closes those it still finds, all at the same time.
        with contextlib.suppress(Exception):
            await self._bytes.aclose()
        if not self._response.is_closed:
            with contextlib.suppress(Exception):
                await self._response.aclose()

    def __del__(self) -> None:
        # Dropped without being closed: the pool would hold the connection for ever.
        if not self._response.is_closed and not self._loop.is_closed():
            response = self._response
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_close_later, response)


_closing: set[asyncio.Task[None]] = set()


def _close_later(response: httpx2.Response) -> None:
    task = asyncio.ensure_future(response.aclose())
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
        failure: Exception
        try:
            async with asyncio.timeout(endpoint.timeouts.total):
                response = await self._request(endpoint, request, stream=False)
            return HttpReply(
                status=response.status_code, headers=response.headers, body=response.content
            )
        except TimeoutError:
            failure = late(endpoint)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    async def open(self, endpoint: Endpoint, request: HttpRequest, /) -> ByteStream:
        """Send a request and return with its headers; see `IO.open`."""
        failure: Exception
        try:
            response = await self._request(endpoint, request, stream=True)
            return AsyncByteStream(endpoint, response)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    @staticmethod
    async def _request(
        endpoint: Endpoint, request: HttpRequest, *, stream: bool
    ) -> httpx2.Response:
        import httpx2

        client = await async_client(endpoint)
        timeouts = endpoint.timeouts
        return await client.send(
            client.build_request(
                "POST",
                endpoint.base_url + request.path,
                content=request.body,
                headers={**request.headers, **endpoint.headers()},
                timeout=httpx2.Timeout(
                    timeouts.total,
                    connect=timeouts.connect,
                    # Once headers are there, `read` is bounded by the stream's own deadlines.
                    read=timeouts.first_content,
                    pool=None,
                ),
            ),
            stream=stream,
        )

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
