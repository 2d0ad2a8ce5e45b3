"""A real MCP server in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

SERVER = Path(__file__).with_name("server.py")


@pytest.fixture
def stdio_parameters() -> Any:
    """What to start for a server that speaks by its standard streams."""
    from mcp import StdioServerParameters

    return StdioServerParameters(command=sys.executable, args=[str(SERVER), "stdio"])


@contextmanager
def running(transport: str) -> Generator[str]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SERVER), transport, str(port)])
    try:
        until_it_listens(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the MCP server did not come up")


@pytest.fixture
def serving() -> Iterator[Callable[[str], str]]:
    """Starts servers of the test's own, by transport; gives their addresses."""
    with ExitStack() as stack:
        yield lambda transport: stack.enter_context(running(transport))


@pytest.fixture(scope="session")
def http_url() -> Iterator[str]:
    """Address of a server that speaks streamable HTTP."""
    with running("streamable-http") as address:
        yield f"{address}/mcp"


@pytest.fixture(scope="session")
def sse_url() -> Iterator[str]:
    """Address of a server that speaks by server-sent events."""
    with running("sse") as address:
        yield f"{address}/sse"
