"""Jobs run at once: no more than a limit, results in order, nothing left behind.

A job is begun when there is room, by whoever makes room: the batch's own start, a job that has
ended, or a person who resumes or raises the limit. So the cost of a job does not grow with the
number of jobs.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from mirascope_nb.parallel.pressure import LOOK, Pressure
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState
from mirascope_nb.parallel.tally import Tally

__all__ = ["Batch", "Job", "Outcome"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Job: TypeAlias = Callable[[], Awaitable[T]]
"""Begins a piece of work: called when there is room for it."""

TICK = 0.5
"""Seconds between two looks at the clock while nothing else changes."""
BURST = 16
"""Jobs begun in one turn of the loop, so that whatever else runs on it gets its turn too."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T_co]):
    """What came of a job: a value, or the exception that ended it."""

    value: T_co | None = None
    error: BaseException | None = None


class _Silent:
    """Progress that nobody sees."""

    def update(self, state: ProgressState) -> None:
        pass

    def close(self, state: ProgressState) -> None:
        pass


class Batch(Generic[T]):
    """Jobs under way."""

    def __init__(
        self,
        jobs: Sequence[Job[T]],
        *,
        limit: int | None = None,
        description: str = "Progress",
        keep_going: bool = False,
        tally: Tally | None = None,
        indices: Sequence[int] | None = None,
        admit: Callable[[int], bool] | None = None,
        ended: Callable[[int, Outcome[T]], None] | None = None,
        watch: Callable[[Tally], None] | None = None,
    ) -> None:
        """Prepare jobs.

        Args:
            jobs: What to run.
            limit: How many may run at once; `None` for all of them.
            description: What the work is called.
            keep_going: Whether the others go on when one fails.
            tally: Counts to go on with, when jobs are run once more.
            indices: Which of the jobs to run; by default all.
            admit: Whether a job may begin now. When none may and none runs, the rest is left.
            ended: Told of each job's outcome.
            watch: Called before the tally is shown, to note what holds the work up.

        Raises:
            ValueError: If the limit is not positive.
        """
        if limit is not None and limit < 1:
            raise ValueError("limit must be at least 1")
        self._jobs = jobs
        self._limit = limit
        self._keep_going = keep_going
        self._indices = list(range(len(jobs)) if indices is None else indices)
        self._waiting = deque(self._indices)
        self._admit = admit
        self._ended_job = ended
        self._watch = watch
        self._goes_on = False
        self._pressure = Pressure()
        self._tasks: dict[int, asyncio.Task[T]] = {}
        self._outcomes: dict[int, Outcome[T]] = {}
        self._context = contextvars.copy_context()
        self._paused = False
        self._stopping = False
        self._failure: BaseException | None = None
        self._progress: Progress = _Silent()
        self._idle = asyncio.Event()
        self.cancelled = False
        """Whether a person cancelled it."""
        self.exhausted = False
        """Whether it ended early because no further job was admitted."""
        self.tally = tally or Tally(len(jobs), description=description, limit=limit)
        self.actions = ProgressActions(
            cancel=self.cancel, pause=self.pause, resume=self.resume, limit=self.set_limit
        )
        """What a person may do to it."""

    async def run(self, progress: Progress | None = None) -> list[Outcome[T]]:
        """Run the jobs to their end, and return what came of each, in order.

        A job that was not run, or was cancelled, has a `CancelledError`. Whatever happens, no task
        is left running and the progress is closed in its true state.

        Args:
            progress: Where it is shown.

        Raises:
            BaseException: What the first failing job raised, unless the others go on.
            asyncio.CancelledError: If whoever awaits this is cancelled.
        """
        self._progress = progress or _Silent()
        loop = asyncio.get_running_loop()
        self._ticker = loop.call_later(TICK, self._tick)
        self._looker = loop.call_at(loop.time() + LOOK, self._look, loop, loop.time() + LOOK)
        try:
            self._begin()
            self._show()
            await self._idle.wait()
        except asyncio.CancelledError:
            self.tally.end("cancelled")
            raise
        finally:
            try:
                await self._settle()
            finally:
                self._close()
        if self._failure is not None:
            raise self._failure
        return [self._outcomes[index] for index in self._indices]

    def adopt_context(self) -> None:
        """Run the jobs in the context variables of now instead of those it was made with."""
        self._context = contextvars.copy_context()

    def _close(self) -> None:
        self._ticker.cancel()
        self._looker.cancel()
        if self.tally.phase in {"running", "paused"}:
            early = self.cancelled or self.exhausted
            self.tally.end("cancelled" if early else "failed" if self._failure else "done")
        self._progress.close(self.tally.state())

    def cancel(self) -> None:
        """End it: what is done stays, the rest is cancelled."""
        self.cancelled = True
        self._stop()

    def abort(self, error: BaseException) -> None:
        """End it as failed, whether or not the others go on when one fails."""
        self._fail(error)

    def pause(self) -> None:
        """Begin no further job. Those that run go on."""
        if self.tally.phase == "running":
            self._paused = True
            self.tally.phase = "paused"
            self._show()

    def resume(self) -> None:
        """Begin jobs again."""
        if self.tally.phase == "paused":
            self._paused = False
            self.tally.phase = "running"
            self._begin()
            self._show()

    def set_limit(self, limit: int) -> None:
        """Let so many run at once from now on."""
        self._limit = self.tally.limit = limit
        self._begin()
        self._show()

    def _begin(self) -> None:
        """Begin jobs while there is room."""
        begun = 0
        while self._waiting and not self._paused and not self._stopping and self._has_room():
            if begun == BURST:
                self._begin_more()
                return
            index = self._waiting[0]
            if self._admit is not None and not self._admit(index):
                if not self._tasks:
                    self.exhausted = True
                    self._stop()
                break
            begun += 1
            self._waiting.popleft()
            self.tally.set(index, "r")
            task = asyncio.get_running_loop().create_task(
                _perform(self._jobs[index]), context=self._context.copy()
            )
            self._tasks[index] = task
            task.add_done_callback(lambda done, index=index: self._ended(index, done))
        if not self._tasks and (not self._waiting or self._stopping):
            self._idle.set()

    def _begin_more(self) -> None:
        """Begin further jobs in the loop's next turn."""
        if not self._goes_on:
            self._goes_on = True
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._goes_on = False
        self._begin()
        self._show()

    def _has_room(self) -> bool:
        running = len(self._tasks)
        room = self._pressure.room
        return (self._limit is None or running < self._limit) and (room is None or running < room)

    def _ended(self, index: int, task: asyncio.Task[T]) -> None:
        del self._tasks[index]
        self._pressure.ended()
        if task.cancelled():
            self._outcomes[index] = Outcome(error=asyncio.CancelledError())
            self.tally.set(index, "c")
            if not self._stopping and not self._keep_going:
                self._fail(asyncio.CancelledError())
        elif (error := _unpacked(task.exception())) is not None:
            self._outcomes[index] = Outcome(error=error)
            self.tally.fail(index, error)
            if not self._keep_going:
                self._fail(error)
        else:
            result = task.result()
            self._outcomes[index] = Outcome(value=result)
            self.tally.succeed(index, result)
        if self._ended_job is not None:
            self._ended_job(index, self._outcomes[index])
        self._begin()
        self._show()

    def _fail(self, error: BaseException) -> None:
        if self._failure is None and not self._stopping:
            self._failure = error
        self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            for task in self._tasks.values():
                task.cancel()
        if not self._tasks:
            self._idle.set()

    async def _settle(self) -> None:
        """Wait until nothing runs, however often this is cancelled meanwhile."""
        cancelled: asyncio.CancelledError | None = None
        self._stop()  # once: to cancel again would cut short what the jobs clean up
        while self._tasks:
            try:
                await asyncio.wait(list(self._tasks.values()))
            except asyncio.CancelledError as error:
                cancelled = error
            await asyncio.sleep(0)  # the tasks' callbacks
        for index in self._waiting:
            self.tally.set(index, "c")
            self._outcomes[index] = Outcome(error=asyncio.CancelledError())
            if self._ended_job is not None:
                self._ended_job(index, self._outcomes[index])
        self._waiting.clear()
        if cancelled is not None:
            raise cancelled

    def _show(self) -> None:
        if self._watch is not None:
            self._watch(self.tally)
        self._progress.update(self.tally.state())

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._pressure.look(now - due, len(self._tasks))
        self._begin()
        self._looker = loop.call_at(now + LOOK, self._look, loop, now + LOOK)

    def _tick(self) -> None:
        self._show()
        self._ticker = asyncio.get_running_loop().call_later(TICK, self._tick)


class _Packed(Exception):  # noqa: N818, it is no error of its own
    """Carries what must not end a task: asyncio passes it through the loop, and the kernel ends."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def _perform(job: Job[T]) -> T:
    try:
        return await job()
    except (KeyboardInterrupt, SystemExit) as error:
        raise _Packed(error) from None


def _unpacked(error: BaseException | None) -> BaseException | None:
    return error.error if isinstance(error, _Packed) else error
