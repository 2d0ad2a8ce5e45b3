"""What has been learned of one model at one address; pure.

A refusal (429, or 503 and 529 of a service that has too much to do) teaches four things:

- `hold`: when `Retry-After` was sent, nothing is sent before. Replies to requests that were sent
  after the refused one can lift it: then the server does take requests.
- `window`: how many may be under way. Multiplied down by a refusal, added to by successes.
- `pace`: how many may be sent in a second; see `Pace`.
- `tolerance`: a share of refusals that has nothing to do with us. Where slowing down again and
  again has not made refusals rarer, the old speed comes back, and refusals up to that share are
  only what they are.

Refusals of requests that were sent before the last slowing down say nothing new. Before the first
refusal the requests of a map start slowly: `START` at once, half as many more a round later. Since
a provider refuses at once, and a reply may take it long, a round is over after `SILENCE` at most:
who was not refused by then is taken for accepted.
"""

from __future__ import annotations

from collections import deque

from mirascope_nb.llm.limits.buckets import BURST, Bucket, Pace
from mirascope_nb.llm.limits.headers import Quota

__all__ = ["Lane"]

START = 20
"""Requests of maps that are under way at once before anything is known."""
GROWTH = 0.5
"""What an accepted request adds to the window before anything was refused."""
SILENCE = 1.0
"""Seconds after which a request that was not refused counts as accepted."""
SHRINK = 0.7
"""What a refusal multiplies the window by."""
HEADROOM = 1.2
"""How many more may be under way than it takes on average to keep the pace."""
RATE_WINDOW = 3.0
"""Seconds that the accepted rate is measured over."""
SHORTEST = 0.25
"""Seconds below which a rate says nothing."""
SERIES = 10.0
"""Seconds within which a refusal belongs with the one before."""
FUTILE = 6
"""Slowings in a row before it is asked whether they did any good."""
EVIDENCE = 8
"""Successes that lift a hold, unless refusals came between them."""
CAUTION = 0.98
"""Share of the rate that a provider's headers promise, to be asked for."""
RESERVE = 3.0
"""Requests that are left to the provider, whose account may be ahead of ours."""
TRUSTED = 30.0
"""Seconds for which a provider's word about its limits counts."""
MOST_TOLD = 1_000
RECENT = 200
"""Outcomes that the share of refusals is measured over."""


class Lane:
    """One model at one address."""

    __slots__ = (
        "_all",
        "_bad",
        "_begun",
        "_first",
        "_grants",
        "_mark",
        "_most",
        "_peak",
        "_refusals",
        "_series",
        "_shrunk",
        "_slowed",
        "_start",
        "_young",
        "bad",
        "good",
        "hold_from",
        "hold_reason",
        "hold_until",
        "latency",
        "lifted_by",
        "model",
        "pace",
        "quotas",
        "ramp",
        "running",
        "sequence",
        "starting",
        "told",
        "tolerance",
        "window",
    )

    def __init__(self, model: str) -> None:
        self.model = model
        self.sequence = 0
        """How many requests have been sent."""
        self.running = 0
        self.latency: float | None = None
        """Seconds to a reply, smoothed."""
        self.starting = False
        """Whether a map has begun to send and nothing was refused yet."""
        self.ramp: Bucket | None = None
        """Spreads what a slow start sends over a round trip."""
        self.window: float | None = None
        self.pace: Pace | None = None
        self.quotas: dict[str, Bucket] = {}
        """What the provider's headers say is left of requests and tokens."""
        self.tolerance: float | None = None
        self.hold_until = 0.0
        self.hold_from = 0.0
        self.hold_reason = ""
        self.lifted_by: list[int] | None = None
        """The sequence number of the refused request, and what has come of later ones."""
        self.told: set[int] = set()
        """Callers outside any gather that were refused and have not succeeded since."""
        self.good = self.bad = 0
        """Outcomes of requests sent after the last slowing down."""
        self._mark = 0
        self._most = 0
        self._peak = 0.0
        self._slowed = float("-inf")
        self._shrunk = float("-inf")
        self._first = 0.0
        self._series = 0
        self._begun = 0.0
        self._start = 0.0
        self._bad = self._all = 0
        self._young: dict[int, float] = {}
        """While starting: requests that were sent lately and not answered yet, and when."""
        self._grants: deque[float] = deque(maxlen=2048)
        self._refusals: deque[float] = deque(maxlen=2048)

    @property
    def is_free(self) -> bool:
        """Whether nothing holds a request up."""
        return not (self.hold_until or self.pace or self.quotas) and (
            self.window is None or self.starting
        )

    def begin(self, now: float) -> None:
        """Note that a map is about to send: slowly, if nothing is known yet."""
        if self.window is None and self.pace is None and self.tolerance is None:
            self.starting = True
            self.window = START
            self.ramp = Bucket(capacity=START, rate=float("inf"), level=START, when=now)

    def wait(self, now: float, *, slowly: bool) -> tuple[float, str]:
        """Seconds until a request may be sent, as far as can be said, and why."""
        if now < self.hold_until:
            return self.hold_until - now, self.hold_reason
        longest = 0.0
        why = ""
        if not self.starting:
            if self.window is not None and self.running >= self._room(now):
                return float("inf"), "a reply"
        elif slowly:
            longest = self._wait_for_start(now)
        if self.pace is not None:
            if self.pace.is_forgotten:
                self.pace = None
            else:
                longest, why = max(longest, self.pace.wait(now)), "slowed down after a 429"
        for what, bucket in self.quotas.items():
            left = bucket.wait(now)
            if left > longest:
                longest, why = left, f"the provider's limit on {what}"
        return longest, why

    def sent(self, now: float, *, slowly: bool, tokens: float) -> int:
        """Note that a request is sent, and return its number."""
        self.sequence += 1
        if not self.running and (not self._grants or now - self._grants[-1] > RATE_WINDOW):
            self._first = now
        self.running += 1
        self._most = max(self._most, self.running)
        self._grants.append(now)
        if self.pace is not None:
            self.pace.take()
        if self.starting:
            self._young[self.sequence] = now
            if slowly and self.ramp is not None:
                self.ramp.take(now)
        for what, bucket in self.quotas.items():
            bucket.take(now, tokens if what == "tokens" else 1.0)
        return self.sequence

    def accepted(self, now: float, number: int, latency: float) -> None:
        """Note that a request was not refused."""
        self.latency = latency if self.latency is None else 0.8 * self.latency + 0.2 * latency
        if number > self._mark:
            self.good += 1
            self._age()
        if self.lifted_by is not None and number > self.lifted_by[0]:
            self.lifted_by[1] += 1
            if self.lifted_by[1] >= EVIDENCE and self.lifted_by[1] >= 4 * self.lifted_by[2]:
                self._release(now)
        if self.starting:
            if self._young.pop(number, None) is not None:
                self._widen(now, 1)
        elif self.window is not None and self.running >= self.window / 2:
            self.window += max(1.0, self._peak / 20) / self.window
            if self.window > 4 * self._peak and self.pace is None:
                self.window = None

    def refused(
        self, now: float, number: int, *, reason: str, retry_after: float | None, caller: int
    ) -> None:
        """Note that a request was refused."""
        self._refusals.append(now)
        if self.lifted_by is not None and number > self.lifted_by[0]:
            self.lifted_by[2] += 1
        if number > self._mark:
            self.bad += 1
            self._age()
        if self.tolerance is not None:
            total = self.good + self.bad
            if total < RECENT / 4 or self.bad / total <= self.tolerance:
                return
        if len(self.told) >= MOST_TOLD:  # of whom most are long gone
            self.told.clear()
        self.told.add(caller)
        if retry_after:
            self._hold(now, now + retry_after, number, reason)
        if number > self._mark and not self._trusts_quota(now):
            self._slow(now)

    def learn(self, now: float, what: str, quota: Quota, *, number: int, sent: float) -> None:
        """Take over what the reply to a request says is left.

        The headers were true when that request arrived: what was sent since then is taken off, and
        what has come back since then is added.
        """
        bucket = self.quotas.get(what)
        # Half, since what is sent evenly may arrive in a heap.
        capacity = max(1.0, quota.limit / 2) if what == "requests" else quota.limit
        used = quota.limit - quota.remaining
        rate: float | None = None
        if used >= min(10.0, quota.limit / 2):
            if quota.reset:
                rate = CAUTION * used / quota.reset
            elif quota.span:
                rate = CAUTION * quota.limit / quota.span
        if bucket is None:
            if rate is None:
                return  # far from the limit: nothing to keep account of
            bucket = self.quotas[what] = Bucket(
                capacity=capacity, rate=rate, level=quota.remaining, when=now
            )
        elif rate is not None:
            bucket.rate += 0.2 * (rate - bucket.rate)
        since = self.sequence - number if what == "requests" else 0
        bucket.capacity = capacity
        left = quota.remaining - min(RESERVE, quota.limit / 20)
        bucket.level = min(capacity, left - since + (now - sent) * bucket.rate)
        bucket.when = now

    def forget_quotas(self, now: float) -> None:
        """Drop what the provider has not repeated for a while."""
        for what in [what for what, each in self.quotas.items() if now - each.when > TRUSTED]:
            del self.quotas[what]

    def ended(self, number: int) -> None:
        """Note that a request is no longer under way."""
        self.running -= 1
        self._young.pop(number, None)

    def _room(self, now: float) -> int:
        """How many may be under way: the window, but not fewer than the pace takes to be kept.

        That only once the pace was right for a while: what is refused now asks for fewer.
        """
        room = self.window or 0.0
        right = now - self._slowed > SILENCE
        if right and self.pace is not None and self.latency is not None:
            room = max(room, HEADROOM * self.pace.rate(now) * self.latency)
        return int(room)

    def _wait_for_start(self, now: float) -> float:
        """Seconds until the next request of a map that starts slowly."""
        silent = 0
        for number, sent in self._young.items():
            if now - sent < SILENCE - 1e-9:
                break
            silent = number
        if silent:
            accepted = [number for number in self._young if number <= silent]
            for number in accepted:
                del self._young[number]
            self._widen(now, len(accepted))
        if self.window is not None and len(self._young) >= int(self.window):
            return next(iter(self._young.values())) + SILENCE - now
        return 0.0 if self.ramp is None else self.ramp.wait(now)

    def _widen(self, now: float, accepted: int) -> None:
        """Let more be sent in the next round."""
        if self.window is None or self.ramp is None:
            return
        if len(self._young) + accepted >= self.window / 2:
            self.window += GROWTH * accepted
        round_trip = SILENCE if self.latency is None else min(max(self.latency, 1e-3), SILENCE)
        self.ramp.wait(now)  # what has come by now came at the old rate
        self.ramp.rate = (1 + GROWTH) * self.window / round_trip
        self.ramp.capacity = max(2.0, self.ramp.rate * BURST)

    def _trusts_quota(self, now: float) -> bool:
        """Whether the refusal only says that our account of the provider's limit was off a bit."""
        bucket = self.quotas.get("requests")
        if bucket is None or bucket.wait(now) > 0:
            return bucket is not None and self.bad * 4 <= self.good + self.bad
        bucket.level = min(bucket.level, 0.0)
        return self.bad * 4 <= self.good + self.bad

    def _hold(self, now: float, until: float, number: int, reason: str) -> None:
        if now >= self.hold_until:
            self.hold_from = now
            self.lifted_by = [number, 0, 0]
        elif self.lifted_by is not None:
            self.lifted_by[0] = max(self.lifted_by[0], number)
        self.hold_until = max(self.hold_until, until)
        self.hold_reason = reason

    def tidy(self, now: float) -> None:
        """End a hold whose time is over."""
        if self.hold_until and now >= self.hold_until:
            self._release(now)

    def _release(self, now: float) -> None:
        if self.pace is not None:
            self.pace.credit(now, now - self.hold_from)
        self.hold_until = 0.0
        self.lifted_by = None

    def _slow(self, now: float) -> None:
        rate = self._accepted_rate(now)
        outcomes = self.good + self.bad
        if now - self._slowed > SERIES:
            self._series = 0
            self._begun = now
        if not self._series or now - self._begun < RATE_WINDOW:
            self._series = 0  # what a full bucket let through at once is in the rate until then
            self._start, self._bad, self._all = rate, 0, 0
        self._series += 1
        self._slowed = now
        self._bad += self.bad
        self._all += outcomes
        if self._series >= FUTILE and rate < self._start / 2 and self._bad < self._all / 3:
            self._tolerate()
            return
        floor = 1.0 if self.pace is None else self.pace.rate(now) / 2
        held = max(0.0, self.hold_until - now)
        self.pace = Pace(max(rate, floor), now, last=self.pace, held=held)
        # Once in the time of a reply: only then can the smaller window have shown what it does.
        if self.window is None or now - self._shrunk > (self.latency or SILENCE):
            self._shrunk = now
            self._peak = float(max(self._most, 1))
            self.window = max(1.0, SHRINK * self._peak)
        self.starting = False
        self._young.clear()
        self._mark, self._most = self.sequence, self.running
        self.good = self.bad = 0

    def _tolerate(self) -> None:
        """Give up slowing down: the server takes less and less, and refuses as many."""
        self.tolerance = min(0.5, 2 * self._bad / self._all)
        self.window = self.pace = None
        self._release(self._slowed)
        self._mark, self._series = self.sequence, 0
        self.good = self.bad = 0

    def _accepted_rate(self, now: float) -> float:
        """Requests a second that the server has taken lately."""
        since = now - RATE_WINDOW
        while self._grants and self._grants[0] < since:
            self._grants.popleft()
        while self._refusals and self._refusals[0] < since:
            self._refusals.popleft()
        # Not since the first of them: what is sent in heaps was not sent in between.
        begun = max(since, self._first)
        taken = max(0, len(self._grants) - len(self._refusals))
        return taken / max(SHORTEST, now - begun)

    def _age(self) -> None:
        if self.good + self.bad > RECENT:
            self.good, self.bad = self.good // 2, self.bad // 2
