"""A session with an MCP server."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

from mirascope_nb.llm.exceptions import ConnectionError
from mirascope_nb.llm.mcp.tools import as_tool, member

if TYPE_CHECKING:
    from mcp import ClientSession

    from mirascope_nb.llm.tools import AsyncTool

__all__ = ["MCPClient"]


class MCPClient:
    """An initialised session with an MCP server, and its tools."""

    def __init__(self, session: ClientSession) -> None:
        """Use a session.

        Args:
            session: A session of the `mcp` package, already initialised.
        """
        self._session = session
        self._is_closed = False

    @property
    def session(self) -> ClientSession:
        """The session of the `mcp` package."""
        return self._session

    async def list_tools(self) -> list[AsyncTool[..., list[dict[str, Any]]]]:
        """All tools that the server offers.

        They can be given to models beside other tools, in async calls. Each call asks for
        approval, and runs as long as the client is open.

        Raises:
            ConnectionError: If the client is closed, or the server has gone.
            ValueError: If the server's list never ends, or claims a reserved name.
        """
        tools: list[AsyncTool[..., list[dict[str, Any]]]] = []
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            page = await self._page(cursor)
            tools += [as_tool(described, self._call_tool) for described in page.tools]
            cursor = member(page, "next_cursor")
            if cursor is None:
                return tools
            if cursor in seen:
                raise ValueError(f"The MCP server's list of tools repeats its cursor: {cursor!a}")
            seen.add(cursor)

    async def _page(self, cursor: str | None) -> Any:
        self._check_open("Its tools cannot be listed")
        list_tools = cast("Any", self._session).list_tools
        if cursor is None:
            return await list_tools()
        if "params" not in inspect.signature(list_tools).parameters:
            return await list_tools(cursor)  # before version 1.14
        from mcp.types import PaginatedRequestParams

        return await list_tools(params=PaginatedRequestParams(cursor=cursor))

    async def _call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        self._check_open(f"Tool '{name}' cannot run")
        return await self._session.call_tool(name, arguments)

    def _check_open(self, what: str) -> None:
        if self._is_closed:
            raise ConnectionError(f"{what}: the MCP client is closed.", "mcp")

    def close(self) -> None:
        """Let no further tool run; the context manager that opened the client does this."""
        self._is_closed = True
