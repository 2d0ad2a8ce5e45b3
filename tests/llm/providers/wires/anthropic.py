"""Messages as Anthropic writes them."""

import base64
import json
from dataclasses import replace
from typing import Any

from mirascope_nb import llm

PROVIDER = "anthropic"
MODEL = "anthropic/claude-sonnet-4-0"

FINISHES = {"context_length_exceeded"}
REASONS = {
    None: "end_turn",
    "max_tokens": "max_tokens",
    "refusal": "refusal",
    "context_length_exceeded": "model_context_window_exceeded",
}
HEAD = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-0"}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
JSON_ORDER = "Respond only with valid JSON"


def arrange(content: list[Any]) -> list[Any]:
    """As much of a reply as the protocol can express: all, but for how arguments are spaced."""
    return [
        replace(part, args=json.dumps(json.loads(part.args))) if is_call(part) else part
        for part in content
    ]


def is_call(part: Any) -> bool:
    return part.type == "tool_call"


def block(part: Any) -> dict[str, Any]:
    match part.type:
        case "text":
            return {"type": "text", "text": part.text, "citations": None}
        case "thought":
            return {"type": "thinking", "thinking": part.thought, "signature": "c2ln"}
        case _:
            made = {"type": "tool_use", "id": part.id, "name": part.name}
            return made | {"input": json.loads(part.args or "{}")}


def whole(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> dict[str, Any]:
    """A reply in one piece."""
    reason = "tool_use" if finish is None and any(map(is_call, content)) else REASONS[finish]
    reply = HEAD | {"content": list(map(block, content)), "stop_reason": reason}
    return reply | ({"usage": counts(usage)} if usage else {})


def counts(usage: llm.Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def events(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> list[tuple[str, Any]]:
    """The same reply as a stream, three characters to a delta."""
    begun: dict[str, Any] = HEAD | {"content": [], "stop_reason": None}
    if usage:
        begun["usage"] = counts(usage) | {"output_tokens": 1, "output_tokens_details": None}
    stream: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, part in enumerate(content):
        stream += told(index, part)
    reason = "tool_use" if finish is None and any(map(is_call, content)) else REASONS[finish]
    end: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": reason}}
    if usage:
        end["usage"] = counts(usage)
    stream += [end, {"type": "message_stop"}]
    return [(event["type"], event) for event in stream]


def told(index: int, part: Any) -> list[dict[str, Any]]:
    match part.type:
        case "text":
            start: dict[str, Any] = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(part.text)]
        case "thought":
            start = {"type": "thinking", "thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in pieces(part.thought)
            ]
            deltas.append({"type": "signature_delta", "signature": "c2ln"})
        case _:
            start = {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}
            deltas = [
                {"type": "input_json_delta", "partial_json": piece}
                for piece in ["", *pieces(spaced(part.args))]
            ]
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def spaced(args: str) -> str:
    """Arguments with spaces where Anthropic has them, if they are whole."""
    try:
        return json.dumps(json.loads(args))
    except ValueError:
        return args


def pieces(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(0, len(text), 3)]


def error(status: int, message: str) -> dict[str, Any]:
    """The body of a refusal."""
    kind = ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def error_event(status: int, message: str) -> tuple[str, Any]:
    """The same inside a stream."""
    return "error", error(status, message)


def read(body: dict[str, Any], formats: Any, tools: Any) -> dict[str, Any]:
    """A recorded request as what a user would have written."""
    names = ("temperature", "max_tokens", "top_p", "top_k", "stop_sequences")
    params = {name: body[name] for name in names if name in body}
    if "thinking" in body:
        params["thinking"] = {"level": level(body["thinking"], body["max_tokens"])}
    systems = [block["text"] for block in body.get("system", ())]
    mode = "json" if any(JSON_ORDER in text for text in systems) else None
    schema = body.get("output_format", {}).get("schema", {})
    messages = [each for each in map(message, body["messages"]) if each]
    offered = body.get("tools", ())
    return {
        "messages": [*map(llm.messages.system, systems), *messages],
        "params": params,
        "tools": tools(offered),
        "format": formats("strict" if schema else mode, offered, schema.get("title")),
    }


def level(thinking: dict[str, Any], max_tokens: int) -> str:
    if thinking["type"] == "disabled":
        return "none"
    shares = {0.2: "low", 0.4: "medium", 0.6: "high", 0.8: "max"}
    return shares.get(thinking["budget_tokens"] / max_tokens, "minimal")


def message(item: dict[str, Any]) -> Any:
    content = item["content"]
    if item["role"] == "assistant":
        return None
    if isinstance(content, str):
        return llm.messages.user(content)
    if any(block["type"] == "tool_result" for block in content):
        return "tool output"
    return llm.messages.user([part(each) for each in content])


def part(item: dict[str, Any]) -> Any:
    match item:
        case {"type": "image", "source": {"url": url}}:
            return llm.Image.from_url(url)
        case {"type": "image", "source": {"data": data}}:
            return llm.Image.from_bytes(base64.b64decode(data))
        case {"type": "document", "source": {"url": url}}:
            return llm.Document.from_url(url)
        case {"type": "document", "source": {"data": data}}:
            return llm.Document.from_bytes(base64.b64decode(data))
        case _:
            return item["text"]


def is_follow_up(body: dict[str, Any]) -> bool:
    """Whether a recorded request continues a conversation."""
    return any(item["role"] == "assistant" for item in body["messages"])


def model_of(url: str, body: dict[str, Any]) -> tuple[str, str]:
    """Provider and model id of a recorded request."""
    del url
    return "anthropic", f"anthropic/{body['model']}"


def text_of(reply: list[Any]) -> str:
    """The text of a recorded reply: its events, or its body as the only one."""
    if "content" in reply[0]:
        return "".join(block.get("text", "") for block in reply[0]["content"])
    return "".join(event.get("delta", {}).get("text", "") for event in reply)


def calls_of(reply: list[Any]) -> list[tuple[str, str]]:
    """Names and arguments of the calls of a recorded reply."""
    if "content" in reply[0]:
        blocks = [block for block in reply[0]["content"] if block["type"] == "tool_use"]
        return [(block["name"], json.dumps(block["input"])) for block in blocks]
    found: dict[int, list[str]] = {}
    for event in reply:
        if event.get("content_block", {}).get("type") == "tool_use":
            found[event["index"]] = [event["content_block"]["name"], ""]
        elif event.get("index") in found:
            found[event["index"]][1] += event.get("delta", {}).get("partial_json", "")
    return [(name, args) for name, args in found.values()]


def tokens_of(reply: list[Any]) -> tuple[int, int]:
    """Input and output tokens of a recorded reply."""
    usage = next(event["usage"] for event in reversed(reply) if "usage" in event)
    cached = usage["cache_creation_input_tokens"] + usage["cache_read_input_tokens"]
    return usage["input_tokens"] + cached, usage["output_tokens"]
