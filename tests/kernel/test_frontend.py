import asyncio
import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mirascope_nb.kernel import describe, detect, find_cell
from mirascope_nb.kernel.frontend import kernel_version


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    shell = SimpleNamespace(displayhook=SimpleNamespace(prompt_count=7))
    ipython = ModuleType("IPython")
    vars(ipython)["get_ipython"] = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return shell


def kernel(parent: Any, **more: Any) -> SimpleNamespace:
    def get_parent(channel: str) -> Any:
        assert channel == "shell"
        if isinstance(parent, Exception):
            raise parent
        return parent

    return SimpleNamespace(get_parent=get_parent, **more)


def test_without_ipython_it_is_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert detect() == "script"
    assert "IPython" not in sys.modules
    assert describe().execution_count is None


def test_ipython_that_was_imported_without_a_shell_is_a_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ipython = ModuleType("IPython")
    vars(ipython)["get_ipython"] = lambda: None
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert detect() == "script"


def test_a_shell_without_a_kernel_is_a_terminal(shell: SimpleNamespace) -> None:
    assert detect() == "terminal"
    assert describe().kernel is None
    assert describe().execution_count == 7


@pytest.mark.parametrize(("allowed", "kind"), [(True, "widget"), (False, "headless")])
def test_the_request_says_whether_anybody_watches(
    shell: SimpleNamespace, *, allowed: bool, kind: str
) -> None:
    shell.kernel = kernel({"content": {"allow_stdin": allowed}}, _allow_stdin=not allowed)
    assert detect() == kind
    assert describe().allow_stdin == allowed


@pytest.mark.parametrize(
    "parent", [{}, {"content": {"comm_id": "c"}}, None, LookupError("shell_parent")]
)
@pytest.mark.parametrize("allowed", [True, False])
def test_during_a_click_the_latest_cell_says_so(
    shell: SimpleNamespace, *, parent: Any, allowed: bool
) -> None:
    shell.kernel = kernel(parent, _allow_stdin=allowed)
    assert describe().allow_stdin == allowed


def test_a_kernel_that_says_nothing_is_taken_for_one_that_nobody_watches(
    shell: SimpleNamespace,
) -> None:
    shell.kernel = object()
    assert detect() == "headless"


@pytest.mark.parametrize(
    ("version", "expected"),
    [("6.29.5", (6, 29)), ("7.0.0a1", (7, 0)), ("7", None), ("", None), ("x.y", None)],
)
def test_the_version_is_that_of_ipykernel(
    monkeypatch: pytest.MonkeyPatch, version: str, expected: tuple[int, int] | None
) -> None:
    ipykernel = ModuleType("ipykernel")
    vars(ipykernel)["__version__"] = version
    monkeypatch.setitem(sys.modules, "ipykernel", ipykernel)
    assert kernel_version(object()) == expected
    assert kernel_version(None) is None


async def test_the_running_loop_is_told() -> None:
    assert describe().loop is asyncio.get_running_loop()


def test_nothing_of_jupyter_is_imported() -> None:
    code = (
        "import sys, mirascope_nb.kernel as k; k.detect(); k.describe()\n"
        "print([m for m in ('IPython', 'ipykernel', 'traitlets', 'zmq') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_cell_is_the_one_that_displays_appear_under(shell: SimpleNamespace) -> None:
    assert find_cell() is None  # a terminal
    shell.display_pub = SimpleNamespace(parent_header={})
    assert find_cell() is None  # nothing has been asked of the kernel yet
    shell.display_pub.parent_header = {"msg_id": "a1"}
    assert find_cell() == "a1"
