"""Deviations of servers that imitate chat completions."""

from __future__ import annotations

import codecs
import json
from typing import Any

from mirascope_nb import llm
from tests.faults.deviations.rows import BEGIN, BUSY, CALL, MIDDLE, ONE, OTHER, TWO, Deviation, Rows
from tests.faults.wires import events

__all__ = ["rows"]


def rows() -> list[Deviation]:
    table = Rows("openai_chat", named=False)
    stream, whole = table.stream, table.whole

    def says(delta: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta or {}, **more}]}

    def call(arguments: Any, name: str | None = None, **more: Any) -> dict[str, Any]:
        function = {"arguments": arguments} | ({"name": name} if name else {})
        return {"tool_calls": [{"function": function, **more}]}

    def message(said: Any, **more: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "message": said, "finish_reason": "stop", **more}]}

    def choice(index: int, text: str) -> dict[str, Any]:
        return {"index": index, "delta": {"content": text}, "message": {"content": text}}

    x, end = says({"content": "x"}), says(finish_reason="stop")
    two = [choice(1, "wrong"), choice(0, "right")]
    stream("two choices in an event", {"choices": two}, end, "[DONE]", content=["right"])
    stream("a message for a delta", message({"content": "x"}), "[DONE]", content=["x"])
    stream("a message after deltas", x, message({"content": "x"}), "[DONE]", content=["x"])
    stream("an end in quotes", x, end, '"[DONE]"', content=["x"])
    stream("an end with a space", x, end, "[DONE] ", content=["x"])
    stream("nothing but an end", "[DONE]", error=llm.ResponseValidationError)
    stream("no end", x, end, content=["x"], error=llm.ConnectionError)
    stream(
        "an index that counts tokens",
        x,
        *({"choices": [choice(index, "y")]} for index in (1, 2)),
        "[DONE]",
        content=["xyy"],
    )
    stream(
        "a function instead of tools",
        says({"function_call": {"name": "add", "arguments": BEGIN}}),
        says({"function_call": {"arguments": MIDDLE}}),
        "[DONE]",
        content=[CALL],
    )
    stream(
        "an index that is text",
        says(call(BEGIN, "add", index="0", id="a")),
        says(call('{"a":3', "mul", index="1", id="b")),
        says(call(MIDDLE, index="0")),
        says(call(',"b":4}', index="1")),
        "[DONE]",
        content=[CALL, OTHER],
    )
    stream(
        "an id for each delta",
        says(call(BEGIN, "add", index=0, id="a")),
        says(call(MIDDLE, index=0, id="b")),
        says(call(TWO, "mul", index=1, id="c")),
        "[DONE]",
        content=[CALL, OTHER],
    )
    stream(
        "a text in the midst of a call",
        says({"content": "x"}),
        says(call(BEGIN, "add", index=0, id="a") | {"content": "\n"}),
        says({"content": "y"}),
        says(call(MIDDLE, index=0) | {"content": "z"}),
        "[DONE]",
        content=["x\n", CALL, "yz"],
    )
    stream(
        "a text after a whole call",
        says(call(ONE, "add", index=0, id="a")),
        says({"content": "x"}),
        says(call(TWO, "mul", index=1, id="b")),
        "[DONE]",
        content=[CALL, "x", OTHER],
    )
    stream(
        "a call after the finish",
        says(finish_reason="stop"),
        says(call(ONE, "add", index=0, id="a")),
        "[DONE]",
        content=[CALL],
    )
    stream(
        "an error in a choice", x, says(error=BUSY), "[DONE]", content=["x"], error=llm.ServerError
    )
    stream(
        "an error for a finish",
        x,
        says(finish_reason="error"),
        "[DONE]",
        content=["x"],
        error=llm.ServerError,
    )
    stream("a detail", {"detail": "busy"}, error=llm.ServerError)
    stream(
        "an error without a frame", {"message": "no", "code": 401}, error=llm.AuthenticationError
    )
    stream("a status of its own", {"status": "error", "message": "busy"}, error=llm.ServerError)
    stream(
        "an error in plain text",
        x,
        b"event: error\ndata: the upstream timed out\n\n",
        content=["x"],
        error=llm.ResponseValidationError,
    )
    used = {"usage": {"prompt_tokens": 5, "completion_tokens": 1}}
    stream(
        "usage in a choice",
        x,
        says(finish_reason="stop", **used),
        "[DONE]",
        content=["x"],
        usage=(5, 1),
    )
    stream(
        "usage twice",
        x | used,
        end | used,
        used | {"choices": []},
        "[DONE]",
        content=["x"],
        usage=(5, 1),
    )
    whole("two choices", {"choices": two}, ["right"])
    whole("a delta for a message", {"choices": [{"delta": {"content": "x"}}]}, ["x"])
    whole("no message", message(None), error=llm.ResponseValidationError)
    whole("a function", message({"function_call": {"name": "add", "arguments": ONE}}), [CALL])
    whole(
        "an error beside choices", message({"content": ""}) | {"error": BUSY}, error=llm.ServerError
    )
    whole("an error in a choice", message({"content": "x"}, error=BUSY), error=llm.ServerError)
    whole(
        "an error for a finish",
        message({"content": "x"}, finish_reason="error"),
        error=llm.ServerError,
    )
    whole("a detail", {"detail": [{"msg": "busy"}]}, error=llm.ServerError)
    whole(
        "a byte order mark", codecs.BOM_UTF8 + json.dumps(message({"content": "x"})).encode(), ["x"]
    )
    whole("a stream unasked", events(x, end, "[DONE]"), error=llm.ResponseValidationError)
    whole(
        "something after it",
        json.dumps(message({"content": "x"})).encode() + b"<hr>",
        error=llm.ResponseValidationError,
    )
    bare = json.dumps({"error": BUSY}, indent=2).encode()
    stream("an error as bare JSON", x, bare, content=["x"], error=llm.ServerError)
    stream("something else bare", x, b"oops", content=["x"], error=llm.ConnectionError)
    return table.rows
