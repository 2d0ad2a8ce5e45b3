"""An MCP server to test with: `server.py stdio`, `server.py streamable-http PORT`, or `sse`."""

import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("weather", log_level="CRITICAL")


@server.tool()
def forecast(city: str, days: int = 1) -> str:
    """Say what the weather will be."""
    return f"{city}: fog for {days} d"


@server.tool()
def storm() -> str:
    """Fail."""
    raise ValueError("the barometer burst")


@server.tool()
def flood(size: int) -> str:
    """Say a lot."""
    return "~" * size


if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    transport = "sse" if sys.argv[1] == "sse" else "streamable-http"
    server.run(transport, port=int(sys.argv[2]))
