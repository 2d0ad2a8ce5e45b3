"""Deviations of servers that imitate Anthropic."""

from __future__ import annotations

import codecs
import json
from typing import Any

from mirascope_nb import llm
from tests.faults.deviations.rows import BEGIN, BUSY, CALL, MIDDLE, ONE, OTHER, TWO, Deviation, Rows

__all__ = ["rows"]


def rows() -> list[Deviation]:
    table = Rows("anthropic", named=True)
    stream, whole = table.stream, table.whole

    def event(kind: str, index: object = 0, **more: Any) -> dict[str, Any]:
        told = {"type": f"content_block_{kind}", **more}
        return told if index is None else told | {"index": index}

    def text(index: object = 0, said: str = "x") -> dict[str, Any]:
        return event("delta", index, delta={"type": "text_delta", "text": said})

    def arguments(said: Any, index: object = 0) -> dict[str, Any]:
        return event("delta", index, delta={"type": "input_json_delta", "partial_json": said})

    def begun(index: object = 0, name: str = "add", **more: Any) -> dict[str, Any]:
        call: dict[str, Any] = {"type": "tool_use", "id": "t", "name": name, "input": {}, **more}
        return event("start", index, content_block=call)

    def message(*content: Any, **more: Any) -> dict[str, Any]:
        return {"type": "message", "role": "assistant", "content": list(content), **more}

    x = {"type": "text", "text": "x"}
    call: dict[str, Any] = {"type": "tool_use", "name": "add", "input": json.loads(ONE)}
    why, end = (
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    )
    spaced = 'add({"a": 1, "b": 2})'
    stream("no starts", text(), arguments(ONE, 1), why, end, content=["x", f"({ONE})"])
    stream(
        "no ends",
        begun(),
        arguments(ONE),
        begun(1, "mul"),
        arguments(TWO, 1),
        why,
        end,
        content=[CALL, OTHER],
    )
    stream(
        "an index used again",
        begun(),
        arguments(ONE),
        begun(0, "mul"),
        arguments(TWO),
        why,
        end,
        content=[CALL, OTHER],
    )
    stream(
        "no indexes",
        begun(None),
        arguments(ONE, None),
        begun(None, "mul"),
        arguments(TWO, None),
        why,
        end,
        content=[CALL, OTHER],
    )
    stream(
        "calls that overlap",
        begun(),
        begun(1, "mul"),
        arguments(BEGIN),
        arguments(TWO, 1),
        arguments(MIDDLE),
        why,
        end,
        content=[CALL, OTHER],
    )
    stream(
        "arguments that are an object",
        begun(),
        arguments(json.loads(ONE)),
        why,
        end,
        content=[spaced],
    )
    stream("arguments at the start", begun(input=json.loads(ONE)), why, end, content=[spaced])
    stream(
        "arguments after the end",
        begun(),
        arguments(ONE),
        event("stop"),
        arguments("oops"),
        why,
        end,
        content=[CALL],
    )
    stream("a text for a call", begun(), text(), arguments(ONE), why, end, content=[CALL])
    stream(
        "an error anywhere",
        text(),
        why | {"error": BUSY},
        end,
        content=["x"],
        error=llm.ServerError,
    )
    stream("an error in a ping", {"type": "ping", "error": BUSY}, end, error=llm.ServerError)
    stream("a detail", {"detail": "busy"}, error=llm.ServerError)
    stream("another end", text(), why, "[DONE]", content=["x"], error=llm.ConnectionError)
    stream(
        "another protocol",
        {"choices": [{"delta": {"content": "x"}}]},
        "[DONE]",
        error=llm.ConnectionError,
    )
    told: dict[str, Any] = {"usage": {"input_tokens": 7, "output_tokens": 2}}
    stream(
        "usage at the end alone", text(), why | told, why | told, end, content=["x"], usage=(7, 2)
    )
    whole("a text for a content", message() | {"content": "x"}, ["x"])
    whole("an error beside content", message(x, error=BUSY), error=llm.ServerError)
    whole(
        "an error with a content",
        {"type": "error", "content": [], "error": BUSY},
        error=llm.ServerError,
    )
    whole("an error without a frame", {"type": "error", "message": "busy"}, error=llm.ServerError)
    whole("arguments that are text", message(call | {"input": ONE}), [CALL])
    whole("a byte order mark", codecs.BOM_UTF8 + json.dumps(message(x)).encode(), ["x"])
    whole(
        "another protocol",
        {"choices": [{"message": {"content": "x"}}]},
        error=llm.ResponseValidationError,
    )
    whole("a detail", {"detail": "busy"}, error=llm.ServerError)
    bare = json.dumps({"error": BUSY}, indent=2).encode()
    stream("an error as bare JSON", text(), bare, content=["x"], error=llm.ServerError)
    stream("something else bare", text(), b"oops", content=["x"], error=llm.ConnectionError)
    return table.rows
