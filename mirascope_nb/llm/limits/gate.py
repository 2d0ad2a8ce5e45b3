"""Waiting for a limiter: the thin shells around it for the event loop and for blocking callers.

A caller that is queued is woken by whoever makes room, on whatever thread, or by a timer. It waits
on a future or an event of its own and not on `sleep`, which belongs to the retries.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mirascope_nb.llm.limits.limiter import REFUSALS, Limiter, Settings, Ticket
from mirascope_nb.llm.limits.share import current_share

if TYPE_CHECKING:
    import asyncio

    from mirascope_nb.llm.io.endpoint import Endpoint

__all__ = ["Gate", "Lease", "configure", "gate_of", "gates", "reset"]

LOOK = 0.5
"""Seconds after which a waiting caller looks again in any case."""
BYTES_A_TOKEN = 4
MOST_GATES = 256


class Gate:
    """The limiter of one address, and those who wait for it."""

    def __init__(self, provider: str, address: str, settings: Settings) -> None:
        self.provider = provider
        self.address = address
        self.limiter = Limiter()
        self.limiter.configure(settings, time.monotonic())
        self._lock = threading.Lock()
        self._timers: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[float, asyncio.TimerHandle]
        ] = weakref.WeakKeyDictionary()

    async def enter(self, model: str, size: int, *, is_async: bool) -> Ticket:
        """Wait until a request may be sent; blocking if the caller does.

        Args:
            model: The model that is asked.
            size: Length of the request's body in bytes.
            is_async: Whether the caller may suspend.
        """
        ticket = Ticket(
            lane=self.limiter.lane(model),
            share=current_share.get(),
            caller=_caller(is_async=is_async),
            tokens=size / BYTES_A_TOKEN,
        )
        with self._lock:
            now = time.monotonic()
            if self.limiter.ask(ticket, now):
                return ticket
            # Whoever has waited longer has the first turn, but nobody waits for want of a look.
            granted = self.limiter.pump(now)
        _wake(granted)
        if ticket.granted:
            return ticket
        try:
            if is_async:
                await self._wait(ticket)
            else:
                self._block(ticket)
        except BaseException:
            self._give_up(ticket)
            raise
        return ticket

    def leave(
        self,
        ticket: Ticket,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Note how a request ended, and wake those who may go now."""
        retry_after = _retry_after(status, headers)
        with self._lock:
            now = time.monotonic()
            self.limiter.done(ticket, now, status=status, headers=headers, retry_after=retry_after)
            granted = self.limiter.pump(now) if self.limiter.waiting else []
        _wake(granted)

    def stream(self, ticket: Ticket, *, status: int, headers: Mapping[str, str]) -> Lease:
        """Note that a reply has begun. The request is under way until the lease is closed."""
        retry_after = _retry_after(status, headers)
        with self._lock:
            now = time.monotonic()
            self.limiter.stream(ticket)
            self.limiter.heard(ticket, now, status=status, headers=headers, retry_after=retry_after)
            granted = self.limiter.pump(now) if self.limiter.waiting else []
        _wake(granted)
        return Lease(self, ticket)

    def stream_ended(self, ticket: Ticket) -> None:
        """Note that a stream has ended, and wake those who may go now."""
        granted: list[Ticket] = []
        with self._lock:
            if self.limiter.stream_ended(ticket) and self.limiter.waiting:
                granted = self.limiter.pump(time.monotonic())
        _wake(granted)

    def used(self, ticket: Ticket, tokens: float) -> None:
        """Put right how many tokens a request has used."""
        if self.limiter.settings.tpm is None:
            return
        with self._lock:
            self.limiter.used(ticket, tokens, time.monotonic())

    def configure(self, settings: Settings) -> None:
        """Take over what the user says of the limits."""
        with self._lock:
            self.limiter.configure(settings, time.monotonic())
        self.pump()

    def pump(self) -> float:
        """Wake those who may go by now; returns seconds until it is worth to look again."""
        with self._lock:
            now = time.monotonic()
            granted = self.limiter.pump(now)
            look = self.limiter.next_look(now)
        _wake(granted)
        return LOOK if look is None else min(max(look, 0.001), LOOK)

    async def _wait(self, ticket: Ticket) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        thread = threading.get_ident()

        def resolve() -> None:
            if not future.done():
                future.set_result(None)

        def wake() -> None:
            if threading.get_ident() == thread:
                resolve()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(resolve)

        with self._lock:
            ticket.wake = wake
            if ticket.granted:  # between the asking and now
                return
        self._arm(loop)
        await future

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again when time alone may have made room."""
        with self._lock:
            look = self.limiter.next_look(time.monotonic())
        when = loop.time() + (LOOK if look is None else min(max(look, 0.001), LOOK))
        timer = self._timers.get(loop)
        if timer is not None:
            if timer[0] <= when:
                return
            timer[1].cancel()
        self._timers[loop] = (when, loop.call_at(when, self._tick, loop))

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timers.pop(loop, None)
        self.pump()
        if self.limiter.waiting:
            self._arm(loop)

    def _block(self, ticket: Ticket) -> None:
        event = threading.Event()
        with self._lock:
            ticket.wake = event.set
            if ticket.granted:
                return
        while not event.wait(self.pump()):
            pass

    def _give_up(self, ticket: Ticket) -> None:
        """Forget a request that was cancelled while it waited, or just when it was let through."""
        with self._lock:
            if not ticket.granted:
                self.limiter.withdraw(ticket)
                return
        self.leave(ticket)


class Lease:
    """A stream's place among the requests under way, which it has until it ends.

    Whoever waits for more of it says so: a stream that nobody reads loses its place after a while.
    """

    __slots__ = ("_gate", "_ticket", "sent")

    def __init__(self, gate: Gate, ticket: Ticket) -> None:
        self._gate = gate
        self._ticket: Ticket | None = ticket
        self.sent = ticket.sent
        """When the request was sent, on the monotonic clock."""

    def __enter__(self) -> None:
        if self._ticket is not None:
            self._ticket.unread_since = None

    def __exit__(self, *_: object) -> None:
        if self._ticket is not None:
            self._ticket.unread_since = time.monotonic()

    def close(self) -> None:
        """Note that the stream has ended. May be called twice."""
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            self._gate.stream_ended(ticket)


def _retry_after(status: int | None, headers: Mapping[str, str] | None) -> float | None:
    if status not in REFUSALS or headers is None:
        return None
    from mirascope_nb.llm.retry_after import retry_after

    return retry_after(headers)


def _caller(*, is_async: bool) -> int:
    if is_async:
        import asyncio

        return id(asyncio.current_task())
    return threading.get_ident()


def _wake(tickets: list[Ticket]) -> None:
    for ticket in tickets:
        if ticket.wake is not None:
            ticket.wake()


_gates: dict[tuple[str, int], tuple[Gate, weakref.ref[Any] | None]] = {}
_settings: dict[str, Settings] = {}
_lock = threading.Lock()


def gate_of(endpoint: Endpoint) -> Gate:
    """The gate of an address. A transport of the caller's own makes an address of its own."""
    transport = endpoint.transport
    key = (endpoint.base_url, 0 if transport is None else id(transport))
    found = _gates.get(key)
    if found is not None and (found[1] is None or found[1]() is transport):
        return found[0]
    with _lock:
        if len(_gates) >= MOST_GATES:
            for old in [key for key, (gate, _) in _gates.items() if not gate.limiter.running]:
                del _gates[old]
        gate = Gate(
            endpoint.provider, endpoint.base_url, _settings_of(endpoint.provider, endpoint.base_url)
        )
        _gates[key] = (gate, None if transport is None else weakref.ref(transport))
        return gate


def gates() -> list[Gate]:
    """The gates of all addresses that were used."""
    return [gate for gate, _ in list(_gates.values())]


def configure(name: str, settings: Settings | None) -> None:
    """Set the limits of a provider or an address, or forget them."""
    with _lock:
        if settings is None:
            _settings.pop(name, None)
        else:
            _settings[name] = settings
    for gate in gates():
        if _names(name, gate.provider, gate.address):
            gate.configure(_settings_of(gate.provider, gate.address))


def reset() -> None:
    """Forget all that was set and learned."""
    with _lock:
        _settings.clear()
        _gates.clear()


def _settings_of(provider: str, address: str) -> Settings:
    """The settings that fit best: by address before by provider, the last before earlier ones."""
    fitting = [name for name in _settings if _names(name, provider, address)]
    fitting.sort(key=lambda name: "://" in name)
    return _settings[fitting[-1]] if fitting else Settings()


def _names(name: str, provider: str, address: str) -> bool:
    if "://" in name:
        wanted = name.rstrip("/")
        return address == wanted or address.startswith(wanted + "/")
    return name in {provider, provider.partition(":")[0]}


if sys.platform != "win32":
    # A forked child must not find the lock held by a thread that it does not have.
    def _after_fork() -> None:
        global _lock  # noqa: PLW0603, the one way to a fresh lock
        _lock = threading.Lock()
        _gates.clear()

    os.register_at_fork(after_in_child=_after_fork)
