"""Many jobs at once: in order, bounded, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable

import pytest

import mirascope_nb as nb
from mirascope_nb.parallel import Batch, ProgressState, Tally

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


class Shown:
    """Keeps every state that is shown."""

    def __init__(self) -> None:
        self.states: list[ProgressState] = []
        self.last: ProgressState | None = None

    def update(self, state: ProgressState) -> None:
        assert self.last is None, "shown after it was closed"
        self.states.append(state)

    def close(self, state: ProgressState) -> None:
        assert self.last is None, "closed twice"
        self.last = state


class Gates:
    """Jobs that run until they are let go, one by one."""

    def __init__(self, count: int) -> None:
        self.events = [asyncio.Event() for _ in range(count)]
        self.running: set[int] = set()
        self.most = 0
        self.cleaned: list[int] = []

    def job(self, index: int) -> Callable[[], Awaitable[int]]:
        async def run() -> int:
            self.running.add(index)
            self.most = max(self.most, len(self.running))
            try:
                await self.events[index].wait()
            finally:
                self.running.discard(index)
                self.cleaned.append(index)
            return index

        return run

    @property
    def jobs(self) -> list[Callable[[], Awaitable[int]]]:
        return [self.job(index) for index in range(len(self.events))]

    async def until(self, *running: int) -> None:
        async with asyncio.timeout(5):
            while self.running != set(running):  # noqa: ASYNC110, the loop's own turns are waited for
                await asyncio.sleep(0)


async def test_results_keep_their_order_and_no_more_run_than_may() -> None:
    gates = Gates(5)
    batch = Batch(gates.jobs, limit=2)
    shown = Shown()
    task = asyncio.create_task(batch.run(shown))
    await gates.until(0, 1)
    gates.events[1].set()
    await gates.until(0, 2)
    for event in gates.events:
        event.set()
    assert [outcome.value for outcome in await task] == [0, 1, 2, 3, 4]
    assert gates.most == 2
    assert shown.last is not None
    assert (shown.last.state, shown.last.done, shown.last.rows) == ("done", 5, "ddddd")


async def test_a_failure_cancels_the_siblings_and_closes_the_bar_as_failed() -> None:
    gates = Gates(3)

    async def fail() -> int:
        await gates.until(0, 1)
        raise LookupError("row 2")

    shown = Shown()
    with pytest.raises(LookupError, match="row 2"):
        await Batch([*gates.jobs[:2], fail, gates.job(2)], limit=3).run(shown)
    assert sorted(gates.cleaned) == [0, 1]
    assert shown.last is not None
    assert shown.last.state == "failed"
    assert shown.last.rows == "ccfc"
    assert shown.last.errors == ((2, "LookupError: row 2"),)
    assert len(asyncio.all_tasks()) == 1


async def test_a_stop_cancels_everything_also_when_it_comes_twice() -> None:
    gates = Gates(3)
    slow_to_end = asyncio.Event()

    async def stubborn() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            await slow_to_end.wait()
        return 0

    shown = Shown()
    task = asyncio.create_task(Batch([*gates.jobs, stubborn], limit=4).run(shown))
    await gates.until(0, 1, 2)
    task.cancel()
    await gates.until()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    slow_to_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shown.last is not None
    assert shown.last.state == "cancelled"
    assert len(asyncio.all_tasks()) == 1


async def test_pause_begins_nothing_and_resume_goes_on() -> None:
    gates = Gates(3)
    batch = Batch(gates.jobs, limit=1)
    shown = Shown()
    task = asyncio.create_task(batch.run(shown))
    await gates.until(0)
    batch.pause()
    gates.events[0].set()
    await gates.until()
    assert shown.states[-1].state == "paused"
    batch.set_limit(5)
    await gates.until()
    batch.resume()
    await gates.until(1, 2)
    for event in gates.events:
        event.set()
    await task


async def test_cancel_keeps_what_is_done() -> None:
    gates = Gates(3)
    batch = Batch(gates.jobs, limit=2)
    shown = Shown()
    task = asyncio.create_task(batch.run(shown))
    gates.events[0].set()
    await gates.until(1, 2)
    batch.cancel()
    outcomes = await task
    assert [outcome.value for outcome in outcomes] == [0, None, None]
    assert isinstance(outcomes[1].error, asyncio.CancelledError)
    assert batch.cancelled
    assert shown.last is not None
    assert (shown.last.state, shown.last.rows) == ("cancelled", "dcc")


async def test_jobs_see_the_callers_context_and_keep_their_own_changes() -> None:
    async def job() -> str:
        seen = user.get()
        user.set("changed")
        return seen

    user.set("ann")
    outcomes = await Batch([job, job], limit=1).run()
    assert [outcome.value for outcome in outcomes] == ["ann", "ann"]
    assert user.get() == "ann"


async def value(x: int) -> int:
    await asyncio.sleep(0)
    return x


async def failure() -> int:
    raise LookupError("no")


async def test_gather_is_asyncios_with_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert await nb.gather() == []
    assert await nb.gather(*map(value, range(5)), limit=2, description="Sums") == [0, 1, 2, 3, 4]
    assert "Sums: 5/5" in capsys.readouterr().err
    kept = await nb.gather(value(1), failure(), return_exceptions=True)
    assert kept[0] == 1
    assert isinstance(kept[1], LookupError)
    task = asyncio.ensure_future(value(7))
    shared = value(8)
    assert await nb.gather(task, shared, shared) == [7, 8, 8]


async def test_gather_closes_coroutines_that_it_never_began() -> None:
    never = [value(n) for n in range(3)]  # a coroutine that is never awaited warns
    with pytest.raises(LookupError):
        await nb.gather(failure(), *never, limit=1)
    more = [value(n) for n in range(2)]
    with pytest.raises(ValueError, match="limit must be at least 1"):
        await nb.gather(*more, limit=0)


async def test_a_large_batch_begins_a_job_for_each_that_ends() -> None:
    most = 0
    running = 0

    full = asyncio.Event()

    async def job() -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        if running == 100:
            full.set()
        await full.wait()
        running -= 1

    outcomes = await Batch([job] * 5_000, limit=100).run()
    assert len(outcomes) == 5_000
    assert most == 100


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
async def test_what_would_end_the_loop_ends_the_siblings_first(kind: type[BaseException]) -> None:
    gates = Gates(1)

    async def leave() -> int:
        await gates.until(0)
        raise kind

    with pytest.raises(kind):
        await Batch([gates.job(0), leave]).run()
    assert gates.cleaned == [0]


async def test_what_would_end_the_process_is_no_result_of_one_row() -> None:
    gates = Gates(1)

    async def leave() -> int:
        await gates.until(0)
        raise SystemExit

    with pytest.raises(SystemExit):
        await Batch([gates.job(0), leave], keep_going=True).run()
    assert gates.cleaned == [0]


async def test_a_fed_batch_reads_only_a_little_ahead() -> None:
    gates = Gates(500)
    batch: Batch[int] = Batch([], limit=3, fed=True, tally=Tally(None))
    fed = 0

    async def feed() -> None:
        nonlocal fed
        while fed < 500 and await batch.wants_more():
            batch.tally.add()
            batch.add(fed, gates.job(fed))
            fed += 1
        batch.seal()

    feeding = asyncio.create_task(feed())
    task = asyncio.create_task(batch.run())
    await gates.until(0, 1, 2)
    assert fed < 100
    for event in gates.events:
        event.set()
    await task
    await feeding
    assert fed == 500
    assert gates.most == 3
    assert batch.tally.count("d") == 500


async def test_draining_begins_nothing_and_lets_what_runs_end() -> None:
    gates = Gates(5)
    batch = Batch(gates.jobs, limit=2)
    shown = Shown()
    task = asyncio.create_task(batch.run(shown))
    await gates.until(0, 1)
    batch.drain(OSError("the disk is full"))
    for event in gates.events:
        event.set()
    with pytest.raises(OSError, match="disk is full"):
        await task
    assert shown.last is not None
    assert (shown.last.state, shown.last.rows) == ("failed", "ddccc")


async def test_a_job_that_waits_for_a_person_gives_its_place_to_another() -> None:
    decided = asyncio.Event()
    gates = Gates(3)

    async def ask() -> str:
        async with batch.aside():
            await decided.wait()
        return "asked"

    jobs: list[Callable[[], Awaitable[object]]] = [ask, ask, *gates.jobs]
    batch = Batch(jobs, limit=2)
    shown = Shown()
    task = asyncio.create_task(batch.run(shown))
    await gates.until(0, 1)  # though two jobs that wait for a person were begun before
    assert batch.asking == 2
    decided.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert batch.tally.count("d") == 0  # back in the queue: no more than two run
    gates.events[0].set()
    gates.events[1].set()
    await gates.until(2)
    gates.events[2].set()
    outcomes = await task
    assert [each.value for each in outcomes] == ["asked", "asked", 0, 1, 2]
    assert gates.most == 2


@pytest.mark.parametrize("when", ["asking", "returning"])
async def test_a_stop_ends_those_who_wait_for_a_person_too(when: str) -> None:
    decided = asyncio.Event()
    gates = Gates(2)

    async def ask() -> None:
        async with batch.aside():
            await decided.wait()

    jobs: list[Callable[[], Awaitable[object]]] = [ask, *gates.jobs]
    batch = Batch(jobs, limit=1)
    task = asyncio.create_task(batch.run())
    await gates.until(0)
    if when == "returning":
        decided.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(asyncio.all_tasks()) == 1
    assert batch.asking == 0


async def test_a_decision_by_rule_costs_no_place() -> None:
    running = most = 0

    async def decide() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        async with batch.aside():
            await asyncio.sleep(0)
        running -= 1

    batch = Batch([decide] * 20, limit=2)
    await batch.run()
    assert most == 2


async def test_gather_says_what_it_cannot_await() -> None:
    with pytest.raises(TypeError, match="not int"):
        await nb.gather(value(1), 5)  # pyright: ignore[reportArgumentType]
    things: list[Awaitable[int]] = []
    with pytest.raises(TypeError, match=r"not list: nb.gather\(\*things\)"):
        await nb.gather(things)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="not int"):
        nb.as_completed([5])  # pyright: ignore[reportArgumentType]


async def test_gather_ends_tasks_that_it_was_given_too() -> None:
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("task")

    task = asyncio.create_task(linger())
    twice = value(1)
    with pytest.raises(LookupError):
        await nb.gather(failure(), twice, twice, task, limit=1)
    assert task.cancelled()
    assert ended == ["task"]
    assert len(asyncio.all_tasks()) == 1


async def test_as_completed_ends_with_a_timeout() -> None:
    seen: list[int] = []
    with pytest.raises(TimeoutError):  # noqa: PT012, what came before it is looked at
        async for done in nb.as_completed([value(1), asyncio.sleep(60, 2)], timeout=0.05):
            seen.append(await done)  # noqa: PERF401, it ends by an exception
    assert seen == [1]
    first, second = nb.as_completed([value(1), asyncio.sleep(60, 2)], timeout=0.05)
    assert await first == 1
    with pytest.raises(TimeoutError):
        await second
    while len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110, the loop's own turns are waited for
        await asyncio.sleep(0)
