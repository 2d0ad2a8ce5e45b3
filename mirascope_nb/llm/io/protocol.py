"""What the shared coroutines may await, and the plain data that passes through.

Each method is a coroutine in both worlds. Those of `BlockingIO` never suspend, so that
`run_now` finishes a coroutine over them in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from mirascope_nb.llm.io.endpoint import Endpoint

__all__ = ["IO", "ByteStream", "HttpReply", "HttpRequest"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """A request without its address and key, which the endpoint adds."""

    path: str
    """What follows the endpoint's base URL, query included."""
    body: bytes = field(repr=False)
    """JSON. A retry sends these very bytes again."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpReply:
    """A whole reply, decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case. A server may echo the key in one, and a traceback may show locals."""
    body: bytes = field(repr=False)


class ByteStream(Protocol):
    """A reply whose body is still arriving."""

    @property
    def status(self) -> int:
        """HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        ...

    async def read(self, deadline: float | None, /) -> bytes:
        """The next bytes of the body, decompressed; empty at its end.

        Raises:
            TimeoutError: If the deadline, on the clock of `IO.now`, passes first.
            ConnectionError: If the connection breaks.
        """
        ...

    async def aclose(self) -> None:
        """Free the connection. May be called twice."""
        ...

    async def release(self) -> None:
        """Free the connection of a reply that has said all, before its last bytes have come.

        If they come soon the connection is kept for another request. Nobody waits for that.
        """
        ...


class IO(Protocol):
    """The effects that the shared coroutines have."""

    is_async: bool

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """A lock among the tasks of one loop; where there are no tasks, none."""
        ...

    async def send(self, endpoint: Endpoint, request: HttpRequest, /) -> HttpReply:
        """Send a request and read its whole reply, whatever its status.

        Raises:
            ConnectionError: If the provider cannot be reached or the reply breaks off.
            TimeoutError: If one of the endpoint's limits is passed.
        """
        ...

    async def open(self, endpoint: Endpoint, request: HttpRequest, /) -> ByteStream:
        """Send a request and return as soon as the reply's headers are there.

        Raises:
            ConnectionError: If the provider cannot be reached.
            TimeoutError: If one of the endpoint's limits is passed.
        """
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...

    async def gather(self, jobs: Sequence[Coroutine[Any, Any, T]], /) -> list[T]:
        """The results of all jobs, in order; concurrently where that is possible.

        When one raises, the others are cancelled and awaited first.
        """
        ...

    async def run(self, fn: Callable[[], T], /) -> T:
        """Call a function that may block, without blocking other tasks where there are any."""
        ...

    async def limit(self, seconds: float | None, job: Coroutine[Any, Any, T], /) -> T:
        """The result of a job that may take this long.

        Raises:
            builtins.TimeoutError: If it takes longer, and this kind of IO can interrupt it.
        """
        ...
