"""Compressed bodies to plain ones, a bounded piece at a time; pure."""

from __future__ import annotations

import zlib

__all__ = ["Inflater", "UnreadableBodyError", "inflater_for"]

MOST_AT_ONCE = 1 << 20
"""Bytes: a small body that unpacks to a huge one must not be in memory as a whole."""
EITHER_HEADER = 32 + zlib.MAX_WBITS
"""Lets zlib tell gzip and zlib by their first bytes."""
NO_HEADER = -zlib.MAX_WBITS
HEADER = 2
"""Bytes of zlib's header, by which it tells whether there is one."""


class UnreadableBodyError(Exception):
    """A body is not compressed the way its head says, or breaks off."""


def inflater_for(encoding: str | None) -> Inflater | None:
    """What undoes a content encoding, or `None` where there is nothing to undo.

    Raises:
        UnreadableBodyError: If it is none that was asked for.
    """
    if encoding is None:
        return None
    named = encoding.strip().lower()
    if named in {"", "identity"}:
        return None
    if named in {"gzip", "x-gzip", "deflate"}:
        return Inflater(is_deflate=named == "deflate")
    raise UnreadableBodyError(f"the reply is compressed as {encoding!a}, which was not asked for")


class Inflater:
    """Undoes gzip, zlib and bare deflate."""

    __slots__ = ("_inflate", "_is_deflate", "_is_known", "_pending", "_start")

    def __init__(self, *, is_deflate: bool = False) -> None:
        """Begin a body.

        Args:
            is_deflate: Whether it is said to be deflate, which some servers send without zlib's
                header.
        """
        self._inflate = zlib.decompressobj(EITHER_HEADER)
        self._is_deflate = is_deflate
        self._is_known = False  # what it begins with
        self._start = b""
        self._pending = b""

    @property
    def has_more(self) -> bool:
        """Whether `feed(b"")` would bring more of what was fed already."""
        return bool(self._pending)

    def feed(self, packed: bytes) -> bytes:
        """The next bytes of the plain body, at most a megabyte.

        Raises:
            UnreadableBodyError: If they are not compressed as they should be.
        """
        data = self._start + self._pending + packed
        self._start = self._pending = b""
        if not self._is_known:
            if len(data) < HEADER:
                self._start = data
                return b""
            self._begin(data)
        plain = b""
        while data and not plain:
            if self._inflate.eof:
                # Another member may follow: some servers write one for each flush.
                data = data.lstrip(b"\0")
                if not data:
                    break
                self._inflate = zlib.decompressobj(EITHER_HEADER)
            try:
                plain = self._inflate.decompress(data, MOST_AT_ONCE)
            except zlib.error as error:
                raise UnreadableBodyError(f"the reply cannot be unpacked: {error}") from error
            data = self._inflate.unused_data or self._inflate.unconsumed_tail
        self._pending = data
        return plain

    def _begin(self, data: bytes) -> None:
        self._is_known = True
        if self._is_deflate:
            try:
                zlib.decompressobj(EITHER_HEADER).decompress(data[:HEADER])
            except zlib.error:
                self._inflate = zlib.decompressobj(NO_HEADER)

    def end(self) -> None:
        """Note that the body has ended.

        Raises:
            UnreadableBodyError: If it breaks off. An empty body is whole.
        """
        if self._start or (self._is_known and not self._inflate.eof):
            raise UnreadableBodyError("the reply breaks off in the middle of its compressed body")
