"""Cancelled in every phase, many at once, in loops and threads: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from mirascope_nb import llm

if TYPE_CHECKING:
    from tests.faults.holdings import Holdings
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

Settle = Callable[..., Awaitable["Holdings"]]
PHASES = ["connect", "headers", "first content", "mid stream"]


def stuck(wire: Wire, phase: str) -> Script:
    async def script(connection: Connection) -> None:
        if phase != "headers":
            await connection.head()
        if phase == "mid stream":
            await connection.send(wire.begin + wire.delta("so far"))
        await connection.hang()

    return script


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_call_leaves_nothing_in_any_phase(  # noqa: PLR0917, fixtures
    faults: FaultServer,
    chat: Wire,
    phase: str,
    times: int,
    holdings: type[Holdings],
    settle: Settle,
) -> None:
    faults.register(chat)
    prompt = faults.case(stuck(chat, phase))
    await cancelled(faults, chat, prompt, phase, times)  # the first makes the client
    await faults.quiet()
    before = holdings.now()
    for _ in range(50 if times == 2 else 3):
        await cancelled(faults, chat, prompt, phase, times)
    assert await faults.quiet()
    assert await settle(before) == before


async def cancelled(faults: FaultServer, wire: Wire, prompt: str, phase: str, times: int) -> None:
    task = asyncio.create_task(faults.run(wire, prompt))
    seen = len(faults.requests(prompt))
    if phase == "connect":
        await asyncio.sleep(0)
    else:
        while len(faults.requests(prompt)) == seen:  # noqa: ASYNC110, told by another thread
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.005)
    began = asyncio.get_running_loop().time()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() - began < 1


async def test_a_thousand_at_once_with_mixed_faults_each_get_their_own(
    faults: FaultServer, chat: Wire, holdings: type[Holdings], settle: Settle
) -> None:
    running = peak = 0

    def script(number: int) -> Script:
        async def answer(connection: Connection) -> None:
            nonlocal running, peak
            running += 1
            peak = max(peak, running)
            try:
                await connection.head()
                if number % 5 == 1:
                    connection.reset()
                    return
                await connection.send(chat.delta(f"<{number}>"))
                if number % 5 == 2:
                    return
                await connection.send(chat.overloaded if number % 5 == 3 else chat.end)
            finally:
                running -= 1

        return answer

    before = holdings.now()
    faults.register(chat)
    gate = asyncio.Semaphore(50)

    async def one(prompt: str) -> Any:
        async with gate:
            return await faults.run(chat, prompt)

    prompts = [faults.case(script(number)) for number in range(1000)]
    outcomes = await asyncio.gather(*map(one, prompts))
    for number, outcome in enumerate(outcomes):
        assert outcome.is_success == (number % 5 in {0, 4}), (number, outcome)
        assert not isinstance(outcome.error, llm.TimeoutError)
        if number % 5 != 1:
            assert outcome.text == f"<{number}>"
    assert peak <= 50
    assert await faults.quiet()
    assert (await settle(before)).tasks == before.tasks


def test_loops_in_a_row_and_in_threads_work_and_leave_nothing(
    faults: FaultServer, chat: Wire, holdings: type[Holdings]
) -> None:
    async def script(connection: Connection) -> None:
        await connection.whole(b"text/event-stream", chat.stream)

    faults.register(chat)
    prompt = faults.case(script)

    async def once() -> str:
        return (await faults.run(chat, prompt)).text

    texts = [asyncio.run(once())]
    before = holdings.now()
    texts += [asyncio.run(once()) for _ in range(5)]
    threads = [threading.Thread(target=lambda: texts.append(asyncio.run(once()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["It is 4242 🦊"] * 10
    after = holdings.now()
    assert (after.threads, after.tasks) == (before.threads, before.tasks)
    assert after.files <= before.files + 4  # the server's ends may close a little later


async def test_breaking_out_of_streams_frees_them(
    faults: FaultServer, wire: Wire, holdings: type[Holdings], settle: Settle
) -> None:
    faults.register(wire)
    prompt = faults.case(stuck(wire, "mid stream"))

    async def begin() -> None:
        stream = await llm.Model(wire.model).stream_async(prompt)
        async for _ in stream.text_stream():
            break

    await begin()
    gc.collect()
    assert await faults.quiet()
    before = holdings.now()
    for _ in range(10):
        await begin()
    gc.collect()
    assert await faults.quiet()
    assert await settle(before) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_asks_on_a_connection_of_its_own(faults: FaultServer, chat: Wire) -> None:
    code = """
import os, sys
from mirascope_nb import llm
llm.register_provider("openai:completions", api_key="sk-x", base_url=sys.argv[1])
ask = lambda: llm.Model("openai/gpt-4o").call(sys.argv[2]).text()
ask()
child = os.fork()
if not child:
    os._exit(0 if "4242" in ask() else 1)
status = os.waitpid(child, 0)[1]
assert "4242" in ask()
sys.exit(status)
"""

    async def script(connection: Connection) -> None:
        await connection.whole(b"application/json", chat.once)

    prompt = faults.case(script)
    ran = subprocess.run(
        [sys.executable, "-c", code, faults.address, prompt], timeout=60, check=False
    )
    assert ran.returncode == 0
    first, second, third = (each.connection for each in faults.requests(prompt))
    assert first == third != second
