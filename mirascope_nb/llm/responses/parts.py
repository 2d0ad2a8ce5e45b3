"""The parts of a streaming reply, each a stream of its own, read from the reply's chunks.

A part knows the number of its start chunk and scans on from there for its own chunks, so that parts
may interleave, be read late or in part, and be drained in any order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from mirascope_nb._loop import run_now
from mirascope_nb.llm.chunks import (
    AssistantContentChunk,
    TextStartChunk,
    ThoughtStartChunk,
    ToolCallStartChunk,
)
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ConnectionError

if TYPE_CHECKING:
    from mirascope_nb.llm.responses.stream import BaseStreamResponse

__all__ = [
    "AsyncStream",
    "AsyncTextStream",
    "AsyncThoughtStream",
    "AsyncToolCallStream",
    "Stream",
    "TextStream",
    "ThoughtStream",
    "ToolCallStream",
]

PartT_co = TypeVar("PartT_co", bound=AssistantContentPart, covariant=True)


class BasePartStream(ABC, Generic[PartT_co]):
    """One part of a reply while it arrives."""

    type: ClassVar[str]
    content_type: ClassVar[Literal["text", "thought", "tool_call"]]
    _middle: ClassVar[str]
    _end: ClassVar[str]

    def __init__(self, response: BaseStreamResponse[Any], index: int, start: Any) -> None:
        self._response = response
        self._index = index + 1
        self._id: str | None = getattr(start, "id", None)
        self._deltas: list[str] = []
        self._done = False

    def _partial(self) -> str:
        if len(self._deltas) > 1:
            self._deltas[:] = ["".join(self._deltas)]
        return self._deltas[0] if self._deltas else ""

    def _advance(self) -> str | None:
        """The next delta, `""` when the reply must be read further, `None` at the end."""
        if self._done:
            return None
        for chunk in self._response.arrived(self._index):
            self._index += 1
            if getattr(chunk, "id", None) != self._id:
                continue
            if chunk.type == self._end:
                self._done = True
                return None
            if chunk.type == self._middle:
                delta: str = getattr(chunk, "delta")  # noqa: B009, the types of chunks are strings here
                self._deltas.append(delta)
                if delta:
                    return delta
        return ""

    def _ended(self) -> None:
        """The reply has ended; a part that has not is a fault of the provider's."""
        raise ConnectionError(
            f"The reply ended inside a {self.content_type}", self._response.provider_id
        )

    async def do_collect(self) -> PartT_co:
        """The whole part."""
        while (delta := self._advance()) is not None:
            if not delta and not await self._response.do_pull():
                self._ended()
        return self._part()

    @abstractmethod
    def _part(self) -> PartT_co:
        """The part as far as it has been read."""


class _Text(BasePartStream[Text]):
    type = "text_stream"
    content_type = "text"
    _middle = "text_chunk"
    _end = "text_end_chunk"

    @property
    def partial_text(self) -> str:
        """The text read so far."""
        return self._partial()

    def _part(self) -> Text:
        return Text(text=self._partial())


class _Thought(BasePartStream[Thought]):
    type = "thought_stream"
    content_type = "thought"
    _middle = "thought_chunk"
    _end = "thought_end_chunk"

    @property
    def partial_thought(self) -> str:
        """The thought read so far."""
        return self._partial()

    def _part(self) -> Thought:
        return Thought(thought=self._partial())


class _ToolCall(BasePartStream[ToolCall]):
    type = "tool_call_stream"
    content_type = "tool_call"
    _middle = "tool_call_chunk"
    _end = "tool_call_end_chunk"

    def __init__(
        self, response: BaseStreamResponse[Any], index: int, start: ToolCallStartChunk
    ) -> None:
        super().__init__(response, index, start)
        self.tool_id = start.id
        """The model's id of the call."""
        self.tool_name = start.name
        """The tool that is called."""

    @property
    def partial_args(self) -> str:
        """The arguments' JSON text read so far."""
        return self._partial()

    def _part(self) -> ToolCall:
        args = self._partial()
        return ToolCall(id=self.tool_id, name=self.tool_name, args=args if args.strip() else "{}")


class _Sync(BasePartStream[PartT_co]):
    """Reads by blocking."""

    def __iter__(self) -> Iterator[str]:
        while (delta := self._advance()) is not None:
            if delta:
                yield delta
            elif not run_now(self._response.do_pull()):
                self._ended()

    def collect(self) -> PartT_co:
        """Read on to the end of the part, and return it."""
        return run_now(self.do_collect())


class _Async(BasePartStream[PartT_co]):
    """Reads by awaiting."""

    async def __aiter__(self) -> AsyncIterator[str]:
        while (delta := self._advance()) is not None:
            if delta:
                yield delta
            elif not await self._response.do_pull():
                self._ended()

    async def collect(self) -> PartT_co:
        """Read on to the end of the part, and return it."""
        return await self.do_collect()


class TextStream(_Text, _Sync[Text]):
    """A text while it arrives: iterate over its deltas."""


class ThoughtStream(_Thought, _Sync[Thought]):
    """A thought while it arrives: iterate over its deltas."""


class ToolCallStream(_ToolCall, _Sync[ToolCall]):
    """A tool call while it arrives: iterate over the deltas of its arguments."""


class AsyncTextStream(_Text, _Async[Text]):
    """A text while it arrives: iterate over its deltas with `async for`."""


class AsyncThoughtStream(_Thought, _Async[Thought]):
    """A thought while it arrives: iterate over its deltas with `async for`."""


class AsyncToolCallStream(_ToolCall, _Async[ToolCall]):
    """A tool call while it arrives: iterate over the deltas of its arguments with `async for`."""


Stream: TypeAlias = TextStream | ThoughtStream | ToolCallStream
AsyncStream: TypeAlias = AsyncTextStream | AsyncThoughtStream | AsyncToolCallStream


def sync_part(
    response: BaseStreamResponse[Any], index: int, chunk: AssistantContentChunk
) -> Stream | None:
    """The part that a chunk starts, or `None` if it starts none."""
    match chunk:
        case TextStartChunk():
            return TextStream(response, index, chunk)
        case ThoughtStartChunk():
            return ThoughtStream(response, index, chunk)
        case ToolCallStartChunk():
            return ToolCallStream(response, index, chunk)
        case _:
            return None


def async_part(
    response: BaseStreamResponse[Any], index: int, chunk: AssistantContentChunk
) -> AsyncStream | None:
    """The part that a chunk starts, or `None` if it starts none."""
    match chunk:
        case TextStartChunk():
            return AsyncTextStream(response, index, chunk)
        case ThoughtStartChunk():
            return AsyncThoughtStream(response, index, chunk)
        case ToolCallStartChunk():
            return AsyncToolCallStream(response, index, chunk)
        case _:
            return None
