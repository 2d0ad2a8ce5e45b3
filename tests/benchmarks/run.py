"""Measure this project beside others, and write `docs/performance.md`: `make bench`.

Each figure is the median of runs in processes of their own, the libraries taking turns, so that a
machine that is busy for a while is busy for all of them. A library that is not installed, or does
not do what a scenario asks for, has no figure there.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
PATIENCE = 120
TIMES, NONE = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
RAW = "httpx2"
OURS = "mirascope_nb"
LIBRARIES = (OURS, RAW, "aiohttp", "openai", "anthropic", "mirascope", "pydantic-ai", "litellm")

Key: TypeAlias = tuple[str, str, str]
"""Scenario, figure, library."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    scenario: str
    figure: str
    title: str
    goal: float | None = None
    """The most that it should be for us."""
    per_raw: bool = False
    """Whether the goal is a multiple of what raw `httpx2` takes."""
    digits: int = 0


ROWS = (
    Row("calls", "cpu_us", "a call, one after another: CPU µs", 350),
    Row("calls_sync", "cpu_us", "the same by blocking: CPU µs", 350),
    Row("gather", "wall_s", "1,000 calls at once, server waits 0.2 s: wall s", 0.60, digits=2),
    Row("throng", "wall_s", "10,000 calls, 500 at a time: wall s", 5.0, digits=1),
    Row("throng", "opened", "of these, connections opened", 500),
    Row("long_stream", "cpu_us", "a chunk of a stream of 20,000: CPU µs", 6, digits=1),
    Row("streams", "cpu_us", "a chunk of 50 streams, one each 10 ms: CPU µs", 40),
    Row("first_token", "wall_ms", "to the first token, over the server's own: ms", 1.0, digits=2),
    Row("first_token", "opened", "60 streams in a row: connections opened", 0),
    Row("tools", "times", "8 tools of 0.1 s at once and the answer: over 0.1 s", 1.03, digits=2),
    Row("objects", "cpu_ms", "a partial object for each of 4,000 deltas: CPU ms", 150),
    Row("objects", "growth", "that over the same for 2,000 deltas", 2.2, digits=1),
    Row("history", "cpu_us", "a message of a conversation sent again: CPU µs", 3, digits=1),
    Row("fresh", "times", "a new client or model for each call: over a call", 1.1, digits=2),
    Row("fresh", "opened", "of these, connections a call", 0, digits=1),
    Row("loops", "wall_s", "six `asyncio.run` with a call each: wall s", 0.1, digits=2),
    Row("loops", "failed", "of these, failed", 0),
    Row("imports", "cpu_ms", "import: CPU ms", 1.15, per_raw=True),
    Row("imports", "modules", "import: modules"),
    Row("imports", "peak_mb", "import: peak memory in MB"),
    Row("card", "cpu_us", "a token shown in a card, beyond reading it: CPU µs", 10, digits=1),
    Row("card", "bytes", "of these, bytes to the browser a token"),
    Row("card", "growth", "bytes to the browser for 8,000 tokens over 4,000", 2.2, digits=1),
)

QUICK = (OURS, RAW, "aiohttp")
"""Who starts quickly, and so may run more often."""
ALL = (*QUICK, "openai", "mirascope", "pydantic-ai", "litellm")
PLANS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "calls": (5, 2, ALL),
    "calls_sync": (5, 2, (OURS, RAW, "openai", "mirascope", "pydantic-ai", "litellm")),
    "gather": (3, 1, (*QUICK, "openai", "mirascope", "litellm")),
    "throng": (2, 0, (OURS, "aiohttp")),
    "long_stream": (5, 2, ALL),
    "streams": (3, 1, ALL),
    "first_token": (3, 1, ALL),
    "tools": (3, 1, (*QUICK, "openai", "mirascope", "pydantic-ai")),
    "objects": (3, 1, (OURS, "openai", "mirascope")),
    "history": (3, 1, (*QUICK, "openai")),
    "fresh": (3, 1, (OURS, RAW, "openai", "mirascope")),
    "loops": (3, 1, (OURS, RAW, "openai", "mirascope")),
    "imports": (9, 2, LIBRARIES),
    "card": (3, 0, (OURS,)),
}
"""How often each scenario runs with those that start quickly, and with the others; and by whom."""


@contextmanager
def provider() -> Generator[str]:
    """The address of a fake provider in a process of its own."""
    server = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "benchmarks" / "server.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(10)


def measure(library: str, scenario: str, root: str) -> dict[str, float]:
    """The figures of one run, none if the library cannot do it here."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.worker", library, scenario, root],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    except subprocess.TimeoutExpired:
        return {}
    if ran.returncode:
        told = ran.stderr.strip().splitlines()
        say(f"  {library} cannot: {told[-1] if told else ran.returncode}")
        return {}
    return json.loads(ran.stdout.splitlines()[-1])


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(text + "\n")


def figures(chosen: list[str]) -> dict[Key, float]:
    """The medians of all runs."""
    values: dict[Key, list[float]] = defaultdict(list)
    for scenario in chosen:
        quick, others, libraries = PLANS[scenario]
        for turn in range(quick):
            for library in libraries:
                if turn >= others and library not in QUICK:
                    continue
                with provider() as root:
                    for figure, value in measure(library, scenario, root).items():
                        values[scenario, figure, library].append(value)
        say(f"{scenario}: done")
    return {key: statistics.median(found) for key, found in values.items()}


def table(medians: dict[Key, float]) -> str:
    """The figures as Markdown."""
    libraries = [name for name in LIBRARIES if any(key[2] == name for key in medians)]
    lines = [
        "| | " + " | ".join(libraries) + " | goal | |",
        "|---|" + "---:|" * len(libraries) + "---:|---|",
    ]
    for row in ROWS:
        found = {name: medians.get((row.scenario, row.figure, name)) for name in libraries}
        if all(value is None for value in found.values()):
            continue
        cells = [_cell(value, row, found.get(RAW)) for value in found.values()]
        lines.append(
            f"| {row.title} | " + " | ".join(cells) + f" | {_goal(row)} | {met(row, found)} |"
        )
    return "\n".join(lines)


def _cell(value: float | None, row: Row, raw: float | None) -> str:
    if value is None:
        return NONE
    shown = f"{value:,.{row.digits}f}"
    if raw and row.figure.startswith(("cpu", "wall")):
        shown += f" ({value / raw:.2f}{TIMES})"
    return shown


def _goal(row: Row) -> str:
    if row.goal is None:
        return NONE
    return f"≤ {row.goal:g}{TIMES}" if row.per_raw else f"≤ {row.goal:g}"


def met(row: Row, found: dict[str, float | None]) -> str:
    """Whether the goal is met, or by how much it is missed."""
    ours, raw = found.get(OURS), found.get(RAW)
    if row.goal is None or ours is None:
        return ""
    if row.per_raw:
        if not raw:
            return ""
        ours /= raw
    if ours <= row.goal:
        return "met"
    return f"missed by {ours / row.goal - 1:.0%}" if row.goal else f"missed by {ours:g}"


def main() -> None:
    """Measure what is named, or everything, and put the table into the page."""
    began = time.monotonic()
    chosen = sys.argv[1:] or list(PLANS)
    medians = figures(chosen)
    shown = table(medians)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    today = dt.datetime.now(tz=dt.UTC).date()
    note = (
        f"Measured on {today} with Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"load {load:.1f}, in {(time.monotonic() - began) / 60:.0f} minutes. In brackets: "
        f"over raw `{RAW}`."
    )
    sys.stdout.write(f"{note}\n\n{shown}\n")
    if sys.argv[1:]:
        return  # a part is to look at, and replaces nothing
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{note}\n\n{shown}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
