"""Wires, recordings of them, and a provider's end of the line.

A wire is a module of `wires/`: how a reply is written in one protocol, and how a recorded request
is read back into what a user would write. To bring another protocol under all tests of this folder,
add its module there and its recordings to `tests/fixtures/wire/`.
"""

import json
import runpy
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from mirascope_nb import llm

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
# Real traffic may lie beside a developer's checkout. Nobody needs it: small fixtures always run.
FOLDERS = (ROOT / "tests" / "fixtures" / "wire", ROOT.parent / "shared" / "wire")


class Wire(SimpleNamespace):
    """The functions of a module of `wires/`."""

    def __repr__(self) -> str:
        return Path(self.__file__).stem


WIRES = {
    path.stem: Wire(**runpy.run_path(str(path))) for path in sorted((HERE / "wires").glob("*.py"))
}

SMALL = 30_000
"""Bytes of a stream that is read byte by byte within a second."""

THINKING: Any = {"level": "medium", "include_thoughts": True}

KEY = "sk-test-0123456789abcdef"


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its reply."""

    url: str
    sent: dict[str, Any]
    sent_headers: dict[str, str]
    status: int
    headers: dict[str, str]
    received: bytes

    @property
    def is_stream(self) -> bool:
        return self.headers["content-type"].startswith("text/event-stream")


@dataclass(frozen=True)
class Recording:
    """The exchanges of one case, in order."""

    wire: Any
    path: Path

    def is_small_stream(self) -> bool:
        sizes = [path.stat().st_size for path in self.path.glob("*.sse")]
        return bool(sizes) and max(sizes) < SMALL

    def exchanges(self) -> list[Exchange]:
        return [self._exchange(path) for path in sorted(self.path.glob("*.request.json"))]

    def _exchange(self, path: Path) -> Exchange:
        request = json.loads(path.read_text(encoding="utf-8"))
        number = path.name.partition(".")[0]
        meta = json.loads((self.path / f"{number}.response.meta.json").read_text(encoding="utf-8"))
        body = self.path / f"{number}.response.sse"
        if not body.exists():
            body = body.with_suffix(".json")
        return Exchange(
            request["url"],
            request["body"],
            request["headers"],
            meta["status"],
            meta["headers"],
            body.read_bytes(),
        )


def _recordings() -> Iterator[Any]:
    for folder in FOLDERS:
        for name, wire in WIRES.items():
            for path in sorted((folder / name).glob("*/")):
                yield pytest.param(Recording(wire, path), id=f"{name}/{path.name}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `recording`, `streamed` or `wire` once for each."""
    if "recording" in metafunc.fixturenames:
        metafunc.parametrize("recording", list(_recordings()))
    elif "streamed" in metafunc.fixturenames:
        metafunc.parametrize(
            "streamed", [each for each in _recordings() if each.values[0].is_small_stream()]
        )
    elif "wire" in metafunc.fixturenames:
        metafunc.parametrize("wire", list(WIRES.values()), ids=list(WIRES))


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that arrives piece by piece, and may break off."""

    def __init__(self, pieces: Sequence[bytes], failure: Exception | None = None) -> None:
        self.pieces = pieces
        self.failure = failure
        self.is_closed = False
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.sent += 1
            yield piece
        if self.failure is not None:
            raise self.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


@dataclass
class Server:
    """A provider's end of the line: it answers with what was laid out, in order."""

    replies: list[httpx2.Response] = field(default_factory=list[httpx2.Response])
    urls: list[str] = field(default_factory=list[str])
    headers: list[httpx2.Headers] = field(default_factory=list[httpx2.Headers])
    bodies: list[Any] = field(default_factory=list[Any])

    def whole(
        self, body: object, status: int = 200, content_type: str | None = "application/json"
    ) -> None:
        """Lay out a whole reply: bytes, or a value to send as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": content_type} if content_type else {}
        self.replies.append(httpx2.Response(status, headers=headers, content=content))

    def stream(self, *pieces: bytes, failure: Exception | None = None) -> Pieces:
        """Lay out an event stream."""
        body = Pieces(pieces, failure)
        headers = {"content-type": "text/event-stream; charset=utf-8"}
        self.replies.append(httpx2.Response(200, headers=headers, stream=body))
        return body

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.urls.append(str(request.url))
        self.headers.append(request.headers)
        self.bodies.append(json.loads(request.content))
        return self.replies.pop(0)

    def register(self, provider: str, scope: str | list[str] | None = None) -> None:
        """Have a provider talk to this server."""
        llm.register_provider(
            provider, scope, api_key=KEY, transport=httpx2.MockTransport(self.answer)
        )

    def model(self, wire: Any, **params: Any) -> llm.Model:
        """The model of a wire's own tests, behind this server."""
        self.register(wire.PROVIDER)
        return llm.Model(wire.MODEL, **params)

    def called(self, wire: Any, **asked: Any) -> Any:
        """What a wire's model replies, thoughts included."""
        return self.model(wire, thinking=THINKING).call("Hello.", **asked)

    def streamed(self, wire: Any, **asked: Any) -> Any:
        """What it replies, as a stream."""
        return self.model(wire, thinking=THINKING).stream("Hello.", **asked)

    def finished(self, wire: Any, **asked: Any) -> Any:
        """What it replies, as a stream that has been read."""
        stream = self.streamed(wire, **asked)
        stream.finish()
        return stream


@pytest.fixture
def server() -> Server:
    """A provider's end of the line."""
    return Server()


@pytest.fixture
def sse() -> Callable[[Sequence[tuple[str, object]]], bytes]:
    """Writes events, each a type (`""` for none) and its data, as the bytes of a stream."""

    def write(events: Sequence[tuple[str, object]]) -> bytes:
        lines: list[str] = []
        for kind, data in events:
            if kind:
                lines.append(f"event: {kind}\n")
            text = data if isinstance(data, str) else json.dumps(data)
            lines.append(f"data: {text}\n\n")
        return "".join(lines).encode()

    return write


@pytest.fixture
def cut() -> Callable[[bytes, Sequence[int]], list[bytes]]:
    """Cuts bytes at these places."""

    def pieces(whole: bytes, places: Sequence[int]) -> list[bytes]:
        bounds = [0, *sorted({place % (len(whole) + 1) for place in places}), len(whole)]
        return [whole[start:end] for start, end in pairwise(bounds)]

    return pieces


@pytest.fixture
def key() -> str:
    """The key that the server's providers have."""
    return KEY


@pytest.fixture
def wires() -> dict[str, Wire]:
    """The wires by name."""
    return WIRES


@pytest.fixture
def received_items(server: Server, sse: Callable[..., bytes]) -> Callable[..., Any]:
    """The streamed reply of the responses API that consists of these events."""

    @llm.tool
    def shelve(title: str) -> str:
        """Put a book on the shelf."""
        return title

    def read(*events: dict[str, Any], **asked: Any) -> Any:
        server.stream(sse([(event["type"], event) for event in events]))
        server.register("openai")
        model: Any = llm.Model("openai/gpt-5:responses", thinking=THINKING)
        stream = model.stream("Hello.", tools=[shelve], **asked)
        stream.finish()
        return stream

    return read


CHAT = {"choices": [{"message": {"role": "assistant", "content": "Hello."}}]}
RESPONSES: dict[str, Any] = {"output": [], "status": "completed"}
ANTHROPIC: dict[str, Any] = {"type": "message", "content": []}
GOOGLE = {"candidates": [{"content": {"parts": [{"text": "Hello."}]}, "finishReason": "STOP"}]}
REPLIES = {
    "chat/completions": CHAT,
    "responses": RESPONSES,
    "messages": ANTHROPIC,
    "generateContent": GOOGLE,
}


class Recorder:
    """Answers every request in the protocol that its address tells."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        path = request.url.path
        reply = next(reply for end, reply in REPLIES.items() if path.endswith(end))
        return httpx2.Response(200, json=reply)

    @property
    def last(self) -> httpx2.Request:
        return self.requests[-1]

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.last.content)

    def register(self, vendor: str, **options: Any) -> llm.Provider:
        """Have a vendor's provider send its requests here."""
        transport = httpx2.MockTransport(self.answer)
        return llm.register_provider(vendor, ["test/", "openai/"], transport=transport, **options)


@pytest.fixture
def recorder() -> Recorder:
    """Whoever a vendor's provider speaks to."""
    return Recorder()
