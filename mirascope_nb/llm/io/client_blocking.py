"""Streamed replies of an `httpx2.Client`; see `client_async` for what it serves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.exceptions import ProviderError
from mirascope_nb.llm.io.clients import blocking_client, build
from mirascope_nb.llm.io.deadlines import bind, until
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.faults import late, too_large, translate
from mirascope_nb.llm.io.protocol import HttpRequest
from mirascope_nb.llm.io.redacting import logs_redacted
from mirascope_nb.llm.io.resend import Attempt

if TYPE_CHECKING:
    import httpx2

__all__ = ["BlockingClientStream", "request_by_blocking_client"]


class BlockingClientStream:
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
            with logs_redacted(self._endpoint), until(deadline):
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

    async def release(self) -> None:
        """Free the connection, which is kept if the reply's end has arrived by now."""
        with contextlib.suppress(ProviderError):
            await self.read(time.monotonic())
        await self.aclose()

    async def aclose(self) -> None:
        """Free the connection."""
        with contextlib.suppress(Exception):
            self._response.close()

    def __del__(self) -> None:
        try:  # noqa: SIM105, and no `suppress`: when the interpreter ends, what is imported may be gone
            self._response.close()
        except Exception:  # noqa: BLE001, S110, nobody is there to be told
            pass


def request_by_blocking_client(endpoint: Endpoint, request: HttpRequest) -> BlockingClientStream:
    """Send a request and return with the head of its reply."""
    client = blocking_client(endpoint)
    attempt = Attempt()

    def trace(event: str, info: Mapping[str, Any]) -> None:
        attempt.note(event, info)
        bind(event, info)

    wait = endpoint.timeouts.reply
    with logs_redacted(endpoint), until(None if wait is None else time.monotonic() + wait):
        try:
            response = client.send(build(client, endpoint, request, trace=trace), stream=True)
        except Exception as error:
            if not attempt.may_resend(error):
                raise
            response = None
        if response is None:
            response = client.send(build(client, endpoint, request, trace=trace), stream=True)
    return BlockingClientStream(endpoint, response)
