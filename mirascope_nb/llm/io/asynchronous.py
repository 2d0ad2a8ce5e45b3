"""IO on the running event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mirascope_nb.llm.io.bodies import read_whole
from mirascope_nb.llm.io.clients import async_route
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest

if TYPE_CHECKING:
    import asyncio

__all__ = ["ASYNC", "AsyncIO"]

# A blocking caller needs no asyncio, which takes long to import, so each method imports it.

T = TypeVar("T")


class AsyncIO:
    """IO that suspends while it waits."""

    is_async = True

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def lock(self) -> asyncio.Lock:
        """A lock among tasks."""
        import asyncio

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
            route = await async_route(endpoint, request.path)
            if route is not None:
                from mirascope_nb.llm.io.sockets import request_by_socket

                pool, target = route
                return await request_by_socket(pool, endpoint, request, target)
            from mirascope_nb.llm.io.client_async import request_by_client

            return await request_by_client(endpoint, request)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    async def sleep(self, seconds: float, /) -> None:
        """Wait without blocking the loop."""
        import asyncio

        await asyncio.sleep(seconds)

    async def gather(self, jobs: Sequence[Coroutine[Any, Any, T]], /) -> list[T]:
        """Run jobs concurrently; the first that raises cancels the others, which are awaited."""
        import asyncio

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
        import asyncio

        return await asyncio.to_thread(fn)

    async def limit(self, seconds: float | None, job: Coroutine[Any, Any, T], /) -> T:
        """Cancel the job when its time is over."""
        import asyncio

        async with asyncio.timeout(seconds):
            return await job


async def _settle(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until all tasks are done, however often this is cancelled meanwhile."""
    import asyncio

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
