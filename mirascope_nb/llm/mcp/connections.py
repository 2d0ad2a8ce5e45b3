"""Ways to an MCP server: by HTTP, by a process's standard streams, by server-sent events."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO, cast

from mirascope_nb.llm.exceptions import ConnectionError
from mirascope_nb.llm.mcp.client import MCPClient

if TYPE_CHECKING:
    from mcp import StdioServerParameters

__all__ = ["sse_client", "stdio_client", "streamable_http_client"]


@asynccontextmanager
async def streamable_http_client(url: str) -> AsyncGenerator[MCPClient]:
    """A client of an MCP server that is reached by streamable HTTP.

    Args:
        url: Address of the server, such as `"http://localhost:8000/mcp"`.

    Raises:
        ConnectionError: If the server cannot be reached.
    """
    module = importlib.import_module("mcp.client.streamable_http")
    # Version 1 spelt it in one word at first.
    connect = getattr(module, "streamable_http_client", None) or module.streamablehttp_client
    async with _connected(connect(url), where=url) as client:
        yield client


@asynccontextmanager
async def stdio_client(
    server_parameters: StdioServerParameters, name: str | None = None
) -> AsyncGenerator[MCPClient]:
    """A client of an MCP server that is a process, started here and ended on leaving.

    Args:
        server_parameters: What to start: `mcp.StdioServerParameters(command=..., args=[...])`.
        name: What to call this client towards the server.

    Raises:
        ConnectionError: If the process does not answer.
    """
    module = importlib.import_module("mcp.client.stdio")
    options: dict[str, Any] = {}
    if name is not None:
        from mcp.types import Implementation

        from mirascope_nb._version import __version__

        options["client_info"] = Implementation(name=name, version=__version__)
    transport = module.stdio_client(server_parameters, errlog=_error_log())
    async with _connected(transport, where=server_parameters.command, **options) as client:
        yield client


def _error_log() -> TextIO | None:
    """Where a server may complain: a notebook's own stderr is not always a file."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return sys.__stderr__
    return sys.stderr


@asynccontextmanager
async def sse_client(
    url: str, read_timeout_seconds: float | timedelta | None = None
) -> AsyncGenerator[MCPClient]:
    """A client of an MCP server that is reached by server-sent events, as older ones are.

    Args:
        url: Address of the server, such as `"http://localhost:8000/sse"`.
        read_timeout_seconds: Seconds to wait for each answer; `None` for no limit.

    Raises:
        ConnectionError: If the server cannot be reached.
    """
    module = importlib.import_module("mcp.client.sse")
    async with _connected(
        module.sse_client(url),
        where=url,
        read_timeout_seconds=_timeout(read_timeout_seconds),
    ) as client:
        yield client


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
    transport: AbstractAsyncContextManager[Any], *, where: str, **options: Any
) -> AsyncGenerator[MCPClient]:
    """A client over a transport.

    The SDK's task groups wrap what is raised inside them in groups of exceptions. What the caller's
    own block raises comes out as it went in, and a single failure to connect as one error.
    """
    from mcp import ClientSession

    raised: BaseException | None = None
    try:
        async with (
            transport as streams,
            ClientSession(streams[0], streams[1], **options) as session,
        ):
            await session.initialize()
            client = MCPClient(session)
            try:
                yield client
            except BaseException as error:
                raised = error
                raise
            finally:
                client.close()
    except BaseException as error:
        if raised is not None and error is not raised and _leaf(error) is raised:
            raise raised from raised.__cause__
        if raised is not None or not isinstance(failure := _leaf(error), Exception):
            raise
        raise ConnectionError(
            f"The MCP server at {where!a} cannot be used: {failure or type(failure).__name__}",
            "mcp",
            failure,
        ) from failure


def _leaf(error: BaseException) -> BaseException:
    """The one exception that groups are wrapped around, if there is only one."""
    leaf = error
    while isinstance(leaf, BaseExceptionGroup):
        inside = cast("BaseExceptionGroup[BaseException]", leaf).exceptions
        if len(inside) != 1:
            return error
        leaf = inside[0]
    return leaf
