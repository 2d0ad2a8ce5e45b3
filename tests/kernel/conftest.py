"""Real kernels to test against, one for each ipykernel that works its own way."""

import os
import runpy
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

_environments = runpy.run_path(str(Path(__file__).with_name("environments.py")))
IPYKERNELS: tuple[str, ...] = _environments["IPYKERNELS"]
ROOT: Path = _environments["ROOT"]

# What every kernel imports first. `left` is what a stopped cell may not leave behind.
SETUP = """
import asyncio, signal, time
from mirascope_nb.kernel import running

def left():
    mine = asyncio.current_task()
    names = [t.get_coro().__qualname__ for t in asyncio.all_tasks() if t is not mine]
    # The kernel's own: its dispatchers, and on 7.x one task for each message that waits.
    return [n for n in names if n.split('.')[0] not in ('Kernel', 'IPythonKernel')
            and '_async_in_context' not in n and '_LockPump' not in n]
"""


class _Specs(KernelSpecManager):
    """Knows one kernel: the interpreter it was given."""

    def __init__(self, python: Path) -> None:
        super().__init__()
        self._python = python

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [str(self._python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=kernel_name, language="python")


@dataclass
class Ran:
    """What came back for one request, with the time of its idle status."""

    reply: dict[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""
    value: str | None = None
    error: str | None = None
    started: float = 0.0
    idle: float = 0.0

    def add(self, message: dict[str, Any]) -> None:
        content, at = message["content"], message["header"]["date"].timestamp()
        match message["msg_type"]:
            case "stream":
                self.text += content["text"]
            case "execute_result":
                self.value = content["data"]["text/plain"]
            case "error":
                self.error = f"{content['ename']}: {content['evalue']}"
            case "execute_input":
                self.started = at
            case "status" if content["execution_state"] == "idle":
                self.idle = at
            case _:
                pass


class Kernel:
    """A kernel and a client of it that sees every message, in order."""

    def __init__(self, version: str, manager: KernelManager) -> None:
        self.version = version
        self._manager = manager
        self.client: BlockingKernelClient = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.messages: list[dict[str, Any]] = []
        self.figures: list[tuple[str, float]] = []
        assert self.run(SETUP).error is None

    def submit(self, code: str, *, allow_stdin: bool = True) -> str:
        return self.client.execute(code, allow_stdin=allow_stdin)

    def finish(self, request: str, *, timeout: float = 20) -> Ran:
        """Wait until the request is idle and answered, and gather what came back for it."""
        deadline = time.monotonic() + timeout
        while not self._is_idle(request):
            self._read(deadline)
        ran = Ran()
        for message in self.messages:
            if message["parent_header"].get("msg_id") == request:
                ran.add(message)
        while not ran.reply:
            reply = self.client.get_shell_msg(timeout=max(0.0, deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == request:
                ran.reply = reply["content"]
        return ran

    def run(self, code: str, *, allow_stdin: bool = True, timeout: float = 20) -> Ran:
        return self.finish(self.submit(code, allow_stdin=allow_stdin), timeout=timeout)

    def wait_for(self, text: str, *, timeout: float = 20) -> None:
        """Wait until a cell has printed the text."""
        deadline = time.monotonic() + timeout
        while not any(
            message["msg_type"] == "stream" and text in message["content"]["text"]
            for message in self.messages
        ):
            self._read(deadline)

    def asked(self, *, timeout: float = 20) -> str:
        """Wait for a question on stdin, and return its prompt."""
        message = self.client.get_stdin_msg(timeout=timeout)
        assert message["msg_type"] == "input_request"
        return cast("str", message["content"]["prompt"])

    def answer(self, text: str) -> None:
        self.client.input(text)

    def send_comm(self, kind: str, comm: str, **content: Any) -> str:
        """Send what a browser would when a widget is made or clicked, and return its id."""
        message = self.client.session.msg(kind, {"comm_id": comm, "data": {}, **content})
        self.client.shell_channel.send(message)
        return cast("str", message["header"]["msg_id"])

    def open_comm(self, target: str) -> str:
        comm = uuid.uuid4().hex
        self.send_comm("comm_open", comm, target_name=target)
        return comm

    def interrupt(self) -> float:
        """Interrupt as the stop button does, and return when."""
        now = time.time()
        self._manager.interrupt_kernel()
        return now

    def close(self) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def _is_idle(self, request: str) -> bool:
        return any(
            message["msg_type"] == "status"
            and message["content"]["execution_state"] == "idle"
            and message["parent_header"].get("msg_id") == request
            for message in self.messages
        )

    def _read(self, deadline: float) -> None:
        self.messages.append(
            self.client.get_iopub_msg(timeout=max(0.0, deadline - time.monotonic()))
        )


@pytest.fixture(scope="module", params=IPYKERNELS)
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    version: str = request.param
    try:
        python: Path = _environments["environment"](version)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no environment with ipykernel {version}: {error.stderr[-300:]}")
    manager = KernelManager(kernel_name=version, kernel_spec_manager=_Specs(python))
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)})
    kernel = Kernel(version, manager)
    yield kernel
    kernel.close()
    for name, seconds in kernel.figures:
        print(f"ipykernel {version:7} {name:44} {seconds * 1000:7.0f} ms")  # noqa: T201
