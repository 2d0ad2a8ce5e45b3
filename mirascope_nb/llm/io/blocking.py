"""IO that blocks: no method suspends, so `run_now` finishes a coroutine over it in one step."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mirascope_nb._loop import run_now
from mirascope_nb.llm.io.bodies import read_whole
from mirascope_nb.llm.io.clients import blocking_client, build
from mirascope_nb.llm.io.deadlines import bind, until
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, too_large, translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest
from mirascope_nb.llm.io.resend import Attempt

if TYPE_CHECKING:
    import httpx2

__all__ = ["BLOCKING", "BlockingIO"]

T = TypeVar("T")


class BlockingByteStream:
    """A streamed reply of an `httpx2.Client`."""

    def __init__(self, endpoint: Endpoint, response: httpx2.Response) -> None:
        self._endpoint = endpoint
        self._response = response
        self._bytes: Iterator[bytes] = response.iter_bytes()
        self._size = 0
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes, empty at the end; see `ByteStream`."""
        failure: Exception
        try:
            with until(deadline):
                received = next(filter(None, self._bytes), b"")
            self._size += len(received)
            if deadline is not None and time.monotonic() > deadline:
                failure = late(self._endpoint)
            elif self._size > self._endpoint.max_reply:
                failure = too_large(self._endpoint)
            else:
                return received
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, self._endpoint)
        await self.aclose()
        raise failure

    async def aclose(self) -> None:
        """Free the connection."""
        with contextlib.suppress(Exception):
            self._response.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._response.close()


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
        wait = endpoint.timeouts.reply
        try:
            with until(None if wait is None else self.now() + wait):
                return BlockingByteStream(endpoint, self._request(endpoint, request))
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    @staticmethod
    def _request(endpoint: Endpoint, request: HttpRequest) -> httpx2.Response:
        client = blocking_client(endpoint)
        attempt = Attempt()

        def trace(event: str, info: Mapping[str, Any]) -> None:
            attempt.note(event, info)
            bind(event, info)

        try:
            return client.send(build(client, endpoint, request, trace=trace), stream=True)
        except Exception as error:
            if not attempt.may_resend(error):
                raise
        return client.send(build(client, endpoint, request, trace=trace), stream=True)

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
