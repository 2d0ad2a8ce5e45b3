"""Bytes to server-sent events; pure.

Follows the event-stream part of the HTML standard
(https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream): only CR,
LF and CRLF end a line, one byte order mark may come first, a line that begins with a colon is a
comment, several `data` lines are joined by LF, and an event that the stream's end cuts off is
dropped. Any cut of the bytes gives the same events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Event", "EventTooLargeError", "SSEParser"]

BOM = b"\xef\xbb\xbf"
DEFAULT_MAX_EVENT = 64 * 1024 * 1024
FIELDS = (b":", b"data", b"event", b"id", b"retry")
MOST_STRAY = 4096


class EventTooLargeError(ValueError):
    """An event grew beyond the parser's cap."""


class Event(NamedTuple):
    """One event: its type (`""` if the stream named none) and its data as UTF-8 bytes.

    Data stay bytes, since every provider's are JSON, which is decoded from bytes.
    """

    type: str
    data: bytes


# What `Event(...)` comes down to, without its Python call: there is one for each event.
_new_event = cast(
    "Callable[[type[Event], tuple[str, bytes]], Event]",
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]
)


class SSEParser:
    """An incremental parser: feed it bytes as they come, take the events they complete.

    It holds three things between calls: the bytes of the unfinished line, the lines of the
    unfinished event, and whether the last byte was a CR whose LF may follow.
    """

    __slots__ = (
        "_data",
        "_data_size",
        "_data_sized",
        "_event",
        "_line",
        "_line_size",
        "_max_event",
        "_skip_lf",
        "_start",
        "_stray",
    )

    def __init__(self, *, max_event: int = DEFAULT_MAX_EVENT) -> None:
        """Start a stream.

        Args:
            max_event: The most bytes that one event, or one line, may have.
        """
        self._max_event = max_event
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._data_sized = 0  # how many of the lines are counted in the size
        self._event = ""
        self._skip_lf = False
        self._start: bytes | None = b""
        self._stray = b""

    @property
    def stray(self) -> bytes:
        """The beginning of what came and is no field of an event, such as an error as bare JSON."""
        rest = b"".join(self._line)
        is_field = rest.startswith(FIELDS) or any(name.startswith(rest) for name in FIELDS)
        return self._stray if is_field else self._stray + rest[:MOST_STRAY]

    def feed(self, received: bytes) -> list[Event]:  # noqa: C901, PLR0912, a call a line would cost more
        """The events that these bytes complete.

        Raises:
            EventTooLargeError: If the event that is unfinished since the last call has grown
                beyond the cap.
        """
        if self._line_size + self._data_size > self._max_event:
            raise EventTooLargeError(f"an event of the stream exceeds {self._max_event} bytes")
        if self._start is not None:
            received = self._strip_bom(self._start + received)
        if self._skip_lf and received:
            self._skip_lf = False
            if received[:1] == b"\n":
                received = received[1:]
        if not received:
            return []
        if b"\r" in received:
            self._skip_lf = received[-1:] == b"\r"
            received = received.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in received:
            self._hold(received)
            return []
        *lines, rest = received.split(b"\n")
        if self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line = []
            self._line_size = 0
        events: list[Event] = []
        kind, data = self._event, self._data
        for line in lines:
            if line.startswith(b"data: "):
                data.append(line[6:])
            elif line:
                kind = self._field(line, kind)
            else:
                if data:
                    if len(data) > 1:
                        data[:] = (b"\n".join(data),)
                    events.append(_new_event(Event, (kind, data.pop())))
                kind = ""
        self._event = kind
        if events:  # what is there now has come since
            self._data_size = self._data_sized = 0
        for value in data[self._data_sized :]:
            self._data_size += len(value) + 1
        self._data_sized = len(data)
        self._hold(rest)
        return events

    def _strip_bom(self, received: bytes) -> bytes:
        if len(received) < len(BOM) and BOM.startswith(received):
            self._start = received
            return b""
        self._start = None
        return received.removeprefix(BOM)

    def _field(self, line: bytes, kind: str) -> str:
        """Take in a line that is no common one; returns the event's type by then."""
        name, _, value = line.partition(b":")
        if name == b"event":
            return value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"data":  # without a space, or a name alone, which is an empty value
            self._data.append(value)
        elif not line.startswith(FIELDS) and len(self._stray) < MOST_STRAY:
            self._stray += line[:MOST_STRAY] + b"\n"
        return kind

    def _hold(self, rest: bytes) -> None:
        if rest:
            self._line.append(rest)
            self._line_size += len(rest)
