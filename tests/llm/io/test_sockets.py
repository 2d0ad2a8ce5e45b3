"""Our own sockets: how connections are made, kept and given up, by both faces."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.llm.io import Endpoint, HttpRequest, Timeouts, sockets_async
from mirascope_nb.llm.io import clients as clients_module
from mirascope_nb.llm.io import connecting as connecting_module
from mirascope_nb.llm.io import sockets as sockets_module

if TYPE_CHECKING:
    from tests.llm.io.conftest import Asker, Host, Visit

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNK = b"5\r\nhello\r\n"
END = b"0\r\n\r\n"


async def until(met: Callable[[], bool], *, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:  # noqa: ASYNC110, told by another thread
        await asyncio.sleep(0.005)
    return met()


async def test_calls_in_a_row_open_one_connection(host: Host, asker: Asker) -> None:
    for number in range(20):
        reply = await asker.send(host, b'{"n": %d}' % number)
        assert (reply.status, reply.body) == (200, b"hello")
    assert host.connections == 1
    assert host.asked[7][1] == b'{"n": 7}'
    assert host.asked[7][0].startswith(b"POST /v1/ask HTTP/1.1\r\nhost: 127.0.0.1:")


async def test_streams_in_a_row_open_one_connection_though_their_end_comes_late(
    host: Host, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_async, "LINGER", 10)
    ends = 0

    async def script(visit: Visit) -> None:
        nonlocal ends
        await visit.send(STREAM, CHUNK)
        await asyncio.sleep(0.02)
        await visit.send(END)
        ends += 1

    host.script = script
    for number in range(10):
        stream = await asker.open(host)
        assert await stream.read(None) == b"hello"
        await stream.release()  # before the last chunk has come
        assert await until(lambda number=number: ends > number)
        if asker.face == "async":
            assert await until(lambda: len(kept_by(asyncio.get_running_loop())) == 1)
    assert host.connections == 1


def kept_by(loop: asyncio.AbstractEventLoop) -> list[sockets_async.Connection]:
    loops = clients_module._loops  # pyright: ignore[reportPrivateUsage]
    pools = loops[loop].pools.values()
    return [each for pool in pools if pool is not None for each in pool._kept]  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "after",
    [b"", CHUNK, END + b"HTTP/1.1 200 OK\r\n", b"nonsense\r\n"],
    ids=["nothing", "another chunk", "more than the end", "nonsense"],
)
async def test_a_connection_whose_reply_does_not_end_as_it_should_serves_nobody_else(
    host: Host, asker: Asker, after: bytes
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM, CHUNK)
        await asyncio.sleep(0.02)
        await visit.send(after)
        await visit.reader.read()

    host.script = script
    for number in range(3):
        stream = await asker.open(host)
        assert await stream.read(None) == b"hello"
        await stream.release()
        await asyncio.sleep(0.15)
        assert host.connections == number + 1
    if asker.face == "async":
        assert await until(lambda: host.open == 0)


async def test_a_stream_that_is_closed_early_closes_its_connection(
    host: Host, asker: Asker
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM, CHUNK)
        await visit.reader.read()

    host.script = script
    stream = await asker.open(host)
    assert await stream.read(None) == b"hello"
    await stream.aclose()
    await stream.aclose()
    assert await until(lambda: host.open == 0)
    with pytest.raises(llm.ConnectionError, match="closed"):
        await stream.read(None)


async def test_a_stream_that_is_dropped_closes_its_connection(host: Host, asker: Asker) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM, CHUNK)
        await visit.reader.read()

    host.script = script
    stream = await asker.open(host)
    held = [stream]
    gone = threading.Thread(target=held.clear)
    del stream
    gone.start()
    await asyncio.to_thread(gone.join)
    del gone
    gc.collect()
    assert await until(lambda: host.open == 0)


async def test_the_last_used_connection_is_used_next_and_old_ones_are_closed(
    host: Host, async_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(visit: Visit) -> None:
        await asyncio.sleep(0.05)
        await host.hello(visit)

    host.script = slow
    await asyncio.gather(*(async_asker.send(host) for _ in range(5)))
    assert host.open == host.connections == 5
    host.script = host.hello
    monkeypatch.setattr(sockets_async, "KEPT", 0.1)
    for _ in range(8):
        await async_asker.send(host)
        await asyncio.sleep(0.03)
    assert host.connections == 5
    assert await until(lambda: host.open == 1)


async def test_a_connection_that_was_kept_for_too_long_is_not_used(
    host: Host, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirascope_nb.llm.io import sockets_blocking

    monkeypatch.setattr(sockets_async, "KEPT", 0.01)
    monkeypatch.setattr(sockets_blocking, "KEPT", 0.01)
    await asker.send(host)
    await asyncio.sleep(0.05)
    await asker.send(host)
    assert host.connections == 2


async def test_a_server_may_answer_before_it_has_read_all(host: Host, asker: Asker) -> None:
    async def refuse(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await asyncio.sleep(0.3)
        visit.writer.close()

    host.script = refuse
    with contextlib.suppress(llm.ConnectionError):  # a reset may destroy what was sent before
        reply = await asker.send(host, bytes(30_000_000), {"x-unread": "1"})
        assert (reply.status, reply.body) == (413, b"no")


async def test_a_large_body_and_a_large_reply_arrive_whole(host: Host, asker: Asker) -> None:
    async def echo(visit: Visit) -> None:
        body = host.asked[-1][1]
        await visit.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), body)

    host.script = echo
    body = bytes(range(256)) * 40_000
    assert (await asker.send(host, body)).body == body


async def test_a_reader_that_is_slow_makes_the_server_wait(host: Host, async_asker: Asker) -> None:
    written = 0

    async def flood(visit: Visit) -> None:
        nonlocal written
        await visit.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            await visit.send(bytes(100_000))
            written += 100_000

    host.script = flood
    stream = await async_asker.open(host)
    await asyncio.sleep(0.5)
    seen = written
    assert seen < 50_000_000
    size = 0
    while piece := await stream.read(None):
        size += len(piece)
        if size == 100_000_000:
            break
    assert size == 100_000_000
    await stream.aclose()


async def test_a_deadline_moves_with_every_read(host: Host, asker: Asker) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM)
        await visit.send(*[CHUNK] * 6, pause=0.05)
        await visit.reader.read()

    host.script = script
    stream = await asker.open(host)
    for _ in range(6):
        assert await stream.read(time.monotonic() + 5) == b"hello"
    began = time.monotonic()
    with pytest.raises(llm.TimeoutError):
        await stream.read(time.monotonic() + 0.1)
    assert 0.05 < time.monotonic() - began < 3
    assert await until(lambda: host.open == 0)


async def test_a_shorter_deadline_after_a_longer_one_is_kept(host: Host, asker: Asker) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM, CHUNK)
        await visit.reader.read()

    host.script = script
    stream = await asker.open(host, Timeouts(first_content=60))
    await stream.read(time.monotonic() + 60)
    began = time.monotonic()
    with pytest.raises(llm.TimeoutError):
        await stream.read(time.monotonic() + 0.1)
    assert time.monotonic() - began < 3


async def test_an_encrypted_connection_is_made_kept_and_checked(
    tls_host: Host, asker: Asker, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(llm.ConnectionError, match="TLS connection") as caught:
        await asker.send(tls_host)
    assert caught.value.should_retry is False
    assert not tls_host.asked

    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(clients_module, "tls_context", lambda: trusting)
    clients_module.close_blocking_clients()
    clients_module._loops.clear()  # pyright: ignore[reportPrivateUsage]
    before = tls_host.connections
    for _ in range(5):
        assert (await asker.send(tls_host)).body == b"hello"
    assert tls_host.connections == before + 1
    body = bytes(3_000_000)
    await asker.send(tls_host, body)
    assert tls_host.asked[-1][1] == body


async def test_the_tls_context_is_built_once_and_only_when_needed(
    host: Host, tls_host: Host, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[int] = []
    make = httpx2.create_ssl_context

    def counted() -> ssl.SSLContext:
        built.append(1)
        return make()

    monkeypatch.setattr(httpx2, "create_ssl_context", counted)
    clients_module.tls_context.cache_clear()
    await asker.send(host)
    assert not built
    for _ in range(3):
        clients_module.close_blocking_clients()
        clients_module._loops.clear()  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(llm.ConnectionError):
            await asker.send(tls_host)
    assert built == [1]


async def test_a_host_with_several_addresses_is_reached_by_the_one_that_answers(
    host: Host, async_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    with socket.socket() as bound:  # bound and not listening: refuses
        bound.bind(("127.0.0.1", 0))
        deaf = bound.getsockname()[1]

        def several(name: str, port: int, *args: object, **kwargs: object) -> object:
            if kwargs.get("flags") == socket.AI_NUMERICHOST or args[2:]:
                raise socket.gaierror
            return [*real("127.0.0.1", deaf, 0, 1), *real("127.0.0.1", port, 0, 1)]

        async def look_up(*_: object, **__: object) -> object:
            return [*real("127.0.0.1", deaf, 0, 1), *real("127.0.0.1", host.port, 0, 1)]

        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", look_up, raising=False)
        monkeypatch.setattr(socket, "getaddrinfo", several)
        host.url = host.url.replace("127.0.0.1", "localhost")
        assert (await async_asker.send(host)).body == b"hello"


async def test_the_second_address_is_tried_while_the_first_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[int] = []
    closed: list[int] = []

    class Fake:
        def __init__(self, number: int) -> None:
            self.number = number

        def close(self) -> None:
            closed.append(self.number)

    async def connected(_: object, found: tuple[int, ...]) -> Fake:
        tried.append(found[1])
        if found[1] == 1:
            await asyncio.sleep(60)
        return Fake(found[1])

    async def look_up(*_: object, **__: object) -> object:
        # Four of one family, then one of the other: they are tried by turns.
        return [(2, 1, 0, "", 0), (2, 3, 0, "", 0), (10, 2, 0, "", 0)]

    monkeypatch.setattr(connecting_module, "_connected", connected)
    monkeypatch.setattr(connecting_module, "NEXT_ADDRESS", 0.01)
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", look_up, raising=False)
    won = await connecting_module.connect(loop, "localhost", 80)
    assert isinstance(won, Fake)
    assert (won.number, tried, closed) == (2, [1, 2], [])
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_a_proxy_of_the_environment_is_asked(
    host: Host, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", host.url.removesuffix("/v1"))
    endpoint = Endpoint(provider="tested", base_url="http://provider.example/v1")
    work = asker.io.send(endpoint, HttpRequest(path="/ask", body=b"{}"))
    reply = await work
    assert reply.body == b"hello"
    assert host.asked[0][0].startswith(b"POST http://provider.example/v1/ask HTTP/1.1\r\n")


async def test_a_transport_of_the_callers_own_is_asked(asker: Asker) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=str(request.url))

    endpoint = Endpoint(
        provider="tested",
        base_url="http://x.example/v1",
        transport=httpx2.MockTransport(answer),
    )
    work = asker.io.send(endpoint, HttpRequest(path="/a b", body=b"{}"))
    reply = await work
    assert reply.body == b"http://x.example/v1/a%20b"


async def test_a_path_that_needs_quoting_goes_by_httpx2(host: Host, asker: Asker) -> None:
    work = asker.io.send(
        asker.endpoint(host.url), HttpRequest(path="/models/a b\u00e9", body=b"{}")
    )
    reply = await work
    assert reply.body == b"hello"
    assert host.asked[0][0].startswith(b"POST /v1/models/a%20b%C3%A9 HTTP/1.1\r\n")


async def test_a_path_cannot_smuggle_a_request(host: Host, asker: Asker) -> None:
    work = asker.io.send(
        asker.endpoint(host.url), HttpRequest(path="/x HTTP/1.1\r\nhost: evil\r\n\r\n", body=b"{}")
    )
    with contextlib.suppress(llm.Error):
        await work
    assert all(b"\r\nhost: evil" not in head for head, _ in host.asked)


def test_threads_share_connections(host: Host, sync_asker: Asker) -> None:
    bodies: list[bytes] = []

    def work() -> None:
        for _ in range(25):
            bodies.extend([run_now(sync_asker.send(host)).body])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [b"hello"] * 200
    assert host.connections <= 8


def test_what_a_loop_leaves_open_is_closed_with_it(host: Host, async_asker: Asker) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(STREAM, CHUNK)
        await visit.reader.read()

    kept: list[object] = []

    async def main() -> None:
        await async_asker.send(host)
        host.script = script
        kept.extend([await async_asker.open(host) for _ in range(3)])

    asyncio.run(main())
    assert asyncio.run(until(lambda: host.open == 0))
    kept.clear()


@pytest.mark.parametrize("limit", ["connect", "first_content"])
async def test_which_limit_ended_a_connecting_is_told(
    host: Host, async_asker: Asker, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    async def never(*_: object) -> socket.socket:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(sockets_async, "connect", never)
    told = "did not accept" if limit == "connect" else "did not answer in time"
    with pytest.raises(llm.TimeoutError, match=told):
        await async_asker.open(host, Timeouts(**{limit: 0.05}))
    assert sockets_module.SHORTEST > 0


def test_a_loop_that_is_closed_without_a_word_is_forgotten_by_the_next(
    host: Host, async_asker: Asker
) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(async_asker.send(host))
    for each in kept_by(loop):
        each.abort()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    asyncio.run(async_asker.send(host))
    assert loop not in clients_module._loops  # pyright: ignore[reportPrivateUsage]
