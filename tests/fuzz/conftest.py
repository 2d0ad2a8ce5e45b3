"""A provider that answers with any bytes, the recordings to spoil, and ways to spoil them."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from mirascope_nb import llm

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "tests" / "fixtures" / "wire", ROOT.parent / "shared" / "wire")
BIGGEST = 60_000
"""Bytes of the longest recording that is spoilt: a long one is no better than a short one."""

MODELS = {
    "openai_chat": ("openai:completions", "openai/gpt-4o"),
    "openai_responses": ("openai:responses", "openai/gpt-4o:responses"),
    "anthropic": ("anthropic", "anthropic/claude-sonnet-4-0"),
    "google": ("google", "google/gemini-2.5-flash"),
}

profile: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,  # a run that fails, fails again
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "database": None,
}
settings.register_profile("fuzz-quick", settings(max_examples=60, **profile))
profile |= {"derandomize": False, "print_blob": True}
settings.register_profile("fuzz-long", settings(max_examples=800, **profile))


@dataclass
class Peer(httpx2.BaseTransport):
    """The provider's end of the line: it answers whatever it was told to."""

    wire: str
    body: bytes = b""
    kind: str = "text/event-stream"
    model: llm.Model = field(init=False)

    def __post_init__(self) -> None:
        provider, model = MODELS[self.wire]
        llm.register_provider(
            provider, api_key="sk-fuzz-0123456789", base_url="http://127.0.0.1/v1", transport=self
        )
        self.model = llm.Model(model)

    def __hash__(self) -> int:
        return id(self)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": self.kind}, content=self.body)

    def ask(self, body: bytes, *, streams: bool) -> Any:
        """The reply that is made of these bytes, or the error of ours that it ended in.

        Whatever else is raised, goes on up: it is a bug.
        """
        self.body, self.kind = body, "text/event-stream" if streams else "application/json"
        stream: Any = None
        try:
            if streams:
                stream = self.model.stream("Hello", tools=TOOLS)
                stream.finish()
                reply = stream
            else:
                reply = self.model.call("Hello", tools=TOOLS)
            self._go_on(reply)
        except llm.Error as error:
            if stream is not None:
                _look_at(stream)
            return error
        return reply

    def _go_on(self, reply: Any) -> None:
        """All that a user may do with a reply works, and it can be sent back."""
        _look_at(reply)
        outputs = reply.execute_tools()
        self.body, self.kind = b"{}", "application/json"
        with contextlib.suppress(llm.Error):  # the answer to it is empty
            reply.resume(outputs or "Go on.")


@llm.tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


TOOLS: list[Any] = [add]


def _look_at(reply: Any) -> None:
    repr(reply)
    reply.text().encode("utf-8")
    reply.pretty().encode("utf-8")
    _ = (reply.usage, reply.finish_reason, reply.tool_calls, reply.thoughts, reply.cost)
    for call in reply.tool_calls:
        assert isinstance(call.id, str)
        assert isinstance(call.name, str)
        assert isinstance(call.args, str)


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded reply."""

    streams: bool
    body: bytes

    def __repr__(self) -> str:
        return f"{'stream' if self.streams else 'whole'} of {len(self.body)} bytes"


def corpus(wire: str) -> list[Sample]:
    """The recorded replies of a wire."""
    found = {
        Sample(path.suffix == ".sse", path.read_bytes())
        for folder in FOLDERS
        for path in sorted((folder / wire).glob("*/*.response.*"))
        if path.suffix in {".sse", ".json"} and not path.name.endswith("meta.json")
    }
    return sorted(
        (sample for sample in found if len(sample.body) < BIGGEST), key=lambda each: each.body
    )


CORPORA = {wire: corpus(wire) for wire in MODELS}


def values_of(body: bytes, *, streams: bool) -> list[Any]:
    """The JSON values of a reply."""
    if not streams:
        return [json.loads(body)]
    lines = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
    return [json.loads(line) for line in lines if line.strip() != b"[DONE]"]


def written(values: list[Any], *, streams: bool, done: bool = True) -> bytes:
    """A reply of these JSON values."""
    if not streams:
        return json.dumps(values[0]).encode() if values else b""
    out = b""
    for value in values:
        kind = cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else None
        if isinstance(kind, str):
            out += b"event: " + kind.encode("utf-8", "replace").replace(b"\n", b" ") + b"\n"
        out += b"data: " + json.dumps(value).encode() + b"\n\n"
    return out + (b"data: [DONE]\n\n" if done else b"")


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", "{}", "[", '{"a": 1, "b": 2}', "\ud83e", "add", "NaN", "1" * 5_000]),
)
WEIRD = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is in a JSON value."""
    yield path
    if isinstance(value, dict):
        for name, inner in cast("dict[str, Any]", value).items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[Any]", value)):
            yield from places(inner, (*path, index))


def replaced(value: Any, path: tuple[Any, ...], new: Any, how: str) -> Any:
    """A JSON value with something else in a place, or nothing, or the same twice."""
    if not path:
        return new
    value = copy.deepcopy(value)
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    if how == "remove":
        del inner[path[-1]]
    elif how == "double" and isinstance(inner, list):
        items = cast("list[Any]", inner)
        items.insert(path[-1], copy.deepcopy(items[path[-1]]))
    else:
        inner[path[-1]] = new
    return value


def spoilt_bytes(body: bytes, other: bytes, chance: random.Random) -> bytes:
    """Bytes that were flipped, cut out, doubled, spliced or cut off."""
    spoilt = bytearray(body)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(spoilt) + 1)
        until = min(len(spoilt), at + chance.choice([1, 2, 8, 64, 512]))
        match chance.randrange(6):
            case 0 if at < len(spoilt):
                spoilt[at] = chance.randrange(256)
            case 1:
                del spoilt[at:until]
            case 2:
                spoilt[at:at] = spoilt[at:until]
            case 3:
                start = chance.randrange(len(other))
                spoilt[at:at] = other[start : start + 256]
            case 4:
                spoilt[at:at] = chance.choice(
                    [b"\n\n", b"\r", b"data: ", b"\xff", b"\xf0\x9f", b"null", b'"', b"}", b"\x00"]
                )
            case _ if chance.random() < 0.2:
                del spoilt[at:]
            case _:
                pass
    return bytes(spoilt)


@pytest.fixture(params=sorted(MODELS))
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each of the wires."""
    return Peer(request.param)


@pytest.fixture(scope="session")
def spoil() -> dict[str, Any]:
    """What the tests of this folder share."""
    return {
        "corpora": CORPORA,
        "bytes": spoilt_bytes,
        "values": values_of,
        "written": written,
        "places": places,
        "replaced": replaced,
        "weird": WEIRD,
    }
