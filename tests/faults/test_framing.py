"""Odd HTTP around a good reply: read as RFC 9112 has it, or told; never half a reply as a whole."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from tests.faults.wires import TEXT

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer
    from tests.faults.wires import Wire

BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "call"])
OK = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def chunks(body: bytes, line: bytes = b"%x\r\n", size: int = 40) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(line % len(piece) + piece + b"\r\n" for piece in pieces)


def good(kind: bytes, body: bytes) -> dict[str, bytes]:
    """Replies that are whole, however odd."""
    length = b"content-length: %d\r\n" % len(body)
    packed = gzip.compress(body)
    several = gzip.compress(body[:50]) + gzip.compress(body[50:])
    bare = zlib.compress(body)[2:-4]
    zipped = b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n"
    upper = OK.upper().replace(b"%S", b"%s").replace(b"CONTENT-TYPE", b"Content-TYPE")
    return {
        "upper case": upper % kind.upper() + length.upper() + b"\r\n" + body,
        "no space after the colon": b"HTTP/1.1 200 OK\r\ncontent-type:" + kind + b"\r\n"
        b"content-length:%d\r\n\r\n" % len(body) + body,
        "no reason": b"HTTP/1.1 200\r\ncontent-type: " + kind + b"\r\n" + length + b"\r\n" + body,
        "the length twice": OK % kind + length * 2 + b"\r\n" + body,
        "chunk extensions": CHUNKED % kind + chunks(body, b'%x;a=b;c="d e"\r\n') + b"0;x\r\n\r\n",
        "upper case and zeros": CHUNKED % kind + chunks(body, b"000%X\r\n") + b"00\r\n\r\n",
        "trailers": CHUNKED % kind + chunks(body) + b"0\r\nx-sum: 1\r\nx-more: 2\r\n\r\n",
        "chunks and a length": OK % kind
        + b"content-length: 3\r\ntransfer-encoding: Chunked\r\n\r\n"
        + chunks(body)
        + b"0\r\n\r\n",
        "interim heads": b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 3
        + OK % kind
        + length
        + b"\r\n"
        + body,
        "gzip": OK % kind + zipped % (b"gzip", len(packed)) + packed,
        "gzip in two members": OK % kind + zipped % (b"x-gzip", len(several)) + several,
        "deflate without a head": OK % kind + zipped % (b"deflate", len(bare)) + bare,
        "data after it": OK % kind + length + b"\r\n" + body + b"HTTP/1.1 500 oops\r\n\r\n",
        "data after the chunks": CHUNKED % kind + chunks(body) + b"0\r\n\r\n" + b"oops",
    }


def bad(kind: bytes, body: bytes) -> dict[str, bytes]:
    """Replies that break off, or cannot be read."""
    packed = gzip.compress(body)
    half = body[: len(body) // 2]
    length = b"content-length: %d\r\n\r\n"
    zipped = b"content-encoding: gzip\r\n" + length
    return {
        "a length that is too great": OK % kind + length % (len(body) + 9) + half,
        "a length that is too small": OK % kind + length % len(half) + body,
        "a length below nothing": OK % kind + b"content-length: -1\r\n\r\n" + body,
        "a length with a sign": OK % kind + b"content-length: +%d\r\n\r\n" % len(body) + body,
        "a chunk too long": CHUNKED % kind + b"5\r\nabcdefgh\r\n0\r\n\r\n",
        "a chunk of no size": CHUNKED % kind + b"xyz\r\n" + body,
        "no last chunk": CHUNKED % kind + chunks(half),
        "gzip cut off": OK % kind + zipped % (len(packed) // 2) + packed[: len(packed) // 2],
        "gzip that is none": OK % kind + zipped % len(body) + body,
        "an unknown coding": OK % kind + b"content-encoding: br\r\n" + length % len(body) + body,
        "coded twice": OK % kind + b"transfer-encoding: gzip, chunked\r\n\r\n" + chunks(body),
        "a switch of protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + body,
        "another protocol": b"HTTP/2 200\r\ncontent-type: " + kind + b"\r\n\r\n" + body,
        "nothing in it": OK % kind + length % 0,
        "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    }


def names(replies: dict[str, bytes]) -> list[str]:
    return sorted(replies)


@BOTH
@pytest.mark.parametrize("name", names(good(b"", b"")))
async def test_a_whole_reply_is_read_however_it_is_framed(
    faults: FaultServer, wire: Wire, face: str, name: str, *, streams: bool
) -> None:
    kind, body = wire.reply(streams=streams)

    async def script(connection: Connection) -> None:
        await connection.send(good(kind, body)[name])
        connection.is_kept = True

    faults.register(wire, timeout=30)
    prompts = [faults.case(script) for _ in range(2)]  # the second finds no remains of the first
    for outcome in await faults.run_all(wire, prompts, face=face, streams=streams):
        assert (outcome.error, outcome.text) == (None, TEXT)


@BOTH
@pytest.mark.parametrize("name", names(bad(b"", b"")))
async def test_half_a_reply_is_never_a_whole_one(
    faults: FaultServer, wire: Wire, face: str, name: str, *, streams: bool
) -> None:
    kind, body = wire.reply(streams=streams)

    async def script(connection: Connection) -> None:
        await connection.send(bad(kind, body)[name])

    faults.register(wire, timeout=30)
    (outcome,) = await faults.run_all(wire, [faults.case(script)], face=face, streams=streams)
    assert isinstance(outcome.error, llm.ConnectionError | llm.ResponseValidationError)
    assert TEXT.startswith(outcome.text)
