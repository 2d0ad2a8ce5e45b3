"""A simulator in a process of its own, so that what is measured is the client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SERVER = """
import json, random, sys
from mirascope_nb.sandbox import Sandbox
from mirascope_nb.sandbox.faults import Fault
from mirascope_nb.sandbox.script import Scripted

wanted = json.loads(sys.argv[1])
draw = random.Random(7)
limited, broken = Fault(kind="rate_limit", retry_after=1.0), Fault(kind="server")
with Sandbox(pace=wanted["pace"], latency=wanted["latency"], rate=2000) as sandbox:
    for _ in range(wanted["scripted"]):
        chance = draw.random()
        fault = limited if chance < 0.05 else broken if chance < 0.07 else None
        sandbox._script.add(Scripted(fault=fault, cut=0.07 <= chance < 0.08))
    print(sandbox.url, flush=True)
    for line in sys.stdin:
        print(sandbox._ledger.count, flush=True)
"""


class Simulator:
    """A simulator in another process."""

    def __init__(self, *, scripted: int = 0, pace: float = 0.0, latency: float = 0.12) -> None:
        wanted = json.dumps({"scripted": scripted, "pace": pace, "latency": latency})
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER, wanted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self.pid = self._process.pid

    def count(self) -> int:
        """How many requests came in."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("count\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        with self._process:
            pass


@pytest.fixture
def simulator() -> Iterator[Callable[..., Simulator]]:
    made: list[Simulator] = []

    def make(**wanted: Any) -> Simulator:
        made.append(Simulator(**wanted))
        return made[-1]

    yield make
    for each in made:
        each.close()
