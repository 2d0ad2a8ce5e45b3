"""Bytes of a file from a disk or the web, never more of them than asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

__all__ = [
    "check_size",
    "decoded_size",
    "download",
    "download_async",
    "read_file",
    "wrong_source",
]

_TIMEOUT = {"timeout": 60.0, "connect": 5.0}
"""Seconds: without a byte, and to connect."""

# Pictures, sounds and PDFs are compressed already, and a body that is not encoded again is one
# whose size in memory is its size on the wire.
_HEADERS = {"accept-encoding": "identity"}

_READ_SIZE = 65_536


def check_size(size: int, max_size: int, noun: str) -> None:
    """Refuse a file that is too large.

    Args:
        size: Its size in bytes.
        max_size: The largest size allowed, in bytes.
        noun: What it is, for the message, such as `"Image"`.

    Raises:
        ValueError: If `size` is above `max_size`.
    """
    if size > max_size:
        raise ValueError(
            f"{noun} size ({size} bytes) exceeds maximum allowed size ({max_size} bytes)"
        )


def wrong_source(noun: str, makers: str) -> TypeError:
    """The error for a part whose source is of the wrong type."""
    return TypeError(f"The source of {noun} is one of its source classes: use {noun}.{makers}")


def decoded_size(data: str) -> int:
    """The size in bytes of what a base64 text holds."""
    return len(data) * 3 // 4 - data.count("=", -2)


def read_file(path: str | Path, *, max_size: int, noun: str) -> bytes:
    """A file's bytes, its size being checked before it is read.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is larger than `max_size` bytes.
    """
    path = Path(path)
    check_size(path.stat().st_size, max_size, f"{noun} file")
    with path.open("rb") as file:
        # A file may grow, and a pipe or a device has no size that `stat` could tell.
        data = file.read(max_size + 1)
    check_size(len(data), max_size, f"{noun} file")
    return data


def download(url: str, *, max_size: int, noun: str) -> bytes:
    """The bytes at an address, redirects followed.

    Raises:
        httpx2.HTTPStatusError: If the server answers with an error.
        ValueError: If there are more than `max_size` bytes; the rest is then not read.
    """
    import httpx2

    with (
        httpx2.Client(**_client_options()) as client,
        client.stream("GET", url) as response,
    ):
        body = _Body(response, max_size=max_size, noun=noun)
        for piece in response.iter_raw(_READ_SIZE):
            body.add(piece)
    return body.finish()


async def download_async(url: str, *, max_size: int, noun: str) -> bytes:
    """As `download`, without blocking the event loop."""
    import httpx2

    async with (
        httpx2.AsyncClient(**_client_options()) as client,
        client.stream("GET", url) as response,
    ):
        body = _Body(response, max_size=max_size, noun=noun)
        async for piece in response.aiter_raw(_READ_SIZE):
            body.add(piece)
    return body.finish()


def _client_options() -> dict[str, Any]:
    import httpx2

    return {
        "follow_redirects": True,
        "headers": _HEADERS,
        "timeout": httpx2.Timeout(**_TIMEOUT),
    }


class _Body:
    """A body that arrives in pieces and is refused as soon as it is too large."""

    def __init__(self, response: httpx2.Response, *, max_size: int, noun: str) -> None:
        response.raise_for_status()
        self.max_size = max_size
        self.noun = noun
        self.data = bytearray()
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        self.inflater = _inflater(encoding)
        stated = response.headers.get("content-length", "")
        if self.inflater is None and stated.isdecimal():
            check_size(int(stated), max_size, noun)

    def add(self, piece: bytes) -> None:
        for plain in self._decode(piece):
            check_size(len(self.data) + len(plain), self.max_size, self.noun)
            self.data += plain

    def finish(self) -> bytes:
        return bytes(self.data)

    def _decode(self, piece: bytes) -> Iterable[bytes]:
        if self.inflater is None:
            yield piece
            return
        # A small body may inflate to gigabytes: take it in bites.
        while piece and not self.inflater.eof:
            yield self.inflater.decompress(piece, _READ_SIZE)
            piece = self.inflater.unconsumed_tail


def _inflater(encoding: str) -> Any:
    """A decoder of a body that a server encoded unasked, or `None` for a plain one."""
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: tell gzip and zlib apart
    raise ValueError(f"Unsupported content encoding: {encoding}")
