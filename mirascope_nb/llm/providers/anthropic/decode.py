"""Replies of the messages API to parts and chunks.

A reply is a list of blocks: texts, thinking, calls of tools, and what the service's own tools were
asked and answered. A stream tells of each block when it starts, by deltas, and when it stops; then
why the reply ended, and at last that the message is whole. Blocks are known by their index.

Servers that imitate the service leave some of that out, or let blocks overlap. So a block begins
with whatever tells of it first, an index that starts again ends what had it before, and a call
whose arguments did not come by deltas has them from its start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from mirascope_nb.llm.chunks import (
    FinishReasonChunk,
    RawMessageChunk,
    StreamResponseChunk,
    TextChunk,
    TextEndChunk,
    TextStartChunk,
    ThoughtChunk,
    ThoughtEndChunk,
    ThoughtStartChunk,
    ToolCallChunk,
    ToolCallEndChunk,
    ToolCallStartChunk,
)
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ConnectionError, ResponseValidationError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.anthropic.errors import error_in_stream
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.decoding import (
    Block,
    Blocks,
    CallIds,
    UsageMeter,
    count,
    keeps_thoughts,
)
from mirascope_nb.llm.providers.encoding import load, load_reply, mapping, sequence
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.providers.turns import arguments_object, names_format_tool
from mirascope_nb.llm.sse import Event
from mirascope_nb.llm.usage import FinishReason, ProviderToolUsage, Usage

__all__ = ["MessagesStreamDecoder", "decode_completion"]

FINISH_REASONS = {
    "max_tokens": FinishReason.MAX_TOKENS,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH_EXCEEDED,
    "refusal": FinishReason.REFUSAL,
}

Chunks: TypeAlias = list[StreamResponseChunk]


def decode_completion(request: Request, reply: HttpReply) -> Completion:
    """A whole reply as parts.

    Raises:
        APIError: If the body reports an error despite its status.
        ResponseValidationError: If there is no content in it.
    """
    provider = request.provider_id
    raw = load_reply(reply.body, provider)
    thoughtful = keeps_thoughts(request)
    ids = CallIds()
    content: list[AssistantContentPart] = []
    turn: list[dict[str, Any]] = []
    for block in _blocks_of(raw, provider):
        kept = block
        match block.get("type"):
            case "text":
                content.append(Text(text=_string(block.get("text"))))
                if not block.get("text"):
                    continue  # an empty text may not be sent back
                kept = {"citations": None} | block  # as the service's own clients send it back
            case "thinking":
                if thoughtful and (thought := _string(block.get("thinking"))):
                    content.append(Thought(thought=thought))
            case "tool_use":
                call = ToolCall(
                    id=ids.unique(block.get("id")),
                    name=_string(block.get("name")),
                    args=_arguments(block.get("input")) or "{}",
                )
                content.append(call)
                kept = block | {"id": call.id, "input": arguments_object(call.args)}
            case _:
                pass  # what the service's own tools did is no content, yet part of the turn
        turn.append(kept)
    usage = _usage(mapping(raw.get("usage")))
    return Completion(
        content=content,
        finish_reason=_finish_reason(raw.get("stop_reason")),
        usage=usage,
        raw=raw,
        raw_message={"role": "assistant", "content": turn},
    )


def _blocks_of(raw: dict[str, Any], provider: str) -> list[dict[str, Any]]:
    content = raw.get("content")
    if raw.get("error"):
        raise error_in_stream(provider, raw)
    if isinstance(content, str):  # as messages to the service may have it
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) and raw.get("type") != "message":
        if reports_error(raw):
            raise error_in_stream(provider, raw)
        raise ResponseValidationError(f"{provider} sent a reply without content", provider)
    return [mapping(block) for block in sequence(content)]  # pyright: ignore[reportUnknownArgumentType]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _arguments(value: object) -> str:
    """A call's arguments as JSON text; some servers send the text itself."""
    return json.dumps(value) if isinstance(value, dict) else _string(value)


def _finish_reason(reason: object) -> FinishReason | None:
    return FINISH_REASONS.get(reason) if isinstance(reason, str) else None


def _usage(counts: dict[str, Any]) -> Usage | None:
    """Usage, whose input is told apart from what the cache gave and took."""
    if not counts:
        return None
    read = count(counts.get("cache_read_input_tokens"))
    written = count(counts.get("cache_creation_input_tokens"))
    searches = count(mapping(counts.get("server_tool_use")).get("web_search_requests"))
    details = mapping(counts.get("output_tokens_details"))
    return Usage(
        input_tokens=count(counts.get("input_tokens")) + read + written,
        output_tokens=count(counts.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count(details.get("thinking_tokens")),
        provider_tool_usage=(
            [ProviderToolUsage(name="web_search", call_count=searches)] if searches else None
        ),
        raw=counts,
    )


class _Part:
    """A block of the reply under way."""

    __slots__ = ("block", "chunk", "given", "has_stopped", "kind", "pieces", "raw")

    def __init__(self, kind: str, raw: dict[str, Any]) -> None:
        self.kind = kind
        self.raw = raw
        """The block as the turn will hold it, but for what comes by deltas."""
        self.pieces: list[str] = []
        self.given = ""
        """A call's arguments, where its start has told them."""
        self.block: Block | None = None
        """`None` for what is no content."""
        self.chunk: Callable[[str], StreamResponseChunk] | None = None
        self.has_stopped = False


class MessagesStreamDecoder:
    """The state machine of one stream of the messages API."""

    def __init__(self, request: Request) -> None:
        self._provider = request.provider_id
        self._keeps_thoughts = keeps_thoughts(request)
        self._blocks = Blocks()
        self._ids = CallIds()
        self._parts: list[_Part] = []
        self._open: dict[object, _Part] = {}
        self._counts: dict[str, Any] = {}
        self._meter = UsageMeter()
        self._reason: object = None
        self.done = False
        self._handlers: dict[str, Callable[[dict[str, Any], Chunks], None]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._start,
            "content_block_stop": self._stop,
            "error": self._error,
            "message_delta": self._message_delta,
            "message_start": self._message_start,
            "message_stop": self._message_stop,
        }

    def feed(self, event: Event, /) -> Chunks:
        """The chunks of one event; see `StreamDecoder.feed`."""
        if not event.data.strip() or event.data == b"[DONE]":  # a keep-alive, a proxy's habit
            return []
        raw = load(event.data, self._provider)
        chunks: Chunks = []
        if raw.get("error"):
            self._error(raw, chunks)
        kind = raw.get("type")
        handle = self._handlers.get(kind if isinstance(kind, str) else event.type)
        if handle is not None:
            handle(raw, chunks)
        elif kind is None and reports_error(raw):
            self._error(raw, chunks)
        return chunks

    def finish(self) -> Chunks:
        """What is left when a tolerated stream ends without its last event.

        Raises:
            ConnectionError: If it had not come to a stop reason either.
        """
        if self._reason is None:
            raise ConnectionError(f"The stream of {self._provider} ended early.", self._provider)
        chunks: Chunks = []
        self._message_stop({}, chunks)
        return chunks

    def _error(self, raw: dict[str, Any], _chunks: Chunks) -> None:
        raise error_in_stream(self._provider, raw)

    def _message_start(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._count(mapping(raw.get("message")).get("usage"), chunks)

    def _message_delta(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._reason = mapping(raw.get("delta")).get("stop_reason") or self._reason
        self._count(raw.get("usage"), chunks)

    def _count(self, counts: object, chunks: Chunks) -> None:
        """Usage so far: counts that an event leaves out are as they were."""
        told = {name: value for name, value in mapping(counts).items() if value is not None}
        if not told:
            return
        self._counts = self._counts | told
        usage = _usage(self._counts)
        if usage is not None:
            chunks.append(self._meter.news(usage))

    def _start(self, raw: dict[str, Any], chunks: Chunks) -> None:
        index = raw.get("index")
        self._end(self._open.get(_key(index)), chunks)
        block = mapping(raw.get("content_block"))
        kind = _string(block.get("type"))
        part = self._begin(index, kind, block, chunks)
        given = block.get({"text": "text", "thinking": "thinking"}.get(kind, ""))
        if isinstance(given, str) and given:
            self._more(part, given, chunks)

    def _begin(self, index: object, kind: str, block: dict[str, Any], chunks: Chunks) -> _Part:
        part = _Part(kind, block)
        self._parts.append(part)
        self._open[_key(index)] = part
        if kind == "text":
            part.block = self._blocks.begin(TextStartChunk(), TextEndChunk(), chunks, alone=True)
            part.chunk = lambda delta: TextChunk(delta=delta)
        elif kind == "tool_use":
            self._begin_call(part, chunks)
        return part

    def _begin_call(self, part: _Part, chunks: Chunks) -> None:
        call_id = self._ids.unique(part.raw.get("id"))
        name = _string(part.raw.get("name"))
        given = part.raw.get("input")
        part.given = _arguments(given) if given else ""
        part.raw = part.raw | {"id": call_id, "name": name}
        part.block = self._blocks.begin(
            ToolCallStartChunk(id=call_id, name=name),
            ToolCallEndChunk(id=call_id),
            chunks,
            # A call of the format tool becomes a text, and a text is alone.
            alone=names_format_tool(name),
        )
        part.chunk = lambda delta: ToolCallChunk(id=call_id, delta=delta)

    def _delta(self, raw: dict[str, Any], chunks: Chunks) -> None:
        delta = mapping(raw.get("delta"))
        part = self._open.get(_key(raw.get("index")))
        match delta.get("type"):
            case "text_delta":
                kind, piece = "text", delta.get("text")
            case "thinking_delta":
                kind, piece = "thinking", delta.get("thinking")
            case "input_json_delta":
                piece = delta.get("partial_json")
                kind, piece = "tool_use", _arguments(piece) if mapping(piece) else piece
            case "signature_delta":
                if part is not None and part.kind == "thinking":
                    told = _string(part.raw.get("signature"))
                    part.raw = part.raw | {"signature": told + _string(delta.get("signature"))}
                return
            case _:  # citations, and what is yet to come
                return
        if not isinstance(piece, str):
            return
        if part is None or (part.has_stopped and kind != "tool_use"):
            part = self._begin(raw.get("index"), kind, {"type": kind}, chunks)
        if part.kind == kind and not part.has_stopped:
            self._more(part, piece, chunks)

    def _more(self, part: _Part, delta: str, chunks: Chunks) -> None:
        part.pieces.append(delta)
        if part.kind == "thinking" and part.block is None and self._keeps_thoughts:
            # Only now: a thought whose text is withheld has none, and is no content.
            start, end = ThoughtStartChunk(), ThoughtEndChunk()
            part.block = self._blocks.begin(start, end, chunks, alone=True)
            part.chunk = lambda delta: ThoughtChunk(delta=delta)
        if part.block is not None and part.chunk is not None:
            self._blocks.add(part.block, part.chunk(delta), chunks)

    def _stop(self, raw: dict[str, Any], chunks: Chunks) -> None:
        self._end(self._open.get(_key(raw.get("index"))), chunks)

    def _end(self, part: _Part | None, chunks: Chunks) -> None:
        if part is None or part.has_stopped:
            return
        if part.given and not "".join(part.pieces).strip():
            self._more(part, part.given, chunks)
        part.has_stopped = True
        if part.block is not None:
            self._blocks.end(part.block, chunks)

    def _message_stop(self, _raw: dict[str, Any], chunks: Chunks) -> None:
        for part in self._parts:
            self._end(part, chunks)
        chunks.append(RawMessageChunk(raw_message=self._turn()))
        reason = _finish_reason(self._reason)
        if reason is not None:
            chunks.append(FinishReasonChunk(finish_reason=reason))
        self.done = True

    def _turn(self) -> dict[str, Any]:
        """The turn to send back.

        What the service's own tools found stays out, with the citations that point into it: the
        text tells of it, and sending it again would be paid for as input again.
        """
        turn: list[dict[str, Any]] = []
        for part in self._parts:
            told = "".join(part.pieces)
            match part.kind:
                case "text":
                    if told:
                        turn.append({"type": "text", "text": told})
                case "thinking":
                    turn.append(part.raw | {"thinking": told})
                case "tool_use":
                    turn.append(part.raw | {"input": arguments_object(told)})
                case "redacted_thinking":
                    turn.append(part.raw)
                case _:
                    pass
        return {"role": "assistant", "content": turn}


def _key(index: object) -> object:
    """What a block goes by; servers that leave the index out send one block at a time."""
    return index if isinstance(index, int) else None
