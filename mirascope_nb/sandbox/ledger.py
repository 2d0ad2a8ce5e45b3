"""What the simulator remembers of the requests it got: bounded, and without any key."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mirascope_nb.sandbox.jsonvalue import Object

REDACTED = "[redacted]"

_SECRET_HEADERS = {
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
}
_SECRET_FIELDS = {"key", "api_key", "access_token", "token"}
_BODY_LIMIT = 256 * 1024

Outcome = Literal["answering", "answered", "refused", "cut", "disconnected"]


@dataclass(slots=True, kw_only=True)
class RequestRecord:
    """One request, as it came in and as it ended."""

    ordinal: int
    """Its number on the server, from 1."""
    received: float
    """Seconds since the epoch."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case; the values of headers that carry keys are not kept."""
    wire: str
    """Such as `openai_chat`."""
    model: str
    """As the client named it; empty when the request could not be read."""
    stream: bool = False
    body: Object | None = None
    """The parsed body; `None` when it is above 256 KiB or not JSON."""
    status: int = 0
    """HTTP status of the answer."""
    outcome: Outcome = "answering"
    """`cut` when the simulator broke off on purpose, `disconnected` when the client went away."""
    sent: int = field(default=0)
    """How many pieces of a streamed reply went out."""


class Ledger:
    """The last requests of a server, oldest first. Safe to read from any thread."""

    def __init__(self, *, keep: int = 1000) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=keep)
        self._lock = threading.Lock()
        self._count = 0

    def open(
        self,
        *,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        wire: str,
    ) -> RequestRecord:
        """Begin the record of a request that has just come in."""
        safe_headers = {
            name: REDACTED if name in _SECRET_HEADERS else value for name, value in headers.items()
        }
        safe_query = {
            name: REDACTED if name in _SECRET_FIELDS else value for name, value in query.items()
        }
        with self._lock:
            self._count += 1
            record = RequestRecord(
                ordinal=self._count,
                received=time.time(),
                method=method,
                path=path,
                query=safe_query,
                headers=safe_headers,
                wire=wire,
                model="",
            )
            self._records.append(record)
        return record

    def describe(
        self, record: RequestRecord, *, model: str, stream: bool, body: Object, size: int
    ) -> None:
        """Add what the body of the request said; `size` is its length in bytes."""
        record.model = model
        record.stream = stream
        record.body = body if size <= _BODY_LIMIT else None

    def records(self) -> list[RequestRecord]:
        """A copy of the list, oldest first."""
        with self._lock:
            return list(self._records)

    @property
    def count(self) -> int:
        """How many requests came in altogether, those no longer kept included."""
        return self._count

    def clear(self) -> None:
        """Forget the records, not the count."""
        with self._lock:
            self._records.clear()
