"""IO that blocks: no method suspends, so `run_now` finishes a coroutine over it in one step."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from mirascope_nb._loop import run_now
from mirascope_nb.llm.io.clients import blocking_client
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, translate
from mirascope_nb.llm.io.protocol import ByteStream, HttpReply, HttpRequest

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
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes, empty at the end; see `ByteStream`.

        A silent server is noticed by the socket's own timeout. A deadline that passes while pings
        arrive is noticed at the next of them.
        """
        failure: Exception
        try:
            received = next(self._bytes, b"")
            if deadline is None or time.monotonic() <= deadline or not received:
                return received
            failure = late(self._endpoint)
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
        stream = await self.open(endpoint, request)
        timeouts = endpoint.timeouts
        deadline = None if timeouts.total is None else self.now() + timeouts.total
        pieces: list[bytes] = []
        try:
            while piece := await stream.read(deadline):
                pieces.append(piece)
        finally:
            await stream.aclose()
        return HttpReply(status=stream.status, headers=stream.headers, body=b"".join(pieces))

    async def open(self, endpoint: Endpoint, request: HttpRequest, /) -> ByteStream:
        """Send a request and return with its headers; see `IO.open`."""
        failure: Exception
        try:
            return BlockingByteStream(endpoint, self._request(endpoint, request))
        except Exception as error:  # noqa: BLE001, all of a transport's errors become ours
            failure = translate(error, endpoint)
        raise failure

    @staticmethod
    def _request(endpoint: Endpoint, request: HttpRequest) -> httpx2.Response:
        import httpx2

        client = blocking_client(endpoint)
        timeouts = endpoint.timeouts
        return client.send(
            client.build_request(
                "POST",
                endpoint.base_url + request.path,
                content=request.body,
                headers={**request.headers, **endpoint.headers()},
                timeout=httpx2.Timeout(
                    timeouts.total, connect=timeouts.connect, read=timeouts.first_content, pool=None
                ),
            ),
            stream=True,
        )

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
