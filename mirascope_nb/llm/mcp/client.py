"""A session with an MCP server."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, cast

from mirascope_nb.llm.exceptions import ConnectionError, ToolExecutionError
from mirascope_nb.llm.mcp.secrets import Secrets
from mirascope_nb.llm.mcp.tools import as_tool, member, names_for_models

if TYPE_CHECKING:
    from mcp import ClientSession

    from mirascope_nb.llm.tools import AsyncTool

__all__ = ["MCPClient"]


class MCPClient:
    """An initialised session with an MCP server, and its tools."""

    def __init__(self, session: ClientSession, *, secrets: Secrets | None = None) -> None:
        """Use a session.

        Args:
            session: A session of the `mcp` package, already initialised.
            secrets: What to leave out where the server repeats it in an error.
        """
        self._session = session
        self._secrets = secrets or Secrets()
        self._is_closed = False

    @property
    def session(self) -> ClientSession:
        """The session of the `mcp` package."""
        return self._session

    async def list_tools(self, *, prefix: str = "") -> list[AsyncTool[..., list[dict[str, Any]]]]:
        """All tools that the server offers.

        They can be given to models beside other tools, in async calls. Each call asks for
        approval, and runs as long as the client is open.

        A tool whose name some provider would refuse, such as `files/read`, has one here that all
        take: `files_read`.

        Args:
            prefix: What to put before every name, so that tools of several servers differ.

        Raises:
            ConnectionError: If the client is closed, or the server has gone.
            ValueError: If the server's list never ends, or claims a reserved name.
        """
        described: list[Any] = []
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._page(cursor)
            described += page.tools
            cursor = member(page, "next_cursor")
            if cursor is None:
                break
            if cursor in seen:
                raise ValueError(f"The MCP server's list of tools repeats its cursor: {cursor!a}")
            seen.add(cursor)
        names = names_for_models([f"{prefix}{each.name}" for each in described])
        return [
            as_tool(each, name, self._call_tool)
            for each, name in zip(described, names, strict=True)
        ]

    async def _page(self, cursor: str | None) -> Any:
        self._check_open("Its tools cannot be listed")
        try:
            return await self._ask_for_page(cursor)
        except Exception as error:
            error = self._secrets.strip(error)
            raise ConnectionError(
                f"The MCP server did not list its tools: {_said(error)}", "mcp", error
            ) from error

    def _ask_for_page(self, cursor: str | None) -> Awaitable[Any]:
        list_tools = cast("Any", self._session).list_tools
        if cursor is None:
            return list_tools()
        if "params" not in inspect.signature(list_tools).parameters:
            return list_tools(cursor)  # before version 1.14
        from mcp.types import PaginatedRequestParams

        return list_tools(params=PaginatedRequestParams(cursor=cursor))

    async def _call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        self._check_open(f"Tool '{name}' cannot run")
        try:
            return await self._session.call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001, whatever it is, the model is told
            said = _said(self._secrets.strip(error))
            raise ToolExecutionError(f"The MCP server gave no result of {name!a}: {said}") from None

    def _check_open(self, what: str) -> None:
        if self._is_closed:
            raise ConnectionError(f"{what}: the MCP client is closed.", "mcp")

    def close(self) -> None:
        """Let no further tool run; the context manager that opened the client does this."""
        self._is_closed = True


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
