"""Requests to bytes and bytes to replies, however they are cut."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest

from mirascope_nb.llm.io.http1 import BrokenReplyError, ReplyReader, request_bytes
from mirascope_nb.llm.io.inflating import UnreadableBodyError

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
BODY = b"It is 4242."


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def drained(reader: ReplyReader, piece: bytes) -> bytes:
    body = reader.feed(piece)
    while more := reader.more():
        body += more
    return body


WHOLE = {
    "length": HEAD + b"content-length: 11\r\n\r\n" + BODY,
    "nothing": HEAD + b"content-length: 0\r\n\r\n",
    "chunks": CHUNKED + chunks(BODY[:2], BODY[2:9], BODY[9:]) + b"0\r\n\r\n",
    "chunk extensions": CHUNKED + b'b;name="value"\r\n' + BODY + b"\r\n0;last\r\n\r\n",
    "padded chunks": CHUNKED + b"000B \r\n" + BODY + b"\r\n00\r\n\r\n",
    "trailers": CHUNKED + chunks(BODY) + b"0\r\nchecksum: 1\r\nother: 2\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: </x>\r\n\r\n"
    + HEAD
    + b"content-length: 11\r\n\r\n"
    + BODY,
    "no reason": b"HTTP/1.1 200 \r\ncontent-length: 11\r\n\r\n" + BODY,
    "line feeds": b"HTTP/1.1 200 OK\ncontent-length: 11\n\n" + BODY,
    "line feeds in the head alone": b"HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n"
    + chunks(BODY)
    + b"0\r\n\r\n",
    "equal lengths": HEAD + b"content-length: 11, 11\r\ncontent-length: 11\r\n\r\n" + BODY,
    "no content": b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n",
    "gzip": HEAD
    + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(gzip.compress(BODY))
    + gzip.compress(BODY),
    "gzip in chunks": HEAD
    + b"content-encoding: x-gzip\r\ntransfer-encoding: Chunked\r\n\r\n"
    + chunks(gzip.compress(BODY)[:7], gzip.compress(BODY)[7:])
    + b"0\r\n\r\n",
    "many members": HEAD
    + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    + chunks(gzip.compress(BODY[:4]) + gzip.compress(BODY[4:]))
    + b"0\r\n\r\n",
    "members of which one is empty": HEAD
    + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    + chunks(gzip.compress(BODY[:4]) + gzip.compress(b"") + gzip.compress(BODY[4:]) + bytes(9))
    + b"0\r\n\r\n",
    "zlib": HEAD
    + b"content-encoding: deflate\r\ncontent-length: %d\r\n\r\n" % len(zlib.compress(BODY))
    + zlib.compress(BODY),
    "bare deflate": HEAD
    + b"content-encoding: deflate\r\ntransfer-encoding: chunked\r\n\r\n"
    + chunks(zlib.compress(BODY)[2:-4])
    + b"0\r\n\r\n",
}
EMPTY = {"nothing", "no content"}


def cuts(whole: bytes) -> list[list[bytes]]:
    chance = random.Random(7)  # noqa: S311, to cut with
    ways = [[whole], [whole[at : at + 1] for at in range(len(whole))]]
    for _ in range(30):
        places = sorted(chance.sample(range(1, len(whole)), 4))
        ways.append([whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)])
    return ways


@pytest.mark.parametrize("name", WHOLE)
def test_any_cut_gives_the_same_reply(name: str) -> None:
    for pieces in cuts(WHOLE[name]):
        reader = ReplyReader()
        body = b""
        for piece in pieces:
            assert not reader.is_whole
            body += drained(reader, piece)
        assert reader.is_whole
        assert reader.keeps
        reader.check_end()
        assert body == (b"" if name in EMPTY else BODY)


@pytest.mark.parametrize("name", WHOLE)
def test_a_reply_that_breaks_off_anywhere_is_told(name: str) -> None:
    whole = WHOLE[name]
    for at in range(len(whole)):
        reader = ReplyReader()
        drained(reader, whole[:at])
        assert not reader.is_whole
        with pytest.raises(BrokenReplyError, match=r"closed the connection"):
            reader.end()


def test_chunks_that_hold_line_ends_are_read_however_they_are_cut() -> None:
    held = [
        b"\r\n",
        b"a\r\nb",
        b"\r",
        b"\n",
        b"c\r",
        b"\nd",
        b"\r\n" * 3,
        chunks(BODY) + b"0\r\n\r\n",
    ]
    whole = CHUNKED + chunks(*held) + b"0\r\n\r\n"
    begin = len(CHUNKED)
    for first in range(begin, len(whole)):
        for second in range(first, len(whole)):
            reader = ReplyReader()
            pieces = (whole[:first], whole[first:second], whole[second:])
            assert b"".join(map(reader.feed, pieces)) == b"".join(held)
            assert reader.is_whole
            assert reader.keeps


def test_a_reply_may_end_with_its_connection_which_is_not_kept() -> None:
    reader = ReplyReader()
    assert reader.feed(HEAD + b"\r\n" + BODY) == BODY
    assert not reader.is_whole
    reader.end()
    assert reader.is_whole
    assert not reader.keeps


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: foo, Close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        # A length beside chunks: another reader might see another end of this reply.
        HEAD + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        # More than was asked for.
        HEAD + b"content-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        HEAD + b"content-length: 2\r\n\r\nhi and more",
        CHUNKED + b"0\r\n\r\nHTTP",
        b"HTTP/1.1 204 No Content\r\n\r\nmore",
        # A body where none can be, which may come after the connection was lent to somebody else.
        b"HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
)
def test_a_connection_that_may_hold_something_else_is_not_kept(head: bytes) -> None:
    reader = ReplyReader()
    reader.feed(head)
    assert reader.is_whole
    assert not reader.keeps


def test_what_comes_after_the_end_belongs_to_nobody() -> None:
    reader = ReplyReader()
    reader.feed(WHOLE["length"])
    assert reader.keeps
    assert reader.feed(b"HTTP/1.1 200 OK") == b""
    assert not reader.keeps


def test_an_old_server_may_ask_for_the_connection_to_be_kept() -> None:
    reader = ReplyReader()
    reader.feed(b"HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 0\r\n\r\n")
    assert reader.keeps


def test_headers_are_in_lower_case_joined_and_unfolded() -> None:
    reader = ReplyReader()
    reader.feed(
        b"HTTP/1.1 418 Tea\r\nA-B: \t one \t\r\na-b: two\r\nfolded: x\r\n  y\r\nempty:\r\n\r\n"
    )
    assert reader.status == 418
    assert reader.headers == {"a-b": "one, two", "folded": "x y", "empty": ""}


@pytest.mark.parametrize(
    "bytes_",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        HEAD + b"no colon\r\n\r\n",
        HEAD + b"spaced name: x\r\n\r\n",
        HEAD + b"x: a\rb\r\n\r\n",
        HEAD + b"x: a\0b\r\n\r\n",
        HEAD + b"content-length: 5\r\ncontent-length: 7\r\n\r\n",
        HEAD + b"content-length: -1\r\n\r\n",
        HEAD + b"content-length: +1\r\n\r\n",
        HEAD + b"content-length: 1_0\r\n\r\n",
        HEAD + b"content-length: " + b"9" * 30 + b"\r\n\r\n",
        HEAD + b"content-length: \xb2\r\n\r\n",
        HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n",
        HEAD + b"x: " + b"y" * 200_000,
        HEAD + b"x: " + b"y" * 200_000 + b"\r\n\r\n",
        CHUNKED + b"x\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"0x5\r\nhello\r\n",
        CHUNKED + b"1_0\r\n",
        CHUNKED + b"5\nhello\r\n",
        CHUNKED + b"5\r\nhello!",
        CHUNKED + b"5\r\nhello\r!",
        CHUNKED + b"5\r\nhelloXX",
        CHUNKED + b"1" * 17 + b"\r\n",
        CHUNKED + b"5;" + b"x" * 5000,
        CHUNKED + b"5;" + b"x" * 5000 + b"\r\nhello\r\n",
        CHUNKED + b"0\r\n" + b"x: y\r\n" * 30_000,
    ],
)
def test_what_is_no_reply_is_told_however_it_is_cut(bytes_: bytes) -> None:
    step = 1 if len(bytes_) < 1000 else 997
    for size in (len(bytes_), step):
        reader = ReplyReader()
        with pytest.raises(BrokenReplyError):  # noqa: PT012, the piece at which is not told
            for at in range(0, len(bytes_), size):
                reader.feed(bytes_[at : at + size])


def test_a_small_body_that_unpacks_to_a_huge_one_comes_in_pieces() -> None:
    packed = gzip.compress(bytes(50_000_000))
    reader = ReplyReader()
    head = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    sizes = [len(reader.feed(head + packed))]
    while more := reader.more():
        sizes.append(len(more))
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 1 << 20


def test_every_member_of_a_packed_body_is_there_as_soon_as_it_has_come() -> None:
    reader = ReplyReader()
    reader.feed(HEAD + b"content-encoding: gzip\r\n\r\n")
    for word in (b"one", b"two", b"three"):
        assert reader.feed(gzip.compress(word)) == word
    reader.end()
    reader.check_end()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", b"no gzip at all"),
        (b"deflate", b"no deflate at all"),
        (b"gzip", zlib.compress(BODY)[2:-4]),
        (b"br", b"whatever"),
    ],
)
def test_a_body_that_is_not_packed_as_it_says_is_told(encoding: bytes, body: bytes) -> None:
    reader = ReplyReader()
    head = HEAD + b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (encoding, len(body))
    with pytest.raises(UnreadableBodyError):
        reader.feed(head + body)


@pytest.mark.parametrize("size", [1, 12, 20])
def test_a_packed_body_that_breaks_off_is_told_once_its_beginning_was_read(size: int) -> None:
    packed = gzip.compress(BODY)[:size]
    reader = ReplyReader()
    head = HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    assert BODY.startswith(drained(reader, head + packed))
    assert reader.is_whole
    with pytest.raises(UnreadableBodyError, match="breaks off"):
        reader.check_end()


def test_a_request_is_its_head_and_its_body() -> None:
    sent = request_bytes("POST", "x.example:81", "/v1/chat?a=b", {"Content-Type": "a/b"}, b"{}")
    assert bytes(sent) == (
        b"POST /v1/chat?a=b HTTP/1.1\r\nhost: x.example:81\r\naccept: */*\r\n"
        b"accept-encoding: gzip, deflate\r\nconnection: keep-alive\r\ncontent-type: a/b\r\n"
        b"content-length: 2\r\n\r\n{}"
    )
    assert b"content-length" not in request_bytes("GET", "x", "/", {}, b"")


def test_given_headers_win_over_those_of_every_request() -> None:
    sent = request_bytes("POST", "x", "/", {"Accept-Encoding": "identity"}, b"")
    assert sent.count(b"accept-encoding: ") == 1
    assert b"accept-encoding: identity\r\n" in sent


@pytest.mark.parametrize("value", ["sk-secret\r\nx: y", "sk-secret\n", "sk-secret\0", "sk-secreté"])
def test_no_header_can_smuggle_another_and_its_value_is_not_told(value: str) -> None:
    with pytest.raises(ValueError, match="'authorization'") as caught:
        request_bytes("POST", "x", "/", {"authorization": value}, b"")
    assert "sk-secret" not in str(caught.value)
    with pytest.raises(ValueError, match="a character that is not allowed"):
        request_bytes("POST", "x", "/", {"x\r\ny": "z"}, b"")


def test_a_request_does_not_show_what_it_holds() -> None:
    sent = request_bytes("POST", "x", "/", {"authorization": "Bearer sk-secret"}, b"{}")
    assert "sk-secret" not in f"{sent!r} {sent} {[sent]}"
