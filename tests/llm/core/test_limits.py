"""How fast an address is asked: by a clock of the test's own, against servers of several minds."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import random
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import httpx2
import pytest

from mirascope_nb import llm
from mirascope_nb.llm.limits.buckets import Bucket
from mirascope_nb.llm.limits.headers import Quota, quota
from mirascope_nb.llm.limits.limiter import Limiter, Settings, Share, Ticket


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


def ticket(limiter: Limiter, share: Share | None = None, caller: int = 0) -> Ticket:
    return Ticket(lane=limiter.lane("m"), share=share, caller=caller)


def test_retry_after_holds_everybody_but_the_one_who_was_told() -> None:
    limiter, share = Limiter(), Share()
    refused = ticket(limiter, caller=1)
    assert limiter.ask(refused, 0.0)
    limiter.done(refused, 0.1, status=429, headers={}, retry_after=12.0)
    assert not limiter.ask(ticket(limiter, share), 0.2)
    assert not limiter.ask(ticket(limiter, caller=2), 0.2)
    again = ticket(limiter, caller=1)
    assert limiter.ask(again, 0.2)
    limiter.done(again, 0.3)
    why = limiter.why(share, limiter.lane("m"), 0.2)
    assert why is not None
    assert (round(why[0], 1), why[1]) == (11.9, "429")
    assert limiter.pump(12.0) == []
    assert len(limiter.pump(12.2)) >= 1


def test_successes_of_later_requests_end_a_hold() -> None:
    limiter, share = Limiter(), Share()
    first, *later = [ticket(limiter, share) for _ in range(10)]
    assert all(limiter.ask(each, 0.0) for each in [first, *later])
    limiter.done(first, 0.1, status=429, headers={}, retry_after=30.0)
    assert not limiter.ask(ticket(limiter, share), 0.1)
    for each in later:
        limiter.done(each, 0.2, status=200, headers={})
    assert len(limiter.pump(3.0)) == 1


def test_two_gathers_take_turns() -> None:
    limiter = Limiter(Settings(concurrency=1))
    big, small = Share(), Share()
    assert limiter.ask(ticket(limiter), 0.0)
    for _ in range(100):
        limiter.ask(ticket(limiter, big), 0.0)
    wanted = [ticket(limiter, small) for _ in range(3)]
    for each in wanted:
        limiter.ask(each, 0.0)
    granted: list[Ticket] = []
    running = limiter.lane("m")
    last = Ticket(lane=running, share=None, caller=0)
    for _ in range(6):
        limiter.done(granted[-1] if granted else last, 1.0, status=200, headers={})
        granted += limiter.pump(1.0)
    assert [each.share for each in granted] == [big, small] * 3


def test_a_newcomer_waits_behind_those_who_wait_already() -> None:
    limiter = Limiter(Settings(rpm=60))
    first, second = Share(), Share()
    while limiter.ask(ticket(limiter, first), 0.0):
        pass
    assert not limiter.ask(ticket(limiter, second), 10.0)  # though there is room by now
    assert [each.share for each in limiter.pump(10.0)][:2] == [first, second]


def test_a_stream_is_under_way_until_it_ends_or_nobody_reads_it() -> None:
    limiter = Limiter(Settings(concurrency=2))
    read, left = ticket(limiter), ticket(limiter)
    for each in (read, left):
        assert limiter.ask(each, 0.0)
        limiter.stream(each)
        limiter.heard(each, 0.1, status=200, headers={})
    waiting = [ticket(limiter), ticket(limiter)]
    assert not any(limiter.ask(each, 0.2) for each in waiting)
    left.unread_since = 0.2
    assert limiter.pump(5.0) == []
    assert limiter.pump(6.0) == waiting[:1]
    assert limiter.stream_ended(read)
    assert not limiter.stream_ended(left)
    assert limiter.pump(7.0) == waiting[1:]
    assert limiter.running == 2


def test_no_minute_takes_more_than_the_budget() -> None:
    limiter = Limiter(Settings(rpm=30))
    times: list[float] = []
    waiting = [ticket(limiter) for _ in range(90)]
    now = 0.0
    times += [now for each in waiting if limiter.ask(each, now)]
    while len(times) < 90:
        now += limiter.next_look(now) or 0.0
        times += [now] * len(limiter.pump(now))
    for begin in times:
        assert sum(begin <= each < begin + 60 for each in times) <= 30
    assert times[-1] < 200


def test_tokens_count_as_they_were_used() -> None:
    limiter = Limiter(Settings(tpm=6_000))
    first = Ticket(lane=limiter.lane("m"), share=None, caller=0, tokens=100)
    assert limiter.ask(first, 0.0)
    limiter.done(first, 1.0, status=200, headers={})
    limiter.used(first, 1_000, 1.0)
    second = Ticket(lane=limiter.lane("m"), share=None, caller=0, tokens=100)
    assert not limiter.ask(second, 1.0)
    assert 7 < (limiter.next_look(1.0) or 0) < 10


def test_a_bucket_never_waits_for_more_than_it_can_hold() -> None:
    bucket = Bucket(capacity=10, rate=1, level=10, when=0)
    assert bucket.wait(0, 50) == 0
    bucket.take(0, 50)
    assert bucket.wait(0, 1) == 41


def test_headers_of_both_kinds_are_read() -> None:
    openai = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1m1.5s",
    }
    assert quota(openai, "requests") == Quota(limit=60, remaining=59, reset=61.5)
    assert quota(openai, "tokens") is None
    anthropic = {
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "10",
        "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:30Z",
    }
    found = quota(anthropic, "tokens", now=lambda: 1767225600.0)
    assert found == Quota(limit=1000, remaining=10, reset=30.0)
    mistral = {
        "x-ratelimit-limit-req-minute": "720",
        "x-ratelimit-remaining-req-minute": "717",
    }
    assert quota(mistral, "requests") == Quota(limit=720, remaining=717, reset=None, span=60.0)
    cerebras = {
        "x-ratelimit-limit-tokens-minute": "60000",
        "x-ratelimit-remaining-tokens-minute": "59000",
        "x-ratelimit-reset-tokens-minute": "11.38",
    }
    found = quota(cerebras, "tokens")
    assert found == Quota(limit=60_000, remaining=59_000, reset=11.38, span=60.0)
    for nonsense in ("", "soon", "-3", "nan"):
        bad = {"x-ratelimit-remaining-requests": nonsense, "x-ratelimit-limit-requests": "5"}
        assert quota(bad, "requests") is None


def reply(status: int = 200, **headers: str) -> httpx2.Response:
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    wrong = {"error": {"message": "slow down", "type": "x", "code": "rate_limit_exceeded"}}
    return httpx2.Response(status, json=body if status < 300 else wrong, headers=headers)


async def test_a_limit_on_concurrency_holds_for_tasks_and_is_given_back_on_cancellation() -> None:
    most = running = 0
    gate = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            await gate.wait()
        finally:
            running -= 1
        return reply()

    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(answer),
    )
    llm.limits.set("http://127.0.0.1:9/v1", concurrency=2)
    try:
        model = llm.Model("bounded/m")
        calls = [asyncio.create_task(model.call_async("Hi")) for _ in range(6)]
        async with asyncio.timeout(5):
            while running < 2 or llm.limits.show()[-1].waiting < 4:  # noqa: ASYNC110, turns
                await asyncio.sleep(0)
        calls[0].cancel()
        calls[5].cancel()
        gate.set()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(each, asyncio.CancelledError) for each in done].count(True) == 2
        assert most == 2
        state = llm.limits.show()[-1]
        assert (state.running, state.waiting) == (0, 0)
    finally:
        llm.limits.reset()


def event(**delta: str) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}
    said = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return f"data: {json.dumps(said)}\n\n".encode()


async def test_streams_count_until_they_have_ended() -> None:
    most = running = 0
    gates = [asyncio.Event() for _ in range(4)]

    async def body(number: int) -> AsyncIterator[bytes]:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            yield event(role="assistant", content="Hi")
            await gates[number].wait()
            yield event() + b"data: [DONE]\n\n"
        finally:
            running -= 1

    numbers = itertools.count()

    def answer(_: httpx2.Request) -> httpx2.Response:
        kind = {"content-type": "text/event-stream"}
        return httpx2.Response(200, content=body(next(numbers)), headers=kind)

    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(answer),
    )
    llm.limits.set("http://127.0.0.1:9/v1", concurrency=2)
    try:
        model = llm.Model("bounded/m")

        async def ask() -> str:
            stream = await model.stream_async("Hi")
            await stream.finish()
            return stream.text()

        tasks = [asyncio.create_task(ask()) for _ in range(4)]
        async with asyncio.timeout(5):
            while running < 2 or llm.limits.show()[-1].waiting < 2:  # noqa: ASYNC110, turns
                await asyncio.sleep(0)
            tasks[0].cancel()  # the place of a stream that is broken off is free at once
            for gate in gates:
                gate.set()
            done = await asyncio.gather(*tasks, return_exceptions=True)
        assert done[1:] == ["Hi"] * 3
        assert most == 2
        assert llm.limits.show()[-1].running == 0
    finally:
        llm.limits.reset()


def test_blocking_callers_wait_in_line_too() -> None:
    most = running = 0
    lock = threading.Lock()
    all_in = threading.Barrier(2, timeout=5)

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        all_in.wait()
        with lock:
            running -= 1
        return reply()

    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(answer),
    )
    llm.limits.set("openai:completions", concurrency=2)
    try:
        threads = [
            threading.Thread(target=llm.Model("bounded/m").call, args=("Hi",)) for _ in range(6)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(10)
        assert most == 2
        assert llm.limits.show()[-1].running == 0
    finally:
        llm.limits.reset()


def test_a_refused_call_gets_its_error_and_does_not_wait() -> None:
    llm.register_provider(
        "openai:completions",
        "bounded/",
        api_key="k",
        base_url="http://127.0.0.1:9/v1",
        transport=httpx2.MockTransport(lambda _: reply(429, **{"retry-after": "30"})),
    )
    for _ in range(3):
        with pytest.raises(llm.RateLimitError) as caught:
            llm.Model("bounded/m").call("Hi")
        assert caught.value.retry_after == 30
    llm.limits.reset()


def test_what_cannot_be_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="rpm must be positive"):
        llm.limits.set("openai", rpm=0)
