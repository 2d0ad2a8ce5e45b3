"""Responses as OpenAI writes them."""

import base64
from typing import Any

from mirascope_nb import llm

PROVIDER = "openai"
MODEL = "openai/gpt-5:responses"

HEAD = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5", "error": None}
REASONS = {"max_tokens": "max_output_tokens"}
EFFORTS = {"xhigh": "max"}


def arrange(content: list[Any]) -> list[Any]:
    """As much of a reply as the protocol can express: all of it."""
    return content


def items(content: list[Any], finish: str | None) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    for number, part in enumerate(content):
        if part.type == "text":
            block: dict[str, Any] = {"type": "output_text", "text": part.text, "annotations": []}
            if finish == "refusal":
                block = {"type": "refusal", "refusal": part.text}
            item = {"id": f"msg_{number}", "type": "message", "role": "assistant"}
            output.append({**item, "content": [block], "status": "completed"})
        elif part.type == "thought":
            summary = [{"type": "summary_text", "text": part.thought}]
            output.append(
                {
                    "id": f"rs_{number}",
                    "type": "reasoning",
                    "summary": summary,
                    "encrypted_content": None,
                }
            )
        else:
            item = {"id": f"fc_{number}", "type": "function_call", "call_id": part.id}
            output.append(
                {**item, "name": part.name, "arguments": part.args, "status": "completed"}
            )
    return output


def whole(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> dict[str, Any]:
    """A reply in one piece."""
    status, details = "completed", None
    if finish in REASONS:
        status, details = "incomplete", {"reason": REASONS[finish]}
    return HEAD | {
        "status": status,
        "incomplete_details": details,
        "output": items(content, finish),
        "usage": counts(usage) if usage else None,
    }


def counts(usage: llm.Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def events(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> list[tuple[str, Any]]:
    """The same reply as a stream, three characters to a delta."""
    reply = whole(content, finish, usage)
    begun: dict[str, Any] = reply | {"status": "in_progress", "output": [], "usage": None}
    stream: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(reply["output"]):
        stream += told(index, item)
    stream.append({"type": f"response.{reply['status']}", "response": reply})
    return [
        (event["type"], event | {"sequence_number": number}) for number, event in enumerate(stream)
    ]


def told(index: int, item: dict[str, Any]) -> list[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    added = {**item, "status": "in_progress"}
    match item["type"]:
        case "message":
            added["content"] = []
            kind = item["content"][0]["type"]
            member = "refusal" if kind == "refusal" else "text"
            place |= {"content_index": 0}
            middle = deltas(f"response.{kind}", place, item["content"][0][member], member)
        case "reasoning":
            added["summary"] = []
            place |= {"summary_index": 0}
            text = item["summary"][0]["text"]
            middle = deltas("response.reasoning_summary_text", place, text, "text")
        case _:
            added["arguments"] = ""
            name = "response.function_call_arguments"
            middle = deltas(name, place, item["arguments"], "arguments")
    return [
        {"type": "response.output_item.added", "output_index": index, "item": added},
        *middle,
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def deltas(name: str, place: dict[str, Any], text: str, member: str) -> list[dict[str, Any]]:
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    return [
        *({"type": f"{name}.delta", **place, "delta": piece} for piece in pieces),
        {"type": f"{name}.done", **place, member: text},
    ]


def error(status: int, message: str) -> dict[str, Any]:
    """The body of a refusal."""
    kind = {429: "rate_limit_exceeded"}.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def error_event(status: int, message: str) -> tuple[str, Any]:
    """The same inside a stream."""
    code = {429: "rate_limit_exceeded"}.get(status, "server_error")
    return "error", {"type": "error", "code": code, "message": message, "param": None}


def read(body: dict[str, Any], formats: Any, tools: Any) -> dict[str, Any]:
    """A recorded request as what a user would have written."""
    params = {
        name: body[member]
        for member, name in (
            ("temperature", "temperature"),
            ("max_output_tokens", "max_tokens"),
            ("top_p", "top_p"),
        )
        if member in body
    }
    if "reasoning" in body:
        effort = body["reasoning"]["effort"]
        params["thinking"] = {
            "level": EFFORTS.get(effort, effort),
            "include_thoughts": "summary" in body["reasoning"],
        }
    form = body.get("text", {}).get("format", {})
    mode = {"json_schema": "strict", "json_object": "json"}.get(form.get("type"))
    return {
        "messages": [each for each in map(message, body["input"]) if each],
        "params": params,
        "tools": tools(body.get("tools", ())),
        "format": formats(mode, body.get("tools", ())),
    }


def message(item: dict[str, Any]) -> Any:
    match item:
        case {"type": "function_call_output"}:
            return "tool output"
        case {"role": "developer", "content": content}:
            return llm.messages.system(content)
        case {"role": "user", "content": str(content)}:
            return llm.messages.user(content)
        case {"role": "user", "content": content}:
            return llm.messages.user([part(each) for each in content])
        case _:
            return None


def part(item: dict[str, Any]) -> Any:
    match item:
        case {"file_url": url}:
            return llm.Document.from_url(url)
        case {"file_data": data}:
            return llm.Document.from_bytes(base64.b64decode(data.partition(",")[2]))
        case {"image_url": url} if not url.startswith("data:"):
            return llm.Image.from_url(url)
        case {"image_url": url}:
            return llm.Image.from_bytes(base64.b64decode(url.partition(",")[2]))
        case _:
            return item["text"]


def is_follow_up(body: dict[str, Any]) -> bool:
    """Whether a recorded request continues a conversation."""
    return any("id" in item or item.get("role") == "assistant" for item in body["input"])


def model_of(url: str, body: dict[str, Any]) -> tuple[str, str]:
    """Provider and model id of a recorded request."""
    del url
    return "openai", f"openai/{body['model']}:responses"


def output_of(reply: list[Any]) -> list[dict[str, Any]]:
    return reply[-1].get("response", reply[-1])["output"]


def text_of(reply: list[Any]) -> str:
    """The text of a recorded reply: its events, or its body as the only one."""
    return "".join(
        block.get("text") or block.get("refusal") or ""
        for item in output_of(reply)
        if item["type"] == "message"
        for block in item["content"]
    )


def calls_of(reply: list[Any]) -> list[tuple[str, str]]:
    """Names and arguments of the calls of a recorded reply."""
    return [
        (item["name"], item["arguments"])
        for item in output_of(reply)
        if item["type"] == "function_call"
    ]


def tokens_of(reply: list[Any]) -> tuple[int, int]:
    """Input and output tokens of a recorded reply."""
    usage = reply[-1].get("response", reply[-1])["usage"]
    return usage["input_tokens"], usage["output_tokens"]
