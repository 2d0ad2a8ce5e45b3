"""How a provider's pace is found: by a clock of the test's own, on servers of several minds."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from mirascope_nb.llm.limits.limiter import Limiter, Share, Ticket


class Server(Protocol):
    def take(self, now: float, /) -> bool: ...
    def wait(self) -> float: ...
    def headers(self) -> Mapping[str, str]: ...


class Filling:
    """Lets a second's worth through at once, and then as many as come back."""

    def __init__(self, rate: float, *, says: bool = False) -> None:
        self.rate, self.level, self.when, self.says = rate, rate, 0.0, says

    def take(self, now: float) -> bool:
        self.level = min(self.rate, self.level + (now - self.when) * self.rate)
        self.when = now
        if self.level < 1:
            return False
        self.level -= 1
        return True

    def wait(self) -> float:
        return (1 - self.level) / self.rate

    def headers(self) -> Mapping[str, str]:
        if not self.says:
            return {}
        return {
            "x-ratelimit-limit-requests": f"{self.rate:g}",
            "x-ratelimit-remaining-requests": str(int(max(self.level, 0))),
            "x-ratelimit-reset-requests": f"{(self.rate - self.level) / self.rate:.3f}s",
        }


class Counting:
    """Lets so many through in each second of the clock."""

    def __init__(self, rate: int) -> None:
        self.rate, self.second, self.taken = rate, -1, 0

    def take(self, now: float) -> bool:
        if int(now) != self.second:
            self.second, self.taken = int(now), 0
        self.taken += 1
        return self.taken <= self.rate

    def wait(self) -> float:
        return 1.0

    def headers(self) -> Mapping[str, str]:
        return {}


class Moody:
    """Refuses one in twenty, however slowly it is asked."""

    def __init__(self) -> None:
        self.draw = random.Random(3)  # noqa: S311, repeatable

    def take(self, now: float) -> bool:
        return self.draw.random() >= 0.05

    def wait(self) -> float:
        return 1.0

    def headers(self) -> Mapping[str, str]:
        return {}


class Run:
    """Rows through a limiter against a server, in made-up time."""

    def __init__(
        self,
        server: Server,
        *,
        says_when: bool,
        latency: float = 0.2,
        work: float = 0.0,
        stall: float = 0.0,
    ) -> None:
        """Prepare.

        Args:
            server: Who is asked.
            says_when: Whether refusals say when to come again.
            latency: Seconds to a reply.
            work: Seconds of computing for each request and each reply, during which nothing else
                is looked at.
            stall: Seconds for which, every two seconds or so, nothing is looked at.
        """
        self.server, self.says_when, self.latency = server, says_when, latency
        self._work, self._stall = work, stall
        self._draw = random.Random(11)  # noqa: S311, repeatable
        self._stalls_at = self._draw.expovariate(0.5) if stall else float("inf")
        self.limiter, self.share = Limiter(), Share(slowly=True)
        self.lane = self.limiter.lane("m")
        self.now, self.sent, self.refused = 0.0, 0, 0
        self._events: list[tuple[float, int, str, Any]] = []
        self._order = itertools.count()

    def rows(self, count: int, *, limit: int) -> float:
        """Run so many, and return how long it took."""
        left, done = count, 0
        for _ in range(min(limit, count)):
            left -= 1
            self._ask()
        while done < count:
            look = self.limiter.next_look(self.now)
            if look is not None and (not self._events or self.now + look < self._events[0][0]):
                self._turn(self.now + max(look, 1e-6))
                self._granted()
                continue
            due, _, kind, (ticket, headers, wait) = heapq.heappop(self._events)
            self._turn(due)
            if kind == "again":
                self._ask()
            elif kind == "good":
                done += 1
                self.limiter.done(ticket, self.now, status=200, headers=headers)
                if left:
                    left -= 1
                    self._ask()
            else:
                self.refused += 1
                wait = wait if self.says_when else None
                headers = {**headers, "x-ratelimit-reset-requests": "1ms"}
                self.limiter.done(ticket, self.now, status=429, headers=headers, retry_after=wait)
                self._later(wait or 0.5, "again")
            self._granted()
        return self.now

    def _ask(self) -> None:
        ticket = Ticket(lane=self.lane, share=self.share, caller=next(self._order))
        if self.limiter.ask(ticket, self.now):
            self._send(ticket)

    def _granted(self) -> None:
        for ticket in self.limiter.pump(self.now):
            self._send(ticket)

    def _send(self, ticket: Ticket) -> None:
        self.sent += 1
        self.now += self._work
        good = self.server.take(self.now)
        said = (ticket, dict(self.server.headers()), self.server.wait())
        self._later(self.latency if good else 0.005, "good" if good else "bad", said)

    def _later(self, seconds: float, kind: str, said: Any = (None, None, None)) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), kind, said))

    def _turn(self, due: float) -> None:
        """Come to what was due at a time, which may have passed meanwhile."""
        self.now = max(self.now, due)
        if self.now >= self._stalls_at:
            self.now += self._stall
            self._stalls_at = self.now + self._draw.expovariate(0.5)
        self.now += self._work


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize("says_how_much", [True, False])
def test_sixty_a_second_are_nearly_reached_with_few_refusals(
    *, says_when: bool, says_how_much: bool
) -> None:
    run = Run(Filling(60, says=says_how_much), says_when=says_when)
    seconds = run.rows(1_200, limit=100)
    assert 1_200 / seconds >= 0.9 * 60
    assert run.refused / run.sent < 0.03


@pytest.mark.parametrize("says_when", [True, False])
def test_a_limit_by_the_second_is_found_too(*, says_when: bool) -> None:
    run = Run(Counting(60), says_when=says_when)
    assert 1_200 / run.rows(1_200, limit=100) >= 0.75 * 60
    assert run.refused / run.sent < 0.05


@pytest.mark.parametrize("says_how_much", [True, False])
@pytest.mark.parametrize(("work", "stall"), [(0.004, 0.0), (0.002, 0.3), (0.001, 1.0)])
def test_a_busy_loop_is_not_mistaken_for_a_limit(
    work: float, stall: float, *, says_how_much: bool
) -> None:
    server = Filling(60, says=says_how_much)
    run = Run(server, says_when=True, work=work, stall=stall)
    awake = 2 / (2 + stall)
    assert 1_200 / run.rows(1_200, limit=100) >= 0.9 * 60 * awake
    assert run.refused / run.sent < 0.03


def test_a_starved_loop_finds_the_pace_of_a_server_that_does_not_say_when() -> None:
    run = Run(Filling(60), says_when=False, work=0.006, stall=0.05)
    assert 1_200 / run.rows(1_200, limit=100) >= 0.9 * 60
    assert run.refused / run.sent < 0.06


@pytest.mark.parametrize("says_when", [True, False])
def test_a_low_limit_is_found_although_replies_take_long(*, says_when: bool) -> None:
    run = Run(Filling(5), says_when=says_when, latency=4.0)
    assert 400 / run.rows(400, limit=100) >= 0.8 * 5
    assert run.refused / run.sent < 0.1


def test_a_limit_that_is_known_is_met_ever_less_often() -> None:
    run = Run(Filling(60), says_when=False)
    run.rows(2_400, limit=100)
    early, sent = run.refused, run.sent
    run.rows(7_200, limit=100)
    assert run.refused - early < 0.005 * (run.sent - sent)


def test_a_limit_that_is_raised_is_found_again() -> None:
    server = Filling(20)
    run = Run(server, says_when=False)
    run.rows(600, limit=100)
    server.rate = 80
    begun = run.now
    assert 2_400 / (run.rows(2_400, limit=100) - begun) >= 0.6 * 80


class Crowded:
    """Takes so many at once, and refuses the others."""

    def __init__(self, most: int, latency: float) -> None:
        self.most, self.latency, self.ends = most, latency, list[float]()

    def take(self, now: float) -> bool:
        self.ends = [each for each in self.ends if each > now]
        if len(self.ends) >= self.most:
            return False
        self.ends.append(now + self.latency)
        return True

    def wait(self) -> float:
        return 1.0

    def headers(self) -> Mapping[str, str]:
        return {}


@pytest.mark.parametrize("latency", [1.0, 5.0])
def test_a_limit_on_how_many_are_under_way_is_found(latency: float) -> None:
    run = Run(Crowded(round(10 * latency), latency), says_when=True, latency=latency)
    assert 600 / run.rows(600, limit=200) >= 0.75 * 10
    assert run.refused / run.sent < 0.05


def test_replies_that_take_long_are_no_reason_to_begin_slowly() -> None:
    run = Run(Filling(60), says_when=True, latency=5.0)
    assert 2_400 / run.rows(2_400, limit=500) >= 0.8 * 60
    assert run.refused / run.sent < 0.03
    free = Run(Filling(1e9), says_when=True, latency=5.0)
    assert free.rows(300, limit=100) < 1.25 * 3 * 5.0


def test_refusals_that_slowing_down_does_not_lessen_are_borne() -> None:
    run = Run(Moody(), says_when=True)
    seconds = run.rows(10_000, limit=500)
    assert run.lane.tolerance is not None
    assert 10_000 / seconds > 150
    assert run.refused / run.sent < 0.07


def test_a_provider_without_limits_is_not_slowed_down() -> None:
    class Open(Moody):
        def take(self, now: float) -> bool:
            return True

    run = Run(Open(), says_when=False)
    assert run.rows(5_000, limit=500) < 1.8 * 5_000 / 500 * run.latency
