"""Results as they come: `asyncio.as_completed` with a limit and progress."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Generic, TypeVar, cast

from mirascope_nb import llm
from mirascope_nb.kernel import running
from mirascope_nb.parallel.batch import Batch
from mirascope_nb.parallel.jobs import Outcome, job_of
from mirascope_nb.parallel.progress import Progress, ProgressActions
from mirascope_nb.parallel.tally import Tally, waiting_for

__all__ = ["AsCompleted"]

T = TypeVar("T")


class AsCompleted(Generic[T]):
    """Awaitables in the order in which they end, each to be awaited for its result.

    A task or future that was given is itself what `async for` gives, so that it can be looked up.
    Iterate with `async for` or `for`. Whoever leaves the loop early cancels the rest.
    """

    def __init__(
        self,
        awaitables: Sequence[Awaitable[T]],
        *,
        limit: int | None,
        description: str,
        open_progress: Callable[[ProgressActions], Progress],
        surround: Callable[[], AbstractContextManager[object]] = nullcontext,
        timeout: float | None = None,
    ) -> None:
        """Prepare; nothing is begun before the iteration.

        Args:
            awaitables: What to await.
            limit: How many coroutines run at once.
            description: What the progress bar is called.
            open_progress: Makes somewhere to show progress.
            surround: A context whose variables the jobs see.
            timeout: Seconds after which what is left is cancelled.

        Raises:
            ValueError: If the limit is not positive.
        """
        self._awaitables = awaitables
        self._ended: asyncio.Queue[asyncio.Future[T] | None] = asyncio.Queue()
        """Futures as they end; `None` for each that did not in time."""
        self._open_progress = open_progress
        self._surround = surround
        self._timeout = timeout
        self._batch: Batch[T] = Batch(
            [job_of(each) for each in awaitables],
            limit=limit,
            description=description,
            keep_going=True,
            ended=self._put,
            watch=self._note_waiting,
        )
        self._share: llm.limits.Share | None = None
        self._task: asyncio.Task[list[Outcome[T]]] | None = None
        self._all = False

    async def __aiter__(self) -> AsyncIterator[asyncio.Future[T]]:
        with running():
            try:
                self._start()
                for _ in self._awaitables:
                    yield await self._get()
                self._all = True
            finally:
                self._stop()
                if self._task is not None:
                    await self._task

    def __iter__(self) -> Iterator[Coroutine[Any, Any, T]]:
        with running():
            try:
                self._start()
                for _ in self._awaitables:
                    yield self._next()
                self._all = True  # given out, perhaps not awaited yet
            finally:
                self._stop()

    async def _next(self) -> T:
        return await (await self._get())

    async def _get(self) -> asyncio.Future[T]:
        future = await self._ended.get()
        if future is None:
            raise TimeoutError
        return future

    def _start(self) -> None:
        if self._task is not None:
            raise RuntimeError("results as they complete can be iterated over once")
        loop = asyncio.get_running_loop()
        with llm.limits.gathering() as share, self._surround():
            self._share = share
            self._batch.adopt_context()
            progress = self._open_progress(self._batch.actions)
            self._task = loop.create_task(self._batch.run(progress))
        if self._timeout is not None:
            timer = loop.call_later(self._timeout, self._expire)
            self._task.add_done_callback(lambda _: timer.cancel())

    def _expire(self) -> None:
        for _ in self._awaitables:  # more than are left does no harm
            self._ended.put_nowait(None)
        self._batch.cancel()

    def _stop(self) -> None:
        """Cancel what is left, unless nobody left early."""
        if self._all:
            return
        if self._task is not None and not self._task.done():
            self._batch.cancel()
        for each in self._awaitables:
            if inspect.iscoroutine(each) and inspect.getcoroutinestate(each) == "CORO_CREATED":
                each.close()

    def _put(self, index: int, outcome: Outcome[T]) -> None:
        given = self._awaitables[index]
        if isinstance(given, asyncio.Future) and given.done():
            self._ended.put_nowait(given)
            return
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if outcome.error is None:
            future.set_result(cast("T", outcome.value))
        elif isinstance(outcome.error, asyncio.CancelledError):
            future.cancel()
        else:
            future.set_exception(outcome.error)
            future.exception()  # whoever leaves early has not to look at it
        self._ended.put_nowait(future)

    def _note_waiting(self, tally: Tally) -> None:
        if self._share is not None:
            tally.waiting_for = waiting_for(self._share, self._batch.asking)
