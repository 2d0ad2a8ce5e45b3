"""A provider whose replies are written down, behind the public API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import pytest

from mirascope_nb import llm
from mirascope_nb.llm.providers import BaseProvider

Reply = list[Any] | Exception
"""Parts of an assistant's turn, or what to raise; an exception among the parts breaks a stream."""


class ScriptedProvider(BaseProvider[None]):
    """Answers each request with the next reply of its script, and keeps the requests."""

    id = "scripted"
    default_scope: ClassVar[str | list[str]] = ["scripted/", "other/"]
    client = None
    mode: ClassVar[llm.FormattingMode] = "json"

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.requests: list[dict[str, Any]] = []

    def get_error_status(self, e: Exception) -> int | None:
        return getattr(e, "status", None)

    def _next(self, request: dict[str, Any]) -> list[Any]:
        self.requests.append(request)
        reply = self.script.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _common(self, request: dict[str, Any]) -> dict[str, Any]:
        known = {"model_id", "messages", "toolkit", "format", "ctx"}
        spec = request["format"]
        return {
            "provider_id": self.id,
            "model_id": request["model_id"],
            "provider_model_name": request["model_id"].partition("/")[2],
            "params": {key: value for key, value in request.items() if key not in known},
            "tools": request["toolkit"],
            "format": llm.formatting.resolve_format(spec, self.mode),
            "input_messages": list(request["messages"]),
        }

    def whole(self, kind: Callable[..., Any], request: dict[str, Any]) -> Any:
        parts = self._next(request)
        message = llm.messages.assistant(
            parts, model_id=request["model_id"], provider_id=self.id, provider_model_name="m"
        )
        return kind(
            **self._common(request),
            raw={"parts": len(parts)},
            assistant_message=message,
            finish_reason=None,
            usage=llm.Usage(input_tokens=3, output_tokens=len(parts)),
        )

    def _streamed(self, kind: Callable[..., Any], request: dict[str, Any], chunks: Any) -> Any:
        return kind(**self._common(request), chunk_iterator=chunks)

    def _call(self, **request: Any) -> llm.Response[Any]:
        return self.whole(llm.Response, request)

    async def _call_async(self, **request: Any) -> llm.AsyncResponse[Any]:
        return self.whole(llm.AsyncResponse, request)

    def _context_call(self, **request: Any) -> llm.ContextResponse[Any, Any]:
        return self.whole(llm.ContextResponse, request)

    async def _context_call_async(self, **request: Any) -> llm.AsyncContextResponse[Any, Any]:
        return self.whole(llm.AsyncContextResponse, request)

    def _stream(self, **request: Any) -> llm.StreamResponse[Any]:
        return self._streamed(llm.StreamResponse, request, chunks_of(self._next(request)))

    async def _stream_async(self, **request: Any) -> llm.AsyncStreamResponse[Any]:
        parts = later(chunks_of(self._next(request)))
        return self._streamed(llm.AsyncStreamResponse, request, parts)

    def _context_stream(self, **request: Any) -> llm.ContextStreamResponse[Any, Any]:
        return self._streamed(llm.ContextStreamResponse, request, chunks_of(self._next(request)))

    async def _context_stream_async(
        self, **request: Any
    ) -> llm.AsyncContextStreamResponse[Any, Any]:
        parts = later(chunks_of(self._next(request)))
        return self._streamed(llm.AsyncContextStreamResponse, request, parts)


def chunks_of(parts: list[Any]) -> Iterator[llm.StreamResponseChunk]:
    """The parts as a stream of chunks; an exception among them breaks it off."""
    for part in parts:
        match part:
            case Exception():
                raise part
            case llm.Text():
                yield llm.TextStartChunk()
                for word in part.text.split(" "):
                    yield llm.TextChunk(delta=word)
                yield llm.TextEndChunk()
            case llm.Thought():
                yield llm.ThoughtStartChunk()
                yield llm.ThoughtChunk(delta=part.thought)
                yield llm.ThoughtEndChunk()
            case llm.ToolCall():
                yield llm.ToolCallStartChunk(id=part.id, name=part.name)
                yield llm.ToolCallChunk(id=part.id, delta=part.args)
                yield llm.ToolCallEndChunk(id=part.id)
            case _:
                yield part
    yield llm.UsageDeltaChunk(input_tokens=3, output_tokens=len(parts))


async def later(
    chunks: Iterator[llm.StreamResponseChunk],
) -> AsyncIterator[llm.StreamResponseChunk]:
    for chunk in chunks:
        yield chunk


@pytest.fixture
def scripted() -> Iterator[ScriptedProvider]:
    """The scripted provider, serving `scripted/...` and `other/...`."""
    provider = ScriptedProvider()
    llm.register_provider(provider)
    yield provider
    llm.reset_provider_registry()


class FakeSleep:
    """Notes how long was slept, and sleeps not."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def block(self, seconds: float) -> None:
        self.delays.append(seconds)

    async def wait(self, seconds: float) -> None:
        self.delays.append(seconds)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays that were asked for, none of which is waited for."""
    fake = FakeSleep()
    monkeypatch.setattr("time.sleep", fake.block)
    monkeypatch.setattr("asyncio.sleep", fake.wait)
    return fake.delays
