"""Stopping a cell, in every kernel: quickly, plainly, and with nothing left behind."""

import time
from textwrap import indent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

pytestmark = pytest.mark.kernel

# Seconds from an interrupt to an idle kernel, and what a machine busy with other tests gets.
LIMIT = 0.5
SLACK = 0.5

IDLE = """
with running():
    print('go')
    await asyncio.sleep(30)
"""

STREAM = """
kept = []
async def stream():
    try:
        for number in range(3000):
            kept.append(number)
            yield number
            await asyncio.sleep(0.01)
    finally:
        await asyncio.sleep(0.02)
        kept.append('closed')

with running():
    print('go')
    source = stream()
    try:
        async for number in source:
            pass
    finally:
        await source.aclose()
"""

BACKOFF = """
async def call():
    raise ConnectionError

with running(), running():
    print('go')
    while True:
        try:
            await call()
        except ConnectionError:
            await asyncio.sleep(20)
"""

GATHER = """
async def row():
    with running():
        await asyncio.sleep(30)

with running():
    print('go')
    await asyncio.gather(*(row() for _ in range(20)))
"""

BLOCKED_TOOL = """
async def tool():
    time.sleep(5)

with running():
    print('go')
    await asyncio.sleep(0.05)
    await asyncio.gather(tool(), asyncio.sleep(30))
"""

SWALLOWED = """
with running():
    print('go')
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        pass
"""

THREAD = """
with running():
    print('go')
    await asyncio.to_thread(time.sleep, 0.8)
"""

PHASES = {
    "idle": IDLE,
    "streaming": STREAM,
    "backing off": BACKOFF,
    "gathering": GATHER,
    "in a blocking tool": BLOCKED_TOOL,
    "swallowed": SWALLOWED,
    "in a thread": THREAD,
}


def check(kernel: "Kernel", code: str, what: str, *, interrupts: int = 1) -> None:
    kernel.messages.clear()
    request = kernel.submit(code)
    kernel.wait_for("go")
    time.sleep(0.35)
    at = kernel.interrupt()
    for _ in range(interrupts - 1):
        time.sleep(0.03)
        kernel.interrupt()
    stopped = kernel.finish(request)
    kernel.figures.append((f"stop, {what}", stopped.idle - at))
    assert stopped.error == "KeyboardInterrupt: stopped"
    assert stopped.idle - at < LIMIT + SLACK
    after = kernel.run("await asyncio.sleep(0.01)\nleft()")
    assert after.error is None
    assert after.value == "[]"


@pytest.mark.parametrize("phase", PHASES)
def test_an_interrupt_stops_the_cell_and_leaves_nothing(kernel: "Kernel", phase: str) -> None:
    check(kernel, PHASES[phase], phase)


@pytest.mark.parametrize("phase", ["idle", "streaming", "in a blocking tool"])
def test_a_double_interrupt_does_no_more_than_one(kernel: "Kernel", phase: str) -> None:
    check(kernel, PHASES[phase], f"{phase}, twice", interrupts=3)


def test_what_had_arrived_is_kept_and_the_stream_closed(kernel: "Kernel") -> None:
    check(kernel, STREAM, "streaming, again")
    assert kernel.run("len(kept) > 10, kept[-1]").value == "(True, 'closed')"


def test_an_interrupt_in_the_last_moment_stops_too(kernel: "Kernel") -> None:
    ran = kernel.run(
        "import os\n"
        "with running():\n"
        "    await asyncio.sleep(0.05)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "print('went on')"
    )
    assert ran.error == "KeyboardInterrupt: stopped"
    assert ran.text == ""
    assert kernel.run("await asyncio.sleep(0.01)\nleft()").value == "[]"


def test_the_traceback_is_the_line_and_the_reason(kernel: "Kernel") -> None:
    kernel.messages.clear()
    request = kernel.submit(
        "async def ask():\n    with running():\n        print('go')\n"
        "        await asyncio.sleep(30)\n\nawait ask()"
    )
    kernel.wait_for("go")
    kernel.interrupt()
    count = kernel.finish(request).reply["execution_count"]
    (error,) = [m for m in kernel.messages if m["msg_type"] == "error"]
    assert error["content"]["traceback"] == [
        f"Cell In[{count}], line 6",
        f"Cell In[{count}], line 2",
        "KeyboardInterrupt: stopped",
    ]


def test_a_timeout_of_the_user_stays_a_timeout(kernel: "Kernel") -> None:
    ran = kernel.run("async with asyncio.timeout(0.1):" + indent(IDLE, "    "))
    assert ran.error == "TimeoutError: "


def test_a_stop_under_a_timeout_is_still_a_stop(kernel: "Kernel") -> None:
    check(kernel, "async with asyncio.timeout(20):" + indent(IDLE, "    "), "under a timeout")


def test_code_that_catches_the_stop_can_await_again(kernel: "Kernel") -> None:
    kernel.messages.clear()
    request = kernel.submit(
        "try:" + indent(IDLE, "    ") + "except KeyboardInterrupt as stop:\n"
        "    await asyncio.sleep(0.05)\n"
        "    print(stop, asyncio.current_task().cancelling())"
    )
    kernel.wait_for("go")
    kernel.interrupt()
    ran = kernel.finish(request)
    assert ran.error is None
    assert ran.text == "go\nstopped 0\n"


def test_an_interrupt_after_ours_is_the_kernel_s_again(kernel: "Kernel") -> None:
    ran = kernel.run(IDLE.replace("30", "0.05") + "signal.getsignal(signal.SIGINT).__name__")
    assert ran.value == "'handle_sigint'"
    assert kernel.run("signal.getsignal(signal.SIGINT).__name__").value == "'default_int_handler'"


def test_a_stopped_cell_aborts_the_queue_as_any_failed_cell(kernel: "Kernel") -> None:
    kernel.messages.clear()
    request = kernel.submit(IDLE)
    queued = kernel.submit("print('ran')")
    kernel.wait_for("go")
    kernel.interrupt()
    assert kernel.finish(request).error == "KeyboardInterrupt: stopped"
    assert kernel.finish(queued).reply["status"] == "aborted"
    assert kernel.run("1 + 1").value == "2"
