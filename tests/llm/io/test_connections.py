"""Connections that nobody needs, that were given up, or that are slow to be made."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from mirascope_nb import llm
from mirascope_nb._loop import run_now
from mirascope_nb.llm.io import Endpoint, HttpRequest, Timeouts, sockets_async, sockets_blocking

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

    from tests.llm.io.conftest import Asker, Host, Visit

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


async def until(met: Callable[[], bool], *, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:  # noqa: ASYNC110, told by another thread
        await asyncio.sleep(0.005)
    return met()


async def test_connections_that_nobody_needs_are_closed_though_nobody_asks_again(
    host: Host, async_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_async, "KEPT", 0.1)

    async def slow(visit: Visit) -> None:
        await asyncio.sleep(0.05)
        await host.hello(visit)

    host.script = slow
    await asyncio.gather(*(async_asker.send(host) for _ in range(5)))
    assert host.connections == 5
    assert await until(lambda: host.open == 0)


def test_old_connections_of_blocking_callers_are_closed_with_the_next_call(
    host: Host, sync_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_blocking, "KEPT", 0.3)
    together = threading.Barrier(4)

    async def slow(visit: Visit) -> None:
        await asyncio.to_thread(together.wait, 10)
        await host.hello(visit)

    host.script = slow
    threads = [threading.Thread(target=run_now, args=(sync_asker.send(host),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert host.open == 4
    host.script = host.hello
    time.sleep(0.4)
    run_now(sync_asker.send(host))
    run_now(sync_asker.send(host))
    assert asyncio.run(until(lambda: host.open == 1))


async def test_a_connection_whose_request_was_not_read_is_not_kept(
    host: Host, async_asker: Asker
) -> None:
    async def refuse(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        if b"x-unread" in host.asked[-1][0]:
            await asyncio.sleep(60)

    host.script = refuse
    reply = await async_asker.send(host, bytes(30_000_000), {"x-unread": "1"})
    assert reply.status == 413
    request = HttpRequest(path="/ask", body=b"{}")
    endpoint = Endpoint(provider="tested", base_url=host.url, timeouts=Timeouts(first_content=5))
    assert (await async_asker.io.send(endpoint, request)).status == 413
    assert host.connections == 2


async def test_a_stream_that_another_task_closes_does_not_seem_whole(
    host: Host, async_asker: Asker
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(HEAD + b"hello")
        await visit.reader.read()

    host.script = script
    stream = await async_asker.open(host)
    assert await stream.read(None) == b"hello"
    reading = asyncio.ensure_future(stream.read(None))
    await asyncio.sleep(0.01)
    await stream.aclose()
    with pytest.raises(llm.ConnectionError, match="closed"):
        await reading


async def test_what_never_ends_after_all_was_said_is_given_up(
    host: Host, sync_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_blocking, "MOST_AFTER_END", 1000)

    async def flood(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2000000000\r\n\r\nhello")
        for _ in range(100):
            await visit.send(bytes(100_000))

    host.script = flood
    stream = await sync_asker.open(host)
    await stream.read(None)
    await stream.release()
    host.script = host.hello
    assert (await sync_asker.send(host)).body == b"hello"
    assert host.connections == 2


def test_one_limit_holds_for_all_addresses_of_a_host(
    sync_asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    with socket.socket() as deaf:  # whose queue is full: it does not answer
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))

        def four(*_: object, **__: object) -> object:
            return real("127.0.0.1", port, 0, 1) * 4

        monkeypatch.setattr(socket, "getaddrinfo", four)
        endpoint = Endpoint(
            provider="tested", base_url=f"http://localhost:{port}", timeouts=Timeouts(connect=0.4)
        )
        began = time.monotonic()
        with pytest.raises(llm.TimeoutError, match="did not accept a connection"):
            run_now(sync_asker.io.send(endpoint, HttpRequest(path="/ask", body=b"{}")))
        assert time.monotonic() - began < 1.2
        for each in waiting:
            each.close()


class CancelledAt:
    """Drives a coroutine, and cancels its task once it has suspended so many times."""

    def __init__(self, work: Coroutine[object, object, object], suspensions: int) -> None:
        self._work = work
        self.left = suspensions

    def __await__(self) -> Generator[object, object, object]:
        steps = self._work.__await__()
        task = asyncio.current_task()
        assert task is not None
        while True:
            try:
                waited = next(steps)
            except StopIteration as done:
                return done.value
            self.left -= 1
            if not self.left:
                asyncio.get_running_loop().call_soon(task.cancel)
            try:
                yield waited
            except BaseException as error:
                steps.throw(error)
                raise


@pytest.mark.parametrize("addresses", [1, 3])
async def test_a_call_cancelled_wherever_it_waits_leaves_no_socket_and_no_task(
    host: Host, async_asker: Asker, addresses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(visit: Visit) -> None:
        await visit.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello")
        await asyncio.sleep(0.03)
        await visit.send(b"hello")

    async def look_up(*_: object, **__: object) -> object:
        await asyncio.sleep(0)
        return socket.getaddrinfo("127.0.0.1", host.port, 0, socket.SOCK_STREAM) * addresses

    host.script = script
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", look_up, raising=False)
    url = host.url.replace("127.0.0.1", "localhost")
    request = HttpRequest(path="/ask", body=b"{}")

    async def ask(suspensions: int) -> None:
        endpoint = Endpoint(provider="tested", base_url=url)
        await CancelledAt(async_asker.io.send(endpoint, request), suspensions)

    suspensions = 0
    while True:
        suspensions += 1
        task = asyncio.create_task(ask(suspensions))
        await asyncio.wait([task])
        if not task.cancelled():
            break
        assert await until(lambda: host.open == 0 and len(asyncio.all_tasks()) == 1)
    assert suspensions > 4
    assert task.exception() is None
    gc.collect()  # a socket that was left would warn
