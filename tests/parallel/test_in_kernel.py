"""Maps in a real kernel: other cells get their turn, and a stop is quick and leaves nothing."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from mirascope_nb.sandbox import Sandbox

pytestmark = pytest.mark.kernel

SETUP = """
import asyncio, os, time
import mirascope_nb as nb
from mirascope_nb import llm
llm.register_provider("openai:completions", "crowd/", base_url={url!r} + "/v1", api_key="k")

@llm.call("crowd/assistant")
def repeat(number: int):
    return f"Repeat exactly: row {{number}}"
"""


def test_another_cell_is_answered_while_a_map_goes_on_beside_it(notebook_kernel: Any) -> None:
    with Sandbox(latency=0.5, rate=1000, pace=1.0) as sandbox:
        assert not notebook_kernel.run(SETUP.format(url=sandbox.url)).failed
        begun = notebook_kernel.run(
            "going = asyncio.ensure_future(nb.map(repeat, range(400), limit=500))\n"
            "await asyncio.sleep(0.5)"
        )
        assert not begun.failed, begun.error
        took: list[float] = []
        for _ in range(5):
            at = time.monotonic()
            ran = notebook_kernel.run("1 + 1")
            took.append(time.monotonic() - at)
            assert ran.text.strip() == "2"
        ran = notebook_kernel.run("results = await going\nprint(len(results.succeeded))")
        assert ran.printed.strip() == "400"
        sys.stderr.write(f"\n1+1 took {[round(each * 1000) for each in took]} ms\n")
        assert min(took) < 0.2


def test_a_stop_is_quick_and_leaves_no_socket_and_no_task(notebook_kernel: Any) -> None:
    with Sandbox(latency=20.0, pace=1.0) as sandbox:
        assert not notebook_kernel.run(SETUP.format(url=sandbox.url)).failed
        ran = notebook_kernel.run(
            "import signal, threading\n"
            "def stop():\n"
            "    global stopped\n"
            "    stopped = time.monotonic()\n"
            "    os.kill(os.getpid(), signal.SIGINT)\n"
            "threading.Timer(1.0, stop).start()\n"
            "tasks = len(asyncio.all_tasks())\n"
            "await nb.map(repeat, range(300), limit=100)"
        )
        ended = notebook_kernel.run(
            "print(time.monotonic() - stopped, len(asyncio.all_tasks()) - tasks)"
        )
        assert ran.failed
        assert "KeyboardInterrupt: stopped" in ran.text
        assert "cancelled" in ran.text
        seconds, left = ended.printed.split()
        sys.stderr.write(f"\na stop took {float(seconds) * 1000:.0f} ms with the next cell\n")
        assert float(seconds) < 1.0
        assert int(left) <= 0
        deadline = time.monotonic() + 5
        while any(each.outcome == "answering" for each in sandbox.requests):
            assert time.monotonic() < deadline, "a socket is still open"
            time.sleep(0.05)
