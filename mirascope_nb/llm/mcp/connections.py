"""Connections to MCP servers: streamable HTTP, standard streams, server-sent events."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import inspect
import logging
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO, cast

from mirascope_nb.llm.exceptions import ConnectionError
from mirascope_nb.llm.mcp.client import MCPClient
from mirascope_nb.llm.mcp.secrets import (
    Headers,
    HeaderValue,
    Secrets,
    sealed,
    sealed_token,
    shown_address,
)
from mirascope_nb.text import escape_invisible

if TYPE_CHECKING:
    from mcp import StdioServerParameters

__all__ = ["sse_client", "stdio_client", "streamable_http_client"]

logger = logging.getLogger("mirascope_nb.llm")


CONNECT_TIMEOUT = 60.0
"""Seconds. A server that is fetched and installed when it is first started may take a while."""

MOST_COMPLAINTS = 2000


def streamable_http_client(
    url: str,
    *,
    headers: Mapping[str, HeaderValue] | None = None,
    bearer_token: HeaderValue | None = None,
    connect_timeout: float | None = CONNECT_TIMEOUT,
) -> AbstractAsyncContextManager[MCPClient]:
    """A client of an MCP server that is reached by streamable HTTP.

    Args:
        url: Address of the server, such as `"http://localhost:8000/mcp"`.
        headers: What to send with every request to this address, and to no other one. The values
            are kept as secrets.
        bearer_token: A token, to be sent as `Authorization: Bearer ...`.
        connect_timeout: Seconds until the session has to be there; `None` for no limit.

    Raises:
        ConnectionError: If the server cannot be reached, on entering.
        ValueError: If a header cannot be sent.
    """
    # Sealed first of all: this frame may be in a traceback that prints what its names stand for.
    headers, bearer_token = sealed(headers), sealed_token(bearer_token)
    sent = Headers(url, headers, bearer_token)
    module = importlib.import_module("mcp.client.streamable_http")
    return _connected(
        _streamable_http(module, url, _http_client_factory(module, sent)),
        where=shown_address(url),
        connect_timeout=connect_timeout,
        secrets=Secrets.of_request(url, sent),
        complaints=sent.complaint,
    )


@asynccontextmanager
async def _streamable_http(
    module: Any, url: str, make_client: Callable[..., Any]
) -> AsyncGenerator[Any]:
    connect = getattr(module, "streamable_http_client", None)
    if connect is None:  # what it was called, and took, before version 1.24
        async with module.streamablehttp_client(url, httpx_client_factory=make_client) as streams:
            yield streams
        return
    async with make_client() as http_client, connect(url, http_client=http_client) as streams:
        yield streams


def stdio_client(
    server_parameters: StdioServerParameters,
    name: str | None = None,
    *,
    connect_timeout: float | None = CONNECT_TIMEOUT,
) -> AbstractAsyncContextManager[MCPClient]:
    """A client of an MCP server that is a process, started here and ended on leaving.

    What the process writes to its stderr goes to ours, where that is a file or a terminal. In a
    notebook it would end up in whichever cell runs, so there it is kept, and shown if the server
    cannot be used.

    Args:
        server_parameters: What to start: `mcp.StdioServerParameters(command=..., args=[...])`.
        name: What to call this client towards the server.
        connect_timeout: Seconds until the session has to be there; `None` for no limit.

    Raises:
        ConnectionError: If the process does not answer, on entering.
    """
    module = importlib.import_module("mcp.client.stdio")

    def start(log: TextIO) -> AbstractAsyncContextManager[Any]:
        return module.stdio_client(server_parameters, errlog=log)

    return _by_stdio(
        start,
        server_parameters.command,
        name,
        connect_timeout,
        Secrets.of_process(server_parameters),
    )


@asynccontextmanager
async def _by_stdio(
    start: Callable[[TextIO], AbstractAsyncContextManager[Any]],
    command: str,
    name: str | None,
    connect_timeout: float | None,
    secrets: Secrets,
) -> AsyncGenerator[MCPClient]:
    # No frame from here on holds the parameters, whose environment is where servers get their keys.
    options: dict[str, Any] = {}
    if name is not None:
        from mcp.types import Implementation

        from mirascope_nb._version import __version__

        options["client_info"] = Implementation(name=name, version=__version__)
    with _error_log() as (log, complaints):
        async with _connected(
            start(log),
            where=command,
            connect_timeout=connect_timeout,
            secrets=secrets,
            complaints=complaints,
            **options,
        ) as client:
            yield client


@contextmanager
def _error_log() -> Generator[tuple[TextIO, Callable[[], str]]]:
    """Where a server may complain, and what it said there, where nobody else sees it."""
    if _is_plain(sys.stderr):
        yield sys.stderr, str
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:

        def complaints() -> str:
            log.seek(0)
            said = log.read().strip()[-MOST_COMPLAINTS:]
            return f"\nIt said: {escape_invisible(said)}" if said else ""

        yield log, complaints


def _is_plain(stream: Any) -> bool:
    """Whether a process can write to a stream, and nobody shows that in a notebook.

    A kernel's own streams may have a number too: what is written to it comes out in the cell.
    """
    if stream is None or type(stream).__module__.partition(".")[0] == "ipykernel":
        return False
    try:
        stream.fileno()
    except (AttributeError, OSError, ValueError):
        return False
    return True


def sse_client(
    url: str,
    read_timeout_seconds: float | timedelta | None = None,
    *,
    headers: Mapping[str, HeaderValue] | None = None,
    bearer_token: HeaderValue | None = None,
    connect_timeout: float | None = CONNECT_TIMEOUT,
) -> AbstractAsyncContextManager[MCPClient]:
    """A client of an MCP server that is reached by server-sent events, as older ones are.

    Args:
        url: Address of the server, such as `"http://localhost:8000/sse"`.
        read_timeout_seconds: Seconds to wait for each answer; `None` for no limit.
        headers: As for `streamable_http_client`.
        bearer_token: As for `streamable_http_client`.
        connect_timeout: Seconds until the session has to be there; `None` for no limit.

    Raises:
        ConnectionError: If the server cannot be reached, on entering.
        ValueError: If a header cannot be sent.
    """
    headers, bearer_token = sealed(headers), sealed_token(bearer_token)
    sent = Headers(url, headers, bearer_token)
    module = importlib.import_module("mcp.client.sse")
    return _connected(
        module.sse_client(url, httpx_client_factory=_http_client_factory(module, sent)),
        where=shown_address(url),
        connect_timeout=connect_timeout,
        secrets=Secrets.of_request(url, sent),
        complaints=sent.complaint,
        read_timeout_seconds=_timeout(read_timeout_seconds),
    )


def _http_client_factory(module: Any, headers: Headers) -> Callable[..., Any]:
    """Makes HTTP clients as the SDK does, with these headers on every request.

    They are put on by a hook, not given to the client: a client sends its own to wherever it is
    redirected, and version 1 of the SDK follows redirects to anywhere.
    """

    def make(*args: Any, **options: Any) -> Any:
        client = module.create_mcp_http_client(*args, **options)
        client.event_hooks["request"].append(headers.put)
        client.event_hooks["response"].append(headers.look)
        return client

    return make


def _timeout(seconds: float | timedelta | None) -> float | timedelta | None:
    """A timeout in the form that a session takes: version 1 a time span, version 2 a number."""
    from mcp import ClientSession

    if seconds is None:
        return None
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    parameter = inspect.signature(ClientSession.__init__).parameters["read_timeout_seconds"]
    takes_spans = "timedelta" in str(parameter.annotation)
    return timedelta(seconds=seconds) if takes_spans else seconds


@asynccontextmanager
async def _connected(
    transport: AbstractAsyncContextManager[Any],
    *,
    where: str,
    connect_timeout: float | None,
    secrets: Secrets,
    complaints: Callable[[], str] = str,
    **options: Any,
) -> AsyncGenerator[MCPClient]:
    """A client over a transport, which a task of its own holds open.

    The SDK's task groups belong to the task that enters them: they can be left by no other one, and
    cancel it when a transport fails. In a task of their own they do not care whether a notebook
    enters in one cell and leaves in another, in which order several connections end, or that one
    of them broke: then the calls over it fail, and nothing else does.

        connecting --initialised--> open --left, or cancelled--> closing --> done
            |                         |
            +--- ConnectionError      +--- the server has gone: calls are refused
    """
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[MCPClient] = loop.create_future()
    left = asyncio.Event()
    holding = loop.create_task(
        _hold(transport, options, opened, left, secrets), name=f"mcp {where}"
    )
    try:
        client = await _until_open(opened, holding, connect_timeout)
    except BaseException as error:
        await _ended(holding, now=True)
        if not isinstance(failure := secrets.strip(_leaf(error)), Exception):
            raise
        raise ConnectionError(
            f"The MCP server at {where!a} cannot be used: "
            f"{str(failure) or type(failure).__name__}{secrets.redact(complaints())}",
            "mcp",
            failure,
        ) from failure
    try:
        yield client
    finally:
        client.close()
        left.set()
        await _ended(holding)
        if not holding.cancelled() and (broken := holding.exception()) is not None:
            # Whoever called a tool has been told; what the block did is not undone by it.
            why = secrets.strip(_leaf(broken))
            logger.warning("The connection to the MCP server at %a broke: %s", where, why)


async def _hold(
    transport: AbstractAsyncContextManager[Any],
    options: dict[str, Any],
    opened: asyncio.Future[MCPClient],
    left: asyncio.Event,
    secrets: Secrets,
) -> None:
    """Open a session, say so, and keep it until it is left."""
    from mcp import ClientSession

    async with (
        transport as streams,
        ClientSession(streams[0], streams[1], **options) as session,
    ):
        await session.initialize()
        client = MCPClient(session, secrets=secrets)
        if not opened.done():
            opened.set_result(client)
        try:
            await left.wait()
        finally:
            client.close()


async def _until_open(
    opened: asyncio.Future[MCPClient], holding: asyncio.Task[None], patience: float | None
) -> MCPClient:
    """The client, once its session is open.

    Raises:
        TimeoutError: If that takes too long; the built-in one.
        BaseException: What kept it from being opened.
    """
    await asyncio.wait((opened, holding), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    if opened.done():
        return opened.result()
    if not holding.done():
        raise builtins.TimeoutError(f"it did not answer within {patience:g} s")
    holding.result()
    raise RuntimeError("it closed the connection")


async def _ended(holding: asyncio.Task[None], *, now: bool = False) -> None:
    """Wait for the task that holds a connection; being cancelled meanwhile makes it hurry."""
    cancelled: asyncio.CancelledError | None = None
    if now:
        holding.cancel()
    while not holding.done():
        try:
            await asyncio.wait((holding,))
        except asyncio.CancelledError as error:
            cancelled = error
            holding.cancel()
    if not holding.cancelled():
        holding.exception()  # seen
    if cancelled is not None:
        raise cancelled


def _leaf(error: BaseException) -> BaseException:
    """The one exception that groups are wrapped around, if there is only one."""
    leaf = error
    while isinstance(leaf, BaseExceptionGroup):
        inside = cast("BaseExceptionGroup[BaseException]", leaf).exceptions
        if len(inside) != 1:
            return error
        leaf = inside[0]
    return leaf
