"""Connections that are left in odd ways, servers that die, hang, complain, or come in numbers."""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm import mcp

SERVER = Path(__file__).with_name("server.py")


class Yes:
    """Lets everything run."""

    async def decide(self, request: llm.ApprovalRequest, /) -> None:
        del request


@pytest.fixture(autouse=True)
def approving() -> Any:
    with llm.use_approver(Yes()):
        yield


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """No task and no child process outlives a test."""
    children = processes()
    yield
    ours = asyncio.current_task()
    assert [task for task in asyncio.all_tasks() if task is not ours] == []
    assert processes() - children == set()


def processes() -> set[str]:
    """Ids of the stdio servers that run of this process, or of one that is gone."""
    listed = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    parents = {str(os.getpid()), "1"}
    return {
        line.split()[0]
        for line in listed.stdout.splitlines()
        if f"{SERVER}" in line and "server.py stdio" in line and line.split()[1] in parents
    }


def call(name: str, args: str = "{}") -> llm.ToolCall:
    return llm.ToolCall(id="call_1", name=name, args=args)


def by_stdio(*words: str, **more: Any) -> Any:
    from mcp import StdioServerParameters

    arguments = [str(SERVER), *(words or ("stdio",))]
    return mcp.stdio_client(StdioServerParameters(command=sys.executable, args=arguments), **more)


async def toolkit_of(client: mcp.MCPClient) -> llm.AsyncToolkit:
    return llm.AsyncToolkit(await client.list_tools())


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.01)


async def test_pictures_resources_and_numbers_come_as_they_are(http_url: str) -> None:
    async with mcp.streamable_http_client(http_url) as client:
        toolkit = await toolkit_of(client)
        seen = (await toolkit.execute(call("satellite"))).output
        measured = (await toolkit.execute(call("measure"))).output
        toolkit.tools_dict["gallery"].max_output = 10
        large = (await toolkit.execute(call("gallery", '{"size": 25}'))).output
    assert [part["type"] for part in seen] == ["text", "image", "resource"]
    assert (seen[1]["data"], seen[1]["mime_type"]) == ("iVBORw0KGgo=", "image/png")
    assert seen[2]["resource"]["text"] == "fog since noon"
    assert measured == [{"type": "text", "text": '{"degrees": 21}'}]
    assert large[0]["data"] == "[truncated: 25 more characters]", "half a picture is of no use"


async def test_a_client_may_be_left_by_another_task_than_entered_it(http_url: str) -> None:
    stack = contextlib.AsyncExitStack()
    client = await asyncio.create_task(
        stack.enter_async_context(mcp.streamable_http_client(http_url))
    )
    toolkit = await asyncio.create_task(toolkit_of(client))
    output = await asyncio.create_task(toolkit.execute(call("forecast", '{"city": "Oslo"}')))
    assert output.error is None
    await asyncio.create_task(stack.aclose())
    assert "closed" in (await toolkit.execute(call("forecast", '{"city": "Oslo"}'))).result
    with pytest.raises(llm.ConnectionError, match="closed"):
        await client.list_tools()


async def test_several_servers_work_side_by_side_and_end_in_any_order(http_url: str) -> None:
    ways = [by_stdio(), mcp.streamable_http_client(http_url), by_stdio()]
    clients = await asyncio.gather(*(way.__aenter__() for way in ways))
    toolkits = [await toolkit_of(client) for client in clients]
    args = '{"city": "Oslo"}'
    outputs = await asyncio.gather(*(kit.execute(call("forecast", args)) for kit in toolkits))
    assert [output.output[0]["text"] for output in outputs] == ["Oslo: fog for 1 d"] * 3
    await ways[0].__aexit__(None, None, None)
    assert (await toolkits[1].execute(call("forecast", args))).error is None
    await ways[1].__aexit__(None, None, None)
    assert (await toolkits[2].execute(call("forecast", args))).error is None
    await ways[2].__aexit__(None, None, None)


@pytest.mark.parametrize("way", ["stdio", "streamable-http", "sse"])
async def test_a_server_that_dies_in_a_call_is_an_error_of_that_call(
    way: str, serving: Callable[[str], Any]
) -> None:
    if way == "stdio":
        connection = by_stdio()
    elif way == "sse":
        connection = mcp.sse_client(f"{serving(way)}/sse")
    else:
        connection = mcp.streamable_http_client(f"{serving(way)}/mcp")
    async with asyncio.timeout(30), connection as client:
        toolkit = await toolkit_of(client)
        died = await toolkit.execute(call("collapse"))
        after = await toolkit.execute(call("forecast", '{"city": "Oslo"}'))
        still_here = True
    assert died.error is not None
    assert after.error is not None
    assert still_here


async def test_a_tool_that_hangs_ends_in_time_and_the_client_goes_on(
    http_url: str, tmp_path: Path
) -> None:
    slept = tmp_path / "slept"
    async with mcp.streamable_http_client(http_url) as client:
        toolkit = await toolkit_of(client)
        toolkit.tools_dict["nap"].timeout = 0.3
        began = time.monotonic()
        output = await toolkit.execute(call("nap", f'{{"seconds": 20, "path": "{slept}"}}'))
        assert time.monotonic() - began < 5
        assert output.error is not None
        assert "0.3 s" in output.result
        assert (await toolkit.execute(call("forecast", '{"city": "Oslo"}'))).error is None
    assert not slept.exists()


async def test_a_cancelled_call_ends_at_once_and_the_server_hears_of_it(
    http_url: str, tmp_path: Path
) -> None:
    slept = tmp_path / "slept"
    async with mcp.streamable_http_client(http_url) as client:
        toolkit = await toolkit_of(client)
        args = f'{{"seconds": 1.5, "path": "{slept}"}}'
        calling = asyncio.create_task(toolkit.execute(call("nap", args)))
        await until(Path(f"{slept}.begun").exists)
        calling.cancel()
        began = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert time.monotonic() - began < 0.5
        assert (await toolkit.execute(call("forecast", '{"city": "Oslo"}'))).error is None
        await asyncio.sleep(1.7)
        assert not slept.exists(), "the server was told"


async def test_a_cancelled_block_closes_the_connection(http_url: str) -> None:
    async def block() -> None:
        async with mcp.streamable_http_client(http_url) as client:
            inside.set_result(client)
            await asyncio.sleep(60)

    inside: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    blocked = asyncio.create_task(block())
    client = await inside
    blocked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await blocked
    with pytest.raises(llm.ConnectionError, match="closed"):
        await client.list_tools()


async def test_connecting_can_be_cancelled() -> None:
    connecting = asyncio.create_task(by_stdio("mute").__aenter__())
    await asyncio.sleep(0.3)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with pytest.raises(llm.ConnectionError, match=r"did not answer within 0\.5 s"):
        async with by_stdio("mute", connect_timeout=0.5):
            pass


class NotebookStderr(io.StringIO):
    """What a kernel has for stderr: no file, or one whose number the notebook reads."""

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


async def test_in_a_notebook_complaints_are_kept_and_shown_when_they_matter(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    seen = NotebookStderr()
    monkeypatch.setattr(sys, "stderr", seen)
    async with by_stdio() as client:
        assert await client.list_tools()
    assert "wakes up" not in seen.getvalue() + capfd.readouterr().err
    with pytest.raises(llm.ConnectionError, match="no barometer found"):
        async with by_stdio("broken"):
            pass


async def test_in_a_script_complaints_go_where_stderr_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "stderr"
    with path.open("w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        async with by_stdio() as client:
            assert await client.list_tools()
    assert "wakes up" in path.read_text()
