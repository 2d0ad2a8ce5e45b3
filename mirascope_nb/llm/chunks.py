"""Pieces of a reply as they arrive.

A part of a reply streams as a start chunk, any number of middle chunks, and an end chunk. The
classes of the second half are not content: they carry the provider's own turn, its raw events, the
usage and the finish reason, and a stream response keeps them to itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from mirascope_nb.llm.usage import FinishReason, ProviderToolUsage

__all__ = [
    "AssistantContentChunk",
    "Batch",
    "FinishReasonChunk",
    "RawMessageChunk",
    "RawStreamEventChunk",
    "StreamResponseChunk",
    "TextChunk",
    "TextEndChunk",
    "TextStartChunk",
    "ThoughtChunk",
    "ThoughtEndChunk",
    "ThoughtStartChunk",
    "ToolCallChunk",
    "ToolCallEndChunk",
    "ToolCallStartChunk",
    "UsageDeltaChunk",
]


@dataclass(kw_only=True, slots=True)
class TextStartChunk:
    """A text begins."""

    type: Literal["text_start_chunk"] = "text_start_chunk"
    content_type: Literal["text"] = "text"


@dataclass(kw_only=True, slots=True)
class TextChunk:
    """More of the text that is open."""

    type: Literal["text_chunk"] = "text_chunk"
    content_type: Literal["text"] = "text"
    delta: str


@dataclass(kw_only=True, slots=True)
class TextEndChunk:
    """The open text is whole."""

    type: Literal["text_end_chunk"] = "text_end_chunk"
    content_type: Literal["text"] = "text"


@dataclass(kw_only=True, slots=True)
class ThoughtStartChunk:
    """A thought begins."""

    type: Literal["thought_start_chunk"] = "thought_start_chunk"
    content_type: Literal["thought"] = "thought"


@dataclass(kw_only=True, slots=True)
class ThoughtChunk:
    """More of the thought that is open."""

    type: Literal["thought_chunk"] = "thought_chunk"
    content_type: Literal["thought"] = "thought"
    delta: str


@dataclass(kw_only=True, slots=True)
class ThoughtEndChunk:
    """The open thought is whole."""

    type: Literal["thought_end_chunk"] = "thought_end_chunk"
    content_type: Literal["thought"] = "thought"


@dataclass(kw_only=True, slots=True)
class ToolCallStartChunk:
    """A tool call begins."""

    type: Literal["tool_call_start_chunk"] = "tool_call_start_chunk"
    content_type: Literal["tool_call"] = "tool_call"
    id: str
    name: str


@dataclass(kw_only=True, slots=True)
class ToolCallChunk:
    """More of the arguments, as JSON text, of the tool call with this id."""

    type: Literal["tool_call_chunk"] = "tool_call_chunk"
    content_type: Literal["tool_call"] = "tool_call"
    id: str
    delta: str


@dataclass(kw_only=True, slots=True)
class ToolCallEndChunk:
    """The arguments of the tool call with this id are whole."""

    type: Literal["tool_call_end_chunk"] = "tool_call_end_chunk"
    content_type: Literal["tool_call"] = "tool_call"
    id: str


@dataclass(kw_only=True, slots=True)
class RawMessageChunk:
    """The assistant's turn in the provider's own form, to be sent back as it is."""

    type: Literal["raw_message_chunk"] = "raw_message_chunk"
    raw_message: Any


@dataclass(kw_only=True, slots=True)
class RawStreamEventChunk:
    """An event of the provider's stream, decoded from JSON and otherwise untouched."""

    type: Literal["raw_stream_event_chunk"] = "raw_stream_event_chunk"
    raw_stream_event: Any


@dataclass(kw_only=True, slots=True)
class FinishReasonChunk:
    """Why the reply ended. Sent after the last content, and only if it did not end normally."""

    type: Literal["finish_reason_chunk"] = "finish_reason_chunk"
    finish_reason: FinishReason


@dataclass(kw_only=True, slots=True)
class UsageDeltaChunk:
    """Tokens to add to the usage so far."""

    type: Literal["usage_delta_chunk"] = "usage_delta_chunk"
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    provider_tool_usage: list[ProviderToolUsage] | None = None
    raw: Any = field(default=None, compare=False)
    """The provider's own record of the usage, if it sent one."""


AssistantContentChunk: TypeAlias = (
    TextStartChunk
    | TextChunk
    | TextEndChunk
    | ThoughtStartChunk
    | ThoughtChunk
    | ThoughtEndChunk
    | ToolCallStartChunk
    | ToolCallChunk
    | ToolCallEndChunk
)
"""A piece of content: what iterating a stream yields."""

StreamResponseChunk: TypeAlias = (
    AssistantContentChunk
    | RawMessageChunk
    | RawStreamEventChunk
    | FinishReasonChunk
    | UsageDeltaChunk
)
"""Everything that a provider's stream may consist of."""


class Batch(list[StreamResponseChunk]):
    """What one read of a stream brings: chunks, and beside them the events they were made of."""

    __slots__ = ("events",)

    def __init__(self, chunks: Sequence[StreamResponseChunk] = ()) -> None:
        super().__init__(chunks)
        self.events: list[tuple[int, bytes]] = []
        """Each event's data as they came, after how many of the stream's chunks."""
