"""A real shell with the magics loaded, and the offline simulator behind `sandbox/…`."""

import atexit
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from traitlets.config import Config

from mirascope_nb.magics import load, unload

RunCell = Callable[..., ExecutionResult]


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    """An `InteractiveShell` without the magics, whose history is in memory."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config: Any = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell: Any = InteractiveShell.instance(config=config)
    yield shell
    unload(shell)
    shell.restore_sys_module_state()
    shell.configurables.clear()
    # It would run for each shell at the end of the tests; it collects garbage, which takes long.
    atexit.unregister(shell.atexit_operations)
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell: Any) -> Any:
    """A shell with the magics loaded and `sandbox/fast` as the model."""
    load(bare_shell)
    bare_shell.run_line_magic("config", "LLMMagics.model = 'sandbox/fast'")
    return bare_shell


@pytest.fixture
def run(shell: Any) -> RunCell:
    """Runs a cell as a front end does, by default one that is to succeed."""

    def run_cell(source: str, *, ok: bool = True, cell_id: str | None = None) -> ExecutionResult:
        result = shell.run_cell(source, store_history=True, cell_id=cell_id)
        if ok:
            result.raise_error()
            assert result.success
        else:
            assert not result.success
        return result

    return run_cell


class _ThisPython(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=kernel_name, language="python")


@dataclass
class Ran:
    """What one cell sent, in order."""

    reply: dict[str, Any]
    messages: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for each, content in self.messages if each == kind]

    @property
    def outputs(self) -> list[str]:
        """The outputs a front end would show, by kind; an update is part of its display."""
        shown = {"display_data", "execute_result", "stream", "error"}
        return [kind for kind, _ in self.messages if kind in shown]


class Kernel:
    def __init__(self, manager: KernelManager) -> None:
        self._manager = manager
        self._client = manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(
        self,
        code: str,
        *,
        cell_id: str | None = None,
        watched: bool = False,
        silent: bool = False,
        stop: float = 0,
    ) -> Ran:
        """Run a cell; `watched` as a page would, else as nbclient does. `stop` after seconds."""
        content: dict[str, Any] = {
            "code": code,
            "silent": silent,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": watched,
            "stop_on_error": False,
        }
        message = self._client.session.msg("execute_request", content)
        if cell_id is not None:
            message["metadata"] = {"cellId": cell_id}
        self._client.shell_channel.send(message)
        request = message["header"]["msg_id"]
        ran = Ran({})
        deadline = time.monotonic() + 30
        while True:
            got = self._client.get_iopub_msg(timeout=deadline - time.monotonic())
            if got["parent_header"].get("msg_id") != request:
                continue
            kind, content = got["msg_type"], got["content"]
            ran.messages.append((kind, content))
            if stop and kind == "execute_input":
                time.sleep(stop)
                self._manager.interrupt_kernel()
            if kind == "status" and content["execution_state"] == "idle":
                break
        while not ran.reply:
            reply = self._client.get_shell_msg(timeout=10)
            if reply["parent_header"].get("msg_id") == request:
                ran.reply = reply["content"]
        return ran

    def value(self, expression: str) -> Any:
        """An expression's value, by its repr."""
        (result,) = self.run(expression).of("execute_result")
        return eval(result["data"]["text/plain"])  # noqa: S307 - of our own expression

    def complete(self, code: str) -> dict[str, Any]:
        request = self._client.complete(code, len(code))
        while True:
            reply = self._client.get_shell_msg(timeout=20)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"]

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="here", kernel_spec_manager=_ThisPython())
    manager.start_kernel()
    kernel = Kernel(manager)
    loaded = kernel.run("%load_ext mirascope_nb\n%config LLMMagics.model = 'sandbox/fast'")
    assert loaded.reply["status"] == "ok"
    assert loaded.outputs == []
    yield kernel
    kernel.close()
