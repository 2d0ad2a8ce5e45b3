"""One HTTP/1.1 request as bytes, and bytes to one reply; pure.

A request has a length, so that all there is to it is its head. A reply is read by a machine with
these states, each the method that takes the next bytes:

    head      until its empty line. Interim replies (1xx) are passed over.
    length    a body whose length the head tells.
    chunks    a body in chunks: a line with the size, as many bytes, a line end, and so on; the one
              of size zero is followed by trailers, which are passed over.
    close     a body that ends with the connection.

Framing follows RFC 9112. What it leaves no doubt of is accepted; of the rest a lone LF is accepted
as a line's end in the head, as most clients do. Any cut of the bytes gives the same reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from mirascope_nb.llm.io.inflating import Inflater, inflater_for

__all__ = ["BrokenReplyError", "ReplyReader", "RequestBytes", "request_bytes"]

MOST_OF_A_HEAD = 100 * 1024
MOST_OF_A_LINE = 4096
NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([0-9]{3})(?: .*)?\Z")
FIELD_NAME = re.compile(NAME)
HEAD_END = re.compile(rb"\n\r?\n")
SENT_FIELD = re.compile(rf"{NAME}: [\t\x20-\x7e]*\Z")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]{0,64}(?:;[^\r\n]{0,4000})?")
CRLF = b"\r\n"
PREAMBLE = b"HTTP/1."
NO_LENGTH = "a chunk of the reply does not say how long it is"
TOO_LONG = "a chunk of the reply is longer than it says"
SWITCHING = 101
FIRST_FINAL = 200
BODILESS = frozenset({204, 304})

OWN_HEADERS = {"accept": "*/*", "accept-encoding": "gzip, deflate", "connection": "keep-alive"}


class BrokenReplyError(Exception):
    """What came is no HTTP reply, or not the whole of one."""


class RequestBytes(bytes):
    """A whole request. It holds a key, and so it does not show in a traceback with locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<a request of {len(self)} bytes>"

    __str__ = __repr__


def request_bytes(
    method: str, host: str, target: str, headers: Mapping[str, str], body: bytes
) -> RequestBytes:
    """A request.

    Args:
        method: `GET` or `POST`.
        host: Host and, unless it is the scheme's own, port.
        target: Path and query, percent-encoded.
        headers: Further headers. They win over those that every request has.
        body: What is posted.

    Raises:
        ValueError: If a header holds what none may; it is not repeated, since it may be a key.
    """
    fields = {"host": host, **OWN_HEADERS}
    for name, value in headers.items():
        fields[name.lower()] = value
    if body or method == "POST":
        fields["content-length"] = str(len(body))
    lines = [f"{name}: {value}" for name, value in fields.items()]
    for line in lines:
        if not SENT_FIELD.match(line):
            name = ascii(line.partition(":")[0])
            raise ValueError(f"the header {name} contains a character that is not allowed")
    head = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""])
    return RequestBytes(head.encode("ascii") + body)


class ReplyReader:
    """Reads the reply to one request: feed it bytes as they come, take those of the body.

    Bodies are decompressed on the way.
    """

    __slots__ = (
        "_decode",
        "_inflater",
        "_left",
        "_rest",
        "_step",
        "_trailers",
        "headers",
        "is_begun",
        "is_whole",
        "keeps",
        "status",
    )

    def __init__(self) -> None:
        self.status = 0
        """HTTP status, or zero before the head is there."""
        self.headers: dict[str, str] = {}
        """Names in lower case. A repeated header's values are joined by commas."""
        self.is_begun = False
        """Whether a single byte has come."""
        self.is_whole = False
        """Whether the reply has ended."""
        self.keeps = False
        """Whether the connection may serve another request once this reply is whole."""
        self._inflater: Inflater | None = None
        self._rest = b""
        self._left = 0
        self._trailers = 0
        self._step: Callable[[bytes], bytes] = self._head

    def feed(self, received: bytes) -> bytes:
        """The bytes of the body that these bring, perhaps none; see `more` for those held back.

        Raises:
            BrokenReplyError: If they are not what may come here.
            UnreadableBodyError: If the body is not compressed as its head says.
        """
        if not received:
            return b""
        self.is_begun = True
        if self.is_whole:
            self.keeps = False  # unasked for: whose it is nobody knows
            return b""
        body = self._step(received)
        return body if self._inflater is None else self._inflater.feed(body)

    def more(self) -> bytes:
        """The next bytes of the body that need no others to come, perhaps none.

        Raises:
            UnreadableBodyError: If the body is not compressed as its head says.
        """
        if self._inflater is None or not self._inflater.has_more:
            return b""
        return self._inflater.feed(b"")

    def check_end(self) -> None:
        """Note that all bytes of a whole reply have been taken.

        Raises:
            UnreadableBodyError: If its compressed body breaks off.
        """
        if self._inflater is not None:
            self._inflater.end()

    def end(self) -> None:
        """Note that the connection has ended.

        Raises:
            BrokenReplyError: If the reply is not whole by that.
        """
        self.keeps = False
        if self._step == self._close:
            self.is_whole = True
        elif not self.is_whole:
            what = "in the middle of the reply" if self.is_begun else "without a reply"
            raise BrokenReplyError(f"the server closed the connection {what}")

    def _head(self, received: bytes) -> bytes:
        seen = len(self._rest)
        data = self._rest + received
        while not self.status:
            if b"\n" in data and not data.startswith(PREAMBLE):
                raise BrokenReplyError("what the server sent is not HTTP")
            found = HEAD_END.search(data, max(0, seen - 2))
            end = len(data) if found is None else found.start()
            if end > MOST_OF_A_HEAD:
                raise BrokenReplyError("the head of the reply is too long")
            if found is None:
                self._rest = data
                return b""
            self._read_head(data[:end].decode("latin-1"))
            data = data[found.end() :]
            seen = 0
        self._rest = b""
        if self.is_whole:
            self.keeps = self.keeps and not data
            return b""
        return self._step(data) if data else b""

    def _read_head(self, head: str) -> None:
        first, *lines = head.split("\n")
        found = STATUS_LINE.match(first.removesuffix("\r"))
        if found is None:
            raise BrokenReplyError("the reply does not start like an HTTP reply")
        status = int(found[2])
        if status == SWITCHING:
            raise BrokenReplyError("the server changed the protocol unasked")
        if status < FIRST_FINAL:
            return
        headers = self._read_fields(lines)
        connection = headers.get("connection", "").lower()
        if found[1] == "1":
            self.keeps = "close" not in connection
        else:
            self.keeps = "keep-alive" in connection
        self.status = status
        self._frame(headers)
        if not self.is_whole:
            self._inflater = inflater_for(headers.get("content-encoding"))

    def _read_fields(self, lines: list[str]) -> dict[str, str]:
        headers = self.headers
        name = ""
        for raw in lines:
            line = raw.removesuffix("\r")
            if "\r" in line or "\0" in line:
                raise BrokenReplyError(
                    "a header of the reply contains a character that is not allowed"
                )
            told, colon, value = line.partition(":")
            if colon and FIELD_NAME.fullmatch(told):
                name, value = told.lower(), value.strip(" \t")
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            elif line[:1] in {" ", "\t"} and name:  # a folded value, long deprecated
                headers[name] = f"{headers[name]} {line.strip()}"
            else:
                raise BrokenReplyError("a header of the reply is malformed")
        return headers

    def _frame(self, headers: Mapping[str, str]) -> None:
        """Find out how the body ends."""
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if self.status in BODILESS:
            # A server that sends one all the same would have it taken for the next reply.
            self.keeps = self.keeps and coding is None and length in {None, "0"}
            self.is_whole = True
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise BrokenReplyError(f"the reply is encoded as {coding!a}, which is unknown")
            # With a length as well, two readers could see two different replies here.
            self.keeps = self.keeps and length is None
            self._step = self._chunks
        elif length is not None:
            lengths = {part.strip() for part in length.split(",")}
            told = lengths.pop()
            if lengths or not (told.isascii() and told.isdigit() and len(told) <= 18):  # noqa: PLR2004, below 2^63
                raise BrokenReplyError("the length of the reply is not a number")
            self._left = int(told)
            self.is_whole = not self._left
            self._step = self._length
        else:
            self.keeps = False
            self._step = self._close

    def _length(self, received: bytes) -> bytes:
        size = len(received)
        if size < self._left:
            self._left -= size
            return received
        if size > self._left:
            self.keeps = False
            received = received[: self._left]
        self._left = 0
        self.is_whole = True
        return received

    def _close(self, received: bytes) -> bytes:
        return received

    def _chunks(self, received: bytes) -> bytes:
        """Take chunks in. `_left` counts what a begun chunk still lacks, its line end included."""
        data = self._rest + received if self._rest else received
        self._rest = b""
        pieces: list[bytes] = []
        if self._left:
            data = self._go_on(data, pieces)
        # A line end stands after each length and after each chunk: one search finds them all, and
        # hundreds of chunks come in one read. A chunk that holds line ends is several lines.
        *lines, rest = data.split(CRLF)
        ended = iter(lines)
        for line in ended:
            length = _length_of_chunk(line)
            if not length:
                self._step = self._skip_trailers
                # The line end before is the first of the two that end the trailers.
                self._skip_trailers(CRLF.join([*ended, rest]))
                break
            chunk = next(ended, None)
            if chunk is None or len(chunk) != length:
                chunk, is_ended = _chunk_of_lines(chunk, ended, rest, length)
                if not is_ended:
                    self._left = length + len(CRLF)
                    self._go_on(chunk, pieces)
                    break
                if len(chunk) != length:
                    raise BrokenReplyError(TOO_LONG)
            pieces.append(chunk)
        else:
            self._hold_line(rest)
        return b"".join(pieces)

    def _go_on(self, data: bytes, pieces: list[bytes]) -> bytes:
        """Take what there is of a begun chunk; returns what follows it."""
        left = self._left
        body = data[: max(0, left - len(CRLF))]
        end = data[len(body) : left]
        if not CRLF[-left:].startswith(end):
            raise BrokenReplyError(TOO_LONG)
        pieces.append(body)
        self._left = left - len(body) - len(end)
        return data[left:]

    def _hold_line(self, rest: bytes) -> None:
        if b"\n" in rest or len(rest) > MOST_OF_A_LINE:
            raise BrokenReplyError(NO_LENGTH)
        self._rest = rest

    def _skip_trailers(self, received: bytes) -> bytes:
        data = self._rest + received
        while (end := data.find(b"\r\n")) > 0:
            self._trailers += end
            data = data[end + 2 :]
        if end == 0:
            self.is_whole = True
            self.keeps = self.keeps and len(data) == 2  # noqa: PLR2004, the line end
            self._rest = b""
        elif self._trailers + len(data) > MOST_OF_A_HEAD:
            raise BrokenReplyError("the trailers of the reply are too long")
        else:
            self._rest = data
        return b""


@lru_cache(maxsize=256)  # a stream's events are of few lengths, and hundreds come in one read
def _length_of_chunk(line: bytes) -> int:
    found = CHUNK_LINE.fullmatch(line)
    if found is None:
        raise BrokenReplyError(NO_LENGTH)
    return int(found[1], 16)


def _chunk_of_lines(
    line: bytes | None, ended: Iterator[bytes], rest: bytes, length: int
) -> tuple[bytes, bool]:
    """A chunk that holds line ends or breaks off, and whether the line end after it has come."""
    lines: list[bytes] = []
    size = -len(CRLF)
    while line is not None:
        lines.append(line)
        size += len(line) + len(CRLF)
        if size >= length:
            return CRLF.join(lines), True
        line = next(ended, None)
    return CRLF.join([*lines, rest]), False
