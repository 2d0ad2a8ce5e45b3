"""A map under way: rows to results, through the journal and the budget."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import time
import typing
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from mirascope_nb import llm
from mirascope_nb.kernel import running
from mirascope_nb.parallel.batch import Batch, Outcome
from mirascope_nb.parallel.budget import (
    MOST_OUTPUT,
    USUAL_OUTPUT,
    Budget,
    Estimate,
    UnknownPriceError,
    estimate_tokens,
    price,
)
from mirascope_nb.parallel.digests import canonical, describe_target, row_digest
from mirascope_nb.parallel.journal import Journal
from mirascope_nb.parallel.progress import Progress, ProgressActions
from mirascope_nb.parallel.replies import UnkeptError, keep, restore
from mirascope_nb.parallel.results import Results
from mirascope_nb.parallel.rows import Inputs
from mirascope_nb.parallel.tally import Tally
from mirascope_nb.parallel.targets import Asked, Target

__all__ = ["Mapping"]

TURN = 32
"""Rows that are prepared in one turn of the loop."""


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
        self._path = journal
        self._refresh = refresh
        self._max_cost = max_cost
        self._journal: Journal | None = None
        self._budget: Budget | None = None
        self._asked: dict[int, Asked | None] = {}
        self._broken: dict[int, Exception] = {}
        """Rows that could not even be put into words."""
        self._keys: dict[int, tuple[str, int]] = {}
        self._batch: Batch[Any] | None = None
        self._again: asyncio.Task[None] | None = None
        self._context = contextvars.copy_context()
        self._warned = False
        self._tally = Tally(len(inputs.rows), description=description, limit=limit)
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

    async def run(self, progress: Progress) -> Results[Any]:
        """Run what has not been run, and return the results.

        Raises:
            JournalInUseError: If another map has the journal open.
            OSError: If the journal cannot be written.
            UnknownPriceError: If `max_cost` cannot be kept since no price is known.
            asyncio.CancelledError: If whoever awaits this is cancelled.
        """
        self._progress = progress
        self._context = contextvars.copy_context()  # for rows that are run again later
        with ExitStack() as stack:
            if self._path is not None:
                self._journal = stack.enter_context(Journal(self._path))
            if self._journal is not None or self._max_cost is not None:
                await self._prepare()
            self._take_from_journal()
            if self._max_cost is not None:
                self._budget = Budget(self._max_cost, self._first_costs(self._max_cost))
            await self._run([i for i in range(len(self._inputs.rows)) if not self._has(i)])
        return self.results

    async def estimate(self) -> Estimate:
        """What `run` would do. Nothing is sent, and the journal is only read."""
        with ExitStack() as stack:
            if self._path is not None:
                self._journal = stack.enter_context(Journal(self._path))
            await self._prepare()
            self._take_from_journal()
        model = self._target.model
        todo = [index for index in range(len(self._inputs.rows)) if not self._has(index)]
        asked = [self._asked[index] for index in todo if self._asked.get(index) is not None]
        if model is None:
            tokens_in = tokens_out = None
        else:
            tokens_in = sum(estimate_tokens(each.messages) for each in asked if each is not None)
            tokens_out = len(asked) * self._usual_output()
        return Estimate(
            rows=len(self._inputs.rows),
            restored=self.results.restored,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost=None
            if model is None or tokens_in is None or tokens_out is None
            else price(model, tokens_in, tokens_out),
            model=None if model is None else model.model_id,
        )

    async def retry(self, *, cancelled: bool = False) -> None:
        """Run the failed rows again, and the cancelled ones if asked to; awaits their end."""
        self._begin_retry(cancelled=cancelled)
        if self._again is not None:
            await asyncio.shield(self._again)

    # -- running ---------------------------------------------------------------------------------

    async def _run(self, indices: Sequence[int]) -> None:
        with llm.limits.gathering(slowly=True) as share:
            self._batch = Batch(
                [partial(self._one, index) for index in range(len(self._inputs.rows))],
                limit=self._limit,
                keep_going=True,
                tally=self._tally,
                indices=indices,
                admit=None if self._budget is None else self._budget.admit,
                ended=self._ended,
                watch=partial(_note_waiting, share),
            )
            await self._batch.run(self._progress)
        if self._batch.exhausted and self._budget is not None:
            self.results.stopped_because = (
                f"stopped at ${self._budget.spent} so as not to pass ${self._budget.limit}"
            )

    async def _one(self, index: int) -> Any:
        if index in self._broken:
            raise self._broken[index]
        started = time.monotonic()
        row = self._inputs.rows[index]
        asked = self._asked.get(index)
        try:
            if asked is None:
                asked = await self._target.prepare(row)
            result = await self._target.run(row, asked)
        except Exception as error:
            self._write(index, started, error=error)
            raise
        # Before anything else: a kernel that dies in the next line has not paid in vain.
        self._write(index, started, result=result)
        return result

    def _ended(self, index: int, outcome: Outcome[Any]) -> None:
        self.results.set(index, outcome)
        self._asked.pop(index, None)  # its messages are on the response
        if self._budget is not None:
            try:
                self._budget.settle(index, outcome.value, failed=outcome.error is not None)
            except UnknownPriceError as error:
                assert self._batch is not None  # noqa: S101, it has told us of this row
                self._batch.abort(error)

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
        for index in indices:
            self._tally.set(index, ".")
        self._tally.resume()
        self.results.stopped_because = None
        loop = asyncio.get_running_loop()
        self._again = loop.create_task(self._run_again(indices), context=self._context.copy())

    async def _run_again(self, indices: Sequence[int]) -> None:
        with running(), ExitStack() as stack:
            if self._path is not None:
                self._journal = stack.enter_context(Journal(self._path))
            await self._run(indices)

    def _forward(self, action: str) -> None:
        if self._batch is not None:
            getattr(self._batch, action)()

    def _set_limit(self, limit: int) -> None:
        self._limit = limit
        if self._batch is not None:
            self._batch.set_limit(limit)

    # -- what is known beforehand ----------------------------------------------------------------

    async def _prepare(self) -> None:
        """Put every row into words, and give it its place in the journal."""
        common = describe_target(self._target)
        for index, row in enumerate(self._inputs.rows):
            if index % TURN == TURN - 1:
                await asyncio.sleep(0)
            try:
                self._asked[index] = await self._target.prepare(row)
            except Exception as error:  # noqa: BLE001, the row's own failure, raised when it runs
                self._broken[index] = error
                continue
            if self._journal is not None:
                digest = row_digest(common, row, self._asked[index])
                self._keys[index] = (digest, self._journal.occurrence(digest))

    def _take_from_journal(self) -> None:
        if self._journal is None or self._refresh:
            return
        returns = _returns(self._target)
        for index, key in self._keys.items():
            line = self._journal.find(*key)
            if line is None:
                continue
            asked = self._asked.get(index)
            value = restore(
                line["result"],
                messages=[] if asked is None else asked.messages,
                tools=self._target.tools,
                format=self._target.format,
                returns=returns,
                with_context=getattr(self._target, "takes_context", False),
            )
            self.results.set(index, Outcome(value=value))
            self.results.restored += 1
            self._asked.pop(index, None)
            self._tally.set(index, "d")

    def _has(self, index: int) -> bool:
        return self.results.has(index)

    def _first_costs(self, limit: Decimal) -> dict[int, Decimal | None]:
        """What each row can cost at most, as far as can be said before any has run."""
        model = self._target.model
        if model is None:
            return {}
        output = model.params.get("max_tokens") or MOST_OUTPUT
        costs = {
            index: price(model, round(estimate_tokens(asked.messages) * 1.3), output)
            for index, asked in self._asked.items()
            if asked is not None
        }
        if any(each is None for each in costs.values()):
            raise UnknownPriceError(
                f"max_cost={limit} cannot be kept: the price of {model.model_id} is not known."
            )
        return costs

    def _usual_output(self) -> int:
        model = self._target.model
        most = None if model is None else model.params.get("max_tokens")
        return USUAL_OUTPUT if most is None else min(most, USUAL_OUTPUT)

    # -- the journal -----------------------------------------------------------------------------

    def _write(
        self,
        index: int,
        started: float,
        *,
        result: Any = None,
        error: Exception | None = None,
    ) -> None:
        if self._journal is None or index not in self._keys:
            return
        digest, occurrence = self._keys[index]
        line: dict[str, Any] = {
            "key": digest,
            "occurrence": occurrence,
            "index": index,
            "input": canonical(self._inputs.rows[index].value)
            if not isinstance(self._inputs.rows[index].value, str)
            else self._inputs.rows[index].value,
            "ok": error is None,
            "error": None if error is None else f"{type(error).__name__}: {error}",
            "seconds": round(time.monotonic() - started, 3),
            "finished": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        if error is None:
            line |= _measures(result)
            try:
                line["result"] = keep(result)
            except UnkeptError as unkept:
                line |= {"ok": False, "error": str(unkept)}
                self._warn(unkept)
        try:
            self._journal.write(line)
        except OSError as failure:
            if self._batch is not None:
                self._batch.abort(failure)

    def _warn(self, error: UnkeptError) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(f"{error}; such rows are run again next time", stacklevel=2)


def _note_waiting(share: llm.limits.Share, tally: Tally) -> None:
    tally.waiting_for = llm.limits.waiting_for(share)


def _measures(result: Any) -> dict[str, Any]:
    """What there is to read in a line besides the result itself."""
    text: Callable[[], str] | None = getattr(result, "text", None)
    usage, cost = getattr(result, "usage", None), getattr(result, "cost", None)
    return {
        "model": getattr(result, "model_id", None),
        "text": text() if callable(text) else None,
        "input_tokens": getattr(usage, "input_tokens", None),
        "output_tokens": getattr(usage, "output_tokens", None),
        "cost": None if cost is None else str(cost),
    }


def _returns(target: Target) -> Any:
    """What a function says that it returns."""
    fn = getattr(target, "fn", None)
    if fn is None:
        return None
    try:
        return typing.get_type_hints(inspect.unwrap(fn)).get("return")
    except Exception:  # noqa: BLE001, hints may name what is not there
        return None
