"""What servers say that imitate a service and differ from it, and what is to come of it.

A row is a reply, streamed or whole, and what it comes to: the content, in which a call is written
`name(arguments)`, and the error that ends it, if one does. None of these was recorded; each is a
shape that servers, proxies and gateways have been seen or reported to send.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mirascope_nb import llm
from tests.faults.wires import events

__all__ = ["BEGIN", "BUSY", "CALL", "MIDDLE", "ONE", "OTHER", "TWO", "Deviation", "Rows"]

ONE, TWO = '{"a":1,"b":2}', '{"a":3,"b":4}'
BEGIN, MIDDLE = '{"a":1', ',"b":2}'
CALL, OTHER = f"add({ONE})", f"mul({TWO})"
BUSY = {"type": "overloaded_error", "message": "busy", "code": 503}


@dataclass(frozen=True, kw_only=True, slots=True)
class Deviation:
    """A reply that is not as it should be, and what comes of it."""

    wire: str
    name: str
    streams: bool
    body: bytes
    content: list[str]
    error: type[llm.Error] | None = None
    usage: tuple[int, int] | None = None
    """Tokens of input and output."""


class Rows:
    """The rows of one wire."""

    def __init__(self, wire: str, *, named: bool) -> None:
        self.wire = wire
        self.named = named
        self.rows: list[Deviation] = []

    def stream(self, name: str, *sent: Any, content: Sequence[str] = (), **more: Any) -> None:
        """A row of a stream."""
        body = events(*sent, named=self.named)
        self._add(name=name, streams=True, body=body, content=[*content], **more)

    def whole(self, name: str, sent: Any, content: Sequence[str] = (), **more: Any) -> None:
        """A row of a whole reply: JSON, or bytes as they are."""
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        self._add(name=name, streams=False, body=body, content=[*content], **more)

    def _add(self, **row: Any) -> None:
        self.rows.append(Deviation(wire=self.wire, **row))
