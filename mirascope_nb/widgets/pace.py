"""When news is sent: soon after it is there, seldom enough to stay under the server's limits.

A Jupyter server drops whatever comes faster than 1,000 output messages or 1,000,000 bytes a second
and says so only in its log. The limits are per connection, so all the cards of an event loop share
one `Pacer`. A sender says that it has news; the first news goes out in the next turn of the loop,
and what follows is collected for the sender's interval. With many senders the pacer serves them in
turn, and each of them simply sends less often and more at a time.

There is a timer only while somebody has news.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Protocol

MESSAGES_PER_SECOND = 400.0
"""All cards together; less than half of what the server takes, since cells print as well."""
BYTES_PER_SECOND = 500_000.0
"""All cards together, again half of what the server takes."""
BURST_SECONDS = 0.5
"""How long a pause may be saved up for."""


class Sender(Protocol):
    """Something that has news to send now and then."""

    interval: float
    """Least seconds between two messages."""

    @property
    def has_news(self) -> bool:
        """Whether there is something to send."""
        ...

    def send_news(self) -> int:
        """Send what is new as one message; returns its approximate size in bytes."""
        ...


class Pacer:
    """Serves the senders of one event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        messages: float = MESSAGES_PER_SECOND,
        bytes: float = BYTES_PER_SECOND,
    ) -> None:
        # The pacer hangs on its loop: a strong reference back would keep both for ever.
        self._loop = weakref.ref(loop)
        self._messages = _Allowance(messages, now=loop.time())
        self._bytes = _Allowance(bytes, now=loop.time())
        self._due: dict[Sender, float] = {}
        self._last: weakref.WeakKeyDictionary[Sender, float] = weakref.WeakKeyDictionary()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._wakes_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether nobody waits and no timer runs."""
        return self._timer is None

    def wake(self, sender: Sender) -> None:
        """Note that a sender has news. Call it on the loop's own thread."""
        loop = self._loop()
        if loop is None or sender in self._due:
            return
        now = loop.time()
        last = self._last.get(sender)
        due = now if last is None else max(now, last + sender.interval)
        self._due[sender] = due
        self._sleep_until(loop, due)

    def forget(self, sender: Sender) -> None:
        """Drop a sender that has closed."""
        self._due.pop(sender, None)
        self._last.pop(sender, None)
        if not self._due and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def spend(self, size: int) -> None:
        """Count a message that was sent without waiting for a turn, such as a snapshot."""
        loop = self._loop()
        if loop is not None:
            self._messages.spend(1, now=loop.time())
            self._bytes.spend(size, now=loop.time())

    def _sleep_until(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            if self._wakes_at <= when:
                return
            self._timer.cancel()
        self._wakes_at = when
        if when <= loop.time():
            self._timer = loop.call_soon(self._serve)
        else:
            self._timer = loop.call_at(when, self._serve)

    def _serve(self) -> None:
        self._timer = None
        loop = self._loop()
        if loop is None:
            return
        now = loop.time()
        for sender in [sender for sender, due in self._due.items() if due <= now]:
            wait = max(self._messages.wait(now), self._bytes.wait(now))
            if wait > 0:
                self._sleep_until(loop, now + wait)
                return
            del self._due[sender]
            self._last[sender] = now
            size = sender.send_news()
            self._messages.spend(1, now=now)
            self._bytes.spend(size, now=now)
            if sender.has_news:
                # Put last again, so that every other sender has its turn first.
                self._due[sender] = now + sender.interval
        if self._due:
            self._sleep_until(loop, min(self._due.values()))


class _Allowance:
    """A rate that may be saved up for a short while, and overdrawn by one message."""

    def __init__(self, rate: float, *, now: float) -> None:
        self._rate = rate
        self._most = rate * BURST_SECONDS
        self._left = self._most
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until something may be spent again; 0 for now."""
        self._refill(now)
        return 0.0 if self._left > 0 else (1 - self._left) / self._rate

    def spend(self, amount: float, *, now: float) -> None:
        self._refill(now)
        self._left -= amount

    def _refill(self, now: float) -> None:
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now


_pacers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Pacer] = weakref.WeakKeyDictionary()


def pacer_of(loop: asyncio.AbstractEventLoop) -> Pacer:
    """The pacer that all cards of an event loop share."""
    pacer = _pacers.get(loop)
    if pacer is None:
        pacer = _pacers[loop] = Pacer(loop)
    return pacer
