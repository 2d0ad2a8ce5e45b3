"""Replies of Gemini as Google writes them."""

import base64
import json
from dataclasses import replace
from typing import Any

from mirascope_nb import llm

PROVIDER = "google"
MODEL = "google/gemini-2.5-flash"

# A stream is asked for by the address.
STREAM_MEMBERS: set[str] = set()
UNKNOWN_ID = "google_unknown_tool_id"
CALLS_ARE_WHOLE = True
REASONS = {None: "STOP", "max_tokens": "MAX_TOKENS", "refusal": "SAFETY"}
STATUSES = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
JSON_ORDER = "Respond only with valid JSON"


def arrange(content: list[Any]) -> list[Any]:
    """As much of a reply as the protocol can express: texts in a row are one."""
    arranged: list[Any] = []
    for part in content:
        last: Any = arranged[-1] if arranged else None
        if part.type == "tool_call":
            arranged.append(replace(part, args=json.dumps(json.loads(part.args))))
        elif last is None or last.type != part.type:
            arranged.append(part)
        elif part.type == "text":
            arranged[-1] = llm.Text(text=last.text + part.text)
        else:
            arranged[-1] = llm.Thought(thought=last.thought + part.thought)
    return arranged


def sent(part: Any) -> dict[str, Any]:
    match part.type:
        case "text":
            return {"text": part.text}
        case "thought":
            return {"text": part.thought, "thought": True}
        case _:
            call = {"id": part.id, "name": part.name, "args": json.loads(part.args or "{}")}
            return {"functionCall": call, "thoughtSignature": "c2ln"}


def reply(
    parts: list[dict[str, Any]], reason: str | None, usage: llm.Usage | None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    whole: dict[str, Any] = {"candidates": [candidate], "modelVersion": "gemini-2.5-flash"}
    return whole | ({"usageMetadata": counts(usage)} if usage else {})


def counts(usage: llm.Usage) -> dict[str, Any]:
    return {
        "promptTokenCount": usage.input_tokens,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "totalTokenCount": usage.total_tokens,
    }


def whole(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> dict[str, Any]:
    """A reply in one piece."""
    return reply(list(map(sent, content)), REASONS[finish], usage)


def events(
    content: list[Any], finish: str | None = None, usage: llm.Usage | None = None
) -> list[tuple[str, Any]]:
    """The same reply as a stream, three characters to a part."""
    parts = [piece for part in content for piece in pieces(sent(part))]
    stream = [reply([part], None, usage) for part in parts]
    end = reply([], REASONS[finish], usage)
    del end["candidates"][0]["content"]["parts"]
    return [("", event) for event in [*stream, end]]


def pieces(part: dict[str, Any]) -> list[dict[str, Any]]:
    text = part.get("text", "")
    starts = range(0, len(text), 3)
    return [part | {"text": text[start : start + 3]} for start in starts] or [part]


def joined(body: dict[str, Any]) -> dict[str, Any]:
    """A request whose turns hold texts whole, though they came in pieces."""
    return body | {
        "contents": [
            content | {"parts": [part for part in merged(content["parts"]) if part]}
            for content in body["contents"]
        ]
    }


def merged(parts: list[Any]) -> list[Any]:
    whole: list[Any] = []
    for part in parts:
        if whole and part.keys() == whole[-1].keys() == {"text"}:
            whole[-1] = {"text": whole[-1]["text"] + part["text"]}
        else:
            whole.append(part)
    return whole


def error(status: int, message: str) -> dict[str, Any]:
    """The body of a refusal."""
    name = STATUSES.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": message, "status": name}}


def error_event(status: int, message: str) -> tuple[str, Any]:
    """The same inside a stream."""
    return "", error(status, message)


def read(body: dict[str, Any], formats: Any, tools: Any) -> dict[str, Any]:
    """A recorded request as what a user would have written."""
    config = body.get("generationConfig", {})
    members = {
        "temperature": "temperature",
        "maxOutputTokens": "max_tokens",
        "topP": "top_p",
        "topK": "top_k",
        "seed": "seed",
        "stopSequences": "stop_sequences",
    }
    params = {name: config[member] for member, name in members.items() if member in config}
    if "top_k" in params:  # the service's client writes it as a float
        params["top_k"] = int(params["top_k"])
    if thinking := config.get("thinkingConfig"):
        params["thinking"] = {"level": level(thinking, config.get("maxOutputTokens", 16_000))}
        if "include_thoughts" in thinking:
            params["thinking"]["include_thoughts"] = thinking["include_thoughts"]
    systems = [part["text"] for part in body.get("systemInstruction", {}).get("parts", ())]
    schema = config.get("responseSchema", {})
    mode = "strict" if schema else "json" if "responseMimeType" in config else None
    offered = [
        declaration
        for tool in body.get("tools", ())
        for declaration in tool.get("functionDeclarations", [{"name": "web_search"}])
    ]
    messages = [each for each in map(message, body["contents"]) if each]
    return {
        "messages": [*map(llm.messages.system, systems), *messages],
        "params": params,
        "tools": tools(offered),
        "format": formats(mode, offered, schema.get("title")),
    }


def level(thinking: dict[str, Any], max_tokens: int) -> str:
    shares = {0.0: "none", 0.1: "minimal", 0.2: "low", 0.4: "medium", 0.6: "high", 0.8: "max"}
    return shares[thinking["thinking_budget"] / max_tokens]


def message(item: dict[str, Any]) -> Any:
    if item["role"] == "model":
        return None
    if any("functionResponse" in part for part in item["parts"]):
        return "tool output"
    return llm.messages.user([part(each) for each in item["parts"]])


def part(item: dict[str, Any]) -> Any:
    if "text" in item:
        return item["text"]
    kind, _, _ = item["inlineData"]["mimeType"].partition("/")
    data = base64.urlsafe_b64decode(item["inlineData"]["data"])
    makers = {"image": llm.Image.from_bytes, "audio": llm.Audio.from_bytes}
    return makers.get(kind, llm.Document.from_bytes)(data)


def is_follow_up(body: dict[str, Any]) -> bool:
    """Whether a recorded request continues a conversation."""
    return any(item["role"] == "model" for item in body["contents"])


def model_of(url: str, body: dict[str, Any]) -> tuple[str, str]:
    """Provider and model id of a recorded request."""
    del body
    return "google", "google/" + url.rpartition("/")[2].partition(":")[0]


def parts_of(reply: list[Any]) -> list[Any]:
    return [
        part
        for event in reply
        for candidate in event["candidates"]
        for part in candidate["content"].get("parts", ())
    ]


def text_of(reply: list[Any]) -> str:
    """The text of a recorded reply: its events, or its body as the only one."""
    return "".join(part.get("text", "") for part in parts_of(reply) if not part.get("thought"))


def calls_of(reply: list[Any]) -> list[tuple[str, str]]:
    """Names and arguments of the calls of a recorded reply."""
    calls = [part["functionCall"] for part in parts_of(reply) if "functionCall" in part]
    return [(call["name"], json.dumps(call["args"])) for call in calls]


def tokens_of(reply: list[Any]) -> tuple[int, int]:
    """Input and output tokens of a recorded reply."""
    usage = reply[-1]["usageMetadata"]
    output = usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    return usage["promptTokenCount"], output
