"""Replies of Gemini to parts and chunks.

A reply is a list of parts: texts, some of them thoughts, and whole calls of functions. A stream is
replies of which each has the parts that come next; the last tells why it ends. Where one text ends
and the next begins means nothing, so texts in a row are one, in a stream and without.
"""

from __future__ import annotations

import json
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
from mirascope_nb.llm.providers.codec import Completion, Request
from mirascope_nb.llm.providers.decoding import CallIds, UsageMeter, count, keeps_thoughts
from mirascope_nb.llm.providers.encoding import load, load_reply, mapping, sequence
from mirascope_nb.llm.providers.google.encode import UNKNOWN_TOOL_ID, url_safe
from mirascope_nb.llm.providers.google.errors import error_in_stream
from mirascope_nb.llm.providers.http_errors import reports_error
from mirascope_nb.llm.sse import Event
from mirascope_nb.llm.usage import FinishReason, ProviderToolUsage, Usage

__all__ = ["GenerateStreamDecoder", "decode_completion"]

# https://ai.google.dev/api/generate-content#FinishReason
FINISH_REASONS = {
    "MAX_TOKENS": FinishReason.MAX_TOKENS,
    "BLOCKLIST": FinishReason.REFUSAL,
    "PROHIBITED_CONTENT": FinishReason.REFUSAL,
    "RECITATION": FinishReason.REFUSAL,
    "SAFETY": FinishReason.REFUSAL,
    "SPII": FinishReason.REFUSAL,
}
IMAGE_REFUSED = "IMAGE_"
UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"

Chunks: TypeAlias = list[StreamResponseChunk]


def decode_completion(request: Request, reply: HttpReply) -> Completion:
    """A whole reply as parts.

    Raises:
        APIError: If the body reports an error despite its status.
        ResponseValidationError: If it has no candidate and does not say why.
    """
    provider = request.provider_id
    raw = load_reply(reply.body, provider)
    candidate = _answer(raw, provider)
    if not candidate and not raw.get("candidates") and not _is_blocked(raw):
        raise ResponseValidationError(f"{provider} sent a reply without candidates", provider)
    parts = _parts(candidate)
    thoughtful = keeps_thoughts(request)
    ids = _CallIds()
    content: list[AssistantContentPart] = []
    for number, part in enumerate(parts):
        if mapping(part.get("functionCall")):
            call, parts[number] = _tool_call(part, ids)
            content.append(call)
            continue
        text = _text(part)
        if not text or (part.get("thought") and not thoughtful):
            continue
        last = content[-1] if content else None
        if part.get("thought"):
            if isinstance(last, Thought):
                last.thought += text
            else:
                content.append(Thought(thought=text))
        elif isinstance(last, Text):
            last.text += text
        else:
            content.append(Text(text=text))
    usage = _usage(raw.get("usageMetadata"))
    if usage is not None:
        usage.provider_tool_usage = _searches(_queries(candidate))
    return Completion(
        content=content,
        finish_reason=_finish_reason(raw, candidate),
        usage=usage,
        raw=raw,
        raw_message=_turn(parts),
    )


def _answer(raw: dict[str, Any], provider: str) -> dict[str, Any]:
    """The one candidate that was asked for, should there be more; an empty one if there is none.

    Raises:
        APIError: If an error is reported instead.
    """
    candidates = [mapping(candidate) for candidate in sequence(raw.get("candidates"))]
    if raw.get("error") or (not candidates and reports_error(raw)):
        raise error_in_stream(provider, raw)
    own = (each for each in candidates if each.get("index", 0) == 0)
    return next(own, candidates[0] if candidates else {})


def _parts(candidate: dict[str, Any]) -> list[dict[str, Any]]:
    return [mapping(part) for part in sequence(mapping(candidate.get("content")).get("parts"))]


def _text(part: dict[str, Any]) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _is_blocked(raw: dict[str, Any]) -> bool:
    """Whether the prompt was refused, so that there is no candidate."""
    return bool(mapping(raw.get("promptFeedback")).get("blockReason"))


def _finish_reason(raw: dict[str, Any], candidate: dict[str, Any]) -> FinishReason | None:
    reason = candidate.get("finishReason")
    if not isinstance(reason, str):
        return FinishReason.REFUSAL if _is_blocked(raw) else None
    if reason.startswith(IMAGE_REFUSED):
        return FinishReason.REFUSAL
    return FINISH_REASONS.get(reason)


class _CallIds(CallIds):
    """Ids of calls, of which most come without one."""

    def of(self, call: dict[str, Any]) -> str:
        wire_id = call.get("id")
        return self.unique(wire_id) if isinstance(wire_id, str) and wire_id else UNKNOWN_TOOL_ID


def _tool_call(part: dict[str, Any], ids: _CallIds) -> tuple[ToolCall, dict[str, Any]]:
    """A call, and the part as the turn is to hold it, under the same id."""
    function = mapping(part.get("functionCall"))
    name, args = function.get("name"), function.get("args")
    call = ToolCall(
        id=ids.of(function),
        name=name if isinstance(name, str) else "",
        args=json.dumps(mapping(args)) if not isinstance(args, str) else args,
    )
    if call.id not in (UNKNOWN_TOOL_ID, function.get("id")):
        part = part | {"functionCall": function | {"id": call.id}}
    return call, part


def _usage(raw: object) -> Usage | None:
    counts = mapping(raw)
    if not counts:
        return None
    thoughts = count(counts.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=count(counts.get("promptTokenCount")),
        output_tokens=count(counts.get("candidatesTokenCount")) + thoughts,
        cache_read_tokens=count(counts.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
        raw=counts,
    )


def _queries(candidate: dict[str, Any]) -> int:
    return len(sequence(mapping(candidate.get("groundingMetadata")).get("webSearchQueries")))


def _searches(queries: int) -> list[ProviderToolUsage] | None:
    return [ProviderToolUsage(name="web_search", call_count=queries)] if queries else None


def _turn(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The turn to send back, its bytes in the alphabet in which Google's clients send them."""
    return {"parts": [_sendable(part) for part in parts if part], "role": "model"}


def _sendable(part: dict[str, Any]) -> dict[str, Any]:
    signature, media = part.get("thoughtSignature"), mapping(part.get("inlineData"))
    if isinstance(signature, str):
        part = part | {"thoughtSignature": url_safe(signature)}
    if isinstance(data := media.get("data"), str):
        part = part | {"inlineData": media | {"data": url_safe(data)}}
    return part


class GenerateStreamDecoder:
    """The state machine of one stream: nothing, a text or a thought is open.

    A call is open for a moment only, since it arrives whole.
    """

    def __init__(self, request: Request) -> None:
        self._provider = request.provider_id
        self._keeps_thoughts = keeps_thoughts(request)
        self._open: str | None = None
        self._ids = _CallIds()
        self._parts: list[dict[str, Any]] = []
        self._queries = 0
        self._meter = UsageMeter()
        self.done = False

    def feed(self, event: Event, /) -> Chunks:
        """The chunks of one event; see `StreamDecoder.feed`."""
        if not event.data.strip() or event.data == b"[DONE]":  # a keep-alive, a proxy's habit
            return []
        raw = load(event.data, self._provider)
        if event.type == "error":
            raise error_in_stream(self._provider, raw)
        chunks: Chunks = []
        candidate = _answer(raw, self._provider)
        for part in _parts(candidate):
            self._parts.append(self._part(part, chunks))
        self._queries = max(self._queries, _queries(candidate))
        usage = _usage(raw.get("usageMetadata"))
        if usage is not None:
            chunks.append(self._meter.news(usage, _searches(self._queries)))
        reason = candidate.get("finishReason")
        if (isinstance(reason, str) and reason not in {"", UNSPECIFIED}) or _is_blocked(raw):
            self._finish(_finish_reason(raw, candidate), chunks)
        return chunks

    def finish(self) -> Chunks:
        """Nothing can be left over: only a finish reason tells that the reply is whole.

        Raises:
            ConnectionError: Always.
        """
        raise ConnectionError(f"The stream of {self._provider} ended early.", self._provider)

    def _finish(self, reason: FinishReason | None, chunks: Chunks) -> None:
        self._switch(None, chunks)
        chunks.append(RawMessageChunk(raw_message=_turn(self._parts)))
        if reason is not None:
            chunks.append(FinishReasonChunk(finish_reason=reason))
        self.done = True

    def _part(self, part: dict[str, Any], chunks: Chunks) -> dict[str, Any]:
        """Take a part in; return it as the turn is to hold it."""
        if mapping(part.get("functionCall")):
            self._switch(None, chunks)
            call, part = _tool_call(part, self._ids)
            chunks += [
                ToolCallStartChunk(id=call.id, name=call.name),
                ToolCallChunk(id=call.id, delta=call.args),
                ToolCallEndChunk(id=call.id),
            ]
        elif text := _text(part):
            if not part.get("thought"):
                self._switch("text", chunks)
                chunks.append(TextChunk(delta=text))
            elif self._keeps_thoughts:
                self._switch("thought", chunks)
                chunks.append(ThoughtChunk(delta=text))
        return part

    def _switch(self, kind: str | None, chunks: Chunks) -> None:
        """Have a block of this kind open, and none of another."""
        if self._open == kind:
            return
        if self._open == "text":
            chunks.append(TextEndChunk())
        elif self._open == "thought":
            chunks.append(ThoughtEndChunk())
        self._open = kind
        if kind == "text":
            chunks.append(TextStartChunk())
        elif kind == "thought":
            chunks.append(ThoughtStartChunk())
