"""A process that is killed with no warning, and the next one that goes on."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirascope_nb.sandbox import Sandbox

AT_ONCE = 6

SCRIPT = """
import asyncio, sys
import mirascope_nb as nb
from mirascope_nb import llm

url, path, rows, at_once = sys.argv[1:]
rows = range(int(rows))
llm.register_provider("openai:completions", "crowd/", base_url=url + "/v1", api_key="k")

@llm.call("crowd/assistant")
def repeat(number: int) -> str:
    return f"Repeat exactly: row {number}"

results = asyncio.run(nb.map(repeat, rows, limit=int(at_once), journal=path))
for index, value in enumerate(results):
    assert f"row {index}" in value.text(), value
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    "kills", [2, pytest.param(10, marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
)
def test_a_killed_map_pays_twice_only_for_what_was_in_flight(kills: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    count = 5 * AT_ONCE * kills  # what ends between two looks at the file is but a few rounds
    draw = random.Random(kills)  # noqa: S311, repeatable
    with Sandbox(latency=0.15, rate=1000, pace=1.0, keep=5_000) as sandbox:
        command = [sys.executable, "-c", SCRIPT, sandbox.url, str(path), str(count), str(AT_ONCE)]
        killed = 0
        while killed < kills:
            before = len(_lines(path))
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            wanted = before + draw.randrange(1, 3 * AT_ONCE)
            deadline = time.monotonic() + 60
            while len(_lines(path)) < wanted and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(draw.uniform(0, 0.05))  # at any moment, not just after a row
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        finished = len(_lines(path))
        assert finished < count, "it was over before it was killed"
        subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)
        rows = [json.loads(line)["index"] for line in _lines(path)]
        assert sorted(rows) == list(range(count))  # none lost, none paid for twice
        in_flight = len(sandbox.requests) - count
        assert 0 <= in_flight <= kills * AT_ONCE
        sys.stderr.write(f"\n{kills} kills: {in_flight} requests were in flight and asked again\n")


def _lines(path: Path) -> list[bytes]:
    """The whole lines of a journal that is being written."""
    if not path.exists():
        return []
    return path.read_bytes().split(b"\n")[:-1]
