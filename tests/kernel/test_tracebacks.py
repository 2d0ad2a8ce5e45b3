"""A stop and a refused call are shown by where they happened in the user's code, and what."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mirascope_nb import _defaults
from mirascope_nb._loop import run_now
from mirascope_nb.kernel import tracebacks
from mirascope_nb.kernel.tracebacks import render, shorten


def caught(code: str, path: str, **names: Any) -> BaseException:
    try:
        exec(compile(code, path, "exec"), names)  # noqa: S102 - a cell
    except BaseException as error:  # noqa: BLE001
        assert error.__traceback__  # noqa: PT017, it was raised
        return error.with_traceback(error.__traceback__.tb_next)  # without this frame
    raise AssertionError


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name under which the code of a cell is compiled."""

    def name_of(file: str) -> tuple[str, str] | None:
        return ("Cell", "In[3]") if file == "<cell>" else None

    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=name_of))
    monkeypatch.setattr(tracebacks, "find_shell", lambda: shell)
    return "<cell>"


def test_only_cells_and_files_of_the_users_are_named(cell: str, tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("import json\ndef read(text):\n    return json.loads(text)\n")
    read = runpy.run_path(str(helper))["read"]
    error = caught("\nread('{')", cell, read=read)
    assert render(error)[:-1] == ["Cell In[3], line 2", f"File {helper}, line 3"]
    assert render(error)[-1].startswith("JSONDecodeError: Expecting property name")
    assert render(error, text="short")[-1] == "short"


def test_what_somebody_else_has_arranged_stays(cell: str) -> None:
    error: Any = caught("raise ValueError(1)", cell)
    error._render_traceback_ = lambda: ["theirs"]
    shorten(error)
    assert error._render_traceback_() == ["theirs"]


def test_a_stop_of_a_blocking_call_is_short_where_the_extension_says_so(
    cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_defaults, "shorten_stop", None)
    assert not hasattr(caught("run(wait())", cell, run=run_now, wait=wait), "_render_traceback_")
    monkeypatch.setattr(_defaults, "shorten_stop", shorten)
    error: Any = caught("run(wait())", cell, run=run_now, wait=wait)
    assert error._render_traceback_()[0] == "Cell In[3], line 1"
    assert not any("_loop.py" in line for line in error._render_traceback_())


def test_every_failure_of_a_class_is_short_until_that_is_undone(cell: str) -> None:
    class FailureError(Exception):
        pass

    def fail() -> None:
        raise FailureError("no key")

    undo = tracebacks.shorten_all(FailureError, lambda error: f"{error}\nSet one.")
    error: Any = caught("\nfail()", cell, fail=fail)
    assert error._render_traceback_()[-1] == "no key\nSet one."
    shorten(error, text="a card's own")
    assert error._render_traceback_()[-1] == "a card's own"
    undo()
    undo()
    assert not hasattr(FailureError, "_render_traceback_")
