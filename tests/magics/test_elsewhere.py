"""The magics where no page watches: a terminal, a script, a run of a whole notebook."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(180)]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")
RUN_RECORD = "application/vnd.mirascope-nb.run+json"

TOOL = (
    "from mirascope_nb import llm\n"
    "ran = []\n"
    "@llm.tool\n"
    "def get_weather(city: str) -> str:\n"
    "    'Current weather in a city.'\n"
    "    ran.append(city)\n"
    "    return 'sunny'\n"
)
ASK = "%%llm sandbox/fast -t get_weather\nWhat is the weather in Paris?"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "xterm", "NO_COLOR": "1"}


class Terminal:
    """IPython on a terminal of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._child: Any = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"],
            env=environment,
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 200),
        )
        self._child.expect_exact("In [1]: ")
        self.count = 1

    def run(self, *lines: str) -> str:
        """Type a line or a cell, and give what is shown until the next prompt."""
        self.type(*lines)
        return self.wait()

    def type(self, *lines: str) -> None:
        """Type a line, or a cell and the two empty lines that end it."""
        for line in (*lines, "", "") if len(lines) > 1 else lines:
            self._child.sendline(line)

    def until(self, text: str) -> str:
        """What is shown until a text comes."""
        self._child.expect_exact(text)
        return self._shown()

    def stop(self) -> None:
        self._child.sendintr()

    def wait(self) -> str:
        self._child.expect(r"In \[\d+\]: ")
        return self._shown()

    def _shown(self) -> str:
        return _ANSI.sub("", str(self._child.before)).replace("\r", "")

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def terminal(environment: dict[str, str]) -> Iterator[Terminal]:
    terminal = Terminal(environment)
    terminal.run("%load_ext mirascope_nb")
    terminal.run("%config LLMMagics.model = 'sandbox/fast'")
    yield terminal
    terminal.close()


def test_a_terminal_has_the_reply_once_as_text(terminal: Terminal) -> None:
    shown = terminal.run("%%llm", "Hi")
    assert shown.count("Hello!") == 1
    assert "Out[" not in shown
    assert "Hello!" in terminal.run("_.text()")
    assert "Hello!" not in terminal.run("x = %llm -q Hi")
    assert "True" in terminal.run("x.text().startswith('Hello!')")
    assert "UsageError: '--modle'" in terminal.run("%llm --modle Hi")


def test_a_terminal_has_values_as_lines_and_no_json(terminal: Terminal) -> None:
    shown = terminal.run("%%llm --schema 'name, tags list[str]'", "Ada, of math and code")
    assert "name: Ada" in shown
    assert "\n  - " in shown
    assert '{"' not in shown
    assert "\nname: Ada" in terminal.run("_")


def test_a_terminal_asks_and_obeys(terminal: Terminal, tmp_path: Path) -> None:
    script = tmp_path / "tool.py"
    script.write_text(TOOL)
    terminal.run(f"%run {script}")
    terminal.type(*ASK.splitlines())
    asked = terminal.until("[a]lways: ")
    assert "get_weather" in asked
    assert "Paris" in asked
    terminal.type("y")
    assert "sunny" in terminal.wait()
    assert "['Paris']" in terminal.run("ran")


def test_a_terminal_can_be_stopped(terminal: Terminal) -> None:
    terminal.type("%llm -o part -m sandbox/slow Tell me about turtles")
    terminal.until("about turtles")  # what was typed; the next is the reply's
    terminal.until("urtle")
    terminal.stop()
    assert "KeyboardInterrupt" in terminal.until("stopped") + terminal.wait()
    assert "True" in terminal.run("len(part.text()) > 0")


def python(*arguments: str, environment: dict[str, str], stdin: str = "") -> Any:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def test_ipython_runs_a_line_and_a_script(environment: dict[str, str], tmp_path: Path) -> None:
    line = "%load_ext mirascope_nb\n%llm -m sandbox/fast Hi"
    ran = python("-m", "IPython", "--no-banner", "-c", line, environment=environment)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("Hello!") == 1
    script = tmp_path / "script.ipy"
    script.write_text("%load_ext mirascope_nb\nx = %llm -q -m sandbox/echo same\nprint(x.text())\n")
    ran = python("-m", "IPython", str(script), environment=environment)
    assert ran.stdout.strip() == "same", ran.stderr


def test_a_script_denies_a_tool_and_says_how_to_allow(environment: dict[str, str]) -> None:
    code = f"%load_ext mirascope_nb\n{TOOL}\n"
    code += "%llm -m sandbox/fast -t get_weather What is the weather in Paris\nprint('ran', ran)"
    ran = python("-m", "IPython", "-c", code, environment=environment)
    assert "ran []" in ran.stdout, ran.stderr
    assert "approve='allow'" in ran.stdout or "%llm approvals allow get_weather" in ran.stdout


def notebook_of(*sources: str) -> Any:
    made: Any = nbformat.v4
    cells = [made.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return made.new_notebook(cells=cells, metadata={"kernelspec": kernel})


_write = cast("Any", nbformat).write


def text_of(cell: Any) -> str:
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell["outputs"]
    )


def test_nbconvert_runs_a_notebook(environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "a.ipynb"
    _write(notebook_of("%load_ext mirascope_nb", "%%llm sandbox/fast\nHi", TOOL, ASK), source)
    command = ("-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--output", "b.ipynb")
    ran = python(*command, str(source), environment=environment)
    assert ran.returncode == 0, ran.stderr[-2000:]
    cells = json.loads((tmp_path / "b.ipynb").read_text(encoding="utf-8"))["cells"]
    (output,) = cells[1]["outputs"]
    assert set(output["data"]) == {"text/markdown", "text/plain", RUN_RECORD}
    (denied,) = cells[3]["outputs"]
    assert denied["data"][RUN_RECORD]["blocks"][0]["state"] == "auto_denied"
    assert "%llm approvals allow get_weather" in str(denied["data"]["text/plain"])
    ran = python("-m", "jupyter", "nbconvert", "--to", "html", str(tmp_path / "b.ipynb"),
                 environment=environment)  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    page = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "Hello!" in page
    assert "model not found" not in page


def test_a_failed_call_stops_a_run_of_the_whole_notebook(
    environment: dict[str, str], tmp_path: Path
) -> None:
    source = tmp_path / "a.ipynb"
    cells = ("%load_ext mirascope_nb", "%%llm sandbox/flaky-429\nHi", "reached = 1")
    _write(notebook_of(*cells), source)
    command = ("-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--stdout")
    ran = python(*command, str(source), environment=environment)
    assert ran.returncode != 0
    assert "RateLimitError" in ran.stderr


def test_parameters_put_in_before_a_run_are_used() -> None:
    """As papermill does: a cell after the one that is tagged, run by nbclient."""
    notebook = notebook_of(
        "%load_ext mirascope_nb\ntopic = 'nothing'",
        "# Parameters\ntopic = 'turtles'",
        "%%llm sandbox/echo\nAbout {topic}",
    )
    NotebookClient(notebook, timeout=60).execute()
    assert text_of(notebook["cells"][2]) == "About turtles"
    assert len(notebook["cells"][2]["outputs"]) == 1
