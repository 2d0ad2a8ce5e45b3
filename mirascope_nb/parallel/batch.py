"""Jobs run at once: no more than a limit, results in order, nothing left behind.

A job is begun when there is room, by whoever makes room: the batch's own start, a job that has
ended, or a person who resumes or raises the limit. So the cost of a job does not grow with the
number of jobs.

A job that waits for a person's decision gives up its place meanwhile (`aside`), so that the others
go on while questions queue.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from mirascope_nb import llm
from mirascope_nb.parallel.jobs import Job, Outcome, perform, unpacked
from mirascope_nb.parallel.pressure import LOOK, Pressure
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState
from mirascope_nb.parallel.tally import Tally

__all__ = ["Batch"]

T = TypeVar("T")

TICK = 0.5
"""Seconds between two looks at the clock while nothing else changes."""
BURST = 16
"""Jobs begun in one turn of the loop, so that whatever else runs on it gets its turn too."""
AHEAD = 64
"""Jobs that wait to be begun, beyond which a source of jobs is not read further."""
GRACE = 0.05
"""Seconds a decision may take before it is taken for a person's. Rules decide sooner."""
MOST_ASIDE = 100
"""Jobs that may wait for a person without counting as running."""


@dataclass(slots=True)
class _Aside:
    stepped: bool = False


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
        admit: Callable[[int], bool] | None = None,
        ended: Callable[[int, Outcome[T]], None] | None = None,
        watch: Callable[[Tally], None] | None = None,
        fed: bool = False,
    ) -> None:
        """Prepare jobs.

        Args:
            jobs: What to run.
            limit: How many may run at once; `None` for all of them.
            description: What the work is called.
            keep_going: Whether the others go on when one fails.
            tally: Counts to go on with, when jobs are run once more.
            admit: Whether a job may begin now. When none may and none runs, the rest is left.
            ended: Told of each job's outcome.
            watch: Called before the tally is shown, to note what holds the work up.
            fed: Whether further jobs are added while it runs. Then it ends after `seal`, and
                keeps no outcomes: whoever wants them is told by `ended`.

        Raises:
            ValueError: If the limit is not positive.
        """
        if limit is not None and limit < 1:
            raise ValueError("limit must be at least 1")
        self._limit = limit
        self._keep_going = keep_going
        self._waiting: deque[tuple[int, Job[T]]] = deque(enumerate(jobs))
        self._fed = fed
        self._sealed = not fed
        self._hungry = asyncio.Event()
        self._draining = False
        self._aside = 0
        self._returning: deque[asyncio.Future[None]] = deque()
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

        Of a fed batch nothing is returned. A job that was not run, or was cancelled, has a
        `CancelledError`. Whatever happens, no task
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
        return [self._outcomes[index] for index in sorted(self._outcomes)]

    def add(self, index: int, job: Job[T]) -> None:
        """Add a job to a fed batch."""
        if self._stopping:
            self._drop(index)
            return
        self._waiting.append((index, job))
        self._begin()

    async def wants_more(self) -> bool:
        """Wait until few jobs wait to be begun; false when no more are wanted at all."""
        while not self._stopping and not self._draining:
            if len(self._waiting) < max(AHEAD, self._limit or 0):
                return True
            self._hungry.clear()
            await self._hungry.wait()
        return False

    def seal(self) -> None:
        """Say that no more jobs will be added to a fed batch."""
        self._sealed = True
        self._begin()

    @asynccontextmanager
    async def aside(self) -> AsyncGenerator[None]:
        """Give the calling job's place to another while something is decided about it."""
        state = _Aside()

        def step() -> None:
            if self._aside < MOST_ASIDE:
                state.stepped = True
                self._aside += 1
                self._begin()
                self._show()

        timer = asyncio.get_running_loop().call_later(GRACE, step)
        try:
            yield
        except BaseException:
            timer.cancel()
            self._aside -= state.stepped
            raise
        timer.cancel()
        if not state.stepped:
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._returning.append(place)
        self._begin()
        try:
            await place
        except asyncio.CancelledError:
            if place in self._returning:
                self._returning.remove(place)
                self._aside -= 1
            raise

    @property
    def asking(self) -> int:
        """How many jobs wait for a decision."""
        return self._aside - len(self._returning)

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

    def drain(self, error: BaseException) -> None:
        """End it as failed, but let those that run come to their end: they are paid for."""
        if self._failure is None and not self._stopping:
            self._failure = error
            self._draining = True
            self._hungry.set()
            self._begin()

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
        while self._returning and self._has_room():
            place = self._returning.popleft()
            self._aside -= 1
            if not place.done():
                place.set_result(None)
        while self._waiting and self._may_begin() and self._has_room():
            if begun == BURST:
                self._begin_more()
                return
            index, job = self._waiting[0]
            if self._admit is not None and not self._admit(index):
                if not self._tasks:
                    self.exhausted = True
                    self._stop()
                break
            begun += 1
            self._waiting.popleft()
            self.tally.set(index, "r")
            context = self._context.copy()
            context.run(llm.tools.waiting_room.set, self.aside)
            task = asyncio.get_running_loop().create_task(perform(job), context=context)
            self._tasks[index] = task
            task.add_done_callback(lambda done, index=index: self._ended(index, done))
        if len(self._waiting) < AHEAD:
            self._hungry.set()
        over = self._sealed and not self._waiting
        if not self._tasks and (over or self._stopping or self._draining):
            self._idle.set()

    def _may_begin(self) -> bool:
        return not (self._paused or self._stopping or self._draining)

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
        running = len(self._tasks) - self._aside
        room = self._pressure.room
        return (self._limit is None or running < self._limit) and (room is None or running < room)

    def _ended(self, index: int, task: asyncio.Task[T]) -> None:
        del self._tasks[index]
        self._pressure.ended()
        if task.cancelled():
            outcome: Outcome[T] = Outcome(error=asyncio.CancelledError())
            self.tally.set(index, "c")
            if not self._stopping and not self._keep_going:
                self._fail(asyncio.CancelledError())
        elif (error := unpacked(task.exception())) is not None:
            outcome = Outcome(error=error)
            self.tally.fail(index, error)
            # What ends a process, or was a person's wish to stop, is no row's own affair.
            if not self._keep_going or not isinstance(error, Exception):
                self._fail(error)
        else:
            result = task.result()
            outcome = Outcome(value=result)
            self.tally.succeed(index, result)
        self._note(index, outcome)
        self._begin()
        self._show()

    def _drop(self, index: int) -> None:
        self.tally.set(index, "c")
        self._note(index, Outcome(error=asyncio.CancelledError()))

    def _note(self, index: int, outcome: Outcome[T]) -> None:
        if not self._fed:
            self._outcomes[index] = outcome
        if self._ended_job is not None:
            self._ended_job(index, outcome)

    def _fail(self, error: BaseException) -> None:
        if self._failure is None and not self._stopping:
            self._failure = error
        self._stop()

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            for task in self._tasks.values():
                task.cancel()
            self._hungry.set()
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
        while self._waiting:
            self._drop(self._waiting.popleft()[0])
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
