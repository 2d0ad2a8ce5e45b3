"""Chat completions to parts and chunks.

A stream's states: nothing, a thought, or a text is open, or tool calls are, told apart by `index`.
What opens closes what is open of another kind; `finish_reason` closes everything; `[DONE]` ends the
stream. Servers that imitate the service reuse or leave out the index: a new id is a new call.
"""

from __future__ import annotations

from typing import Any

from mirascope_nb.llm.chunks import (
    FinishReasonChunk,
    RawMessageChunk,
    RawStreamEventChunk,
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
    UsageDeltaChunk,
)
from mirascope_nb.llm.content import AssistantContentPart, Text, Thought, ToolCall
from mirascope_nb.llm.exceptions import ResponseValidationError
from mirascope_nb.llm.io.protocol import HttpReply
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.encoding import load, mapping, sequence
from mirascope_nb.llm.providers.openai_errors import error_in_stream
from mirascope_nb.llm.sse import Event
from mirascope_nb.llm.usage import FinishReason, Usage

__all__ = ["ChatStreamDecoder", "decode_completion"]

FINISH_REASONS = {
    "length": FinishReason.MAX_TOKENS,
    "content_filter": FinishReason.REFUSAL,
}
DONE = b"[DONE]"
COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)


def decode_completion(request: Request, reply: HttpReply) -> Completion:
    """A whole reply as parts.

    Raises:
        APIError: If the body reports an error in spite of its status, as some proxies answer.
        ResponseValidationError: If there is no choice in it.
    """
    raw = load(reply.body, request.provider_id)
    choices = sequence(raw.get("choices"))
    if not choices:
        if "error" in raw:
            raise error_in_stream(request.provider_id, raw)
        raise ResponseValidationError(
            f"{request.provider_id} sent a reply without choices", request.provider_id
        )
    choice = mapping(choices[0])
    message = mapping(choice.get("message"))
    content: list[AssistantContentPart] = []
    if _keeps_thoughts(request) and (thought := _reasoning(message)):
        content.append(Thought(thought=thought))
    if text := _text(message.get("content")):
        content.append(Text(text=text))
    finish = FINISH_REASONS.get(str(choice.get("finish_reason")))
    if refusal := message.get("refusal"):
        content.append(Text(text=str(refusal)))
        finish = FinishReason.REFUSAL
    ids = _Ids()
    for call in sequence(message.get("tool_calls")):
        function = mapping(mapping(call).get("function"))
        content.append(
            ToolCall(
                id=ids.unique(mapping(call).get("id")),
                name=str(function.get("name") or ""),
                args=_arguments(function.get("arguments")) or "{}",
            )
        )
    return Completion(
        content=content,
        finish_reason=finish,
        usage=_usage(raw.get("usage")),
        raw=raw,
        raw_message={key: value for key, value in message.items() if value is not None},
    )


def _keeps_thoughts(request: Request) -> bool:
    thinking = request.params.get("thinking")
    return bool(thinking and thinking.get("include_thoughts"))


def _reasoning(message: dict[str, Any]) -> str:
    """Readable reasoning, where DeepSeek and vLLM, or OpenRouter, put it."""
    thought = message.get("reasoning_content") or message.get("reasoning")
    return thought if isinstance(thought, str) else ""


def _text(content: object) -> str:
    """Content as text: a string, or Mistral's list of parts."""
    if isinstance(content, list):
        return "".join(str(mapping(part).get("text") or "") for part in sequence(content))
    return content if isinstance(content, str) else ""


def _arguments(arguments: object) -> str:
    """Arguments as JSON text: some servers send the object itself."""
    if mapping(arguments):
        from pydantic_core import to_json

        return to_json(arguments).decode()
    return arguments if isinstance(arguments, str) else ""


def _usage(raw: object) -> Usage | None:
    counts = mapping(raw)
    if not counts:
        return None
    read = mapping(counts.get("prompt_tokens_details"))
    written = mapping(counts.get("completion_tokens_details"))
    return Usage(
        input_tokens=_count(counts.get("prompt_tokens")),
        output_tokens=_count(counts.get("completion_tokens")),
        cache_read_tokens=_count(read.get("cached_tokens")),
        cache_write_tokens=_count(read.get("cache_write_tokens")),
        reasoning_tokens=_count(written.get("reasoning_tokens")),
        raw=counts,
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


class _Ids:
    """Ids of tool calls, made up where a server sent none or the same twice."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def unique(self, wanted: object) -> str:
        base = wanted if isinstance(wanted, str) and wanted else f"call_{len(self._used)}"
        name, number = base, 1
        while name in self._used:
            number += 1
            name = f"{base}_{number}"
        self._used.add(name)
        return name


class _Call:
    """A tool call under way."""

    __slots__ = ("arguments", "id", "name", "wire_id")

    def __init__(self, call_id: str, wire_id: str | None, name: str) -> None:
        self.id = call_id
        self.wire_id = wire_id
        self.name = name
        self.arguments: list[str] = []


class ChatStreamDecoder:
    """The state machine of one chat completions stream."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._keeps_thoughts = _keeps_thoughts(request)
        self._open: str | None = None
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._ids = _Ids()
        self._calls: dict[object, _Call] = {}
        self._called: list[_Call] = []
        self._last: _Call | None = None
        self._finish: FinishReason | None = None
        self._counted = Usage()
        self.done = False

    def feed(self, event: Event, /) -> list[StreamResponseChunk]:
        """The chunks of one event; see `StreamDecoder.feed`."""
        if event.data == DONE:
            self.done = True
            return self._ended()
        if not event.data.strip():  # a keep-alive
            return []
        raw = load(event.data, self._request.provider_id)
        chunks: list[StreamResponseChunk] = [RawStreamEventChunk(raw_stream_event=raw)]
        choices = raw.get("choices")
        if not choices and "error" in raw:
            raise error_in_stream(self._request.provider_id, raw)
        if choices:
            choice = mapping(choices[0])
            delta = choice.get("delta")
            if delta:
                self._delta(mapping(delta), chunks)
            if finish := choice.get("finish_reason"):
                self._finished(str(finish), raw, chunks)
        if raw.get("usage"):
            self._count(raw["usage"], chunks)
        return chunks

    def finish(self) -> list[StreamResponseChunk]:
        """What is left when a tolerated stream ends without `[DONE]`."""
        return self._ended()

    def _delta(self, delta: dict[str, Any], chunks: list[StreamResponseChunk]) -> None:
        if self._keeps_thoughts and (thought := _reasoning(delta)):
            self._switch("thought", chunks)
            chunks.append(ThoughtChunk(delta=thought))
        content = delta.get("content")
        if content and (text := content if isinstance(content, str) else _text(content)):
            self._switch("text", chunks)
            self._text.append(text)
            chunks.append(TextChunk(delta=text))
        if refusal := delta.get("refusal"):
            self._switch("text", chunks)
            self._refusal.append(str(refusal))
            chunks.append(TextChunk(delta=str(refusal)))
        if calls := delta.get("tool_calls"):
            for call in sequence(calls):
                self._tool(mapping(call), chunks)

    def _switch(self, kind: str, chunks: list[StreamResponseChunk]) -> None:
        """Have a block of this kind open, and none of another."""
        if self._open == kind:
            return
        self._close(chunks)
        self._open = kind
        if kind == "text":
            chunks.append(TextStartChunk())
        elif kind == "thought":
            chunks.append(ThoughtStartChunk())

    def _close(self, chunks: list[StreamResponseChunk]) -> None:
        if self._open == "text":
            chunks.append(TextEndChunk())
        elif self._open == "thought":
            chunks.append(ThoughtEndChunk())
        elif self._open == "tools":
            chunks += [ToolCallEndChunk(id=call.id) for call in self._calls.values()]
            self._calls.clear()
            self._last = None
        self._open = None

    def _tool(self, delta: dict[str, Any], chunks: list[StreamResponseChunk]) -> None:
        self._switch("tools", chunks)
        function = mapping(delta.get("function"))
        call = self._call_of(delta, function, chunks)
        arguments = _arguments(function.get("arguments"))
        if arguments:
            call.arguments.append(arguments)
            chunks.append(ToolCallChunk(id=call.id, delta=arguments))

    def _call_of(
        self, delta: dict[str, Any], function: dict[str, Any], chunks: list[StreamResponseChunk]
    ) -> _Call:
        """The call that a delta belongs to, begun if it is new."""
        index = delta.get("index")
        wire_id = delta.get("id") or None
        known = self._last if index is None else self._calls.get(index)
        is_new = known is None or (wire_id is not None and wire_id != known.wire_id)
        if known is not None and not is_new:
            return known
        if wire_id is not None and index is None:
            for call in self._calls.values():
                if call.wire_id == wire_id:
                    return call
        if known is not None and index is not None:  # the index is reused: its call is whole
            chunks.append(ToolCallEndChunk(id=known.id))
            del self._calls[index]
        call = _Call(self._ids.unique(wire_id), wire_id, str(function.get("name") or ""))
        self._calls[call.id if index is None else index] = call
        self._called.append(call)
        self._last = call
        chunks.append(ToolCallStartChunk(id=call.id, name=call.name))
        return call

    def _finished(
        self, reason: str, raw: dict[str, Any], chunks: list[StreamResponseChunk]
    ) -> None:
        if reason == "error" and "error" in raw:
            raise error_in_stream(self._request.provider_id, raw)
        self._close(chunks)
        self._finish = FINISH_REASONS.get(reason)
        if self._refusal:
            self._finish = FinishReason.REFUSAL

    def _count(self, raw: object, chunks: list[StreamResponseChunk]) -> None:
        """Add what is new: some servers send the usage so far with every chunk."""
        usage = _usage(raw)
        if usage is None:
            return
        counted = self._counted
        news = {name: getattr(usage, name) - getattr(counted, name) for name in COUNTS}
        chunks.append(UsageDeltaChunk(**news, raw=usage.raw))
        self._counted = usage

    def _ended(self) -> list[StreamResponseChunk]:
        chunks: list[StreamResponseChunk] = []
        self._close(chunks)
        chunks.append(RawMessageChunk(raw_message=self._turn()))
        if self._finish is not None:
            chunks.append(FinishReasonChunk(finish_reason=self._finish))
        return chunks

    def _turn(self) -> dict[str, Any]:
        """The turn as an unstreamed reply would hold it."""
        turn: dict[str, Any] = {"role": "assistant", "content": "".join(self._text) or None}
        if self._refusal:
            turn["refusal"] = "".join(self._refusal)
        if self._called:
            turn["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": "".join(call.arguments) or "{}",
                    },
                }
                for call in self._called
            ]
        return turn
