"""Headers and tokens: who gets them, and that nothing else shows them."""

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from mirascope_nb import llm
from mirascope_nb.llm import mcp
from mirascope_nb.llm.mcp.secrets import Headers, Secrets, sealed, shown_address

SERVER = Path(__file__).with_name("server.py")
TOKEN = "open-sesame-0123456789"
WAYS = [("guarded", "mcp"), ("guarded sse", "sse")]


@pytest.fixture(params=WAYS, ids=["streamable http", "sse"])
def guarded(request: pytest.FixtureRequest, serving: Callable[[str], str]) -> Callable[..., Any]:
    """Connects to a server that asks for a key."""
    transport, path = request.param
    connect = mcp.sse_client if path == "sse" else mcp.streamable_http_client
    address = f"{serving(transport)}/{path}"
    return functools.partial(connect, address)


def shown(error: BaseException | None) -> str:
    """All that a traceback with locals tells of an error, but for this file's own frames."""
    told = ""
    while error is not None:
        told += f"{error!s} {error!r} {error.args} {vars(error)}"
        frames = traceback.walk_tb(error.__traceback__)
        summary = traceback.StackSummary.extract(frames, capture_locals=True)
        told += "".join(f"{each.locals}" for each in summary if each.filename != __file__)
        error = error.__cause__ or error.__context__
    return told


async def test_the_key_opens_and_a_wrong_one_is_not_shown(
    guarded: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for given in (
        {"headers": {"X-Team": "frogs"}, "bearer_token": f"{TOKEN}\n"},
        {"headers": {"x-team": "frogs", "authorization": SecretStr(f"Bearer {TOKEN}")}},
    ):
        connection = guarded(**given)
        assert TOKEN not in f"{connection!r}{vars(connection)}"
        async with connection as client:
            assert len(await client.list_tools()) > 3
            assert TOKEN not in f"{client!r}{vars(client)}"
    wrong = "wrong-sesame-9876543210"
    with pytest.raises(llm.ConnectionError, match="401") as caught:
        async with guarded(headers={"X-Team": "frogs"}, bearer_token=wrong):
            pass
    assert wrong not in shown(caught.value)
    assert TOKEN not in caplog.text
    assert wrong not in caplog.text


async def test_keys_in_an_address_are_not_shown() -> None:
    url = "http://user:open-sesame@127.0.0.1:9/mcp?key=0123456789-secret"
    assert shown_address(url) == "http://127.0.0.1:9/mcp"
    with pytest.raises(llm.ConnectionError) as caught:
        async with mcp.streamable_http_client(url):
            pass
    assert "127.0.0.1:9/mcp" in str(caught.value)
    assert "open-sesame" not in f"{caught.value}{caught.value.__cause__!r}"
    assert "0123456789" not in f"{caught.value}{caught.value.__cause__!r}"


async def test_keys_of_a_process_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from mcp import StdioServerParameters

    monkeypatch.setattr(sys, "stderr", None)  # what it says there becomes part of the error
    for command in (sys.executable, "/no-such-command"):
        server = StdioServerParameters(
            command=command, args=[str(SERVER), "broken"], env={"WEATHER_KEY": TOKEN}
        )
        with pytest.raises(llm.ConnectionError) as caught:
            await mcp.stdio_client(server).__aenter__()
        assert TOKEN not in shown(caught.value)


@pytest.mark.parametrize(
    ("headers", "token", "complaint"),
    [
        ({"X-Key": "a\nb"}, None, "X-Key contains a line break"),
        ({"X-Key": "süß"}, None, "X-Key contains a line break or a character"),
        ({"X Key": "a"}, None, "'X Key' is not a valid header name"),
        ({"authorization": "a"}, "b", "not both"),
        ({}, " \n", "token is empty"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused_at_once(
    headers: Any, token: str | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        mcp.streamable_http_client("http://127.0.0.1:9", headers=headers, bearer_token=token)


async def test_another_origin_gets_no_headers() -> None:
    import httpx2

    headers = Headers("https://example.org/mcp", sealed({"X-Key": TOKEN}), None)
    sent = httpx2.Request("POST", "https://example.org:443/elsewhere")
    await headers.put(sent)
    assert sent.headers["x-key"] == TOKEN
    for elsewhere in ("https://example.com/mcp", "http://example.org/mcp"):
        # A redirected request is made with the headers of the one before it.
        redirected = httpx2.Request("POST", elsewhere, headers=sent.headers)
        await headers.put(redirected)
        assert "x-key" not in redirected.headers


async def test_a_token_that_a_tool_repeats_in_an_error_is_not_shown() -> None:
    class Session:
        async def call_tool(self, name: str, arguments: Any) -> Any:
            raise RuntimeError(f"{name} does not like Bearer {TOKEN}")

        async def list_tools(self) -> Any:
            raise RuntimeError(f"nobody likes {TOKEN}")

    session: Any = Session()
    client = mcp.MCPClient(session, secrets=Secrets([SecretStr(f"Bearer {TOKEN}")]))
    with pytest.raises(llm.ConnectionError) as listing:
        await client.list_tools()
    assert str(listing.value) == "The MCP server did not list its tools: nobody likes [redacted]"
    with pytest.raises(llm.ToolExecutionError) as calling:
        await client._call_tool("flood", {})  # pyright: ignore[reportPrivateUsage]
    assert "'flood': flood does not like [redacted]" in str(calling.value)
    assert TOKEN not in shown(listing.value) + shown(calling.value)
