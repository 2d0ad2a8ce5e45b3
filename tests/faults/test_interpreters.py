"""Interpreters that warn of everything: loops in turn, threads, forks, streams left behind.

Each is a process of its own, under `-X dev -W error`. A warning where none can be raised, such as
of a socket that nobody closed, is written to its stderr, which has to stay empty.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.server import Connection, FaultServer, Script
    from tests.faults.wires import Wire

BEGIN = """
import asyncio, gc, os, sys, threading
from mirascope_nb import llm

address, whole, streamed, stuck = sys.argv[1:]
llm.register_provider("openai:completions", api_key="sk-x", base_url=address)
model = llm.Model("openai/gpt-4o")

async def ask():
    assert "4242" in (await model.call_async(whole)).text()
    stream = await model.stream_async(streamed)
    await stream.finish()
    assert "4242" in stream.text()

async def begin():
    stream = await model.stream_async(stuck)
    texts = stream.text_stream()
    assert await anext(texts) == "so far"
    return stream, texts
"""

SCENARIOS = {
    "streams left behind": """
kept = []

async def main(how):
    stream, texts = await begin()
    if how == "keep":
        kept.extend([stream, texts])
    if how == "cancel":
        task = asyncio.create_task(stream.finish())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if how == "cycle":
        stream.itself = stream

for how in ["keep", "cancel", "cycle", "drop", "keep"]:
    asyncio.run(main(how))
    gc.collect()

stream = model.stream(stuck)
assert next(stream.text_stream()) == "so far"
""",
    "loops in a row": """
for _ in range(6):
    asyncio.run(ask())
""",
    "two loops in turn": """
loops = [asyncio.new_event_loop(), asyncio.new_event_loop()]
open_streams = [loop.run_until_complete(begin()) for loop in loops]
for _ in range(4):
    for loop in loops:
        loop.run_until_complete(ask())
for loop, (stream, texts) in zip(loops, open_streams):
    loop.run_until_complete(stream.aclose())
for loop in loops:
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
del open_streams, stream, texts
gc.collect()
""",
    "a loop that is closed without a word": """
loop = asyncio.new_event_loop()
loop.run_until_complete(ask())
left = loop.run_until_complete(begin())
loop.run_until_complete(loop.shutdown_asyncgens())
loop.close()
del left, loop
gc.collect()
asyncio.run(ask())
""",
    "threads with loops of their own": """
failures = []

def work():
    try:
        for _ in range(3):
            asyncio.run(ask())
        assert "4242" in model.call(whole).text()
    except BaseException as error:
        failures.append(error)

threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failures, failures
""",
    "blocking calls inside a loop": """
async def main():
    for _ in range(3):
        assert "4242" in model.call(whole).text()
        await ask()
        assert "4242" in (await asyncio.to_thread(model.call, whole)).text()

asyncio.run(main())
""",
    "forks": """
assert "4242" in model.call(whole).text()
asyncio.run(ask())
for _ in range(3):
    child = os.fork()
    if not child:
        assert "4242" in model.call(whole).text()
        asyncio.run(ask())
        sys.stderr.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert "4242" in model.call(whole).text()
    asyncio.run(ask())
""",
}


def answers(wire: Wire) -> list[Script]:
    """What answers a call, a stream, and a stream that never goes on."""

    async def whole(connection: Connection) -> None:
        await connection.whole(b"application/json", wire.once)

    async def streamed(connection: Connection) -> None:
        await connection.whole(b"text/event-stream", wire.stream)

    async def stuck(connection: Connection) -> None:
        await connection.head()
        await connection.send(wire.begin + wire.delta("so far"))
        await connection.hang()

    return [whole, streamed, stuck]


@pytest.fixture
def run(faults: FaultServer, chat: Wire) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs a scenario in an interpreter that warns of everything."""

    def run_it(scenario: str) -> subprocess.CompletedProcess[str]:
        prompts = [faults.case(script) for script in answers(chat)]
        command = [sys.executable, "-X", "dev", "-W", "error", "-c", BEGIN + scenario]
        return subprocess.run(
            [*command, faults.address, *prompts],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run_it


def remarks(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """What an interpreter had to say.

    Importing what the first call needs takes a while, which asyncio's debug mode remarks on.
    """
    return [line for line in ran.stderr.splitlines() if not line.startswith("Executing <")]


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_an_interpreter_that_warns_of_everything_has_nothing_to_say(
    run: Callable[[str], subprocess.CompletedProcess[str]], name: str
) -> None:
    if name == "forks" and not hasattr(os, "fork"):
        pytest.skip("needs fork")
    ran = run(SCENARIOS[name])
    assert remarks(ran) == []
    assert ran.returncode == 0


LEAKS = {
    "a socket": "import socket; left = socket.socket(); del left",
    "a coroutine": "ask(); gc.collect()",
    "a loop": "asyncio.new_event_loop(); gc.collect()",
}


@pytest.mark.parametrize("name", sorted(LEAKS))
def test_an_interpreter_would_have_something_to_say(
    run: Callable[[str], subprocess.CompletedProcess[str]], name: str
) -> None:
    assert remarks(run(LEAKS[name]))
