"""Who may begin when: tickets, holds, budgets and headers, by a clock of the test's own."""

from __future__ import annotations

from mirascope_nb.llm.limits.buckets import Bucket
from mirascope_nb.llm.limits.headers import Quota, quota
from mirascope_nb.llm.limits.limiter import Limiter, Settings, Share, Ticket


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
