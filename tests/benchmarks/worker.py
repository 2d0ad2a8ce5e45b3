"""One scenario with one library, in a process of its own; prints its figures as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from typing import Self, TypeAlias, cast

from tests.benchmarks.adapters import ADAPTERS
from tests.benchmarks.adapters.base import TOOL_SECONDS, Adapter, Library

Figures: TypeAlias = dict[str, float]
Scenario: TypeAlias = Callable[[Library], Awaitable[Figures]]

SCENARIOS: dict[str, Scenario] = {}
SEGMENTS: dict[str, str] = {}
"""What the address asks of the server, of each scenario."""
NEEDS: dict[str, str] = {}
"""What a library has to do for it: a method of `Library`."""

TO_FIRST_TOKEN = 0.02
"""What the server waits before the first chunk where the way to it is measured, in seconds."""


def scenario(segment: str, needs: str) -> Callable[[Scenario], Scenario]:
    """Name a scenario after its function; see `SEGMENTS` and `NEEDS`."""

    def keep(function: Scenario) -> Scenario:
        name = function.__name__
        SCENARIOS[name], SEGMENTS[name], NEEDS[name] = function, segment, needs
        return function

    return keep


class Clock:
    """CPU and wall time of a block, garbage of what went before swept away first."""

    def __enter__(self) -> Self:
        gc.collect()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu = time.process_time() - self._cpu
        self.wall = time.perf_counter() - self._wall


def connections(adapter: Library) -> int:
    """How many connections the server has accepted."""
    root = "/".join(adapter.base_url.split("/")[:3])
    with urllib.request.urlopen(f"{root}/counts") as reply:
        return json.load(reply)["connections"]


@scenario("n1", "call")
async def calls(adapter: Library, count: int = 300) -> Figures:
    """Calls one after another."""
    for _ in range(20):
        await adapter.call()
    before = connections(adapter)
    with Clock() as clock:
        for _ in range(count):
            await adapter.call()
    return {
        "cpu_us": clock.cpu / count * 1e6,
        "wall_us": clock.wall / count * 1e6,
        "opened": connections(adapter) - before - 1,
    }


@scenario("n1", "call_sync")
async def calls_sync(adapter: Library, count: int = 300) -> Figures:
    """The same by blocking, outside any loop."""

    def work() -> Figures:
        for _ in range(20):
            adapter.call_sync()
        with Clock() as clock:
            for _ in range(count):
                adapter.call_sync()
        return {"cpu_us": clock.cpu / count * 1e6, "wall_us": clock.wall / count * 1e6}

    return await asyncio.to_thread(work)


@scenario("n1-d200", "call")
async def gather(adapter: Library, count: int = 1000) -> Figures:
    """A thousand at once, of which the server keeps each 200 ms."""
    await adapter.call()
    before = connections(adapter)
    with Clock() as clock:
        await asyncio.gather(*(adapter.call() for _ in range(count)))
    return {
        "wall_s": clock.wall,
        "cpu_us": clock.cpu / count * 1e6,
        "opened": connections(adapter) - before - 1,
    }


@scenario("n1", "call")
async def throng(adapter: Library, count: int = 10_000, width: int = 500) -> Figures:
    """Ten thousand, five hundred at a time."""
    await adapter.call()
    before = connections(adapter)
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await adapter.call()

    with Clock() as clock:
        await asyncio.gather(*(work() for _ in range(width)))
    opened = connections(adapter) - before - 1
    return {"wall_s": clock.wall, "cpu_us": clock.cpu / count * 1e6, "opened": opened}


async def read(adapter: Library) -> int:
    """How many pieces a stream has."""
    count = 0
    async for _ in adapter.stream():
        count += 1
    return count


@scenario("n20000-w16", "stream")
async def long_stream(adapter: Library) -> Figures:
    """One stream of 20,000 chunks, 16 a write."""
    with Clock() as clock:
        count = await read(adapter)
    return {"cpu_us": clock.cpu / count * 1e6, "wall_us": clock.wall / count * 1e6}


@scenario("n100-w1-i10", "stream")
async def streams(adapter: Library, count: int = 50) -> Figures:
    """Fifty streams at once, a chunk each every 10 ms."""
    with Clock() as clock:
        pieces = sum(await asyncio.gather(*(read(adapter) for _ in range(count))))
    return {"cpu_us": clock.cpu / pieces * 1e6, "wall_s": clock.wall}


@scenario("n1", "card")
async def card(adapter: Library, count: int = 4000, each: int = 3) -> Figures:
    """A reply of 100 tokens a second shown in a card, which is told its news 30 times a second."""
    few = adapter.card(count, each)
    with Clock() as clock:
        many = adapter.card(2 * count, each)
    return {
        "cpu_us": clock.cpu / (2 * count) * 1e6,
        "growth": many / few,
        "bytes": many / (2 * count),
    }


@scenario("n1-d20", "stream")
async def first_token(adapter: Library, count: int = 60) -> Figures:
    """The time to a stream's first piece, less what the server waits."""
    seconds: list[float] = []
    await read(adapter)
    before = connections(adapter)
    for _ in range(count):
        began = time.perf_counter()
        first = None
        async for _ in adapter.stream():
            first = first or time.perf_counter()
        seconds.append((first or 0) - began - TO_FIRST_TOKEN)
    opened = connections(adapter) - before - 1
    return {"wall_ms": statistics.median(seconds) * 1e3, "opened": opened}


@scenario("t1", "tools")
async def tools(adapter: Library, count: int = 5) -> Figures:
    """Eight tools of 100 ms at once and the answer, as a multiple of 100 ms."""
    await adapter.tools()
    seconds: list[float] = []
    for _ in range(count):
        with Clock() as clock:
            await adapter.tools()
        seconds.append(clock.wall)
    return {"times": statistics.median(seconds) / TOOL_SECONDS}


async def _objects(adapter: Library, count: int) -> float:
    adapter = type(adapter)(adapter.base_url.replace("n4000", f"n{count}"))
    with Clock() as clock:
        async for _ in adapter.objects():
            pass
    return clock.cpu


@scenario("n4000-j1-w16", "objects")
async def objects(adapter: Library) -> Figures:
    """A partial object for each of 4,000 deltas, and how much more that costs than for 2,000."""
    await _objects(adapter, 100)
    half = await _objects(adapter, 2000)
    whole = await _objects(adapter, 4000)
    return {"cpu_ms": whole * 1e3, "growth": whole / half}


@scenario("n1", "history")
async def history(adapter: Library, count: int = 2001) -> Figures:
    """What a message of a long conversation adds to sending it again."""

    async def cost(length: int) -> float:
        await adapter.history(length)
        seconds: list[float] = []
        for _ in range(10):
            with Clock() as clock:
                await adapter.history(length)
            seconds.append(clock.cpu)
        return statistics.median(seconds)

    few = await cost(5)
    return {"cpu_us": (await cost(count) - few) / (count - 5) * 1e6}


@scenario("n1", "fresh_call")
async def fresh(adapter: Library, count: int = 50) -> Figures:
    """A client, or model, made for each call, as a multiple of a call."""
    await adapter.fresh_call()
    await adapter.call()
    before = connections(adapter)
    with Clock() as clock:
        for _ in range(count):
            await adapter.fresh_call()
    opened = connections(adapter) - before - 1
    with Clock() as plain:
        for _ in range(count):
            await adapter.call()
    return {
        "cpu_us": clock.cpu / count * 1e6,
        "times": clock.cpu / plain.cpu,
        "opened": opened / count,
    }


def six_loops(kind: type[Adapter], base_url: str) -> Figures:
    """Six loops one after another, each with one call; what is imported late was by then."""
    asyncio.run(cast("Library", kind(base_url)).call())
    adapter = cast("Library", kind(base_url))
    failed = 0
    with Clock() as clock:
        for _ in range(6):
            try:
                asyncio.run(adapter.call())
            except Exception:  # noqa: BLE001, counted
                failed += 1
    return {"wall_s": clock.wall, "failed": failed}


IMPORTING = """
import resource, sys, time
before, began = set(sys.modules), time.process_time()
for name in sys.argv[1:]:
    __import__(name)
cpu = time.process_time() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(cpu * 1e3, len(set(sys.modules) - before), peak)
"""


def importing(kind: type[Adapter]) -> Figures:
    """What the import alone costs, in an interpreter that has nothing yet."""
    told = subprocess.run(
        [sys.executable, "-c", IMPORTING, *kind.modules], capture_output=True, text=True, check=True
    ).stdout
    cpu, modules, peak = map(float, told.split())
    return {"cpu_ms": cpu, "modules": modules, "peak_mb": peak}


async def measure(kind: type[Adapter], name: str, root: str) -> Figures:
    """The figures of a scenario on a loop."""
    if NEEDS[name] == "stream":
        # What is imported late and built once is nothing that a chunk costs.
        first = cast("Library", kind(f"{root}/n1/v1"))
        await read(first)
        await first.aclose()
    adapter = cast("Library", kind(f"{root}/{SEGMENTS[name]}/v1"))
    try:
        return await SCENARIOS[name](adapter)
    finally:
        await adapter.aclose()


def main() -> None:
    """`worker.py LIBRARY SCENARIO http://127.0.0.1:PORT`."""
    library, name, root = sys.argv[1:]
    kind = ADAPTERS[library]
    figures: Figures = {}
    if name == "imports":
        figures = importing(kind)
    elif name == "loops":
        figures = six_loops(kind, f"{root}/n1/v1")
    elif hasattr(kind, NEEDS[name]):
        figures = asyncio.run(measure(kind, name, root))
    print(json.dumps(figures))  # noqa: T201, the result


if __name__ == "__main__":
    main()
