"""Work that goes on after its cell: `detach`, and the handle it gives.

The event loop keeps only weak references to its tasks, so detached work is kept here until it ends.
A kernel's loop runs between cells, and the work runs on it. IPython in a terminal stops its loop at
the end of each cell; there the work runs on a loop of its own, in a thread.
"""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import CancelledError, Future
from typing import Any, Generic, Literal, TypeVar

from mirascope_nb.kernel.ask import nobody_waits
from mirascope_nb.kernel.frontend import detect
from mirascope_nb.kernel.running import running
from mirascope_nb.text import one_line

__all__ = ["Detached", "cancel_all", "detach", "live"]

T = TypeVar("T")


class Detached(Generic[T]):
    """Work that was started and left to itself; see `detach`. `await` it for its result."""

    def __init__(
        self,
        work: Coroutine[Any, Any, T],
        *,
        loop: asyncio.AbstractEventLoop,
        name: str,
        on_error: "Callable[[Detached[Any], BaseException], None]",
    ) -> None:
        self.name = name
        self.started = time.time()
        """Seconds since the epoch."""
        self._loop = loop
        self._on_error = on_error
        self._outcome: Future[T] = Future()
        self._task: asyncio.Task[None] | None = None
        self._waiters = 0
        self._ended: float | None = None
        # In this context, but on that loop, which may be another thread's.
        loop.call_soon_threadsafe(self._start, work)

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """How far it is."""
        if not self._outcome.done():
            return "running"
        if self._outcome.cancelled():
            return "cancelled"
        return "done" if self._outcome.exception() is None else "failed"

    @property
    def seconds(self) -> float:
        """For how long it has been running, or ran."""
        return (self._ended or time.time()) - self.started

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._outcome.done()

    def result(self) -> T:
        """Return the result, or raise the exception it ended with.

        Raises:
            asyncio.CancelledError: If it was cancelled.
            asyncio.InvalidStateError: If it still runs; await the handle for it.
        """
        if not self._outcome.done():
            raise asyncio.InvalidStateError(f"{self.name} still runs; await it for the result")
        try:
            return self._outcome.result()
        except CancelledError:
            raise asyncio.CancelledError(f"{self.name} was cancelled") from None

    def exception(self) -> BaseException | None:
        """Return the exception it ended with, or `None` if it ended well or was cancelled.

        Raises:
            asyncio.InvalidStateError: If it still runs.
        """
        if not self._outcome.done():
            raise asyncio.InvalidStateError(f"{self.name} still runs")
        return None if self._outcome.cancelled() else self._outcome.exception()

    def cancel(self) -> bool:
        """Ask it to stop, from any thread; false if it had ended already."""
        if self._outcome.done():
            return False
        with contextlib.suppress(RuntimeError):  # its loop was closed
            self._loop.call_soon_threadsafe(self._stop)
        return True

    def add_done_callback(self, callback: "Callable[[Detached[T]], object]", /) -> None:
        """Have something called with the handle when it has ended, or at once if it has."""
        self._outcome.add_done_callback(lambda _: callback(self))

    def __await__(self) -> Generator[Any, None, T]:
        """Wait for the result. A stop of the cell that waits does not stop the work."""
        return self._wait().__await__()

    def __repr__(self) -> str:
        hint = ": await it for the result" if self.state == "running" else ""
        return f"<{one_line(self.name)}, {self.state}{hint}, {self.seconds:.1f} s>"

    async def _wait(self) -> T:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def wake(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # whoever waited is gone, with their loop
                loop.call_soon_threadsafe(ended.set)

        self._waiters += 1
        try:
            self._outcome.add_done_callback(wake)
            with running():
                await ended.wait()
        finally:
            self._waiters -= 1
        return self.result()

    def _start(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(self._run(work), name=self.name)
        self._task.add_done_callback(lambda _: self._forget(work))

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _forget(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = None
        if not self._outcome.done():  # cancelled before its first step
            work.close()
            self._end(self._outcome.cancel)

    async def _run(self, work: Coroutine[Any, Any, T]) -> None:
        nobody_waits.set(True)
        try:
            with running():
                result = await work
        except asyncio.CancelledError:
            self._end(self._outcome.cancel)
        except BaseException as error:  # noqa: BLE001 - a KeyboardInterrupt would end the loop
            failure = error
            self._end(lambda: self._outcome.set_exception(failure))
            if not self._waiters:
                self._on_error(self, error)
        else:
            self._end(lambda: self._outcome.set_result(result))

    def _end(self, settle: Callable[[], object]) -> None:
        self._ended = time.time()
        settle()


def detach(
    work: Coroutine[Any, Any, T],
    *,
    name: str = "detached work",
    on_error: Callable[[Detached[Any], BaseException], None] | None = None,
) -> Detached[T]:
    """Let a coroutine go on after the cell has ended.

    It runs in a copy of the caller's context, so that what it prints or shows goes to the caller's
    cell where the kernel can do that. An interrupt of a later cell does not touch it.

    Args:
        work: The coroutine.
        name: What the handle and messages call it.
        on_error: Called if it fails while nobody awaits it; by default the error is printed in one
            line. Either way the handle keeps it.

    Raises:
        RuntimeError: If no event loop is running, except in a terminal.
    """
    try:
        loop = _background_loop() if detect() == "terminal" else asyncio.get_running_loop()
    except RuntimeError:
        work.close()
        raise
    handle = Detached(work, loop=loop, name=name, on_error=on_error or _print_error)
    _live.add(handle)
    handle.add_done_callback(_live.discard)
    return handle


def live() -> list[Detached[Any]]:
    """Return the detached work that still runs, oldest first."""
    return sorted(_live, key=lambda handle: handle.started)


def cancel_all() -> None:
    """Ask all detached work to stop, as when the extension is unloaded."""
    for handle in live():
        handle.cancel()


def _background_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that runs in a thread of its own, starting it the first time."""
    for thread in threading.enumerate():
        if isinstance(thread, _LoopThread):
            return thread.loop
    thread = _LoopThread()
    thread.start()
    return thread.loop


class _LoopThread(threading.Thread):
    """Runs an event loop until the process ends."""

    def __init__(self) -> None:
        super().__init__(name="mirascope_nb detached work", daemon=True)
        self.loop = asyncio.new_event_loop()

    def run(self) -> None:
        self.loop.run_forever()


def _print_error(handle: Detached[Any], error: BaseException) -> None:
    text = one_line(f"{handle.name} failed: {type(error).__name__}: {error}")
    print(text, file=sys.stderr)  # noqa: T201 - for the person at the notebook


_live: set[Detached[Any]] = set()
