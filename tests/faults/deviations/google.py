"""Deviations of servers that imitate Google."""

from __future__ import annotations

import codecs
import json
from typing import Any

from mirascope_nb import llm
from tests.faults.deviations.rows import BUSY, CALL, ONE, Deviation, Rows

__all__ = ["rows"]


def rows() -> list[Deviation]:
    table = Rows("google", named=False)
    stream, whole = table.stream, table.whole

    def says(*parts: Any, **more: Any) -> dict[str, Any]:
        return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **more}]}

    x = {"text": "x"}
    call: dict[str, Any] = {"functionCall": {"name": "add", "args": json.loads(ONE)}}
    end = {"finishReason": "STOP"}
    spaced = 'add({"a": 1, "b": 2})'
    two = {
        "candidates": [
            {"index": 1, "content": {"parts": [{"text": "wrong"}]}},
            {"index": 0, "content": {"parts": [x]}, **end},
        ]
    }
    stream("two candidates", two, content=["x"])
    stream("an end in lower case", says(x, finishReason="stop"), content=["x"])
    stream("no end", says(x), "[DONE]", content=["x"], error=llm.ConnectionError)
    stream(
        "calls of one id",
        says({"functionCall": {"id": "a", **call["functionCall"]}}),
        says({"functionCall": {"id": "a", **call["functionCall"]}}, **end),
        content=[spaced, spaced],
    )
    stream(
        "arguments that are text",
        says({"functionCall": {"name": "add", "args": ONE}}, **end),
        content=[CALL],
    )
    stream("a call in the midst of a text", says(x, call, x, **end), content=["x", spaced, "x"])
    stream(
        "an error by its event",
        says(x),
        b'event: error\ndata: {"message": "busy", "code": 503}\n\n',
        content=["x"],
        error=llm.ServerError,
    )
    stream("an error as text", says(x), {"error": "busy"}, content=["x"], error=llm.ServerError)
    stream("a detail", {"detail": "busy"}, error=llm.ServerError)
    used: dict[str, Any] = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}}
    stream(
        "usage with every event",
        says(x) | used,
        says(x, **end) | used,
        content=["xx"],
        usage=(3, 2),
    )
    whole("two candidates", two, ["x"])
    whole("an error beside candidates", says(x, **end) | {"error": BUSY}, error=llm.ServerError)
    whole("a detail", {"detail": "busy"}, error=llm.ServerError)
    whole("a byte order mark", codecs.BOM_UTF8 + json.dumps(says(x, **end)).encode(), ["x"])
    whole(
        "another protocol",
        {"choices": [{"message": {"content": "x"}}]},
        error=llm.ResponseValidationError,
    )
    whole(
        "the stream's form",
        json.dumps([says(x, **end)]).encode(),
        error=llm.ResponseValidationError,
    )
    bare = json.dumps({"error": BUSY}, indent=2).encode()
    stream("an error as bare JSON", says(x), bare, content=["x"], error=llm.ServerError)
    stream("something else bare", says(x), b"oops", content=["x"], error=llm.ConnectionError)
    return table.rows
