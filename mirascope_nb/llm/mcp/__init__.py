"""Tools of MCP servers, for models to call.

Needs the `mcp` package: `pip install "mirascope-nb[mcp]"`. Versions 1.10 and later will do.
Source: https://modelcontextprotocol.io
"""

from mirascope_nb.llm.mcp.client import MCPClient
from mirascope_nb.llm.mcp.connections import sse_client, stdio_client, streamable_http_client
from mirascope_nb.llm.mcp.tools import MCPTool

__all__ = ["MCPClient", "MCPTool", "sse_client", "stdio_client", "streamable_http_client"]
