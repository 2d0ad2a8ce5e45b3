"""What the session has spent, counted once for every reply, whoever asked for it."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb import llm, spending
from mirascope_nb.sandbox import default_sandbox
from mirascope_nb.spending import Ledger
from mirascope_nb.spending import ledger as ledger_module


class Reply:
    """Whatever a reply is asked for."""

    def __init__(self, **fields: Any) -> None:
        vars(self).update(fields)


@pytest.fixture
def counted() -> Iterator[Ledger]:
    spending.forget()
    spending.watch()
    yield spending.session()
    spending.forget()


def reply(**fields: Any) -> Any:
    known = {"model_id": "x/y", "usage": llm.Usage(input_tokens=3, output_tokens=2), "cost": None}
    return Reply(**{**known, **fields})


def figures(ledger: Ledger) -> tuple[int, int, int]:
    total = ledger.total
    return total.calls, total.input, total.output


@llm.call("sandbox/fast")
def capital(country: str) -> str:
    return f"What is the capital of {country}?"


@llm.tool
def get_weather(city: str) -> str:
    """Current weather in a city."""
    return "sunny"


def used(*responses: Any) -> tuple[int, int, int]:
    return (
        len(responses),
        sum(each.usage.input_tokens for each in responses),
        sum(each.usage.output_tokens for each in responses),
    )


def test_plain_calls_count(counted: Ledger) -> None:
    first = capital("Peru")
    second = first.resume("And of Chile?")
    assert figures(counted) == used(first, second)


async def test_awaited_calls_and_streams_count(counted: Ledger) -> None:
    model = llm.Model("sandbox/fast")
    whole = await model.call_async("Hi")
    stream = await model.stream_async("Hi")
    assert counted.total.calls == 2
    await stream.finish()
    assert figures(counted) == used(whole, stream)
    assert not counted.under_way


async def test_every_reply_of_a_loop_counts(counted: Ledger) -> None:
    replies: list[Any] = []
    call = llm.Model("sandbox/fast").stream_async("Weather in Paris?", tools=[get_weather])
    await nb.run(call, approve="allow", quiet=True, bind=replies.append)
    assert len(replies) == 2
    assert figures(counted) == used(*replies)


async def test_a_map_counts_what_it_asks_and_nothing_that_was_kept(
    counted: Ledger, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = tmp_path / "j.jsonl"
    results = await nb.map(capital, ["Peru", "Chile"], journal=journal)
    assert figures(counted) == used(*results)
    await nb.map(capital, ["Peru", "Chile"], journal=journal)
    assert counted.total.calls == 2


def test_retried_replies_count_once(counted: Ledger) -> None:
    default_sandbox().fail(500)
    model = llm.retry_model("sandbox/fast", max_retries=2, initial_delay=0.01)
    assert figures(counted) == used() == (0, 0, 0)
    assert used(model.call("Hi")) == figures(counted)


async def test_a_stream_that_starts_over_counts_when_it_is_whole(counted: Ledger) -> None:
    default_sandbox().fail(503, after=3)
    stream = await llm.retry_model("sandbox/fast", initial_delay=0.01).stream_async("Hi there")
    while True:
        try:
            await stream.finish()
            break
        except llm.StreamRestarted:
            continue
    assert figures(counted) == used(stream)


async def test_a_stopped_stream_counts(counted: Ledger) -> None:
    stream = await llm.Model("sandbox/slow").stream_async("Hi")
    await stream.aclose()
    assert counted.total.calls == 1
    assert not counted.under_way


def test_failed_calls_do_not_count(counted: Ledger) -> None:
    with pytest.raises(llm.RateLimitError):
        llm.Model("sandbox/flaky-429").call("Hi")
    assert counted.total.calls == 0


async def test_calls_of_threads_count(counted: Ledger) -> None:
    await asyncio.gather(*[asyncio.to_thread(capital, "Peru") for _ in range(5)])
    assert counted.total.calls == 5


def test_models_are_counted_apart_in_the_order_of_first_use(counted: Ledger) -> None:
    for model in ("sandbox/echo", "sandbox/fast", "sandbox/echo"):
        llm.Model(model).call("Hi")
    assert {model: spent.calls for model, spent in counted.by_model.items()} == {
        "sandbox/echo": 2,
        "sandbox/fast": 1,
    }
    assert next(iter(counted.by_model)) == "sandbox/echo"


def test_prices_are_added_up_and_unknown_ones_told_apart() -> None:
    ledger = Ledger()
    for cost in (Decimal("0.1"), None, Decimal("0.2")):
        ledger.note(reply(cost=cost))
    total = ledger.total
    assert (total.cost, total.unpriced, total.calls) == (Decimal("0.3"), 1, 3)


def test_a_stream_under_way_counts_with_what_it_has_brought() -> None:
    ledger = Ledger()
    stream = reply(consumed=False, stopped=False, usage=None)
    ledger.note(stream)
    assert (figures(ledger), ledger.under_way) == ((1, 0, 0), True)
    stream.usage, stream.consumed = llm.Usage(input_tokens=1, output_tokens=1), True
    assert (figures(ledger), ledger.under_way) == ((1, 1, 1), False)


def test_what_has_ended_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reply:
        model_id, usage, cost, consumed = "x/y", None, None, True

    ledger = Ledger()
    ended = Reply()
    gone = weakref.ref(ended)
    ledger.note(ended)
    del ended
    for _ in range(ledger_module.BATCH):
        ledger.note(Reply())
    assert gone() is None
    assert ledger.total.calls == ledger_module.BATCH + 1


async def test_a_stream_that_is_dropped_is_not_kept_and_counts(counted: Ledger) -> None:
    async def begin() -> weakref.ref[Any]:
        stream = await llm.Model("sandbox/slow").stream_async("Hi")
        async for _ in stream.text_stream():
            break
        return weakref.ref(stream)

    gone = await begin()
    for _ in range(10):  # the loop ends the iteration that was broken off
        await asyncio.sleep(0)
    gc.collect()
    assert gone() is None
    assert (counted.total.calls, counted.under_way) == (1, False)


async def test_a_stream_that_was_read_and_dropped_counts_whole(counted: Ledger) -> None:
    async def read() -> tuple[int, int, int]:
        stream = await llm.Model("sandbox/fast").stream_async("Hi")
        await stream.finish()
        return used(stream)

    read_and_dropped = await read()
    gc.collect()
    assert figures(counted) == read_and_dropped


async def test_a_stream_that_failed_is_not_under_way(counted: Ledger) -> None:
    default_sandbox().fail(503, after=3)
    stream = await llm.Model("sandbox/fast").stream_async("Hi there")
    with pytest.raises(llm.Error):
        await stream.finish()
    assert (counted.total.calls, counted.under_way) == (1, False)


def test_streams_that_never_end_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "MAX_OPEN", 10)
    ledger = Ledger()
    streams = [reply(consumed=False, stopped=False) for _ in range(500)]
    for stream in streams:
        ledger.note(stream)
    assert ledger.total.calls == 500
    assert len(vars(ledger)["_open"]) == 10


def test_a_thousand_streams_at_once_are_not_read_a_thousand_times() -> None:
    looks = 0

    class Stream:
        model_id, usage, cost, stopped = "x/y", None, None, False

        @property
        def consumed(self) -> bool:
            nonlocal looks
            looks += 1
            return False

    ledger = Ledger()
    for _ in range(1000):
        ledger.note(Stream())
    assert looks < 3000


def test_threads_may_note_at_once() -> None:
    ledger = Ledger()
    threads = [
        threading.Thread(target=lambda: [ledger.note(reply()) for _ in range(200)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figures(ledger) == (800, 2400, 1600)


def test_nothing_is_counted_where_nobody_watches() -> None:
    spending.forget()
    capital("Peru")
    assert spending.session().total.calls == 0
