"""Who sends: a pool of sockets per event loop and address, one per process for blocking callers.

One per call would pay for a TLS context each time (tens of milliseconds); one across loops would
hand a connection of a closed loop to the next `asyncio.run`. Where our own sockets do not serve
there is an `httpx2` client in the pool's place.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from mirascope_nb.llm.io.address import Address, address_of, goes_direct, is_plain_path
from mirascope_nb.llm.io.endpoint import Endpoint
from mirascope_nb.llm.io.protocol import ByteStream, HttpRequest
from mirascope_nb.llm.io.redacting import watch_logs

if TYPE_CHECKING:
    import asyncio
    import ssl

    import httpx2

    from mirascope_nb.llm.io.sockets_async import Pool
    from mirascope_nb.llm.io.sockets_blocking import BlockingPool

__all__ = [
    "async_client",
    "async_route",
    "blocking_client",
    "blocking_route",
    "build",
    "close_blocking_clients",
    "close_with_loop",
]


@cache
def tls_context() -> ssl.SSLContext:
    """The one TLS context, built when an https address is first used."""
    import httpx2

    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _tls_of(address: Address) -> ssl.SSLContext | None:
    return tls_context() if address.is_tls else None


def _settings(endpoint: Endpoint) -> dict[str, Any]:
    import httpx2

    plain = endpoint.base_url.startswith("http:") and endpoint.is_loopback
    return {
        # Queueing is the limiter's business: the pool itself never makes a caller wait or fail.
        "limits": httpx2.Limits(
            max_connections=None, max_keepalive_connections=None, keepalive_expiry=30.0
        ),
        "timeout": httpx2.Timeout(None),
        # Provider key headers would be forwarded to whatever host a redirect names.
        "follow_redirects": False,
        "trust_env": not endpoint.is_loopback,
        "verify": False if plain else tls_context(),
    }


class _LoopClients:
    """What sends for one event loop, closed when that loop shuts down its async generators."""

    def __init__(self) -> None:
        self.pools: dict[tuple[str, str, int], Pool | None] = {}
        self.clients: dict[tuple[str, int], httpx2.AsyncClient] = {}
        self.streams: weakref.WeakSet[ByteStream] = weakref.WeakSet()
        self._guard: AsyncGenerator[None, None] | None = None

    async def get(self, endpoint: Endpoint) -> httpx2.AsyncClient:
        key = (endpoint.origin, id(endpoint.transport))
        client = self.clients.get(key)
        if client is None:
            client = self._build(endpoint)
            self.clients[key] = client
            await self._begin()
        return client

    async def add_pool(self, endpoint: Endpoint, address: Address) -> Pool | None:
        pool: Pool | None = None
        if goes_direct(endpoint):
            from mirascope_nb.llm.io.sockets_async import Pool

            pool = Pool(address, _tls_of(address))
        self.pools[address.origin] = pool
        await self._begin()
        return pool

    async def _begin(self) -> None:
        if self._guard is None:
            self._guard = self._close_with_loop()
            await anext(self._guard)

    @staticmethod
    def _build(endpoint: Endpoint) -> httpx2.AsyncClient:
        import httpx2

        watch_logs()
        if endpoint.transport is not None:
            transport = cast("httpx2.AsyncBaseTransport", endpoint.transport)
            return httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(None))
        return httpx2.AsyncClient(**_settings(endpoint))

    async def _close_with_loop(self) -> AsyncGenerator[None, None]:
        # `asyncio.run` and IPython close every suspended async generator before the loop: the only
        # hook that a loop offers at its end.
        try:
            yield
        finally:
            self._guard = None
            clients, self.clients = self.clients, {}
            pools, self.pools = self.pools, {}
            for pool in pools.values():
                if pool is not None:
                    await pool.aclose()
            for stream in list(self.streams):
                await stream.aclose()
            for client in clients.values():
                await client.aclose()


_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopClients] = (
    weakref.WeakKeyDictionary()
)
_blocking: dict[tuple[int, str, int], httpx2.Client] = {}
_blocking_pools: dict[tuple[int, tuple[str, str, int]], BlockingPool | None] = {}
_lock = threading.Lock()


def _of_running_loop() -> _LoopClients:
    from asyncio import get_running_loop

    loop = get_running_loop()
    clients = _loops.get(loop)
    if clients is None:
        # A loop that was closed without shutting its generators down lives on in its connections.
        for gone in [each for each in _loops if each.is_closed()]:
            del _loops[gone]
        clients = _loops[loop] = _LoopClients()
    return clients


def _direct(endpoint: Endpoint, path: str) -> tuple[Address, str] | None:
    """Where our own sockets might send a request, and what they would ask for there."""
    address = None if endpoint.transport is not None else address_of(endpoint.base_url)
    if address is None:
        return None
    target = address.path + path
    return (address, target) if is_plain_path(target) else None


async def async_route(endpoint: Endpoint, path: str) -> tuple[Pool, str] | None:
    """The running loop's pool for a request, and the request's target; `None` for `httpx2`."""
    direct = _direct(endpoint, path)
    if direct is None:
        return None
    address, target = direct
    clients = _of_running_loop()
    pools = clients.pools
    origin = address.origin
    pool = pools[origin] if origin in pools else await clients.add_pool(endpoint, address)
    return None if pool is None else (pool, target)


def blocking_route(endpoint: Endpoint, path: str) -> tuple[BlockingPool, str] | None:
    """This process's pool for a request, and the request's target; `None` for `httpx2`."""
    direct = _direct(endpoint, path)
    if direct is None:
        return None
    address, target = direct
    key = (os.getpid(), address.origin)
    if key in _blocking_pools:
        pool = _blocking_pools[key]
    else:
        with _lock:
            pool = _blocking_pools.get(key)
            if pool is None:
                _close_at_exit()
                if goes_direct(endpoint):
                    from mirascope_nb.llm.io.sockets_blocking import BlockingPool

                    pool = BlockingPool(address, _tls_of(address))
                _blocking_pools[key] = pool
    return None if pool is None else (pool, target)


async def async_client(endpoint: Endpoint) -> httpx2.AsyncClient:
    """The running loop's client for an address."""
    return await _of_running_loop().get(endpoint)


def close_with_loop(stream: ByteStream) -> None:
    """Close a stream of the running loop when that loop ends, should it still be open then."""
    _of_running_loop().streams.add(stream)


def build(
    client: httpx2.AsyncClient | httpx2.Client,
    endpoint: Endpoint,
    request: HttpRequest,
    *,
    trace: Callable[[str, Mapping[str, Any]], object] | None = None,
) -> httpx2.Request:
    """A request with its address and its key, for a client to send.

    Args:
        client: Who will send it.
        endpoint: Where to.
        request: The rest of it.
        trace: Called, or awaited, with what the transport does: its extension of that name.
    """
    import httpx2

    timeouts = endpoint.timeouts
    return client.build_request(
        request.method,
        endpoint.base_url + request.path,
        content=request.body or None,
        headers={**request.headers, **endpoint.headers()},
        # Between two reads of the socket. The deadlines of the whole are kept by who reads.
        timeout=httpx2.Timeout(
            timeouts.total, connect=timeouts.connect, read=timeouts.longest, pool=None
        ),
        extensions={} if trace is None else {"trace": trace},
    )


def blocking_client(endpoint: Endpoint) -> httpx2.Client:
    """This process's client for an address; a forked child makes its own."""
    import httpx2

    key = (os.getpid(), endpoint.origin, id(endpoint.transport))
    client = _blocking.get(key)
    if client is None:
        with _lock:
            client = _blocking.get(key)
            if client is None:
                watch_logs()
                if endpoint.transport is not None:
                    transport = cast("httpx2.BaseTransport", endpoint.transport)
                    client = httpx2.Client(transport=transport, timeout=httpx2.Timeout(None))
                else:
                    client = httpx2.Client(**_settings(endpoint))
                _close_at_exit()
                _blocking[key] = client
    return client


@cache
def _close_at_exit() -> None:
    atexit.register(close_blocking_clients)


def close_blocking_clients() -> None:
    """Close the connections of blocking callers: at the end of the process, or of a test."""
    own = os.getpid()
    with _lock:
        clients = [client for (pid, *_), client in _blocking.items() if pid == own]
        pools = [pool for (pid, _), pool in _blocking_pools.items() if pool and pid == own]
        _blocking.clear()
        _blocking_pools.clear()
    for each in [*clients, *pools]:
        each.close()
