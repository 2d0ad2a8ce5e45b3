"""IPython in a terminal, and a plain script: stopping and asking without any kernel."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

pty = pytest.importorskip("pty")
pytestmark = pytest.mark.kernel

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command: str, home: Path) -> None:
        self._master, slave = pty.openpty()
        self._text = ""
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "IPYTHONDIR": str(home), "PYTHONPATH": str(ROOT), "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def wait_for(self, text: str, *, timeout: float = 30) -> str:
        """Wait until a text is shown, and return what was shown up to it."""
        deadline = time.monotonic() + timeout
        while text not in self._text:
            assert time.monotonic() < deadline, f"no {text!r} in {self._text!r}"
            try:
                self._text += os.read(self._master, 65536).decode()
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # the program has ended
                assert text in self._text, self._text
        shown, self._text = self._text.split(text, 1)
        return shown

    def interrupt(self) -> float:
        self.process.send_signal(signal.SIGINT)
        return time.monotonic()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def ipython(tmp_path: Path) -> Iterator[Terminal]:
    options = ("--simple-prompt", "--colors=NoColor", "--no-banner", "--no-confirm-exit")
    terminal = Terminal(sys.executable, "-m", "IPython", *options, home=tmp_path)
    terminal.wait_for("In [1]: ")
    terminal.type("import asyncio; from mirascope_nb.kernel import ask, detach, detect, running")
    terminal.wait_for("In [2]: ")
    yield terminal
    terminal.close()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[list[Terminal]]:
    started: list[Terminal] = []
    yield started
    for terminal in started:
        terminal.close()


def test_a_stop_in_ipython_cancels_the_cell_and_leaves_no_task(ipython: Terminal) -> None:
    # On one line: a simple prompt takes no more.
    ipython.type(
        "async def work():\n with running():\n  print('go' + '!')\n  await asyncio.sleep(30)\n"
    )
    ipython.wait_for("In [3]: ")
    for _ in range(2):
        ipython.type("await work()")
        ipython.wait_for("go!")
        at = ipython.interrupt()
        shown = ipython.wait_for("KeyboardInterrupt: stopped")
        ipython.wait_for("]: ")
        assert time.monotonic() - at < 2
        assert "CancelledError" not in shown
    ipython.type(
        "len(asyncio.all_tasks(__import__('IPython').core.async_helpers.get_asyncio_loop()))"
    )
    ipython.wait_for("Out[5]: 0")


def test_a_question_in_ipython_is_asked_on_the_terminal(ipython: Terminal) -> None:
    ipython.type("print(detect()); answer = await ask('Run' + ' it? ')")
    assert "terminal" in ipython.wait_for("Run it? ")
    ipython.type("yes")
    ipython.wait_for("In [3]: ")
    ipython.type("answer")
    ipython.wait_for("Out[3]: 'yes'")


def test_a_question_in_ipython_can_be_stopped_and_eats_no_later_line(ipython: Terminal) -> None:
    ipython.type("async def stopped():\n with running():\n  await ask('Run' + ' it? ')\n")
    ipython.wait_for("In [3]: ")
    ipython.type("await stopped()")
    ipython.wait_for("Run it? ")
    ipython.interrupt()
    ipython.wait_for("KeyboardInterrupt: stopped")
    ipython.wait_for("In [4]: ")
    ipython.type("6 * 7")
    ipython.wait_for("Out[4]: 42")


def test_what_was_typed_ahead_answers_no_question(ipython: Terminal) -> None:
    ipython.type("print('go' + '!'); await asyncio.sleep(0.5); answer = await ask('Run' + ' it? ')")
    ipython.wait_for("go!")
    ipython.type("typed ahead")
    ipython.wait_for("Run it? ")
    ipython.type("no")
    ipython.wait_for("In [3]: ")
    ipython.type("answer")
    ipython.wait_for("Out[3]: 'no'")


def test_detached_work_goes_on_while_ipython_waits_for_a_line(ipython: Terminal) -> None:
    ipython.type("handle = detach(asyncio.sleep(0.1, 'result'))")
    ipython.wait_for("In [3]: ")
    time.sleep(0.5)
    ipython.type("handle.done(), handle.result()")
    ipython.wait_for("Out[3]: (True, 'result')")
    ipython.type("await detach(asyncio.sleep(0.1, 'awaited'))")
    ipython.wait_for("'awaited'")


SCRIPT = """
    import asyncio, sys
    from mirascope_nb.kernel import CannotAsk, ask, ask_blocking, detect, running

    async def main():
        print(detect(), 'IPython' in sys.modules, 'ipykernel' in sys.modules)
        try:
            with running():
                {body}
        finally:
            print('cleaned up')

    asyncio.run(main())
"""


def run_script(started: list[Terminal], home: Path, body: str) -> Terminal:
    path = home / "script.py"
    path.write_text(dedent(SCRIPT).format(body=body), encoding="utf-8")
    started.append(Terminal(sys.executable, str(path), home=home))
    return started[-1]


def test_a_stop_in_a_script_is_python_s_own(script: list[Terminal], tmp_path: Path) -> None:
    terminal = run_script(script, tmp_path, "print('go'); await asyncio.sleep(30)")
    assert "script False False" in terminal.wait_for("go")
    terminal.interrupt()
    terminal.wait_for("cleaned up")
    terminal.wait_for("KeyboardInterrupt")
    assert terminal.process.wait(10) == -signal.SIGINT


def test_a_script_asks_on_its_terminal(script: list[Terminal], tmp_path: Path) -> None:
    terminal = run_script(
        script, tmp_path, "print('got', await ask('now? '), ask_blocking('and? '))"
    )
    terminal.wait_for("now? ")
    terminal.type("a")
    terminal.wait_for("and? ")
    terminal.type("b")
    terminal.wait_for("got a b")


def test_a_script_without_a_terminal_cannot_ask(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(dedent(SCRIPT).format(body="await ask('now? ')"), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "CannotAsk: there is no terminal" in ran.stderr
