"""What the tests of the sandbox share."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from mirascope_nb.sandbox.simulator import Sandbox

WIRES = ("openai_chat", "openai_responses", "anthropic", "google")
FREE_CONTENT = {
    "arguments", "args", "input", "partial_json", "schema", "parameters", "tools", "metadata",
}  # fmt: skip


class Speaker:
    """Asks the same thing on any wire, and reads the answers."""

    recordings = Path(__file__).parents[3] / "shared" / "wire"

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def request(self, wire: str, text: str, /, **options: Any) -> tuple[str, dict[str, Any]]:
        """The path and body of a plain question."""
        model = options.pop("model", "sandbox/assistant")
        stream = options.pop("stream", False)
        messages = [{"role": "user", "content": text}]
        if wire == "google":
            method = "streamGenerateContent?alt=sse" if stream else "generateContent"
            contents = [{"role": "user", "parts": [{"text": text}]}]
            return f"/v1beta/models/{model}:{method}", {"contents": contents, **options}
        common = {"model": model, **({"stream": True} if stream else {}), **options}
        if wire == "openai_chat":
            return "/v1/chat/completions", {"messages": messages, **common}
        if wire == "openai_responses":
            return "/v1/responses", {"input": text, **common}
        return "/v1/messages", {"messages": messages, "max_tokens": 4000, **common}

    def ask(self, wire: str, text: str, /, **options: Any) -> httpx2.Response:
        """Ask a plain question."""
        headers = {"anthropic-version": "2023-06-01", **options.pop("headers", {})}
        path, body = self.request(wire, text, **options)
        return self.client.post(path, json=body, headers=headers)

    def chat(self, *texts: str, **options: Any) -> dict[str, Any]:
        """The message that answers a conversation, user first, on the chat wire."""
        roles = itertools.cycle(("user", "assistant"))
        messages = [{"role": role, "content": text} for role, text in zip(roles, texts)]  # noqa: B905
        body = {"model": "assistant", "messages": messages, **options}
        reply = self.client.post("/v1/chat/completions", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["choices"][0]["message"]

    @staticmethod
    def text_of(wire: str, body: dict[str, Any]) -> str:
        """The text of an unstreamed reply."""
        if wire == "openai_chat":
            return body["choices"][0]["message"]["content"]
        if wire == "openai_responses":
            items = [item for item in body["output"] if item["type"] == "message"]
            return "".join(part["text"] for item in items for part in item["content"])
        if wire == "anthropic":
            return "".join(block.get("text", "") for block in body["content"])
        parts = body["candidates"][0]["content"]["parts"]
        return "".join(part.get("text", "") for part in parts if not part.get("thought"))

    @staticmethod
    def calls_of(wire: str, body: dict[str, Any]) -> list[tuple[str, Any]]:
        """The tool calls of an unstreamed reply: names and arguments."""
        if wire == "openai_chat":
            calls: list[Any] = body["choices"][0]["message"].get("tool_calls") or []
            functions = [call["function"] for call in calls]
            return [(one["name"], json.loads(one["arguments"])) for one in functions]
        if wire == "openai_responses":
            items = [item for item in body["output"] if item["type"] == "function_call"]
            return [(item["name"], json.loads(item["arguments"])) for item in items]
        if wire == "anthropic":
            blocks = [block for block in body["content"] if block["type"] == "tool_use"]
            return [(block["name"], block["input"]) for block in blocks]
        parts = body["candidates"][0]["content"]["parts"]
        found = [part["functionCall"] for part in parts if "functionCall" in part]
        return [(call["name"], call["args"]) for call in found]

    @staticmethod
    def usage_of(wire: str, body: dict[str, Any]) -> tuple[int, int]:
        """Input and output tokens of an unstreamed reply."""
        if wire == "google":
            counts = body["usageMetadata"]
            thoughts = counts.get("thoughtsTokenCount", 0)
            return counts["promptTokenCount"], counts["candidatesTokenCount"] + thoughts
        usage = body["usage"]
        names = ("prompt_tokens", "completion_tokens") if wire == "openai_chat" else (
            "input_tokens", "output_tokens",
        )  # fmt: skip
        return usage[names[0]], usage[names[1]]

    @staticmethod
    def finish_of(wire: str, body: dict[str, Any]) -> str:
        """The finish reason of an unstreamed reply, in the wire's own words."""
        if wire == "openai_chat":
            return body["choices"][0]["finish_reason"]
        if wire == "openai_responses":
            return body["status"]
        return body["stop_reason"] if wire == "anthropic" else body["candidates"][0]["finishReason"]

    @staticmethod
    def events_of(raw: str) -> list[tuple[str, Any]]:
        """The events of a stream: their kinds and their data."""
        events: list[tuple[str, Any]] = []
        for block in raw.replace("\r\n", "\n").split("\n\n"):
            lines = [line for line in block.split("\n") if line and not line.startswith(":")]
            if lines:
                kind = next((line[7:] for line in lines if line.startswith("event: ")), "")
                data = "\n".join(line[6:] for line in lines if line.startswith("data: "))
                events.append((kind, data if data == "[DONE]" else json.loads(data)))
        return events

    @classmethod
    def deltas_of(cls, wire: str, raw: str) -> list[str]:
        """The pieces of text in a stream."""
        pieces: list[str] = []
        for kind, event in cls.events_of(raw):
            data = cast("dict[str, Any]", event)
            if wire == "openai_chat" and event != "[DONE]" and data["choices"]:
                pieces.append(data["choices"][0]["delta"].get("content") or "")
            elif wire == "openai_responses" and kind == "response.output_text.delta":
                pieces.append(data["delta"])
            elif wire == "anthropic" and kind == "content_block_delta":
                pieces.append(data["delta"].get("text", ""))
            elif wire == "google":
                parts = data["candidates"][0]["content"]["parts"]
                pieces += [part.get("text", "") for part in parts if not part.get("thought")]
        return [piece for piece in pieces if piece]

    @classmethod
    def shape_of(cls, value: Any, path: str = "") -> set[str]:
        """The paths of all keys; elements of a list count together, by their type."""
        if isinstance(value, list):
            inner = (cls.shape_of(item, f"{path}[]") for item in cast("list[Any]", value))
            return set(itertools.chain.from_iterable(inner))
        if not isinstance(value, dict):
            return set()
        tagged = cast("dict[str, Any]", value)
        kind = tagged.get("type")
        here = f"{path}<{kind}>" if isinstance(kind, str) and path.endswith("[]") else path
        found: set[str] = set()
        for key, item in tagged.items():
            found.add(f"{here}.{key}")
            if key not in FREE_CONTENT:
                found |= cls.shape_of(item, f"{here}.{key}")
        return found

    @classmethod
    def types_of(cls, value: Any, path: str = "") -> dict[str, set[str]]:
        """The JSON types of all values, by their paths."""
        kinds = {
            dict: "object", list: "array", str: "string", bool: "boolean", int: "number",
            float: "number", type(None): "null",
        }  # fmt: skip
        found = {path: {kinds[type(value)]}}
        inner: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            tagged = cast("dict[str, Any]", value)
            kind = tagged.get("type")
            here = f"{path}<{kind}>" if isinstance(kind, str) else path
            inner = [(f"{here}.{key}", item) for key, item in tagged.items()]
        elif isinstance(value, list):
            inner = [(f"{path}[]", item) for item in cast("list[Any]", value)]
        for place, item in inner:
            if place.rpartition(".")[2] in FREE_CONTENT:
                continue
            for name, types in cls.types_of(item, place).items():
                found.setdefault(name, set()).update(types)
        return found

    @classmethod
    def shapes_of(cls, events: list[tuple[str, Any]]) -> dict[str, set[str]]:
        """The shapes of a stream's events, by kind."""
        shapes: dict[str, set[str]] = {}
        for kind, data in events:
            if data != "[DONE]":
                shapes.setdefault(kind, set()).update(cls.shape_of(data))
        return shapes

    @staticmethod
    def order_of(events: list[tuple[str, Any]]) -> list[str]:
        """The kinds of a stream's events without repetitions and pings."""
        kinds: list[str] = []
        for kind, data in events:
            name = kind or ("[DONE]" if data == "[DONE]" else _chunk_kind(data))
            if name != "ping" and (not kinds or kinds[-1] != name):
                kinds.append(name)
        return kinds


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace=0) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=sandbox.url, timeout=30, trust_env=False, verify=False) as opened:
        yield opened


@pytest.fixture
def speaker(client: httpx2.Client) -> Speaker:
    return Speaker(client)


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return request.param


def _chunk_kind(data: dict[str, Any]) -> str:
    if "candidates" in data:
        return "finish" if "finishReason" in data["candidates"][0] else "chunk"
    if not data["choices"]:
        return "usage"
    choice = data["choices"][0]
    if choice["finish_reason"]:
        return "finish"
    if "role" in choice["delta"]:
        return "role"
    if "tool_calls" in choice["delta"]:
        started = "id" in choice["delta"]["tool_calls"][0]
        return "tool start" if started else "tool arguments"
    return "content"
