"""An MCP server to test with: `server.py stdio`, `server.py streamable-http PORT`, or `sse`.

`guarded` and `guarded sse` are the latter two where they ask for a key.
"""

import os
import signal
import sys
from typing import Any

# Two that never get to speak, and need not load anything for that.
if sys.argv[1] == "broken":
    sys.exit(f"no barometer found with {os.environ.get('WEATHER_KEY', 'no key')}")
if sys.argv[1] == "mute":
    sys.stdin.read()
    sys.exit()

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.types import CallToolResult, EmbeddedResource, ImageContent, TextContent
from mcp.types import TextResourceContents as TextResource

server = MCPServer("weather", log_level="CRITICAL")
PIXEL = "iVBORw0KGgo="


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


@server.tool()
def satellite() -> CallToolResult:
    """Show a picture, and what was measured."""
    note = TextResource(uri="note://today", mime_type="text/plain", text="fog since noon")
    return CallToolResult(
        content=[
            TextContent(text="seen from above"),
            ImageContent(data=PIXEL, mime_type="image/png"),
            EmbeddedResource(resource=note),
        ]
    )


@server.tool()
def measure() -> CallToolResult:
    """Measure, and say it in numbers alone."""
    return CallToolResult(content=[], structured_content={"degrees": 21})


@server.tool()
def gallery(size: int) -> CallToolResult:
    """Show a large picture."""
    picture = ImageContent(data="A" * size, mime_type="image/png")
    return CallToolResult(content=[picture])


@server.tool()
async def nap(seconds: float, path: str) -> str:
    """Sleep, and leave a file behind unless woken up."""
    with open(f"{path}.begun", "w"):  # noqa: ASYNC230, PTH123, a moment
        pass
    await anyio.sleep(seconds)
    with open(path, "w"):  # noqa: ASYNC230, PTH123, likewise
        pass
    return "slept"


@server.tool()
def collapse() -> str:
    """Die."""
    os.kill(os.getpid(), signal.SIGKILL)
    return "never said"


class Guard:
    """Lets in who has the key, and tells everybody else which one they came with."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers: dict[bytes, bytes] = dict(scope.get("headers") or ())
        given = headers.get(b"authorization", b""), headers.get(b"x-team", b"")
        if scope["type"] != "http" or given == (b"Bearer open-sesame-0123456789", b"frogs"):
            await self.app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"not let in: " + b" ".join(given)})


if sys.argv[1] == "stdio":
    print("the weather station wakes up", file=sys.stderr, flush=True)  # noqa: T201
    server.run("stdio")
elif sys.argv[1].startswith("guarded"):
    import uvicorn

    app = server.sse_app() if sys.argv[1] == "guarded sse" else server.streamable_http_app()
    uvicorn.run(Guard(app), port=int(sys.argv[2]), log_level="critical")
else:
    transport = "sse" if sys.argv[1] == "sse" else "streamable-http"
    server.run(transport, port=int(sys.argv[2]))
