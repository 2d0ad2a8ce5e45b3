"""Stopping: `with running():` around whatever of ours a cell awaits.

How a stop arrives. ipykernel runs an async cell as a task and replaces the SIGINT handler: the
signal only schedules a callback that cancels the task, and that callback runs at the event loop's
next wake-up, which on an idle `await` can be seconds away. IPython in a terminal keeps Python's
handler, which raises out of the loop and leaves the cell's task behind. A script under
`asyncio.run` has its own, which cancels the main task and is right already.

So, from the first scope to the last, a heartbeat wakes the loop (a chain of timers: there is no
task to be left behind) and lets clicks through (`pump`). In the cell's own task the scope also
watches SIGINT. That is how it tells a stop, which becomes `KeyboardInterrupt("stopped")`, from an
`asyncio.timeout` or a `task.cancel()` of the user's, which stay what they are.

Only the cell's own task may raise `KeyboardInterrupt`, because IPython catches it there; out of any
other task asyncio passes it through the loop, and the kernel ends.
"""

import _thread
import asyncio
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self, cast

from mirascope_nb.kernel.frontend import find_kernel
from mirascope_nb.kernel.pump import Pump, open_pump
from mirascope_nb.kernel.tracebacks import shorten

__all__ = ["HEARTBEAT", "Running", "interruption", "is_cell", "running"]

HEARTBEAT = 0.03
"""Seconds between two wake-ups of the loop."""

_PATIENCE = 1.0
"""Seconds in which a second interrupt is taken for an impatient repetition of the first."""

_BLOCKED = 0.25
"""Seconds without a heartbeat after which the loop counts as blocked by synchronous code."""


def running() -> "Running":
    """Make a scope for work of ours that the caller is about to await.

    While any scope is open the loop is never idle for longer than `HEARTBEAT`. The outermost scope
    of a cell's task turns an interrupt into `KeyboardInterrupt("stopped")` once the block has been
    left, so that `finally` blocks and handlers inside see the usual `CancelledError` and can keep
    what they have. Scopes nest, and may be open in several tasks at once. It is a plain `with`.

    Raises:
        KeyboardInterrupt: On leaving, if the cell was interrupted.
        RuntimeError: On entering, outside a coroutine.
    """
    return Running()


def interruption(message: str) -> BaseException:
    """Make the exception that ends the work of the current task as an interrupt would.

    In a cell's own task, and outside any task, that is a plain `KeyboardInterrupt`, which IPython
    shows as its message and the lines of the cells it passed. Any other task gets a
    `CancelledError`: asyncio would take a `KeyboardInterrupt` from it out through the event loop,
    and the kernel with it.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None and not is_cell(task):
        return asyncio.CancelledError(message)
    error = KeyboardInterrupt(message)
    shorten(error)
    return error


class Running:
    """One open scope; see `running`."""

    __slots__ = ("_pulse", "_watch")

    _pulse: "_Pulse"
    _watch: "_Watch | None"

    @property
    def interrupted(self) -> bool:
        """Whether the cell has been asked to stop; false in tasks other than the cell's own."""
        return self._watch is not None and self._watch.interrupts > 0

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._pulse = _pulses.get(loop) or _pulses.setdefault(loop, _Pulse(loop))
        self._pulse.enter()
        self._watch = _enter_watch(loop, self._pulse)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pulse.leave()
        watch = self._watch
        if watch is None or not watch.leave() or not watch.interrupts:
            return
        # Also without an error: the interrupt came in the last moment, and Run All has to stop.
        if error is None or isinstance(error, asyncio.CancelledError):
            watch.uncancel()
            _shield_reply()
            raise interruption("stopped") from None


class _Pulse:
    """The heartbeat of one event loop."""

    __slots__ = ("_loop", "_pump", "_scopes", "_timer", "last")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._scopes = 0
        self._pump: Pump
        self._timer: asyncio.TimerHandle
        self.last = 0.0
        """The loop's time at the last beat."""

    def enter(self) -> None:
        self._scopes += 1
        if self._scopes == 1:
            self._pump = open_pump(self._loop)
            self.last = self._loop.time()
            self._timer = self._loop.call_later(0, self._beat)

    def leave(self) -> None:
        self._scopes -= 1
        if self._scopes == 0:
            del _pulses[self._loop]
            self._timer.cancel()
            self._pump.close()

    def _beat(self) -> None:
        self.last = self._loop.time()
        self._timer = self._loop.call_later(HEARTBEAT, self._beat)
        self._pump.poll()


class _Watch:
    """Sees the interrupts of one cell's task, between its outermost scope's beginning and end."""

    __slots__ = (
        "_baseline",
        "_cancels",
        "_depth",
        "_first",
        "_loop",
        "_previous",
        "_pulse",
        "_task",
        "interrupts",
    )

    def __init__(
        self, task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop, pulse: _Pulse
    ) -> None:
        self._task = task
        self._loop = loop
        self._pulse = pulse
        self._depth = 0
        self._baseline = task.cancelling()
        self._cancels = 0  # that the interrupts asked for
        self._first = 0.0
        self.interrupts = 0
        self._previous = signal.signal(signal.SIGINT, self._on_interrupt)

    def enter(self) -> None:
        self._depth += 1

    def leave(self) -> bool:
        """Leave one scope, and say whether it was the outermost."""
        self._depth -= 1
        if self._depth:
            return False
        del _watches[self._task]
        # Whoever has put a handler over ours will put ours back; by then it only passes on.
        if signal.getsignal(signal.SIGINT) == self._on_interrupt:
            signal.signal(signal.SIGINT, self._previous)
        return True

    def uncancel(self) -> None:
        """Take back the cancellations that the interrupts asked for, and no others."""
        for _ in range(min(self._cancels, self._task.cancelling() - self._baseline)):
            self._task.uncancel()

    def _on_interrupt(self, signum: int, frame: FrameType | None) -> None:
        if not self._depth:
            self._pass_on(signum, frame)
            return
        now = self._loop.time()
        active = asyncio.current_task(self._loop)
        # Synchronous code, such as a blocking tool, has the loop: nothing scheduled runs before it
        # ends.
        blocked = active is not None and now - self._pulse.last > _BLOCKED
        self.interrupts += 1
        if self.interrupts == 1:
            self._first = now
            self._cancels = 1
            if blocked:
                if active is not self._task:
                    self._task.cancel()  # and by that all it waits for
            elif self._previous is signal.default_int_handler:  # a terminal
                self._loop.call_soon_threadsafe(self._task.cancel)
            else:  # the kernel's, which schedules the cancellation; wake the loop for it
                self._pass_on(signum, frame)
                self._loop.call_soon_threadsafe(_nothing)
            if not blocked:
                # Not `threading`: its locks may be held by the very code this has interrupted.
                _thread.start_new_thread(self._look_again, (self._pulse.last,))
        elif now - self._first > _PATIENCE:
            # Something holds on to its task: cancel what it is doing to clean up as well.
            self._cancels += 1
            self._loop.call_soon_threadsafe(self._task.cancel)
        if blocked:
            raise asyncio.CancelledError  # which any task may raise, unlike KeyboardInterrupt

    def _look_again(self, last: float) -> None:
        """In a thread: interrupt again if the loop has not come round to the first interrupt."""
        time.sleep(_BLOCKED + HEARTBEAT)
        if self._depth and self._pulse.last == last:
            if sys.platform == "win32":
                _thread.interrupt_main()
            else:  # wakes it out of a system call as well
                signal.pthread_kill(cast("int", threading.main_thread().ident), signal.SIGINT)

    def _pass_on(self, signum: int, frame: FrameType | None) -> None:
        if callable(self._previous):
            self._previous(signum, frame)


def _enter_watch(loop: asyncio.AbstractEventLoop, pulse: _Pulse) -> _Watch | None:
    """Return the watch of the current task if that is a cell's own, else `None`."""
    task = asyncio.current_task()
    if task is None or not is_cell(task):
        return None
    watch = _watches.get(task)
    if watch is None:
        # No handler at all, or one not set by Python: interrupts are somebody else's business.
        if not callable(signal.getsignal(signal.SIGINT)):
            return None
        try:
            watch = _watches[task] = _Watch(task, loop, pulse)
        except ValueError:  # not the main thread: a cell in a subshell cannot be interrupted
            return None
    watch.enter()
    return watch


def is_cell(task: asyncio.Task[Any]) -> bool:
    """Whether a task is the one in which IPython runs a cell."""
    return getattr(task.get_coro(), "__name__", None) == "run_cell_async"


def _shield_reply() -> None:
    """Keep a second interrupt from cutting off the kernel's reply to the stopped cell.

    From a cell's end to its reply ipykernel has Python's own SIGINT handler in place. An interrupt
    just then, the second of a double click, loses the reply, and the front end waits for ever. The
    first thing the kernel does in that time is to put `input` back.
    """
    kernel = find_kernel()
    restore_input = getattr(kernel, "_restore_input", None)
    if restore_input is None:
        return

    def restore_and_ignore() -> None:
        restore_input()
        if threading.current_thread() is threading.main_thread():  # and not a cell in a subshell
            vars(kernel).pop("_restore_input", None)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # until the reply: then the kernel's again

    vars(kernel)["_restore_input"] = restore_and_ignore


def _nothing() -> None:
    """Wake the loop."""


# Only while a scope is open.
_pulses: dict[asyncio.AbstractEventLoop, _Pulse] = {}
_watches: dict[asyncio.Task[Any], _Watch] = {}
