"""Chat completions as OpenAI writes them."""

import base64
from typing import Any

from mirascope_nb import llm

PROVIDER = "openai"
MODEL = "openai/gpt-4o:completions"

FINISH = {None: "stop", "max_tokens": "length", "refusal": "stop"}
HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}


def arrange(content: list[Any]) -> list[Any]:
    """As much of a reply as the protocol can express: a thought, a text, then calls."""
    first = [next((part for part in content if part.type == kind), None) for kind in KINDS]
    return [
        *(part for part in first if part is not None),
        *(part for part in content if part.type == "tool_call"),
    ]


KINDS = ("thought", "text")


def whole(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> dict[str, Any]:
    """A reply in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    for part in content:
        if part.type == "text":
            message["refusal" if finish == "refusal" else "content"] = part.text
        elif part.type == "thought":
            message["reasoning_content"] = part.thought
        else:
            message.setdefault("tool_calls", []).append(
                {
                    "id": part.id,
                    "type": "function",
                    "function": {"name": part.name, "arguments": part.args},
                }
            )
    reason = "tool_calls" if finish is None and "tool_calls" in message else FINISH[finish]
    reply = {"choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    return HEAD | reply | ({"usage": counts(usage)} if usage else {})


def counts(usage: llm.Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def chunk(delta: dict[str, Any], reason: str | None = None, **more: Any) -> tuple[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return "", HEAD | {"choices": [choice], "usage": None} | more


def events(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> list[tuple[str, Any]]:
    """The same reply as a stream, three characters to a delta."""
    stream: list[Any] = [chunk({"role": "assistant", "content": "", "refusal": None})]
    member = {"text": "refusal" if finish == "refusal" else "content"}
    calls = 0
    for part in content:
        if part.type == "tool_call":
            function = {"name": part.name, "arguments": ""}
            call = {"index": calls, "id": part.id, "type": "function", "function": function}
            stream.append(chunk({"tool_calls": [call]}))
            stream += [
                chunk({"tool_calls": [{"index": calls, "function": {"arguments": piece}}]})
                for piece in pieces(part.args)
            ]
            calls += 1
        elif part.type == "thought":
            stream += [chunk({"reasoning_content": piece}) for piece in pieces(part.thought)]
        else:
            stream += [chunk({member["text"]: piece}) for piece in pieces(part.text)]
    stream.append(chunk({}, "tool_calls" if calls and finish is None else FINISH[finish]))
    if usage:
        stream.append(("", HEAD | {"choices": [], "usage": counts(usage)}))
    return [*stream, ("", "[DONE]")]


def pieces(text: str) -> list[str]:
    return [text[start : start + 3] for start in range(0, len(text), 3)]


def error(status: int, message: str) -> dict[str, Any]:
    """The body of a refusal."""
    kind = {429: "rate_limit_error"}.get(status, "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def error_event(status: int, message: str) -> tuple[str, Any]:
    """The same inside a stream."""
    return "", error(status, message)


def read(body: dict[str, Any], formats: Any, tools: Any) -> dict[str, Any]:
    """A recorded request as what a user would have written."""
    params = {
        name: body[member]
        for member, name in (
            ("temperature", "temperature"),
            ("max_tokens", "max_tokens"),
            ("max_completion_tokens", "max_tokens"),
            ("top_p", "top_p"),
            ("seed", "seed"),
            ("stop", "stop_sequences"),
        )
        if member in body
    }
    form = body.get("response_format", {})
    mode = {"json_schema": "strict", "json_object": "json"}.get(form.get("type"))
    offered = [tool["function"] for tool in body.get("tools", ())]
    return {
        "messages": [each for each in map(message, body["messages"]) if each],
        "params": params,
        "tools": tools(offered),
        "format": formats(mode, offered),
    }


def message(item: dict[str, Any]) -> Any:
    match item["role"]:
        case "system":
            return llm.messages.system(item["content"])
        case "user":
            content = item["content"]
            parts = content if isinstance(content, str) else [part(each) for each in content]
            return llm.messages.user(parts)
        case "tool":
            return "tool output"
        case _:
            return None


def part(item: dict[str, Any]) -> Any:
    match item["type"]:
        case "image_url":
            url = item["image_url"]["url"]
            if not url.startswith("data:"):
                return llm.Image.from_url(url)
            return llm.Image.from_bytes(base64.b64decode(url.partition(",")[2]))
        case "input_audio":
            return llm.Audio.from_bytes(base64.b64decode(item["input_audio"]["data"]))
        case "file":
            data = item["file"]["file_data"].partition(",")[2]
            return llm.Document.from_bytes(base64.b64decode(data))
        case _:
            return item["text"]


def is_follow_up(body: dict[str, Any]) -> bool:
    """Whether a recorded request continues a conversation."""
    return any(item["role"] == "assistant" for item in body["messages"])


def model_of(url: str, body: dict[str, Any]) -> tuple[str, str]:
    """Provider and model id of a recorded request."""
    if "openrouter.ai" in url:
        return "openrouter", f"openrouter/{body['model']}"
    if "together" in url:
        return "together", body["model"]
    if "11434" in url:
        return "ollama", f"ollama/{body['model']}"
    return "openai", f"openai/{body['model']}:completions"


def told(reply: list[Any]) -> list[Any]:
    """The messages, or their deltas, of a recorded reply."""
    choices = [choice for event in reply for choice in event["choices"]]
    return [choice.get("message") or choice["delta"] for choice in choices]


def text_of(reply: list[Any]) -> str:
    """The text of a recorded reply: its events, or its body as the only one."""
    return "".join(each.get("content") or "" for each in told(reply))


def calls_of(reply: list[Any]) -> list[tuple[str, str]]:
    """Names and arguments of the calls of a recorded reply."""
    found: dict[int, list[str]] = {}
    for each in told(reply):
        for number, call in enumerate(each.get("tool_calls", ())):
            name_and_args = found.setdefault(call.get("index", number), ["", ""])
            name_and_args[0] += call["function"].get("name", "")
            name_and_args[1] += call["function"]["arguments"]
    return [(name, args) for name, args in found.values()]


def tokens_of(reply: list[Any]) -> tuple[int, int]:
    """Input and output tokens of a recorded reply."""
    usage = reply[-1]["usage"]
    return usage["prompt_tokens"], usage["completion_tokens"]
