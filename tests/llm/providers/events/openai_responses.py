"""Events of the responses API, as its service and servers that imitate it write them.

Run by the tests that use it, as modules of tests are not imported by each other.
"""

from typing import Any

EMPTIED = ("content", "summary", "arguments")
"""What an item that has only begun holds nothing of yet."""


def completed(*output: dict[str, Any], **members: Any) -> dict[str, Any]:
    reply = {"status": "completed", "output": list(output), **members}
    return {"type": f"response.{reply['status']}", "response": reply}


def message(id: str, *texts: str, **part: Any) -> dict[str, Any]:
    parts = [{"type": "output_text", "text": text, **part} for text in texts]
    return {"id": id, "type": "message", "role": "assistant", "content": parts}


def call(id: str, args: str = '{"title":"A"}', name: str = "shelve") -> dict[str, Any]:
    item = {"id": f"fc_{id}", "type": "function_call", "call_id": f"call_{id}"}
    return {**item, "name": name, "arguments": args}


def reasoning(id: str, *summaries: str) -> dict[str, Any]:
    parts = [{"type": "summary_text", "text": text} for text in summaries]
    return {"id": id, "type": "reasoning", "summary": parts}


def added(index: int, item: dict[str, Any]) -> dict[str, Any]:
    empty: dict[str, Any] = {
        name: [] if isinstance(item[name], list) else "" for name in EMPTIED if name in item
    }
    event = {"type": "response.output_item.added", "output_index": index}
    return {**event, "item": {**item, **empty}}


def done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def text(index: int, delta: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.output_text.delta", "output_index": index, "content_index": 0}
    return {**event, "delta": delta, **place}


def text_done(index: int, whole: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.output_text.done", "output_index": index, "content_index": 0}
    return {**event, "text": whole, **place}


def args(index: int, delta: str | None, **place: Any) -> dict[str, Any]:
    event = {"type": "response.function_call_arguments.delta", "output_index": index}
    return {**event, "delta": delta, **place}


def args_done(index: int, whole: str, **place: Any) -> dict[str, Any]:
    event = {"type": "response.function_call_arguments.done", "output_index": index}
    return {**event, "arguments": whole, **place}


def thought(index: int, delta: str, part: int = 0) -> dict[str, Any]:
    event = {"type": "response.reasoning_summary_text.delta", "output_index": index}
    return {**event, "delta": delta, "summary_index": part}


def parts(response: Any) -> list[str]:
    """The content, each part as one word."""
    members = {"text": "text", "thought": "thought", "tool_call": "args"}
    return [getattr(part, members[part.type]) for part in response.content]
