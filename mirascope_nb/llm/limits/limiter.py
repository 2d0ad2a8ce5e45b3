"""Who may send now; pure. Nothing here waits, reads a clock or knows a loop.

A request asks with a `Ticket`. It may be sent at once, or it is queued and granted by a later
`pump`, when something has ended or enough time has passed (`next_look` says how much). There is one
queue for each gather and model, and they take turns, so that a gather of ten does not wait behind a
gather of ten thousand.

A request is under way until its reply has ended: providers count a stream for as long as it goes
on. What its status and headers say is learned as soon as they are there (`heard`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mirascope_nb.llm.limits.buckets import Bucket
from mirascope_nb.llm.limits.headers import quota
from mirascope_nb.llm.limits.lane import Lane

__all__ = ["REFUSALS", "Limiter", "Settings", "Share", "Ticket"]

REFUSALS = frozenset({429, 503, 529})
"""Statuses by which a server says that it has too much to do."""
LONGEST_SILENCE = 60.0
"""Seconds that a single call is held back at most; then it is sent, and the server's word counts.
A gather waits as long as it takes: it shows that it does, and can be cancelled."""
UNREAD = 5.0
"""Seconds after which a stream that nobody reads makes room for another. Whoever has left a loop
early and kept the stream would else hold its place for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the user has said of a provider's limits."""

    rpm: float | None = None
    """Requests a minute."""
    tpm: float | None = None
    """Tokens a minute, of requests and replies together."""
    concurrency: int | None = None
    """Requests under way at once."""
    adaptive: bool = True
    """Whether refusals and headers are learned from."""


class Share:
    """What one gather has waiting: the queues of different gathers take turns."""

    __slots__ = ("lanes", "slowly")

    def __init__(self, *, slowly: bool = False) -> None:
        self.slowly = slowly
        """Whether it begins with few requests where nothing is known of the provider."""
        self.lanes: dict[tuple[Limiter, Lane], int] = {}
        """How many requests wait where."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A request that wants to be sent."""

    lane: Lane
    share: Share | None
    caller: int
    """Who asks: the task, or the thread of a blocking call."""
    tokens: float = 0.0
    """How many it will use, as far as can be said before."""
    number: int = 0
    sent: float = 0.0
    wake: Callable[[], None] | None = field(default=None, repr=False)
    """Told of the grant, by whichever thread has made room."""
    granted: bool = False
    unread_since: float | None = None
    """For a stream: since when nobody has waited for more of it; `None` while somebody does."""


class Limiter:
    """The requests to one address."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._lanes: dict[str, Lane] = {}
        self._queues: OrderedDict[tuple[Lane, Share | None], deque[Ticket]] = OrderedDict()
        self._running = 0
        self._streams: set[Ticket] = set()
        self._looked = 0.0
        self._requests: Bucket | None = None
        self._tokens: Bucket | None = None
        self.settings = Settings()
        self.configure(settings or Settings(), 0.0)

    def configure(self, settings: Settings, now: float) -> None:
        """Take over what the user says of the limits."""
        self.settings = settings
        self._requests = None if settings.rpm is None else Bucket.per_minute(settings.rpm, now)
        self._tokens = None if settings.tpm is None else Bucket.per_minute(settings.tpm, now)
        if not settings.adaptive:
            self._lanes = {}

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def running(self) -> int:
        """How many requests are under way."""
        return self._running

    def lane(self, model: str) -> Lane:
        """What is known of a model."""
        lane = self._lanes.get(model)
        if lane is None:
            lane = self._lanes[model] = Lane(model)
        return lane

    def lanes(self) -> list[Lane]:
        """What is known of each model that was asked."""
        return list(self._lanes.values())

    def ask(self, ticket: Ticket, now: float) -> bool:
        """Grant a request at once, if it may be sent and is nobody else's turn, or queue it."""
        lane, share = ticket.lane, ticket.share
        if share is not None and share.slowly and self.settings.adaptive:
            lane.begin(now)
        if (_was_told(ticket) or not self._queues) and not self._delay(ticket, now)[0]:
            self._grant(ticket, now)
            return True
        self._queues.setdefault((lane, share), deque()).append(ticket)
        if share is not None:
            share.lanes[self, lane] = share.lanes.get((self, lane), 0) + 1
        return False

    def pump(self, now: float) -> list[Ticket]:
        """Grant what may be sent by now, the queues taking turns."""
        self._forget_unread(now)
        granted: list[Ticket] = []
        stuck = 0
        while self._queues and stuck < len(self._queues):
            key, queue = next(iter(self._queues.items()))
            ticket = queue[0]
            if self._delay(ticket, now)[0]:
                stuck += 1
            else:
                stuck = 0
                self._drop(ticket)
                self._grant(ticket, now)
                granted.append(ticket)
            if key in self._queues:
                self._queues.move_to_end(key)
        return granted

    def next_look(self, now: float) -> float | None:
        """Seconds until `pump` may find more to grant by the passing of time alone."""
        soonest: float | None = None
        for queue in self._queues.values():
            delay = self._delay(queue[0], now)[0]
            if delay != float("inf") and (soonest is None or delay < soonest):
                soonest = delay
        return soonest

    def withdraw(self, ticket: Ticket) -> None:
        """Forget a request that was given up while it waited."""
        self._drop(ticket)

    def done(
        self,
        ticket: Ticket,
        now: float,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Note that a granted request has ended, and learn from its reply.

        Args:
            ticket: The request.
            now: The time in seconds.
            status: The reply's HTTP status, or `None` if there was no reply.
            headers: The reply's headers.
            retry_after: Seconds that the server asked to wait.
        """
        if status is not None:
            self.heard(ticket, now, status=status, headers=headers, retry_after=retry_after)
        self._end(ticket)

    def stream(self, ticket: Ticket) -> None:
        """Note that the reply of a granted request is being read bit by bit."""
        self._streams.add(ticket)

    def stream_ended(self, ticket: Ticket) -> bool:
        """Note that a stream has ended; false if it counted no longer."""
        if ticket not in self._streams:
            return False
        self._streams.discard(ticket)
        self._end(ticket)
        return True

    def heard(
        self,
        ticket: Ticket,
        now: float,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Learn from the status and headers of a request's reply; see `done`."""
        lane = ticket.lane
        if not self.settings.adaptive:
            return
        # Those of a refusal are not looked at: their reset is often that of the next request only.
        if headers is not None and status not in REFUSALS and (ticket.share or lane.quotas):
            for what in ("requests", "tokens"):
                said = quota(headers, what)
                if said is not None:
                    lane.learn(now, what, said, number=ticket.number, sent=ticket.sent)
        if status not in REFUSALS:
            lane.accepted(now, ticket.number, now - ticket.sent)
            lane.told.discard(ticket.caller)
        else:
            lane.refused(
                now,
                ticket.number,
                reason=str(status),
                retry_after=retry_after,
                caller=ticket.caller,
            )

    def _end(self, ticket: Ticket) -> None:
        self._running -= 1
        ticket.lane.ended(ticket.number)

    def _forget_unread(self, now: float) -> None:
        if now - self._looked < UNREAD / 10:
            return
        self._looked = now
        for ticket in list(self._streams):
            if ticket.unread_since is not None and now - ticket.unread_since > UNREAD:
                self.stream_ended(ticket)

    def used(self, ticket: Ticket, tokens: float, now: float) -> None:
        """Put right how many tokens a request has used."""
        if self._tokens is not None:
            self._tokens.take(now, tokens - ticket.tokens)

    def why(self, share: Share, lane: Lane, now: float) -> tuple[float, str] | None:
        """How long the first request of a gather has to wait for a model, and why."""
        queue = self._queues.get((lane, share))
        return self._delay(queue[0], now) if queue else None

    def _grant(self, ticket: Ticket, now: float) -> None:
        ticket.granted = True
        ticket.sent = now
        self._running += 1
        if self._requests is not None:
            self._requests.take(now)
        if self._tokens is not None:
            self._tokens.take(now, ticket.tokens)
        ticket.number = ticket.lane.sent(now, slowly=_slowly(ticket), tokens=ticket.tokens)

    def _drop(self, ticket: Ticket) -> None:
        key = (ticket.lane, ticket.share)
        queue = self._queues.get(key)
        if not queue:
            return
        if queue[0] is ticket:
            queue.popleft()
        elif ticket in queue:
            queue.remove(ticket)
        else:
            return
        if not queue:
            del self._queues[key]
        if ticket.share is not None:
            left = ticket.share.lanes[self, ticket.lane] - 1
            if left:
                ticket.share.lanes[self, ticket.lane] = left
            else:
                del ticket.share.lanes[self, ticket.lane]

    def _delay(self, ticket: Ticket, now: float) -> tuple[float, str]:
        """Seconds until a request may be sent, and why not now; infinite until another ends."""
        settings = self.settings
        if settings.concurrency is not None and self._running >= settings.concurrency:
            return float("inf"), "a reply"
        longest, why = 0.0, ""
        if self._requests is not None:
            longest, why = self._requests.wait(now), f"{settings.rpm:g} requests a minute"
        if self._tokens is not None:
            delay = self._tokens.wait(now, ticket.tokens)
            if delay > longest:
                longest, why = delay, f"{settings.tpm:g} tokens a minute"
        lane = ticket.lane
        gathered, slowly = ticket.share is not None, _slowly(ticket)
        lane.tidy(now)
        if _was_told(ticket) or (lane.is_free and not (slowly and lane.starting)):
            return longest, why
        lane.forget_quotas(now)
        delay, reason = lane.wait(now, slowly=slowly)
        if not gathered and LONGEST_SILENCE < delay < float("inf"):
            delay = 0.0
        return (delay, reason) if delay > longest else (longest, why)


def _was_told(ticket: Ticket) -> bool:
    """Whether whoever asks has the last refusal in hand: to wait or not is then their business."""
    return ticket.share is None and ticket.caller in ticket.lane.told


def _slowly(ticket: Ticket) -> bool:
    return ticket.share is not None and ticket.share.slowly
