"""Ten thousand rows over a provider that fails now and then."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mirascope_nb as nb
from mirascope_nb import llm

pytestmark = pytest.mark.soak

ROWS = int(os.environ.get("MIRASCOPE_NB_SOAK_ROWS", "10000"))
AT_ONCE = 500


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            count += each.readlink().name.startswith("socket:")
        except OSError:
            continue
    return count


@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="counts sockets in /proc")
async def test_ten_thousand_rows_lose_nothing(simulator: Callable[..., Any]) -> None:
    server = simulator(scripted=3 * ROWS)
    llm.register_provider("openai:completions", "crowd/", base_url=f"{server.url}/v1", api_key="k")

    @llm.call("crowd/fast")
    def repeat(number: int) -> str:
        return f"Repeat exactly: row {number}"

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    most = 0
    late: list[float] = []

    async def watch() -> None:
        nonlocal most
        while True:
            begun = time.monotonic()
            await asyncio.sleep(0.02)
            late.append(time.monotonic() - begun - 0.02)
            most = max(most, sockets())

    watching = asyncio.create_task(watch())
    begun = time.monotonic()
    results = await nb.map(repeat.stream, range(ROWS), limit=AT_ONCE)
    seconds = time.monotonic() - begun
    watching.cancel()
    sent = server.count()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stderr.write(
        f"\n{ROWS} rows in {seconds:.1f} s; {sent} requests; {most} sockets at most; "
        f"memory {before // 1024} MB before, {peak // 1024} MB at most; "
        f"loop late by {max(late) * 1000:.0f} ms at most, "
        f"{sorted(late)[int(len(late) * 0.99)] * 1000:.0f} ms in 99 %\n"
    )
    assert len(results) == ROWS
    wrong = [
        index
        for index, value in enumerate(results)
        if not isinstance(value, Exception) and f"row {index}" not in value.text()
    ]
    assert wrong == []
    assert len(results.errors) <= ROWS // 1000
    assert sent <= ROWS * 1.15
    assert most <= AT_ONCE + 20
