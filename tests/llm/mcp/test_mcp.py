"""Tools of a real MCP server, over each of the ways to it."""

from contextlib import AbstractAsyncContextManager
from types import SimpleNamespace
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm import mcp

Connection = AbstractAsyncContextManager[mcp.MCPClient]


class Approver:
    """Lets everything run, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[llm.ApprovalRequest] = []

    async def decide(self, request: llm.ApprovalRequest, /) -> None:
        self.asked.append(request)


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Connection:
    """A client not yet connected; parametrised indirectly by the way to go."""
    match request.param:
        case "stdio":
            return mcp.stdio_client(request.getfixturevalue("stdio_parameters"), name="tests")
        case "sse":
            url = request.getfixturevalue("sse_url")
            return mcp.sse_client(url, read_timeout_seconds=30)
        case _:
            return mcp.streamable_http_client(request.getfixturevalue("http_url"))


every_way = pytest.mark.parametrize("connect", ["stdio", "streamable http", "sse"], indirect=True)
by_stdio = pytest.mark.parametrize("connect", ["stdio"], indirect=True)


def called(name: str, args: str = "{}") -> llm.ToolCall:
    return llm.ToolCall(id="call_1", name=name, args=args)


@every_way
async def test_a_servers_tools_are_listed_and_run_when_approved(connect: Connection) -> None:
    approver = Approver()
    with llm.use_approver(approver):
        async with connect as client:
            toolkit = llm.AsyncToolkit(await client.list_tools())
            output = await toolkit.execute(called("forecast", '{"city": "Oslo", "days": 2}'))
            assert output.error is None
            assert [each["text"] for each in output.output] == ["Oslo: fog for 2 d"]
        forecast: Any = toolkit.tools_dict["forecast"]
        assert forecast.description == "Say what the weather will be."
        assert forecast.strict is False
        assert forecast.parameters.required == ["city"]
        assert forecast.parameters.properties["city"]["type"] == "string"
        assert forecast.signature_text == "(city: string, days?: integer)"
        assert [request.required for request in approver.asked] == [True]
        after = await toolkit.execute(called("forecast", '{"city": "Oslo"}'))
    assert after.error is not None
    assert "closed" in after.result


@by_stdio
async def test_nothing_runs_unapproved(
    connect: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)  # nobody is there to ask
    async with connect as client:
        toolkit = llm.AsyncToolkit(await client.list_tools())
        output = await toolkit.execute(called("forecast", '{"city": "Oslo"}'))
    assert output.error is not None
    assert "fog" not in output.result


@by_stdio
async def test_a_failing_tool_is_an_error_and_a_long_result_is_cut_off(
    connect: Connection,
) -> None:
    with llm.use_approver(Approver()):
        async with connect as client:
            toolkit = llm.AsyncToolkit(await client.list_tools())
            storm = await toolkit.execute(called("storm"))
            assert isinstance(storm.error, llm.ToolExecutionError)
            assert "storm" in storm.result
            missing = await toolkit.execute(called("forecast", "{}"))
            assert missing.error is not None
            toolkit.tools_dict["flood"].max_output = 10
            flood = await toolkit.execute(called("flood", '{"size": 25}'))
            assert flood.output[0]["text"] == "~" * 10 + "\n[truncated: 15 more characters]"


@by_stdio
async def test_what_the_block_raises_comes_out_as_it_went_in(connect: Connection) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with connect:
            raise KeyError("mine")


async def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    from mcp import StdioServerParameters

    with pytest.raises(llm.ConnectionError, match=r"127\.0\.0\.1:9"):
        async with mcp.streamable_http_client("http://127.0.0.1:9/mcp"):
            pass
    with pytest.raises(llm.ConnectionError, match="no-such-command"):
        async with mcp.stdio_client(StdioServerParameters(command="/no-such-command")):
            pass


class Session:
    """A session that lists its tools page by page, as `mcp` has it since version 1.14."""

    def __init__(self, *cursors: str | None) -> None:
        self.cursors = list(cursors)
        self.asked: list[str | None] = []

    async def list_tools(self, *, params: Any = None) -> Any:
        self.asked.append(params.cursor if params else None)
        return listing(len(self.asked), self.cursors.pop(0))


class OldSession(Session):
    """The same as it was before."""

    async def list_tools(self, cursor: str | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.asked.append(cursor)
        page = listing(len(self.asked), self.cursors.pop(0))
        return SimpleNamespace(tools=page.tools, nextCursor=page.next_cursor)


def listing(number: int, cursor: str | None) -> Any:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    tool = SimpleNamespace(name=f"tool_{number}", description=None, input_schema=schema)
    return SimpleNamespace(tools=[tool], next_cursor=cursor)


@pytest.mark.parametrize("kind", [Session, OldSession])
async def test_tools_are_listed_to_the_last_page(kind: Any) -> None:
    session = kind("a", "b", None)
    tools = await mcp.MCPClient(session).list_tools()
    assert [tool.name for tool in tools] == ["tool_1", "tool_2", "tool_3"]
    assert tools[0].description == "tool_1"
    assert tools[0].parameters.additionalProperties is False
    assert session.asked == [None, "a", "b"]


@pytest.mark.parametrize("kind", [Session, OldSession])
async def test_a_list_that_goes_in_circles_is_an_error(kind: Any) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await mcp.MCPClient(kind("a", "b", "a", None)).list_tools()
