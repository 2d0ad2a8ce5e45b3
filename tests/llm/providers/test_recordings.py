"""Recorded traffic, replayed through the public API: what is sent, what is made of the reply."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from mirascope_nb import llm
from mirascope_nb.llm.sse import SSEParser

FORMAT_TOOL = "__mirascope_formatted_output_tool__"


class Author(BaseModel):
    """The author of a book."""

    first_name: str
    last_name: str


class Book(BaseModel):
    """A book with a rating. The title should be in all caps!"""

    title: str
    author: Author
    rating: int = Field(description="For testing purposes, the rating should be 7")


class IntegerAdditionResponse(BaseModel):
    """A simple response for testing."""

    integer_a: int
    integer_b: int
    answer: int


FORMATS = {form.__name__: form for form in (Book, IntegerAdditionResponse)}


def customAdditionImplementation(a: int, b: int) -> int:  # noqa: N802, the recorded name
    """Perform computation on integers."""
    return 5 * a + b


def secret_retrieval_tool(password: str) -> str:
    """A tool that requires a password to retrieve a secret."""
    return {"mellon": "Welcome to Moria!", "radiance": "Life before Death"}[password]


TOOLS = {fn.__name__: fn for fn in (customAdditionImplementation, secret_retrieval_tool)}


def tools(offered: Sequence[dict[str, Any]]) -> list[Any]:
    """The tools that a request offers, as a user has them."""
    mine: list[Any] = []
    for tool in offered:
        name = tool.get("name")
        if name in TOOLS:
            mine.append(llm.tool(strict=tool.get("strict"))(TOOLS[name]))
        elif name != FORMAT_TOOL:
            mine.append(llm.WebSearchTool())
    return mine


def formats(mode: str | None, offered: Sequence[dict[str, Any]], title: str | None = None) -> Any:
    """The format that a request asks for, as a user has it."""
    if any(tool.get("name") == FORMAT_TOOL for tool in offered):
        mode = "tool"
    form: Any = llm.format
    return form(FORMATS[title or "Book"], mode=mode) if mode else None


def written(request: dict[str, Any]) -> list[Any]:
    """The messages without what the format adds to them."""
    form = request["format"]
    instructions = form.formatting_instructions if form else None
    messages: list[Any] = []
    for message in request["messages"]:
        if isinstance(message, llm.SystemMessage) and instructions:
            text = message.content.text.removesuffix(instructions).removesuffix("\n")
            if text:
                messages.append(llm.messages.system(text))
        else:
            messages.append(message)
    return messages


def events_of(body: bytes) -> list[Any]:
    """The events of a stream, read in the simplest way."""
    lines = body.decode().splitlines()
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return [json.loads(text) for text in data if text != "[DONE]"]


class Conversation:
    """A user's side of a recording: calls, then resumes with tool outputs or a further word."""

    def __init__(self, recording: Any, server: Any) -> None:
        self.recording = recording
        self.server = server
        self.response: Any = None

    def replies(
        self, streamed_by: Callable[[bytes], Sequence[bytes]] | None = None
    ) -> Iterator[tuple[Any, Any]]:
        """Each exchange with the response that it gave, or the error."""
        for exchange in self.recording.exchanges():
            self.lay_out(exchange, streamed_by)
            request = self.request(exchange)
            ask = getattr(request["model"], request["method"])
            try:
                self.response = ask(*request["args"], **request["kwargs"])
                if exchange.is_stream:
                    self.response.finish()
                yield exchange, self.response
            except llm.ProviderError as error:
                yield exchange, error

    async def replies_async(self) -> list[tuple[Any, Any]]:
        """The same, awaited."""
        replies: list[tuple[Any, Any]] = []
        for exchange in self.recording.exchanges():
            self.lay_out(exchange, None)
            request = await self.request_async(exchange)
            ask = getattr(request["model"], request["method"] + "_async")
            try:
                self.response = await ask(*request["args"], **request["kwargs"])
                if exchange.is_stream:
                    await self.response.finish()
                replies.append((exchange, self.response))
            except llm.ProviderError as error:
                replies.append((exchange, error))
        return replies

    def lay_out(
        self, exchange: Any, streamed_by: Callable[[bytes], Sequence[bytes]] | None
    ) -> None:
        if exchange.is_stream:
            pieces = streamed_by(exchange.received) if streamed_by else [exchange.received]
            self.server.stream(*pieces)
        else:
            kind = exchange.headers["content-type"]
            self.server.whole(exchange.received, exchange.status, kind)

    def request(self, exchange: Any) -> dict[str, Any]:
        request = self.unanswered(exchange)
        if request["kwargs"].get("content") == "tool output":
            request["kwargs"]["content"] = self.response.execute_tools()
        return request

    async def request_async(self, exchange: Any) -> dict[str, Any]:
        request = self.unanswered(exchange)
        if request["kwargs"].get("content") == "tool output":
            request["kwargs"]["content"] = await self.response.execute_tools()
        return request

    def unanswered(self, exchange: Any) -> dict[str, Any]:
        """What to call for an exchange, and with what, before its tools have run."""
        wire = self.recording.wire
        provider, model_id = wire.model_of(exchange.url, exchange.sent)
        self.server.register(provider, model_id)
        read = wire.read(exchange.sent, formats, tools)
        model = llm.Model(model_id, **read["params"])
        if not wire.is_follow_up(exchange.sent):
            kwargs = {"tools": read["tools"], "format": read["format"]}
            method = "stream" if exchange.is_stream else "call"
            return {"model": model, "method": method, "args": [written(read)], "kwargs": kwargs}
        last = read["messages"][-1]
        kwargs = {
            "response": self.response,
            "content": last if isinstance(last, str) else last.content,
        }
        method = "resume_stream" if exchange.is_stream else "resume"
        return {"model": model, "method": method, "args": [], "kwargs": kwargs}


def is_outdated(exchange: Any) -> bool:
    """Whether a request was recorded before models were known not to take one of its params."""
    return b"Unsupported parameter" in exchange.received


def test_requests_are_the_recorded_ones(recording: Any, server: Any) -> None:
    for exchange, _ in Conversation(recording, server).replies():
        if not is_outdated(exchange):
            assert server.urls[-1] == exchange.url
            assert server.bodies[-1] == exchange.sent
            assert exchange.sent_headers.items() <= server.headers[-1].items()


def test_replies_are_read_as_recorded(recording: Any, server: Any) -> None:
    wire = recording.wire
    for exchange, response in Conversation(recording, server).replies():
        if exchange.status >= 300:
            assert isinstance(response, llm.APIError)
            assert response.provider == wire.PROVIDER
            continue
        whole = exchange.received
        reply = events_of(whole) if exchange.is_stream else [json.loads(whole)]
        calls = wire.calls_of(reply)
        texts = [args for name, args in calls if name == FORMAT_TOOL]
        assert [(call.name, call.args) for call in response.tool_calls] == [
            call for call in calls if call[0] != FORMAT_TOOL
        ]
        assert response.text("") == "".join([wire.text_of(reply), *texts])
        assert (response.usage.input_tokens, response.usage.output_tokens) == wire.tokens_of(reply)
        assert response.messages[-1].content == response.content
        assert response.messages[-1].raw_message
        if response.format and not response.tool_calls:
            parsed = response.parse()
            assert parsed.rating == 7 if isinstance(parsed, Book) else parsed.answer == 13


def outcome(reply: tuple[Any, Any]) -> Any:
    """All of a response that can be compared."""
    _, response = reply
    if isinstance(response, Exception):
        return type(response), str(response)
    names = ["content", "finish_reason", "usage", "messages", "provider_model_name", "chunks"]
    return [getattr(response, name, None) for name in names]


async def test_async_replies_are_the_same(recording: Any, server: Any) -> None:
    replies = list(Conversation(recording, server).replies())
    awaited = await Conversation(recording, server).replies_async()
    assert list(map(outcome, awaited)) == list(map(outcome, replies))


def test_streams_are_the_same_byte_by_byte(streamed: Any, server: Any) -> None:
    def drops(body: bytes) -> list[bytes]:
        return [body[index : index + 1] for index in range(len(body))]

    at_once = list(Conversation(streamed, server).replies())
    drop_by_drop = list(Conversation(streamed, server).replies(drops))
    assert list(map(outcome, drop_by_drop)) == list(map(outcome, at_once))


def test_long_streams_are_the_same_in_pieces(recording: Any, server: Any) -> None:
    if recording.is_small_stream():
        return

    def pieces(body: bytes) -> list[bytes]:
        return [body[start : start + 101] for start in range(0, len(body), 101)]

    at_once = list(Conversation(recording, server).replies())
    piece_by_piece = list(Conversation(recording, server).replies(pieces))
    assert list(map(outcome, piece_by_piece)) == list(map(outcome, at_once))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(st.integers(min_value=0), max_size=30))
def test_events_do_not_depend_on_where_the_bytes_are_cut(
    streamed: Any, cut: Any, places: list[int]
) -> None:
    for exchange in streamed.exchanges():
        whole = exchange.received
        parser = SSEParser()
        pieces = [event for piece in cut(whole, places) for event in parser.feed(piece)]
        assert pieces == SSEParser().feed(whole)
