"""Tools as servers describe them, made fit for every provider."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from mirascope_nb import llm
from mirascope_nb.llm import mcp


class Yes:
    """Lets everything run."""

    async def decide(self, request: llm.ApprovalRequest, /) -> None:
        del request


class Session:
    """A session with a server that has these tools, and notes which of them run."""

    def __init__(self, *tools: tuple[str, dict[str, Any]]) -> None:
        self.tools = tools
        self.ran: list[str] = []

    async def list_tools(self, *, params: Any = None) -> Any:
        del params
        described = [
            SimpleNamespace(name=name, description=None, input_schema=schema)
            for name, schema in self.tools
        ]
        return SimpleNamespace(tools=described, next_cursor=None)

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> Any:
        del arguments
        self.ran.append(name)
        return SimpleNamespace(content=[], structured_content={"ran": name}, is_error=False)


def client_of(*names: str) -> tuple[Session, mcp.MCPClient]:
    session: Any = Session(*((name, {"type": "object"}) for name in names))
    return session, mcp.MCPClient(session)


async def test_names_that_a_provider_refuses_are_changed_and_the_server_hears_its_own() -> None:
    names = ["plain", "with-dash_1", "files/read", "files.read", "files_read", "7zip", "", "x" * 80]
    session, client = client_of(*names)
    tools = await client.list_tools()
    shown = [tool.name for tool in tools]
    assert shown[:2] == ["plain", "with-dash_1"]
    assert shown[4:7] == ["files_read", "_7zip", "_"]
    assert len(set(shown)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", name) for name in shown)
    assert [tool.name for tool in await client.list_tools()] == shown, "the same each time"
    toolkit = llm.AsyncToolkit(tools)
    with llm.use_approver(Yes()):
        for name in shown:
            call = llm.ToolCall(id="call_1", name=name, args="{}")
            assert (await toolkit.execute(call)).error is None
    assert session.ran == names


async def test_tools_of_two_servers_are_told_apart_by_a_prefix() -> None:
    (here, one), (there, two) = client_of("search"), client_of("search")
    with pytest.raises(ValueError, match="search"):
        llm.AsyncToolkit([*await one.list_tools(), *await two.list_tools()])
    toolkit = llm.AsyncToolkit([*await one.list_tools(), *await two.list_tools(prefix="library_")])
    assert toolkit.names == ["search", "library_search"]
    with llm.use_approver(Yes()):
        await toolkit.execute(llm.ToolCall(id="call_1", name="library_search", args="{}"))
    assert (here.ran, there.ran) == ([], ["search"])


async def test_a_reserved_name_is_refused() -> None:
    _, client = client_of("__mirascope_formatted_output_tool__")
    with pytest.raises(ValueError, match="reserved"):
        await client.list_tools()


async def test_definitions_of_an_older_schema_can_be_found() -> None:
    point = {"type": "object", "properties": {"next": {"$ref": "#/definitions/Point"}}}
    session: Any = Session(
        (
            "draw",
            {
                "type": "object",
                "properties": {
                    "points": {"type": "array", "items": {"$ref": "#/definitions/Point"}},
                    "definitions": {"type": "string"},
                },
                "definitions": {"Point": point},
            },
        )
    )
    (tool,) = await mcp.MCPClient(session).list_tools()
    assert tool.parameters.model_dump(by_alias=True) == {
        "properties": {
            "points": {"type": "array", "items": {"$ref": "#/$defs/Point"}},
            "definitions": {"type": "string"},
        },
        "required": [],
        "additionalProperties": False,
        "$defs": {"Point": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Point"}}}},
    }
