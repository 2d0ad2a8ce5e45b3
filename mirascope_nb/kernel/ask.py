"""Ask a person a line of text: in a kernel by its stdin channel, in a terminal by the terminal.

`input()` would do in a synchronous cell. In an asynchronous one it stops the event loop, and every
reply that is streaming with it, and ipykernel has no interrupt for it; a thread cannot be stopped
either. So a question is sent, and its answer looked for now and then, which can be given up.

Typed ahead is not an answer: what was entered before the question was shown is thrown away.
"""

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any, Protocol

from mirascope_nb.kernel.frontend import describe, find_kernel
from mirascope_nb.kernel.running import is_cell

__all__ = ["CannotAsk", "ask", "ask_blocking", "nobody_waits"]

_INTERVAL = 0.03
_END_OF_FILE = "\x04"

_one_at_a_time = threading.Lock()

nobody_waits: ContextVar[bool] = ContextVar("nobody_waits", default=False)
"""Whether the cell that this runs for has ended: a front end shows no question of such a one."""


class CannotAsk(Exception):  # noqa: N818 - an answer of its own, not a failure
    """There is nobody who could be asked; the text says why."""


async def ask(prompt: str, *, timeout: float | None = None) -> str:  # noqa: ASYNC109 - as ask_blocking
    """Ask for a line of text, without stopping the event loop.

    Questions that are asked at once are put one after the other.

    Args:
        prompt: Shown as it is, so what is not to be trusted in it has to be escaped.
        timeout: Seconds to wait for the answer, or `None`. Waiting for one's turn does not count.

    Returns:
        The line, without its end.

    Raises:
        CannotAsk: If there is nobody to ask.
        EOFError: If the answer is an end of file.
        TimeoutError: If there is no answer in time.
    """
    _check()
    while not _one_at_a_time.acquire(blocking=False):  # noqa: ASYNC110 - of several threads
        await asyncio.sleep(_INTERVAL)
    try:
        with _question(prompt) as question:
            async with asyncio.timeout(timeout):
                while (answer := question.look()) is None:  # noqa: ASYNC110 - nothing says so
                    await asyncio.sleep(_INTERVAL)
                return answer
    finally:
        _one_at_a_time.release()


def ask_blocking(prompt: str, *, timeout: float | None = None) -> str:
    """Ask for a line of text and wait for it, in code that is not asynchronous; see `ask`.

    Raises:
        CannotAsk: If there is nobody to ask, or a question is being asked already.
        EOFError: If the answer is an end of file.
        KeyboardInterrupt: If it is interrupted meanwhile.
        TimeoutError: If there is no answer in time.
    """
    _check()
    # On the main thread, what is being asked may well be on the loop this would stop.
    elsewhere = threading.current_thread() is not threading.main_thread()
    if not _one_at_a_time.acquire(blocking=elsewhere):
        raise CannotAsk("another question waits for its answer")
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        with _interruptible(), _question(prompt) as question:
            while (answer := question.look()) is None:
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError
                time.sleep(_INTERVAL)
            return answer
    finally:
        _one_at_a_time.release()


@contextlib.contextmanager
def _interruptible() -> Generator[None]:
    """Let an interrupt through where the kernel would only cancel a task that cannot run."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is None or not is_cell(task):
        yield
        return
    try:
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


class _Question(Protocol):
    """A question that has been asked."""

    def look(self) -> str | None:
        """Return the answer, or `None` as long as there is none."""
        ...


def _check() -> None:
    front = describe()
    if not front.allow_stdin:
        raise CannotAsk("there is no terminal" if front.kernel is None else "nobody is watching")
    if nobody_waits.get() and front.kind != "script":
        raise CannotAsk("the cell that this belongs to has ended")


@contextlib.contextmanager
def _question(prompt: str) -> Generator[_Question]:
    kernel = find_kernel()
    if kernel is not None:
        if not all(hasattr(kernel, name) for name in ("session", "stdin_socket", "get_parent")):
            raise CannotAsk("this kernel is not known")
        yield _KernelQuestion(kernel, prompt)
    else:
        yield _TerminalQuestion(prompt)


class _KernelQuestion:
    """A question on the stdin channel of an ipykernel."""

    def __init__(self, kernel: Any, prompt: str) -> None:
        import zmq  # it is there where there is a kernel

        self._session = kernel.session
        self._socket = kernel.stdin_socket
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(zmq.Again):
            while True:  # late answers to earlier questions
                self._socket.recv_multipart(zmq.NOBLOCK)
        self._session.send(
            self._socket,
            "input_request",
            {"prompt": prompt, "password": False},
            kernel.get_parent("shell"),
            ident=kernel._parent_ident["shell"],  # noqa: SLF001 - as ipykernel's own `input` does
        )

    def look(self) -> str | None:
        _, reply = self._session.recv(self._socket)  # does not wait
        if reply is None:
            return None
        answer = str(reply["content"].get("value", ""))
        if answer == _END_OF_FILE:
            raise EOFError
        return answer


class _TerminalQuestion:
    """A question on the terminal, in whose line mode a line is there as a whole or not at all."""

    def __init__(self, prompt: str) -> None:
        self._file = sys.stdin.fileno()
        if sys.platform != "win32":
            import termios

            with contextlib.suppress(termios.error):
                termios.tcflush(self._file, termios.TCIFLUSH)
        sys.stdout.write(prompt)
        sys.stdout.flush()

    def look(self) -> str | None:
        if sys.platform == "win32":  # a console cannot be looked at without waiting
            line = sys.stdin.readline()
        else:
            if not select.select([self._file], [], [], 0)[0]:
                return None
            line = os.read(self._file, 65536).decode(sys.stdin.encoding or "utf-8", "replace")
        if not line:
            raise EOFError
        return line.splitlines()[0]
