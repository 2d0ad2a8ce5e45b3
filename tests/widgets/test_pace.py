"""Pacing: at once, then seldom; within the limits of all cards together; no idle timer."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Any, cast

import pytest

from mirascope_nb.widgets.pace import Pacer, pacer_of


class Handle:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeLoop:
    """An event loop whose time passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.queue: list[tuple[float, int, Handle]] = []
        self.count = 0

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]) -> Handle:
        handle = Handle(callback)
        self.count += 1
        heapq.heappush(self.queue, (when, self.count, handle))
        return handle

    def call_soon(self, callback: Callable[[], None]) -> Handle:
        return self.call_at(self.now, callback)

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        while self.queue and self.queue[0][0] <= end:
            when, _, handle = heapq.heappop(self.queue)
            self.now = max(self.now, when)
            if handle.callback is not None:
                handle.callback()
        self.now = end

    @property
    def timers(self) -> int:
        return sum(handle.callback is not None for _, _, handle in self.queue)


class Talker:
    """A sender with some news."""

    interval = 1 / 30

    def __init__(self, loop: FakeLoop, *, size: int = 100) -> None:
        self.loop, self.size = loop, size
        self.news = 0
        self.sent: list[float] = []

    @property
    def has_news(self) -> bool:
        return self.news > 0

    def send_news(self) -> int:
        self.news = 0
        self.sent.append(self.loop.now)
        return self.size


@pytest.fixture
def loop() -> FakeLoop:
    return FakeLoop()


@pytest.fixture
def pacer(loop: FakeLoop) -> Pacer:
    return Pacer(cast("Any", loop))


def say(pacer: Pacer, talker: Talker) -> None:
    if not talker.news:
        pacer.wake(talker)
    talker.news += 1


def test_the_first_news_goes_out_at_once(loop: FakeLoop, pacer: Pacer) -> None:
    talker = Talker(loop)
    say(pacer, talker)
    assert talker.sent == []  # in the next turn: what comes in this one goes with it
    loop.run_for(0)
    assert talker.sent == [1000.0]


def test_what_follows_is_collected(loop: FakeLoop, pacer: Pacer) -> None:
    talker = Talker(loop)
    for _ in range(1000):
        say(pacer, talker)
        loop.run_for(0.001)
    assert 29 <= len(talker.sent) <= 32
    gaps = [later - earlier for earlier, later in zip(talker.sent, talker.sent[1:], strict=False)]
    assert min(gaps) > 0.99 / 30


def test_there_is_no_timer_while_nobody_has_news(loop: FakeLoop, pacer: Pacer) -> None:
    talker = Talker(loop)
    say(pacer, talker)
    loop.run_for(1)
    assert pacer.idle
    assert loop.timers == 0


def test_many_cards_stay_under_the_limit_together_and_have_their_turns(loop: FakeLoop) -> None:
    pacer = Pacer(cast("Any", loop), messages=100.0)
    talkers = [Talker(loop) for _ in range(50)]
    for _ in range(200):
        for talker in talkers:
            say(pacer, talker)
        loop.run_for(0.01)
    counts = [len(talker.sent) for talker in talkers]
    # Two seconds at a hundred a second, and what half a second had saved up.
    assert 200 <= sum(counts) <= 260
    assert max(counts) - min(counts) <= 2


def test_large_messages_count_by_their_size(loop: FakeLoop) -> None:
    pacer = Pacer(cast("Any", loop), bytes=1_000.0)
    talker = Talker(loop, size=500)
    for _ in range(100):
        say(pacer, talker)
        loop.run_for(0.1)
    assert 20 <= len(talker.sent) <= 23


def test_what_is_sent_out_of_turn_is_paid_for(loop: FakeLoop) -> None:
    pacer = Pacer(cast("Any", loop), bytes=1_000.0)
    pacer.spend(3_500)
    talker = Talker(loop)
    say(pacer, talker)
    loop.run_for(2.9)
    assert talker.sent == []
    loop.run_for(0.2)
    assert len(talker.sent) == 1


def test_a_sender_that_has_more_is_served_again(loop: FakeLoop, pacer: Pacer) -> None:
    class Endless(Talker):
        def send_news(self) -> int:
            super().send_news()
            self.news = 3 - len(self.sent)
            return 0

    talker = Endless(loop)
    say(pacer, talker)
    loop.run_for(1)
    assert len(talker.sent) == 3


def test_a_forgotten_sender_is_not_called(loop: FakeLoop, pacer: Pacer) -> None:
    talker = Talker(loop)
    say(pacer, talker)
    pacer.forget(talker)
    loop.run_for(1)
    assert talker.sent == []
    assert loop.timers == 0


async def test_a_loop_has_one_pacer() -> None:
    loop = asyncio.get_running_loop()
    assert pacer_of(loop) is pacer_of(loop)
