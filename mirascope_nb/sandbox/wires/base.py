"""What the four wires have in common: the shape of a request, of a wire, and of its parts."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mirascope_nb.sandbox.faults import Allowance, Fault, Refused
from mirascope_nb.sandbox.jsonvalue import Object, is_object
from mirascope_nb.sandbox.prompt import Frame, Prompt, Reply, split_tokens
from mirascope_nb.sandbox.stamp import Stamp

Headers = list[tuple[str, str]]

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_JSON_PIECE = re.compile(r"[\w ]{1,8}|[^\w ]{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A whole request as it came in."""

    method: str
    path: str
    """Without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error in a wire's own form."""

    status: int
    body: Object
    headers: Headers


class Wire(Protocol):
    """One provider's protocol. Implementations are pure: values in, values out."""

    name: str
    """Such as `openai_chat`."""
    content_type: str
    """Of an unstreamed reply."""

    def parse(self, request: HttpRequest) -> Prompt:
        """Read a request.

        Raises:
            Refused: When it is not one this wire knows.
        """
        ...

    def body(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Object:
        """The body of an unstreamed reply."""
        ...

    def frames(self, prompt: Prompt, reply: Reply, stamp: Stamp) -> Iterator[Frame]:
        """The pieces of a streamed reply, in order."""
        ...

    def stream_type(self, prompt: Prompt) -> str:
        """The content type of a streamed reply."""
        ...

    def failure(self, fault: Fault, stamp: Stamp) -> Failure:
        """An error as the answer to a request."""
        ...

    def failure_frame(self, fault: Fault, stamp: Stamp, *, sent: int) -> Frame:
        """The same error in the middle of a stream.

        Args:
            fault: What went wrong.
            stamp: The reply's identity.
            sent: How many pieces of the stream came before.
        """
        ...

    def headers(self, stamp: Stamp, allowance: Allowance | None) -> Headers:
        """What goes with every answer: its id, and the state of the rate limit.

        Args:
            stamp: The reply's identity.
            allowance: A real limit's state, or `None` for a generous invented one.
        """
        ...


def read_object(request: HttpRequest, hint: str) -> Object:
    """Parse a request body that must be a JSON object.

    Raises:
        Refused: With `hint` as its message, when it is anything else.
    """
    try:
        parsed: Any = json.loads(request.body)
    except (ValueError, RecursionError):
        parsed = None
    if not is_object(parsed):
        raise Refused(Fault(kind="bad_request", message=hint))
    return parsed


def encode(value: object) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


def sse(payload: object, *, event: str | None = None, weight: float = 0.0) -> Frame:
    """One server-sent event."""
    head = f"event: {event}\n" if event else ""
    return Frame(f"{head}data: {encode(payload)}\n\n".encode(), weight)


def argument_pieces(arguments: str) -> list[str]:
    """Cut the JSON text of a tool call into the short pieces that providers stream."""
    return _JSON_PIECE.findall(arguments)


def grouped_tokens(text: str, sizes: Iterable[int]) -> Iterator[tuple[str, int]]:
    """The tokens of a text in groups, each with how many it holds."""
    pieces = split_tokens(text)
    start = 0
    for size in sizes:
        if start >= len(pieces):
            return
        group = pieces[start : start + size]
        yield "".join(group), len(group)
        start += size


def media_kind(kind: str) -> str | None:
    """What a content part of a given type attaches, in the simulator's words."""
    for word in ("image", "audio", "document", "file", "media"):
        if word in kind:
            return "document" if word in {"file", "media"} else word
    return None


def masked(key: str) -> str:
    """A key as an error message may show it."""
    shown = 8
    return key if len(key) <= shown else f"{key[:shown]}{'*' * 5}{key[-4:]}"


def duration(seconds: float) -> str:
    """A short time as rate-limit headers write it, such as `12ms` or `1.5s`."""
    if seconds < 1.0:
        return f"{round(seconds * 1000)}ms" if seconds > 0 else "0s"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
