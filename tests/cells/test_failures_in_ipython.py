"""A call that fails with no card around it: short in IPython, where the extension is loaded."""

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from mirascope_nb import llm

CODE = """
from mirascope_nb import llm
def fail():
    raise llm.MissingAPIKeyError("openai", "OPENAI_API_KEY")
"""


@pytest.fixture
def shell() -> Iterator[Any]:
    made: Any = InteractiveShell.instance()
    made.run_line_magic("load_ext", "mirascope_nb")
    made.run_cell(CODE)
    yield made
    made.run_line_magic("unload_ext", "mirascope_nb")
    InteractiveShell.clear_instance()


def shown(shell: Any, code: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    shell.run_cell(code)
    return capsys.readouterr().out.strip().splitlines()


def test_a_plain_call_that_fails_says_where_what_and_what_to_do(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    *places, cause, remedy = shown(shell, "x = 1\nfail()", capsys)
    assert [place.partition("]")[2] for place in places] == [", line 2", ", line 3"]
    assert cause.startswith("MissingAPIKeyError: ")
    assert remedy.startswith("Set OPENAI_API_KEY")


def test_other_errors_keep_their_traceback(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(shell, "1 / 0", capsys)
    assert any("ZeroDivisionError" in line for line in lines)
    assert any("Traceback" in line for line in lines)


def test_unloading_gives_the_long_traceback_back(shell: Any) -> None:
    assert hasattr(llm.Error, "_render_traceback_")
    shell.run_line_magic("unload_ext", "mirascope_nb")
    assert not hasattr(llm.Error, "_render_traceback_")
