"""Interrupts at random moments of every phase of real calls; then the kernel is as good as new.

The moments are drawn from a fixed seed, so that a run can be had again. The provider is a server
in this process, which stays in a phase for as long as it is let.
"""

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Awaitable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Kernel

pytestmark = pytest.mark.kernel

VERSIONS = ["6.29.5", "7.4.0"]
LIMIT = 0.5
"""Seconds from an interrupt to an idle kernel."""
SLACK = 1.5
"""What a machine that is busy with other tests gets."""
EARLIEST, LATEST = 0.02, 0.6
"""Seconds from the beginning of a cell within which it is interrupted."""
TIMES = 2
MANY = 12

PREPARE = """
import contextlib, gc, logging, os, sys, threading
import mirascope_nb as nb
from mirascope_nb import llm
%load_ext mirascope_nb
llm.register_provider('openai:completions', api_key='sk-x', base_url='{url}', timeout=60)
name = 'openai/gpt-4o'
model = llm.Model(name)
ran = 0

@llm.tool
async def act() -> str:
    "Act."
    global ran
    ran += 1
    await asyncio.sleep(60)
    return 'never'

@llm.tool
def block() -> str:
    "Act and block."
    time.sleep(0.4)
    return 'done'

@llm.tool(requires_approval=True)
async def needs() -> str:
    "Act when allowed."
    return 'acted'

unheard = []
asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(str(context)))

async def held():
    '''What is still held, once everything has had a moment to end.'''
    for _ in range(20):
        gc.collect()
        states = llm.limits.show()
        now = (left(), sum(each.running + each.waiting for each in states))
        if now == ([], 0):
            break
        await asyncio.sleep(0.05)
    llm.limits.reset()
    return (*now, unheard)

async def fine():
    return (await model.call_async('fine')).text()
"""

# What a cell does, by the phase in which the provider, or a tool, keeps it.
PHASES = {
    "headers": "await nb.show(model.stream_async('headers'))",
    "first content": "await nb.show(model.stream_async('first'))",
    "mid stream": "await nb.show(model.stream_async('middle'))",
    "many streams one after another": (
        "while True:\n    await nb.show(model.stream_async('fine'), quiet=True)"
    ),
    "unstreamed": "await nb.show(model.call_async('headers'))",
    "magic": "%%llm --model openai/gpt-4o\nmiddle",
    "backoff": "await nb.show(llm.retry_model(name, initial_delay=30).stream_async('busy'))",
    "quick backoffs": (
        "await nb.show(llm.retry_model(name, max_retries=5000, initial_delay=0.001,\n"
        "    backoff_multiplier=1).call_async('busy'))"
    ),
    "gather": "await nb.gather(*(model.call_async('headers') for _ in range(20)))",
    "gather of many": "await nb.gather(*(model.call_async('fine') for _ in range(3000)), limit=20)",
    "map": "await nb.map(lambda row: model.stream_async('middle'), range(30), limit=5)",
    "queue": (
        "llm.limits.set('openai', concurrency=1)\n"
        "await nb.gather(*(model.call_async('headers') for _ in range(8)))"
    ),
    "tool": "await nb.run(model.stream_async('tool act', tools=[act]), approve='allow')",
    "blocking tool": (
        "await nb.run(model.stream_async('loop block', tools=[block]), approve='allow')"
    ),
    "approval": "await nb.run(model.stream_async('tool needs', tools=[needs]))",
    "blocking call": "model.call('headers')",
    "blocking stream": "model.stream('middle').finish()",
    "blocking backoff": "llm.retry_model(name, initial_delay=30).call('busy')",
}


class Slow:
    """Speaks OpenAI's wire, and stays in the phase that a prompt names."""

    def __init__(self) -> None:
        self.open = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(self._began(serving), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    @staticmethod
    async def _began(serving: Awaitable[asyncio.Server]) -> asyncio.Server:
        return await serving

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            mine = asyncio.current_task()
            serving = [task for task in asyncio.all_tasks() if task is not mine]
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the tests are over
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        asked = json.loads(await reader.readexactly(int(length[1]) if length else 0))
        messages = asked["messages"]
        phase, _, tool = str(messages[0]["content"]).partition(" ")
        if phase == "headers":
            await reader.read()
            return False
        if phase == "busy":
            writer.write(b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}")
            return True
        call: dict[str, Any] = {"id": f"c{len(messages)}", "index": 0}
        call["function"] = {"name": tool, "arguments": "{}"}
        calls = phase == "loop" or (phase == "tool" and len(messages) == 1)
        said: dict[str, Any] = {"tool_calls": [call]} if calls else {"content": "It is 4242. "}
        if not asked.get("stream"):
            body = json.dumps({"choices": [{"message": said, "finish_reason": "stop"}]}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
            return True
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"transfer-encoding: chunked\r\n\r\n")
        if phase == "first":
            await reader.read()
            return False
        event = b"data: " + json.dumps({"choices": [{"delta": said}]}).encode() + b"\n\n"
        while True:
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            if phase != "middle":
                break
            await asyncio.sleep(0.005)
        end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(end), end))
        return True


@pytest.fixture(scope="module")
def slow() -> Iterator[Slow]:
    server = Slow()
    yield server
    server.close()


@pytest.fixture
def prepared(kernel: "Kernel", slow: Slow) -> "Kernel":
    if kernel.run("'prepared' if 'fine' in globals() else ''").value != "'prepared'":
        assert kernel.run(PREPARE.replace("{url}", slow.url), timeout=60).error is None
        # Whoever comes first pays for imports, and a stop in their midst is another matter.
        warm = "await nb.show(model.stream_async('fine'))\nmodel.call('fine').text()"
        assert kernel.run(warm, timeout=60).error is None
    return kernel


def began(kernel: "Kernel", request: str) -> None:
    """Wait until a cell runs."""
    end = time.monotonic() + 20
    while not any(
        message["msg_type"] == "execute_input" and message["parent_header"]["msg_id"] == request
        for message in kernel.messages
    ):
        kernel._read(end)  # pyright: ignore[reportPrivateUsage]


def interrupt(kernel: "Kernel", slow: Slow, phase: str, moment: float) -> float | None:
    """Run a cell and interrupt it; return how long that took to stop it, unless it had ended."""
    kernel.messages.clear()
    request = kernel.submit(PHASES[phase])
    began(kernel, request)  # the kernel forgets a stop that comes before its cell
    # Once only: a stop that comes between a cell and its reply costs the reply, with any code.
    time.sleep(moment)
    at = kernel.interrupt()
    stopped = kernel.finish(request)
    # Between two calls of a cell the stop is the kernel's own, which in 7.x cancels the cell.
    assert stopped.error is None or stopped.error.startswith(("KeyboardInterrupt", "CancelledErr"))
    if stopped.error is not None:
        assert stopped.idle - at < LIMIT + SLACK, stopped.error
    after = kernel.run("await held()")
    assert (after.error, after.value) == (None, "([], 0, [])"), phase
    assert kernel.run("await fine()").value == "'It is 4242. '"
    assert kernel.run("model.call('fine').text()").value == "'It is 4242. '"
    end = time.monotonic() + 5
    while slow.open > 30 and time.monotonic() < end:  # what is kept to be used again
        time.sleep(0.01)
    assert slow.open <= 30
    return stopped.idle - at if stopped.error else None


def try_moments(kernel: "Kernel", slow: Slow, phase: str, seed: int, times: int) -> None:
    chance = random.Random(f"{phase} {seed}")  # noqa: S311, moments and no secrets
    worst = 0.0
    for _ in range(times):
        moment = chance.uniform(EARLIEST, LATEST)
        worst = max(worst, interrupt(kernel, slow, phase, moment) or 0.0)
    kernel.figures.append((f"interrupted at random, {phase}", worst))


@pytest.mark.parametrize("kernel", VERSIONS, indirect=True)
@pytest.mark.parametrize("phase", PHASES)
def test_an_interrupt_at_a_random_moment_leaves_a_healthy_kernel(
    prepared: "Kernel", slow: Slow, phase: str
) -> None:
    try_moments(prepared, slow, phase, seed=1, times=TIMES)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kernel", VERSIONS, indirect=True)
@pytest.mark.parametrize("phase", PHASES)
def test_interrupts_at_many_random_moments_leave_a_healthy_kernel(
    prepared: "Kernel", slow: Slow, phase: str
) -> None:
    try_moments(prepared, slow, phase, seed=2, times=MANY)
