"""A map under way: rows to results, through the journal and the budget."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import ExitStack, aclosing
from decimal import Decimal
from functools import partial
from typing import Any

from mirascope_nb import llm
from mirascope_nb.kernel import running
from mirascope_nb.parallel.batch import Batch
from mirascope_nb.parallel.budget import (
    MOST_OUTPUT,
    USUAL_OUTPUT,
    Budget,
    Estimate,
    UnknownPriceError,
    estimate_tokens,
    price,
)
from mirascope_nb.parallel.entries import Entries
from mirascope_nb.parallel.jobs import Outcome
from mirascope_nb.parallel.progress import Progress, ProgressActions, ProgressState
from mirascope_nb.parallel.results import Results
from mirascope_nb.parallel.rows import Inputs, Row
from mirascope_nb.parallel.tally import Tally, waiting_for
from mirascope_nb.parallel.targets import Asked, Target

__all__ = ["Mapping"]

TURN = 32
"""Rows that are prepared in one turn of the loop."""
CAUTION = 1.3
"""What a guess of a prompt's tokens is multiplied by, where money depends on it."""


class Mapping:
    """One `nb.map`: its rows, its results, and how they may be run again."""

    def __init__(
        self,
        target: Target,
        inputs: Inputs,
        *,
        limit: int | None,
        description: str,
        journal: str | None = None,
        refresh: bool = False,
        max_cost: Decimal | None = None,
    ) -> None:
        """Prepare a map; nothing is read or sent.

        Args:
            target: What is called with each row.
            inputs: The rows.
            limit: How many run at once.
            description: What the progress bar is called.
            journal: Path of the journal, or `None` for none.
            refresh: Whether rows that the journal has are run again.
            max_cost: US dollars that must not be passed.
        """
        self._target = target
        self._inputs = inputs
        self._limit = limit
        self._entries = Entries(journal, target, inputs.rows, refresh=refresh)
        self._budget = None if max_cost is None else Budget(max_cost)
        self._batch: Batch[Any] | None = None
        self._again: asyncio.Task[None] | None = None
        self._context = contextvars.copy_context()
        total = len(inputs.rows) if inputs.more is None else None
        self._tally = Tally(total, description=description, limit=limit)
        self._progress: Progress | None = None
        self.results: Results[Any] = Results(inputs, description=description)
        self.results.on_retry(self.retry)
        self.actions = ProgressActions(
            cancel=partial(self._forward, "cancel"),
            pause=partial(self._forward, "pause"),
            resume=partial(self._forward, "resume"),
            limit=self._set_limit,
            retry=self._begin_retry,
        )
        """What a person may do to it."""

    @property
    def state(self) -> ProgressState:
        """How far it is."""
        return self._tally.state()

    async def run(self, progress: Progress) -> Results[Any]:
        """Run what has not been run, and return the results.

        Raises:
            JournalInUseError: If another map has the journal open.
            OSError: If the journal cannot be written. What ran by then has come to its end.
            UnknownPriceError: If `max_cost` cannot be kept since no price is known.
            asyncio.CancelledError: If whoever awaits this is cancelled.
        """
        self._progress = progress
        self._context = contextvars.copy_context()  # for rows that are run again later
        with self._entries.open():
            await self._run(self._feed)
        return self.results

    async def estimate(self) -> Estimate:
        """What `run` would do. Nothing is sent, and the journal is only read."""
        model = self._target.model
        rows = restored = asked = tokens = 0
        with self._entries.open(read_only=True):
            async for index, row in self._each_row():
                rows += 1
                words = await self._prepare(row)
                if self._entries.take(index, words) is not None:
                    restored += 1
                elif words is not None:
                    asked += 1
                    tokens += estimate_tokens(words.messages)
        tokens_out = asked * self._usual_output()
        return Estimate(
            rows=rows,
            restored=restored,
            input_tokens=None if model is None else tokens,
            output_tokens=None if model is None else tokens_out,
            cost=None if model is None else price(model, tokens, tokens_out),
            model=None if model is None else model.model_id,
        )

    async def retry(self, *, cancelled: bool = False) -> None:
        """Run the failed rows again, and the cancelled ones if asked to; awaits their end.

        Raises:
            JournalInUseError: If another map has the journal open.
            OSError: If the journal cannot be written.
        """
        self._begin_retry(cancelled=cancelled)
        again = self._again
        if again is None:
            return
        with running():
            try:
                await asyncio.wait([again])
            except asyncio.CancelledError:
                self._forward("cancel")
                await asyncio.wait([again])
                raise
            await again

    # -- running ---------------------------------------------------------------------------------

    async def _run(self, feed: Callable[[Batch[Any]], Awaitable[None]]) -> None:
        self.results.stopped_because = None
        with llm.limits.gathering(slowly=True) as share:
            batch = self._batch = Batch[Any](
                [],
                limit=self._limit,
                keep_going=True,
                tally=self._tally,
                admit=None if self._budget is None else self._budget.admit,
                ended=self._ended,
                watch=partial(self._note_waiting, share),
                fed=True,
            )
            feeder = asyncio.create_task(_fed(batch, feed))
            try:
                await batch.run(self._progress)
            finally:
                feeder.cancel()
                self._target.close()
                await asyncio.wait([feeder])
                for index in self.results.cancelled:
                    self.results.set(index, Outcome(error=asyncio.CancelledError()))
        if batch.exhausted and self._budget is not None:
            self.results.stopped_because = (
                f"stopped at ${self._budget.spent} so as not to pass ${self._budget.limit}"
            )

    async def _feed(self, batch: Batch[Any]) -> None:
        """Give the batch its rows, except those that the journal has."""
        async with aclosing(self._each_row()) as rows:
            while await batch.wants_more():
                try:
                    index, row = await anext(rows)
                except StopAsyncIteration:
                    self._tally.know_total()
                    return
                words: Asked | None = None
                if self._entries.are_kept or self._budget is not None:
                    words = await self._prepare(row)
                kept = self._entries.take(index, words)
                if kept is not None:
                    self.results.set(index, kept)
                    self.results.restored += 1
                    self._tally.set(index, "d")
                    continue
                if self._budget is not None and words is not None:
                    self._expect(self._budget, index, words)
                batch.add(index, partial(self._one, index, words))

    async def _each_row(self) -> AsyncGenerator[tuple[int, Row]]:
        """The rows, those that are read as they come included."""
        for index, row in enumerate(list(self._inputs.rows)):
            if index % TURN == TURN - 1:
                await asyncio.sleep(0)  # others on the loop have their turn as well
            yield index, row
        if self._inputs.more is None:
            return
        async with aclosing(self._inputs.more) as more:
            async for row in more:
                index = len(self._inputs.rows)
                if index % TURN == TURN - 1:
                    await asyncio.sleep(0)
                self._inputs.rows.append(row)
                self.results.add()
                self._tally.add()
                yield index, row

    async def _prepare(self, row: Row) -> Asked | None:
        try:
            return await self._target.prepare(row)
        except Exception:  # noqa: BLE001, the row's own failure, which is its outcome when it runs
            return None

    async def _one(self, index: int, words: Asked | None) -> Any:
        started = time.monotonic()
        row = self._inputs.rows[index]
        try:
            if words is None:
                words = await self._target.prepare(row)
            result = await self._target.run(row, words)
        except Exception as error:
            self._write(index, started, error=error)
            raise
        # Before anything else: a kernel that dies in the next line has not paid in vain.
        self._write(index, started, result=result)
        return result

    def _write(self, index: int, started: float, **what: Any) -> None:
        try:
            self._entries.write(index, time.monotonic() - started, **what)
        except OSError as error:
            assert self._batch is not None  # noqa: S101, this row is one of its jobs
            self._batch.drain(error)

    def _ended(self, index: int, outcome: Outcome[Any]) -> None:
        self.results.set(index, outcome)
        if self._budget is not None:
            try:
                self._budget.settle(index, outcome.value, failed=outcome.error is not None)
            except UnknownPriceError as error:
                assert self._batch is not None  # noqa: S101, it has told us of this row
                self._batch.drain(error)

    def _begin_retry(self, *, cancelled: bool = False) -> None:
        """Begin to run failed rows again, also long after the cell has ended."""
        if (self._batch is not None and self._tally.phase in {"running", "paused"}) or (
            self._again is not None and not self._again.done()
        ):
            return
        indices = [failure.index for failure in self.results.errors]
        if cancelled:
            indices = sorted([*indices, *self.results.cancelled])
        if not indices:
            return
        loop = asyncio.get_running_loop()
        journal = self._entries.open()  # refused before anything is changed
        for index in indices:
            self._tally.set(index, ".")
        self._tally.resume()
        self._again = loop.create_task(
            self._run_again(journal, indices), context=self._context.copy()
        )
        self._again.add_done_callback(_look_at)

    async def _run_again(self, journal: ExitStack, indices: Sequence[int]) -> None:
        async def feed(batch: Batch[Any]) -> None:
            for index in indices:
                batch.add(index, partial(self._one, index, None))

        with running(), journal:
            await self._run(feed)

    def _note_waiting(self, share: llm.limits.Share, tally: Tally) -> None:
        asking = 0 if self._batch is None else self._batch.asking
        tally.waiting_for = waiting_for(share, asking)

    def _forward(self, action: str) -> None:
        if self._batch is not None:
            getattr(self._batch, action)()

    def _set_limit(self, limit: int) -> None:
        self._limit = limit
        if self._batch is not None:
            self._batch.set_limit(limit)

    # -- what is known beforehand ----------------------------------------------------------------

    def _expect(self, budget: Budget, index: int, words: Asked) -> None:
        """Tell the budget what a row can cost, as far as can be said before it has run."""
        model = self._target.model
        assert model is not None  # noqa: S101, whose words are known has a model
        tokens = round(estimate_tokens(words.messages) * CAUTION)
        most = price(model, tokens, model.params.get("max_tokens") or MOST_OUTPUT)
        prompt = price(model, tokens, 0)
        if most is None:
            raise UnknownPriceError(
                f"max_cost={budget.limit} cannot be kept: "
                f"the price of {model.model_id} is not known."
            )
        budget.expect(index, prompt=prompt or Decimal(0), most=most)

    def _usual_output(self) -> int:
        model = self._target.model
        most = None if model is None else model.params.get("max_tokens")
        return USUAL_OUTPUT if most is None else min(most, USUAL_OUTPUT)


async def _fed(batch: Batch[Any], feed: Callable[[Batch[Any]], Awaitable[None]]) -> None:
    """Feed a batch, which ends when there is no more, or with what goes wrong here."""
    try:
        await feed(batch)
    except Exception as error:  # noqa: BLE001, raised by the batch when what runs has ended
        batch.drain(error)
    except asyncio.CancelledError as error:
        batch.drain(error)  # the source's own; of a batch that has ended this is no news
        raise
    finally:
        batch.seal()


def _look_at(task: asyncio.Task[None]) -> None:
    """Note that an error was seen: the bar shows that it failed, and whoever awaits it gets it."""
    if not task.cancelled():
        task.exception()
