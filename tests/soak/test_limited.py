"""Sixty requests a second: the limiter beside none, and beside a fixed semaphore."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb import llm

pytestmark = pytest.mark.soak


def _nothing_said(*_: object) -> None:
    return None


ROWS = int(os.environ.get("MIRASCOPE_NB_SOAK_ROWS", "900"))


def _call(url: str, *, adaptive: bool) -> Any:
    llm.limits.reset()
    llm.register_provider("openai:completions", "crowd/", base_url=f"{url}/v1", api_key="k")
    llm.limits.set(url, adaptive=adaptive)

    @llm.call("crowd/limited-60")
    async def repeat(number: int) -> str:
        return f"Repeat exactly: row {number}"

    return repeat


@pytest.mark.timeout(600)
@pytest.mark.parametrize("announced", [True, False])
async def test_throughput_is_near_the_limit_and_refusals_are_few(
    simulator: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, *, announced: bool
) -> None:
    if not announced:  # as by providers whose replies say nothing of what is left
        monkeypatch.setattr("mirascope_nb.llm.limits.limiter.quota", _nothing_said)

    async def mapped(call: Any) -> int:
        return len((await nb.map(call, range(ROWS), limit=100)).succeeded)

    async def naive(call: Any) -> int:
        retried: Any = llm.retry(call, max_retries=8, initial_delay=0.5, jitter=0.25)
        done: list[Any] = await asyncio.gather(
            *[retried(number) for number in range(ROWS)], return_exceptions=True
        )
        return sum(not isinstance(each, BaseException) for each in done)

    async def fixed(call: Any) -> int:
        semaphore = asyncio.Semaphore(20)
        retried: Any = llm.retry(call, max_retries=8, initial_delay=0.5, jitter=0.25)

        async def one(number: int) -> Any:
            async with semaphore:
                return await retried(number)

        done = await asyncio.gather(
            *[one(number) for number in range(ROWS)], return_exceptions=True
        )
        return sum(not isinstance(each, BaseException) for each in done)

    await llm.Model("sandbox/fast").call_async("Hi")  # whoever comes first does not pay for imports
    figures: dict[str, tuple[float, float]] = {}
    ways: list[tuple[str, bool, Callable[[Any], Awaitable[int]]]] = [
        ("nb.map", True, mapped),
        ("asyncio.gather", False, naive),
        ("semaphore of 20", False, fixed),
    ]
    for name, adaptive, way in ways:
        server = simulator(pace=1.0, latency=0.2)
        call = _call(server.url, adaptive=adaptive)
        begun, busy = time.monotonic(), time.process_time()
        done = await way(call)
        seconds, busy = time.monotonic() - begun, time.process_time() - busy
        sent = server.count()
        figures[name] = (done / seconds, (sent - done) / sent)
        sys.stderr.write(
            f"\n{name}{'' if announced else ', unannounced'}: {done} of {ROWS} in {seconds:.1f} s, "
            f"{done / seconds:.1f} a second, {sent} requests, "
            f"{100 * (sent - done) / sent:.1f} % refused, "
            f"{1000 * busy / ROWS:.1f} ms of computing a row\n"
        )
        server.close()
    llm.limits.reset()
    rate, refused = figures["nb.map"]
    assert rate >= 0.9 * 60
    assert refused < 0.03
