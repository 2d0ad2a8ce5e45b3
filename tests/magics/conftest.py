"""A real shell with the magics loaded, and the offline simulator behind `sandbox/…`."""

import atexit
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
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
