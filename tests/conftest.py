"""What holds for every test: no network, no keys, no state left by another test."""

import ipaddress
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# What starts kernels and browsers, and measures: never two of these at a time.
ONE_AT_A_TIME = ("tests/e2e/", "tests/kernel/", "notebooks/")

LONG = ("soak", "matrix")


_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NetworkAccessError(AssertionError):
    """A test reached for an address outside this machine."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this machine, and every look-up of a name."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, getaddrinfo = socket.socket.sendto, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any, /) -> None:
        _refuse_beyond_loopback(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
        _refuse_beyond_loopback(self, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _refuse_beyond_loopback(self, rest[-1])
        return sendto(self, data, *rest)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            raise NetworkAccessError(f"a test looked up {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", guarded_sendto)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def _refuse_beyond_loopback(sock: socket.socket, address: Any) -> None:
    inet = sock.family in (socket.AF_INET, socket.AF_INET6)
    if inet and not _is_loopback(address[0]):
        raise NetworkAccessError(f"a test reached for {address!r}")


def _is_loopback(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the keys and proxies of whoever runs the tests."""
    for name in list(os.environ):
        upper = name.upper()
        if upper.endswith(("_API_KEY", "_ACCESS_TOKEN", "_PROXY")) or upper in (
            "GITHUB_TOKEN",
            "HF_TOKEN",
        ):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    """Forget the providers that a test registered."""
    yield
    core = sys.modules.get("mirascope_nb.llm")
    if core is not None:
        core.reset_provider_registry()
        core.limits.reset()


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's own IPython profile, Jupyter settings and kernels out of the tests."""
    home: Path = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("JUPYTER_CONFIG_DIR", str(home / "config"))
        patch.setenv("JUPYTER_DATA_DIR", str(home / "data"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
        yield


@dataclass(kw_only=True)
class Ran:
    """What came back for one cell."""

    printed: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Mime bundles, of displays and of the cell's value, in order."""
    error: str | None = None
    """The traceback as a front end shows it, without colours."""
    failed: bool = False
    """Whether the cell failed, so that `Run All` would stop here."""

    @property
    def text(self) -> str:
        """All there is to read, as plain text."""
        texts = [bundle.get("text/plain", "") for bundle in self.shown]
        return "\n".join([self.printed, *texts, self.error or ""])


class NotebookKernel:
    """A real kernel of this interpreter, which runs cells as nbclient would: nobody watches."""

    def __init__(self) -> None:
        from jupyter_client.manager import KernelManager

        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(extra_arguments=["--log-level=ERROR"])
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str, *, timeout: float = 60) -> Ran:
        """Run one cell and wait until the kernel is idle again."""
        ran = Ran()

        def take(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    ran.printed += content["text"]
                case "display_data" | "execute_result":
                    ran.shown.append(content["data"])
                case "error":
                    ran.error = _ANSI.sub("", "\n".join(content["traceback"]))
                case _:
                    pass

        reply = self._client.execute_interactive(
            code, allow_stdin=False, timeout=timeout, output_hook=take
        )
        ran.failed = reply["content"]["status"] == "error"
        return ran

    def close(self) -> None:
        """Stop it."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()


@pytest.fixture(scope="module")
def notebook_kernel() -> Iterator[NotebookKernel]:
    """One kernel for the tests of a module."""
    kernel = NotebookKernel()
    yield kernel
    kernel.close()


@pytest.fixture
def fresh_kernel() -> Iterator[NotebookKernel]:
    """A kernel for one test alone."""
    kernel = NotebookKernel()
    yield kernel
    kernel.close()


def pytest_configure() -> None:
    """Let kernels be interrupted, whoever started this run.

    A shell starts what it runs in the background with interrupts ignored, and every process that
    such a run starts would go on ignoring them.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the browser's tests; on workers, begin with what is measured or slow.

    What is long runs only where it is asked for by its mark.
    """
    for item in items:
        if " at 0x" in item.nodeid:
            raise pytest.UsageError(f"{item.nodeid} is called otherwise on every worker: give ids=")
    asked = str(config.getoption("markexpr", ""))
    left_out = [name for name in LONG if name not in asked]
    long = [item for item in items if any(map(item.get_closest_marker, left_out))]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    for item in items:
        if item.nodeid.startswith("tests/e2e/"):
            item.add_marker(pytest.mark.browser)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(ONE_AT_A_TIME))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a file on one worker, and all that is measured or slow on the first.

    The marks that pytest-xdist has for this are without effect for pytest 9.2.
    """
    from xdist.scheduler import (  # pyright: ignore[reportMissingTypeStubs]
        LoadScopeScheduling,
    )

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "measured" if nodeid.startswith(ONE_AT_A_TIME) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False
    return ByFile(config, log)
