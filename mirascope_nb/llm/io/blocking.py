"""IO that blocks: no method suspends, so `run_now` finishes a coroutine over it in one step."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from mirascope_nb._loop import run_now
from mirascope_nb.llm.io.bodies import read_whole
from mirascope_nb.llm.io.clients import blocking_route
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest

__all__ = ["BLOCKING", "BlockingIO"]

T = TypeVar("T")


class BlockingIO:
    """IO that returns when it is done."""

    is_async = False

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def lock(self) -> contextlib.nullcontext[None]:
        """Nothing: a blocking caller has no other tasks."""
        return contextlib.nullcontext()

    async def send(self, endpoint: Endpoint, request: HttpRequest, /) -> HttpReply:
        """Send a request and read the whole reply; see `IO.send`."""
        total = endpoint.timeouts.total
        deadline = None if total is None else self.now() + total
        return await read_whole(await self.open(endpoint, request), deadline)

    async def open(self, endpoint: Endpoint, request: HttpRequest, /) -> ByteStream:
        """Send a request and return with its headers; see `IO.open`."""
        failure: Exception
        try:
            route = blocking_route(endpoint, request.path)
            if route is not None:
                from mirascope_nb.llm.io.sockets import request_by_socket

                pool, target = route
                return await request_by_socket(pool, endpoint, request, target)
            from mirascope_nb.llm.io.client_blocking import request_by_blocking_client

            return request_by_blocking_client(endpoint, request)
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    async def sleep(self, seconds: float, /) -> None:
        """Block for a while."""
        time.sleep(seconds)  # noqa: ASYNC251, blocking is what this IO does

    async def gather(self, jobs: Sequence[Coroutine[Any, Any, T]], /) -> list[T]:
        """Run jobs one after another."""
        waiting = list(jobs)
        results: list[T] = []
        try:
            while waiting:
                results.append(run_now(waiting.pop(0)))
        finally:
            for job in waiting:
                job.close()
        return results

    async def run(self, fn: Callable[[], T], /) -> T:
        """Call the function in this thread, to which a database handle may be bound."""
        return fn()

    async def limit(self, seconds: float | None, job: Coroutine[Any, Any, T], /) -> T:  # noqa: ARG002, nothing here can interrupt the caller's own thread
        """Run the job without a limit: a blocking caller's own thread cannot be interrupted."""
        return await job


BLOCKING = BlockingIO()
