"""Cancelled in every phase of a call, once, twice and fifty times over: nothing is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.holdings import Holdings
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

QUICK = 1.0
"""Seconds in which a cancelled call has ended: 0.3 are promised, and machines are busy."""


async def silent(connection: Connection) -> None:
    await connection.hang()


async def head(connection: Connection) -> None:
    await connection.head()
    await connection.hang()


async def busy(connection: Connection) -> None:
    await connection.whole(b"application/json", b"{}", status=503)


def scripts(wire: Wire) -> dict[str, Script]:
    """Servers that stop in each phase, and some that do not."""
    streamed_call, whole_call = wire.call("c1", "act", "{}")

    async def body(connection: Connection) -> None:
        await connection.head(b"application/json", b"content-length: 9999", close=False)
        await connection.send(wire.once[:20])
        await connection.hang()

    async def middle(connection: Connection) -> None:
        await connection.head()
        await connection.send(wire.begin + wire.delta("so far"))
        await connection.hang()

    async def moving(connection: Connection) -> None:
        await connection.head()
        await connection.send(wire.begin)
        while True:
            await connection.send(wire.delta("x"))
            await asyncio.sleep(0.002)

    def whole(kind: bytes, reply: bytes) -> Script:
        return lambda connection: connection.whole(kind, reply)

    return {
        "silent": silent,
        "head": head,
        "body": body,
        "middle": middle,
        "moving": moving,
        "busy": busy,
        "tool": whole(b"text/event-stream", streamed_call),
        "whole_tool": whole(b"application/json", whole_call),
        "fine": whole(b"text/event-stream", wire.stream),
    }


class Stage:
    """A call that is on its way, and how to tell that it has come to the phase to cancel it in."""

    def __init__(self, faults: FaultServer, wire: Wire) -> None:
        self.faults = faults
        self.wire = wire
        self.model = llm.Model(wire.model)
        self.reached = asyncio.Event()
        self.ends = 0
        """How often something of the test's own was left by the cancellation."""
        self.prompts = {name: faults.case(script) for name, script in scripts(wire).items()}
        self.before = dict.fromkeys(self.prompts, 0)

    async def asked(self, name: str) -> bool:
        """Wait for one more request for a script, and a moment for its answer to be on its way."""
        prompt, seen = self.prompts[name], self.before[name]
        while len(self.faults.requests(prompt)) == seen:  # noqa: ASYNC110, told by another thread
            await asyncio.sleep(0.001)
        self.before[name] = len(self.faults.requests(prompt))
        await asyncio.sleep(0.01)
        return True

    async def stream(self, name: str) -> None:
        """Ask for a stream, and read it to its end."""
        stream = await self.model.stream_async(self.prompts[name])
        await stream.finish()

    async def run_tool(self, name: str, **options: Any) -> None:
        """Have a tool called that never ends."""

        @llm.tool(**options)
        async def act() -> str:
            self.reached.set()
            try:
                await asyncio.sleep(60)
            finally:
                self.ends += 1
            return "never"

        if name == "tool":
            reply: Any = await self.model.stream_async(self.prompts[name], tools=[act])
            await reply.finish()
        else:
            reply = await self.model.call_async(self.prompts[name], tools=[act])
        await reply.execute_tools()


def headers(stage: Stage) -> Coroutine[Any, Any, None]:
    return stage.stream("silent")


def first_content(stage: Stage) -> Coroutine[Any, Any, None]:
    return stage.stream("head")


def unstreamed_body(stage: Stage) -> Coroutine[Any, Any, None]:
    async def call() -> None:
        await stage.model.call_async(stage.prompts["body"])

    return call()


def mid_stream(stage: Stage) -> Coroutine[Any, Any, None]:
    return stage.stream("middle")


def between_chunks(stage: Stage) -> Coroutine[Any, Any, None]:
    async def read() -> None:
        stream = await stage.model.stream_async(stage.prompts["moving"])
        async with stream:
            async for _ in stream.chunk_stream():
                stage.reached.set()
                await asyncio.sleep(0.004)

    return read()


def backoff(stage: Stage) -> Coroutine[Any, Any, None]:
    async def retry() -> None:
        model = llm.retry_model(stage.wire.model, max_retries=3, initial_delay=30)
        await model.call_async(stage.prompts["busy"])

    return retry()


def queued(stage: Stage) -> Coroutine[Any, Any, None]:
    async def wait() -> None:
        llm.limits.set(f"http://127.0.0.1:{stage.faults.port}", concurrency=1)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(stage.stream("silent"))
            await stage.asked("silent")
            others = [group.create_task(stage.stream("fine")) for _ in range(3)]
            while not any(state.waiting for state in llm.limits.show()):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            stage.reached.set()
            await asyncio.wait([first, *others])

    return wait()


def in_a_tool(stage: Stage) -> Coroutine[Any, Any, None]:
    return stage.run_tool("tool")


def in_a_tool_of_a_call(stage: Stage) -> Coroutine[Any, Any, None]:
    return stage.run_tool("whole_tool")


def at_an_approval(stage: Stage) -> Coroutine[Any, Any, None]:
    class Nobody:
        async def decide(self, _: llm.ApprovalRequest, /) -> llm.ApprovalDecision | None:
            stage.reached.set()
            try:
                await asyncio.sleep(60)
            finally:
                stage.ends += 1
            return None

    async def ask() -> None:
        with llm.use_approver(Nobody()):
            await stage.run_tool("tool", requires_approval=True)

    return ask()


def finishing(stage: Stage) -> Coroutine[Any, Any, None]:
    async def close() -> None:
        stream = await stage.model.stream_async(stage.prompts["middle"])
        async for _ in stream.text_stream():
            break
        stage.reached.set()
        try:
            await asyncio.sleep(60)
        finally:
            await stream.aclose()

    return close()


Phase = Callable[[Stage], Coroutine[Any, Any, None]]

# Each with the script whose request tells that the phase has come; none where the stage tells.
PHASES: dict[str, tuple[Phase, str | None]] = {
    "headers": (headers, "silent"),
    "first content": (first_content, "head"),
    "unstreamed body": (unstreamed_body, "body"),
    "mid stream": (mid_stream, "middle"),
    "between chunks": (between_chunks, None),
    "backoff": (backoff, "busy"),
    "queued": (queued, None),
    "in a tool": (in_a_tool, None),
    "in a tool of a call": (in_a_tool_of_a_call, None),
    "at an approval": (at_an_approval, None),
    "finish": (finishing, None),
}


async def cancel(stage: Stage, name: str, times: int) -> None:
    """Cancel a call in a phase, so often; it ends soon, and cancelled."""
    begin, script = PHASES[name]
    stage.reached.clear()
    task = asyncio.create_task(begin(stage))
    coming = asyncio.create_task(stage.reached.wait() if script is None else stage.asked(script))
    await asyncio.wait([task, coming], return_when="FIRST_COMPLETED")
    assert coming.done()
    assert not task.done()
    began = time.monotonic()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < QUICK


@pytest.mark.parametrize("name", sorted(PHASES))
@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_call_ends_soon_and_leaves_nothing(
    faults: FaultServer, chat: Wire, name: str, times: int, holdings: type[Holdings]
) -> None:
    await cancel_thrice(faults, chat, name, times, holdings)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(PHASES))
@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancelled_call_of_any_wire_ends_soon_and_leaves_nothing(
    faults: FaultServer, wire: Wire, name: str, times: int, holdings: type[Holdings]
) -> None:
    await cancel_thrice(faults, wire, name, times, holdings)


async def cancel_thrice(
    faults: FaultServer, wire: Wire, name: str, times: int, holdings: type[Holdings]
) -> None:
    faults.register(wire)
    stage = Stage(faults, wire)
    before = holdings.now()
    for _ in range(3):
        await cancel(stage, name, times)
    assert await nothing_runs(holdings, before)
    assert await all_but_one_closed(faults)
    assert stage.ends == (3 if "tool" in name or "approval" in name else 0)
    assert all(state.running == state.waiting == 0 for state in llm.limits.show())
    llm.limits.reset()
    await asyncio.wait_for(stage.stream("fine"), 5)


async def nothing_runs(holdings: type[Holdings], before: Holdings) -> bool:
    """Whether there are soon no more tasks and threads than before."""
    end = time.monotonic() + 5
    while True:
        now = holdings.now()
        if (now.tasks, now.threads) == (before.tasks, before.threads):
            return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.01)


async def all_but_one_closed(faults: FaultServer) -> bool:
    """Whether soon no more connections are left than may be kept for the next call."""
    end = time.monotonic() + 5
    while faults.open > 1 and time.monotonic() < end:  # noqa: ASYNC110, told by another thread
        await asyncio.sleep(0.005)
    return faults.open <= 1


@pytest.mark.parametrize("name", sorted(PHASES))
async def test_fifty_double_cancels_leave_the_next_call_its_place(
    faults: FaultServer, chat: Wire, name: str, holdings: type[Holdings]
) -> None:
    faults.register(chat)
    stage = Stage(faults, chat)
    await cancel(stage, name, 2)  # the first makes the client
    assert await all_but_one_closed(faults)
    before = holdings.now()
    for _ in range(50):
        await cancel(stage, name, 2)
    assert await nothing_runs(holdings, before)
    assert await all_but_one_closed(faults)
    assert holdings.now().files <= before.files + 2  # both ends of one more kept connection
    llm.limits.reset()
    await asyncio.wait_for(stage.stream("fine"), 5)


async def test_a_call_that_is_cancelled_before_it_begins_asks_nobody(
    faults: FaultServer, wire: Wire
) -> None:
    faults.register(wire)
    stage = Stage(faults, wire)
    task = asyncio.create_task(stage.stream("fine"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not faults.requests(stage.prompts["fine"])


async def test_cancelling_at_any_moment_of_a_call_leaves_nothing(
    faults: FaultServer, chat: Wire, holdings: type[Holdings]
) -> None:
    """At every step of the loop that a whole call takes, as far as there is one."""
    faults.register(chat)
    stage = Stage(faults, chat)
    await stage.stream("fine")
    before = holdings.now()
    steps = whole = 0
    while whole < 3:
        task = asyncio.create_task(stage.stream("fine"))
        for _ in range(steps):
            await asyncio.sleep(0)
        whole = whole + 1 if task.done() else 0
        task.cancel()
        await asyncio.wait([task], timeout=QUICK)
        assert task.done()
        steps += 1
        assert steps < 2_000
    assert await nothing_runs(holdings, before)
    assert all(state.running == state.waiting == 0 for state in llm.limits.show())
    await asyncio.wait_for(stage.stream("fine"), 5)


async def test_cancelling_one_of_a_gather_leaves_the_others(
    faults: FaultServer, wire: Wire
) -> None:
    async def slow(connection: Connection) -> None:
        await connection.head()
        await asyncio.sleep(0.1)
        await connection.send(wire.stream)

    faults.register(wire)
    prompts = [faults.case(slow) for _ in range(10)]
    tasks = [asyncio.create_task(faults.run(wire, prompt)) for prompt in prompts]
    await asyncio.sleep(0.05)
    for task in tasks[::3]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    for index, outcome in enumerate(done):
        if index % 3 == 0:
            assert isinstance(outcome, asyncio.CancelledError)
        else:
            assert not isinstance(outcome, BaseException)
            assert (outcome.error, outcome.text) == (None, "It is 4242 🦊")
