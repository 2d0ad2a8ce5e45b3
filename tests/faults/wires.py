"""The four wires by example: a stream, a whole reply, an error, a delta, a call of a tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["TEXT", "WIRES", "Wire", "events"]

TEXT = "It is 4242 🦊"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """A provider's protocol, by example."""

    name: str
    provider: str
    model: str
    stream: bytes
    """A short stream, whose last event is the terminal one."""
    once: bytes
    overloaded: bytes
    """An error event: the server is overloaded."""
    delta: Callable[[str], bytes]
    """An event that brings some text."""
    call: Callable[[str, str, str], tuple[bytes, bytes]]
    """A reply that calls a tool, by id, name and arguments: streamed, and whole."""
    begin: bytes = b""
    """What has to come before it."""
    end: bytes = b""
    """What has to follow for a whole reply."""

    def reply(self, *, streams: bool) -> tuple[bytes, bytes]:
        """A whole reply's content type and its body."""
        if streams:
            return b"text/event-stream", self.stream
        return b"application/json", self.once


def events(*given: dict[str, Any] | str | bytes, named: bool = False) -> bytes:
    """An event stream: of JSON, of texts, and of bytes as they are.

    Args:
        *given: What it consists of.
        named: Whether an event is called by its `type`.
    """
    out = b""
    for event in given:
        if isinstance(event, bytes):
            out += event
            continue
        if isinstance(event, str):
            out += b"data: " + event.encode() + b"\n\n"
            continue
        if named and "type" in event:
            out += b"event: " + event["type"].encode() + b"\n"
        text = json.dumps(event, ensure_ascii=False)
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            text = json.dumps(event)  # half of a pair has no bytes of its own
        out += b"data: " + text.encode() + b"\n\n"
    return out


def _value(arguments: str) -> Any:
    """Arguments for a wire on which they are an object: what is none stays a text."""
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _chat() -> Wire:
    def delta(text: str) -> bytes:
        return events({"choices": [{"delta": {"content": text}}]})

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool = {"id": id, "function": {"name": name, "arguments": arguments}}
        asked = {"role": "assistant", "content": None, "tool_calls": [{"index": 0} | tool]}
        streamed = events(
            {"choices": [{"delta": asked}]},
            {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
            "[DONE]",
        )
        whole = {"choices": [{"message": asked, "finish_reason": "tool_calls"}]}
        return streamed, json.dumps(whole).encode()

    end = events({"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]")
    message = {"role": "assistant", "content": TEXT}
    return Wire(
        name="openai_chat",
        provider="openai:completions",
        model="openai/gpt-4o",
        stream=delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode(),
        overloaded=events({"error": {"type": "overloaded_error", "message": "busy"}}),
        delta=delta,
        call=call,
        end=end,
    )


def _responses() -> Wire:
    part: dict[str, Any] = {"type": "output_text", "text": TEXT, "annotations": []}
    item: dict[str, Any] = {"id": "m", "type": "message", "role": "assistant", "content": [part]}
    whole: dict[str, Any] = {"id": "r", "status": "completed", "output": [item]}
    place = {"item_id": "m", "output_index": 0, "content_index": 0}

    def delta(text: str) -> bytes:
        return events({"type": "response.output_text.delta", **place, "delta": text}, named=True)

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool = {"type": "function_call", "id": "fc", "call_id": id, "name": name}
        output = {"id": "r", "status": "completed", "output": [tool | {"arguments": arguments}]}
        done = {"type": "response.function_call_arguments.done", "item_id": "fc"}
        streamed = events(
            added | {"item": tool | {"arguments": ""}},
            done | {"output_index": 0, "arguments": arguments},
            {"type": "response.completed", "response": output},
            named=True,
        )
        return streamed, json.dumps(output).encode()

    added: dict[str, Any] = {"type": "response.output_item.added", "output_index": 0}
    begin = events({**added, "item": item | {"content": []}}, named=True)
    end = events(
        {"type": "response.output_text.done", **place, "text": TEXT},
        {"type": "response.completed", "response": whole},
        named=True,
    )
    error = {"type": "error", "code": "server_overloaded", "message": "busy"}
    return Wire(
        name="openai_responses",
        provider="openai:responses",
        model="openai/gpt-4o:responses",
        stream=begin + delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(whole).encode(),
        overloaded=events(error, named=True),
        delta=delta,
        call=call,
        begin=begin,
        end=end,
    )


def _anthropic() -> Wire:
    def delta(text: str) -> bytes:
        piece = {"type": "text_delta", "text": text}
        return events({"type": "content_block_delta", "index": 0, "delta": piece}, named=True)

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        tool: dict[str, Any] = {"type": "tool_use", "id": id, "name": name, "input": {}}
        piece = {"type": "input_json_delta", "partial_json": arguments}
        streamed = events(
            {"type": "message_start", "message": {"usage": {"input_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": tool},
            {"type": "content_block_delta", "index": 0, "delta": piece},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
            named=True,
        )
        called = tool | {"input": _value(arguments)}
        whole = {"type": "message", "content": [called], "stop_reason": "tool_use"}
        return streamed, json.dumps(whole).encode()

    block = {"type": "text", "text": ""}
    begin = events(
        {"type": "message_start", "message": {"usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        named=True,
    )
    end = events(
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
        named=True,
    )
    error = {"type": "overloaded_error", "message": "busy"}
    whole = {"type": "message", "content": [{"type": "text", "text": TEXT}]}
    return Wire(
        name="anthropic",
        provider="anthropic",
        model="anthropic/claude-sonnet-4-0",
        stream=begin + delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(whole | {"stop_reason": "end_turn"}).encode(),
        overloaded=events({"type": "error", "error": error}, named=True),
        delta=delta,
        call=call,
        begin=begin,
        end=end,
    )


def _google() -> Wire:
    def candidate(text: str, **more: str) -> dict[str, Any]:
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, **more}]}

    def delta(text: str) -> bytes:
        return events(candidate(text))

    def call(id: str, name: str, arguments: str) -> tuple[bytes, bytes]:
        part = {"functionCall": {"id": id, "name": name, "args": _value(arguments)}}
        content = {"role": "model", "parts": [part]}
        whole = {"candidates": [{"content": content, "finishReason": "STOP"}]}
        return events(whole), json.dumps(whole).encode()

    end = events({"candidates": [{"finishReason": "STOP"}]})
    error = {"code": 503, "status": "UNAVAILABLE", "message": "busy"}
    return Wire(
        name="google",
        provider="google",
        model="google/gemini-2.5-flash",
        stream=delta("It is ") + delta("4242 🦊") + end,
        once=json.dumps(candidate(TEXT, finishReason="STOP")).encode(),
        overloaded=events({"error": error}),
        delta=delta,
        call=call,
        end=end,
    )


WIRES = {wire.name: wire for wire in (_chat(), _responses(), _anthropic(), _google())}
