"""Deviations of servers that imitate the responses API."""

from __future__ import annotations

import json
from typing import Any

from mirascope_nb import llm
from tests.faults.deviations.rows import BUSY, CALL, ONE, OTHER, TWO, Deviation, Rows

__all__ = ["rows"]


def rows() -> list[Deviation]:
    table = Rows("openai_responses", named=True)
    stream, whole = table.stream, table.whole

    def event(kind: str, **more: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", **more}

    def call(number: int, arguments: Any = "", **more: Any) -> dict[str, Any]:
        names = {"id": f"fc{number}", "call_id": f"c{number}", "name": "add"}
        return {"type": "function_call", **names, "arguments": arguments, **more}

    def message(content: Any = None, **more: Any) -> dict[str, Any]:
        parts = [{"type": "output_text", "text": "x"}] if content is None else content
        return {"id": "m", "type": "message", "role": "assistant", "content": parts, **more}

    def completed(*output: Any, **more: Any) -> dict[str, Any]:
        return event("completed", response={"status": "completed", "output": list(output), **more})

    x = event("output_text.delta", item_id="m", output_index=0, content_index=0, delta="x")
    part = {"type": "output_text", "text": "x"}
    stream("nothing but the end", completed(message()), content=["x"])
    stream(
        "a part when it is done", event("content_part.done", part=part), completed(), content=["x"]
    )
    stream(
        "a refusal when it is done",
        event("content_part.done", part={"type": "refusal", "refusal": "no"}),
        completed(),
        content=["no"],
    )
    stream(
        "a part told twice",
        x,
        event("content_part.done", item_id="m", output_index=0, content_index=0, part=part),
        completed(message()),
        content=["x"],
    )
    stream("a text for a content", completed(message("x")), content=["x"])
    stream(
        "calls by their items alone",
        event("output_item.done", output_index=0, item=call(1, ONE)),
        event("output_item.done", output_index=1, item=call(2, TWO, name="mul")),
        completed(),
        content=[CALL, OTHER],
    )
    stream(
        "an index used again",
        *(
            event(kind, output_index=0, **more)
            for item, arguments in ((call(1), ONE), (call(2, name="mul"), TWO))
            for kind, more in (
                ("output_item.added", {"item": item}),
                ("function_call_arguments.delta", {"delta": arguments}),
            )
        ),
        completed(),
        content=[CALL, OTHER],
    )
    stream(
        "arguments that are an object",
        event("output_item.added", output_index=0, item=call(1)),
        event("function_call_arguments.delta", output_index=0, delta=json.loads(ONE)),
        completed(),
        content=[CALL],
    )
    stream(
        "a text and a call that overlap",
        event("output_item.added", output_index=0, item=message([])),
        x,
        event("output_item.added", output_index=1, item=call(1)),
        event("function_call_arguments.delta", item_id="fc1", output_index=1, delta=ONE),
        x | {"delta": "y"},
        completed(),
        content=["xy", CALL],
    )
    failed = event("completed", response={"status": "failed", "error": BUSY, "output": []})
    stream("failed, yet completed", x, failed, content=["x"], error=llm.ServerError)
    stream(
        "an error within", x, completed(message(), error=BUSY), content=["x"], error=llm.ServerError
    )
    stream(
        "another protocol",
        {"choices": [{"delta": {"content": "x"}}]},
        "[DONE]",
        error=llm.ConnectionError,
    )
    stream("another end", x, "[DONE]", content=["x"], error=llm.ConnectionError)
    stream("a detail", {"detail": "busy"}, error=llm.ServerError)
    whole("an error beside output", {"output": [message()], "error": BUSY}, error=llm.ServerError)
    whole("a queue", {"status": "queued", "output": []}, error=llm.ResponseValidationError)
    whole("a text for a content", {"output": [message("x")]}, ["x"])
    whole("an item of no type", {"output": [message(type=None)]}, ["x"])
    whole("the same id twice", {"output": [call(1, ONE), call(1, TWO, name="mul")]}, [CALL, OTHER])
    whole("no ids", {"output": [call(1, ONE, id=None, call_id=None)]}, [CALL])
    whole(
        "another protocol",
        {"choices": [{"message": {"content": "x"}}]},
        error=llm.ResponseValidationError,
    )
    whole("a detail", {"detail": "busy"}, error=llm.ServerError)
    bare = json.dumps({"error": BUSY}, indent=2).encode()
    stream("an error as bare JSON", x, bare, content=["x"], error=llm.ServerError)
    stream("something else bare", x, b"oops", content=["x"], error=llm.ConnectionError)
    return table.rows
