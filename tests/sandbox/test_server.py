"""The HTTP server: connections, framing, timing, disconnects."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from mirascope_nb.sandbox.server import listen
from mirascope_nb.sandbox.simulator import Sandbox

if TYPE_CHECKING:
    from conftest import Speaker

ASK = {"model": "assistant", "messages": [{"role": "user", "content": "Recommend a fantasy book."}]}


def raw_request(body: dict[str, Any], *, version: str = "1.1", extra: str = "") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/{version}\r\nHost: x\r\n{extra}"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def connect(sandbox: Sandbox) -> socket.socket:
    host, port = sandbox.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def read_reply(stream: socket.socket) -> bytes:
    """One reply with a content length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += stream.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    length = int(lengths[0].split(b":")[1])
    while len(body) < length:
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something another thread does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_connection_is_kept_for_the_next_request(sandbox: Sandbox) -> None:
    with connect(sandbox) as stream:
        for _ in range(3):
            stream.sendall(raw_request(ASK))
            assert read_reply(stream).startswith(b"HTTP/1.1 200")


def test_small_writes_do_not_wait_for_confirmation() -> None:
    # asyncio turns the delay off only for sockets that say they are TCP.
    with listen(0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_request_may_arrive_byte_by_byte(sandbox: Sandbox) -> None:
    with connect(sandbox) as stream:
        for byte in raw_request(ASK):
            stream.sendall(bytes([byte]))
        assert b"The Name of the Wind" in read_reply(stream)


def test_pipelined_requests_are_answered_in_order(sandbox: Sandbox) -> None:
    questions = [f"What is {number} + 1?" for number in range(5)]
    bodies = [{"model": "echo", "messages": [{"role": "user", "content": q}]} for q in questions]
    with connect(sandbox) as stream:
        stream.sendall(b"".join(raw_request(body) for body in bodies))
        received = b""
        while received.count(b'"total_tokens"') < len(bodies):
            received += stream.recv(65536)
    places = [received.index(question.encode()) for question in questions]
    assert places == sorted(places)


def test_chunked_request_body_is_understood(client: httpx2.Client) -> None:
    content = json.dumps(ASK).encode()
    reply = client.post("/v1/chat/completions", content=iter([content[:20], content[20:]]))
    assert reply.status_code == 200


def test_client_that_waits_to_be_told_to_continue_is_told(sandbox: Sandbox) -> None:
    whole = raw_request(ASK, extra="Expect: 100-continue\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    with connect(sandbox) as stream:
        stream.sendall(head + b"\r\n\r\n")
        assert stream.recv(65536).startswith(b"HTTP/1.1 100")
        stream.sendall(body)
        assert read_reply(stream).startswith(b"HTTP/1.1 200")


def test_old_client_gets_its_answer_and_a_closed_connection(sandbox: Sandbox) -> None:
    with connect(sandbox) as stream:
        stream.sendall(raw_request(ASK, version="1.0"))
        received = b""
        while piece := stream.recv(65536):
            received += piece
    assert b"The Name of the Wind" in received


def test_bytes_that_are_not_http_are_refused(sandbox: Sandbox) -> None:
    with connect(sandbox) as stream:
        stream.sendall(b"\x16\x03\x01 this is no request\r\n\r\n")
        received = b""
        while piece := stream.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 400")


def test_streamed_reply_comes_in_chunks_of_an_event_stream(speaker: "Speaker") -> None:
    reply = speaker.ask("openai_chat", "Hello!", stream=True)
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.headers["content-type"].startswith("text/event-stream")


def test_models_are_listed(client: httpx2.Client) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert "sandbox/assistant" in [model["id"] for model in listed["data"]]
    assert client.get("/v1/models/gpt-4o").json()["id"] == "gpt-4o"
    assert client.get("/v1/models/no-such-model").status_code == 404


def test_front_page_says_what_this_is(client: httpx2.Client) -> None:
    assert "not a\nlanguage model" in client.get("/").text


def test_head_has_no_body(client: httpx2.Client) -> None:
    reply = client.head("/v1/models")
    assert (reply.status_code, reply.content) == (200, b"")
    assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "field"),
    [
        ("/v1/nothing", {}, "code"),
        ("/v1/messages/batches", {"anthropic-version": "2023-06-01"}, "type"),
        ("/v1beta/models/assistant:countTokens", {}, "status"),
    ],
)
def test_unknown_path_is_not_found_in_the_form_of_the_wire(
    client: httpx2.Client, path: str, headers: dict[str, str], field: str
) -> None:
    reply = client.post(path, json={}, headers=headers)
    assert reply.status_code == 404
    assert field in reply.json()["error"]


def test_wrong_method_is_refused(client: httpx2.Client) -> None:
    assert client.get("/v1/chat/completions").status_code == 405
    assert client.post("/v1/models", json={}).status_code == 405


def test_path_may_leave_out_the_version_or_name_a_provider(client: httpx2.Client) -> None:
    for path in ("/chat/completions", "/openai/v1/chat/completions"):
        assert client.post(path, json=ASK).status_code == 200


def test_oversized_body_is_refused(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from mirascope_nb.sandbox import server

    monkeypatch.setattr(server, "_BODY_LIMIT", 1000)
    with connect(sandbox) as stream:
        stream.sendall(raw_request({**ASK, "padding": "x" * 5000}))
        assert read_reply(stream).startswith(b"HTTP/1.1 413")


def test_client_that_goes_away_stops_the_reply(sandbox: Sandbox) -> None:
    with Sandbox() as paced, connect(paced) as stream:
        stream.sendall(raw_request({**ASK, "model": "slow", "stream": True}))
        while b'"content":"I"' not in stream.recv(65536):
            pass
        stream.close()
        until(lambda: paced.requests[0].outcome == "disconnected")
        sent = paced.requests[0].sent
        assert 0 < sent < 30
        time.sleep(0.3)
        assert paced.requests[0].sent == sent


def test_client_that_goes_away_before_the_reply_stops_it(sandbox: Sandbox) -> None:
    with Sandbox(latency=30) as paced:
        with connect(paced) as stream:
            stream.sendall(raw_request(ASK))
            until(lambda: bool(paced.requests))
        until(lambda: paced.requests[0].outcome == "disconnected")


def test_reply_keeps_the_pace_it_is_given() -> None:
    with (
        Sandbox(latency=0.2, rate=100) as paced,
        httpx2.Client(base_url=paced.url, trust_env=False, verify=False) as client,
    ):
        start = time.monotonic()
        with client.stream(
            "POST", "/v1/chat/completions", json={**ASK, "stream": True}
        ) as streamed:
            first = time.monotonic() - start
            count = sum(b'"content":' in line.encode() for line in streamed.iter_lines())
        whole = time.monotonic() - start
    assert first >= 0.2
    assert whole >= 0.2 + (count - 1) / 100


def test_unstreamed_reply_takes_as_long_as_it_would_to_write() -> None:
    with (
        Sandbox(latency=0.1, rate=200) as paced,
        httpx2.Client(base_url=paced.url, trust_env=False, verify=False) as client,
    ):
        start = time.monotonic()
        usage = client.post("/v1/chat/completions", json=ASK).json()["usage"]
        assert time.monotonic() - start >= 0.1 + usage["completion_tokens"] / 200


def test_fast_model_never_waits() -> None:
    with (
        Sandbox(latency=60) as paced,
        httpx2.Client(base_url=paced.url, trust_env=False, verify=False) as client,
    ):
        reply = client.post("/v1/chat/completions", json={**ASK, "model": "fast"})
    assert reply.json()["model"] == "sandbox-fast"


def test_reader_that_is_slow_gets_everything(speaker: "Speaker") -> None:
    text = "word " * 15_000
    with speaker.client.stream(
        "POST",
        "/v1/chat/completions",
        json={
            "model": "echo",
            "stream": True,
            "messages": [{"role": "user", "content": text}],
        },
    ) as streamed:
        time.sleep(0.2)
        raw = "".join(streamed.iter_text())
    assert "".join(speaker.deltas_of("openai_chat", raw)) == text


async def exchange(url: str, count: int, body: bytes) -> int:
    """Send requests one after the other on one connection; how many were answered."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    answered = 0
    for _ in range(count):
        writer.write(body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        answered += head.startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()
    return answered


async def test_five_hundred_connections_are_open_at_once() -> None:
    with Sandbox(latency=3.0, rate=10_000) as paced:
        body = raw_request({**ASK, "model": "echo"})
        start = time.monotonic()
        answered = await asyncio.gather(*(exchange(paced.url, 1, body) for _ in range(500)))
        taken = time.monotonic() - start
        received = [record.received for record in paced.requests]
    assert sum(answered) == 500
    # One after the other they would take 1,500 seconds; all came in before the first was answered.
    assert max(received) - min(received) < 3.0
    assert taken < 30.0


@pytest.mark.soak
async def test_ten_thousand_quick_requests_are_answered(sandbox: Sandbox) -> None:
    body = raw_request({**ASK, "model": "fast"})
    answered = await asyncio.gather(*(exchange(sandbox.url, 100, body) for _ in range(100)))
    assert sum(answered) == 10_000
    assert len(sandbox.requests) == 1000


def test_cut_stream_ends_without_its_terminal_event(speaker: "Speaker", wire: str) -> None:
    path, body = speaker.request(wire, "Recommend a fantasy book.", model="flaky-cut", stream=True)
    headers = {"anthropic-version": "2023-06-01"}
    received: list[str] = []
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        speaker.client.stream("POST", path, json=body, headers=headers) as streamed,
    ):
        received.extend(streamed.iter_text())
    raw = "".join(received)
    assert "data: " in raw
    for ending in ("[DONE]", "response.completed", "message_stop", "finishReason"):
        assert ending not in raw


def test_cut_unstreamed_reply_is_incomplete(speaker: "Speaker") -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        speaker.ask("openai_chat", "Hello!", model="flaky-cut")
