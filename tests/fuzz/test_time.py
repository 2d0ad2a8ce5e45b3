"""A reply takes time in proportion to its length, whatever it is made of."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.fuzz.conftest import Peer

Make = Callable[[int], list[Any]]


def chat(*deltas: dict[str, Any]) -> list[Any]:
    end: dict[str, Any] = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    return [*({"choices": [{"delta": delta}]} for delta in deltas), end]


def chat_call(index: int, arguments: str = "{}", **more: Any) -> dict[str, Any]:
    function = {"name": "add", "arguments": arguments}
    return {"tool_calls": [{"index": index, "function": function, **more}]}


def anthropic(*events: dict[str, Any]) -> list[Any]:
    begin = {"type": "message_start", "message": {"usage": {"input_tokens": 1}}}
    stop: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    return [begin, *events, stop, {"type": "message_stop"}]


def block(index: int, kind: str = "text") -> dict[str, Any]:
    """An Anthropic block that begins."""
    texts: dict[str, Any] = {"type": "text", "text": ""}
    calls: dict[str, Any] = {"type": "tool_use", "id": "one", "name": "add", "input": {}}
    content = texts if kind == "text" else calls
    return {"type": "content_block_start", "index": index, "content_block": content}


def piece(index: int, text: str) -> dict[str, Any]:
    delta = {"type": "text_delta", "text": text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def responses(*events: dict[str, Any]) -> list[Any]:
    whole: dict[str, Any] = {"status": "completed", "output": []}
    end = {"type": "response.completed", "response": whole}
    return [*events, end]


def item(index: int, kind: str) -> dict[str, Any]:
    """An item of the Responses wire that begins."""
    items: dict[str, dict[str, Any]] = {
        "message": {"type": "message", "content": []},
        "function_call": {"type": "function_call", "call_id": "one", "name": "add"},
    }
    return {
        "type": "response.output_item.added",
        "output_index": index,
        "item": {"id": f"i{index}", **items[kind]},
    }


def said(index: int) -> dict[str, Any]:
    place = {"item_id": f"i{index}", "output_index": index, "content_index": 0}
    return {"type": "response.output_text.delta", **place, "delta": "words "}


def google(*parts: dict[str, Any]) -> list[Any]:
    end: dict[str, Any] = {"candidates": [{"finishReason": "STOP"}]}
    content = [{"candidates": [{"content": {"role": "model", "parts": [each]}}]} for each in parts]
    return [*content, end]


SHAPES: dict[str, dict[str, Make]] = {
    "openai_chat": {
        "text": lambda n: chat(*({"content": "words "} for _ in range(n))),
        "one call": lambda n: chat(*(chat_call(0, '"words') for _ in range(n))),
        "many calls": lambda n: chat(*(chat_call(each) for each in range(n))),
        "many calls of one id": lambda n: chat(*(chat_call(each, id="one") for each in range(n))),
        "calls in turns": lambda n: chat(
            *(chat_call(each, "") for each in range(n // 2)),
            *(chat_call(each, "{}") for each in range(n // 2)),
        ),
    },
    "openai_responses": {
        "text": lambda n: responses(item(0, "message"), *(said(0) for _ in range(n))),
        "many calls": lambda n: responses(*(item(each, "function_call") for each in range(n))),
        "open texts": lambda n: responses(
            *(item(each, "message") for each in range(n // 2)),
            *(said(each) for each in range(n // 2)),
        ),
    },
    "anthropic": {
        "text": lambda n: anthropic(block(0), *(piece(0, "words ") for _ in range(n))),
        "open texts": lambda n: anthropic(*(block(each) for each in range(n))),
        "many calls": lambda n: anthropic(*(block(each, "tool_use") for each in range(n))),
        "pieces from behind": lambda n: anthropic(
            *(block(each) for each in range(n // 2)),
            *(piece(each, "words ") for each in reversed(range(n // 2))),
        ),
    },
    "google": {
        "text": lambda n: google(*({"text": "words "} for _ in range(n))),
        "text and thoughts": lambda n: google(
            *({"text": "words ", "thought": bool(each % 2)} for each in range(n))
        ),
        "many calls": lambda n: google(
            *({"functionCall": {"id": "one", "name": "add"}} for _ in range(n))
        ),
    },
}


def test_four_times_as_long_a_stream_takes_about_four_times_as_long(
    peer: Peer, spoil: dict[str, Any]
) -> None:
    slow: dict[str, list[float]] = {}
    for name, make in SHAPES[peer.wire].items():
        small, large = (spoil["written"](make(size), streams=True) for size in (600, 2_400))
        ratios = [seconds(peer, large) / max(seconds(peer, small), 1e-4) for _ in range(3)]
        if min(ratios) > 8:  # 16 if it were quadratic
            slow[name] = ratios
    assert slow == {}


def seconds(peer: Peer, body: bytes) -> float:
    """Processor time to read a stream to its end."""
    peer.body = body
    stream = peer.model.stream("Hello")
    started = time.process_time()
    stream.finish()
    stream.text()
    return time.process_time() - started


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_depth_is_no_way_to_crash(peer: Peer, depth: int, spoil: dict[str, Any]) -> None:
    nested = "[" * depth + "]" * depth
    arguments = '{"a":' * depth + "1" + "}" * depth
    for streams in (True, False):
        for sample in spoil["corpora"][peer.wire]:
            if sample.streams != streams:
                continue
            names = [b'"text"', b'"content"', b'"arguments"', b'"input"', b'"args"', b'"usage"']
            for name in names:
                body = sample.body.replace(name, name + b": " + nested.encode() + b', "x"', 1)
                peer.ask(body, streams=streams)
            break
    if peer.wire == "openai_chat":
        peer.body = spoil["written"](chat(chat_call(0, arguments)), streams=True)
        peer.kind = "text/event-stream"
        stream: Any = peer.model.stream("Hello")
        stream.finish()
        (output,) = stream.execute_tools()
        assert isinstance(output.error, llm.ToolError)
        assert json.dumps(output.result)
