"""What a map gives: every row's outcome, in order, whatever became of it."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast, overload

from mirascope_nb import llm
from mirascope_nb.parallel.frames import to_frame
from mirascope_nb.parallel.jobs import Outcome
from mirascope_nb.parallel.rows import Inputs
from mirascope_nb.parallel.tally import dollars
from mirascope_nb.text import one_line

__all__ = ["Failure", "Results"]

T = TypeVar("T")

SHOWN = 10
"""Rows in a representation."""
WIDTH = 120
"""Characters of a cell in a representation."""
LEFT = "style='text-align: left'"
"""Text reads from the left; notebooks align the cells of all tables to the right."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that failed. Unpacks to `index, input, exception`."""

    index: int
    input: Any
    exception: BaseException

    def __iter__(self) -> Iterator[Any]:
        return iter((self.index, self.input, self.exception))


class Results(Sequence[T], Generic[T]):
    """The results of a map, in the order of its inputs.

    A row that failed is its exception, and one that was cancelled an `asyncio.CancelledError`; a
    sequence is never shorter than the inputs. `Retry failed` and `retry_failed` put what comes of
    another attempt in the same place.
    """

    def __init__(self, inputs: Inputs, *, description: str = "Map") -> None:
        self._inputs = inputs
        self._outcomes: list[Outcome[T] | None] = [None] * len(inputs.rows)
        self._description = description
        self._retry: Callable[..., Awaitable[None]] | None = None
        self.restored = 0
        """How many rows came from the journal and were not paid for again."""
        self.stopped_because: str | None = None
        """Why rows were left out, such as a budget that was used up; `None` if none were."""

    @property
    def inputs(self) -> list[Any]:
        """The inputs, in order, as far as they were read; a frame's rows as dicts."""
        return [row.value for row in self._inputs.rows]

    @property
    def outcomes(self) -> list[Outcome[T]]:
        """Every row's value or error; a row that is not finished has a `CancelledError`."""
        return [each or Outcome(error=asyncio.CancelledError()) for each in self._outcomes]

    @property
    def succeeded(self) -> list[tuple[int, T]]:
        """Index and value of the rows that succeeded."""
        return [
            (index, cast("T", each.value))
            for index, each in enumerate(self._outcomes)
            if each is not None and each.error is None
        ]

    @property
    def errors(self) -> list[Failure]:
        """The rows that failed, with index, input and exception; cancelled ones are not failed."""
        return [
            Failure(index, self._inputs.rows[index].value, each.error)
            for index, each in enumerate(self._outcomes)
            if each is not None and each.error is not None and not _is_cancelled(each)
        ]

    @property
    def cancelled(self) -> list[int]:
        """The indices of the rows that were cancelled or never begun."""
        return [
            index
            for index, each in enumerate(self._outcomes)
            if each is None or _is_cancelled(each)
        ]

    @property
    def usage(self) -> llm.Usage | None:
        """The tokens of all replies together, or `None` if none has any."""
        total: llm.Usage | None = None
        for _, value in self.succeeded:
            usage = getattr(value, "usage", None)
            if isinstance(usage, llm.Usage):
                total = total or llm.Usage()
                total.input_tokens += usage.input_tokens
                total.output_tokens += usage.output_tokens
                total.cache_read_tokens += usage.cache_read_tokens
                total.cache_write_tokens += usage.cache_write_tokens
                total.reasoning_tokens += usage.reasoning_tokens
        return total

    @property
    def cost(self) -> Decimal | None:
        """US dollars of all replies, those of a journal included; `None` if any is not known."""
        costs = [getattr(value, "cost", None) for _, value in self.succeeded]
        if not costs or not all(isinstance(each, Decimal) for each in costs):
            return None
        return sum(cast("list[Decimal]", costs), Decimal(0))

    def to_frame(self) -> Any:
        """A pandas or polars frame of the inputs and what came of them.

        The rows have the index of the column or frame that was given. Beside its columns (or
        `input`) there are `result` (a reply's text, or a column for each field of what it parses
        to), `error`, `input_tokens`, `output_tokens` and `cost`.

        Raises:
            ImportError: If a list was given and neither pandas nor polars is there.
        """
        return to_frame(self._inputs, self.outcomes)

    async def retry_failed(self, *, cancelled: bool = False) -> Results[T]:
        """Run the failed rows again, in place, as the button does.

        Args:
            cancelled: Whether to run the cancelled rows too.

        Returns:
            These results.

        Raises:
            RuntimeError: If they were copied or loaded from a file.
        """
        if self._retry is None:
            raise RuntimeError("a copy of results cannot be retried: map over its `errors` instead")
        await self._retry(cancelled=cancelled)
        return self

    def add(self) -> None:
        """Make place for a further row."""
        self._outcomes.append(None)

    def set(self, index: int, outcome: Outcome[T]) -> None:
        """Put a row's outcome in its place."""
        self._outcomes[index] = outcome

    def has(self, index: int) -> bool:
        """Whether a row has an outcome, of whatever kind."""
        return self._outcomes[index] is not None

    def on_retry(self, retry: Callable[..., Awaitable[None]]) -> None:
        """Say how failed rows are run again."""
        self._retry = retry

    def __getstate__(self) -> dict[str, Any]:
        # The map, with its call, its journal and its context, does not go along.
        inputs = replace(self._inputs, rows=list(self._inputs.rows), more=None)
        return vars(self) | {"_retry": None, "_inputs": inputs, "_outcomes": list(self._outcomes)}

    def __len__(self) -> int:
        return len(self._outcomes)

    @overload
    def __getitem__(self, index: int, /) -> T: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[T]: ...
    def __getitem__(self, index: int | slice, /) -> T | list[T]:
        if isinstance(index, slice):
            return [_value(each) for each in self._outcomes[index]]
        return _value(self._outcomes[index])

    def __iter__(self) -> Iterator[T]:
        return (_value(each) for each in self._outcomes)

    def __repr__(self) -> str:
        return f"<Results: {self._summary()}>"

    def _summary(self) -> str:
        errors, cancelled = len(self.errors), len(self.cancelled)
        words = [f"{len(self):,} rows", f"{len(self) - errors - cancelled:,} done"]
        if errors:
            words.append(f"{errors:,} failed")
        if cancelled:
            words.append(f"{cancelled:,} cancelled")
        if self.restored:
            words.append(f"{self.restored:,} from the journal")
        usage = self.usage
        if usage is not None:
            words.append(f"{usage.total_tokens:,} tokens")
        cost = dollars(self.cost)
        if cost is not None:
            words.append(f"${cost}")
        if self.stopped_because:
            words.append(self.stopped_because)
        return " · ".join(words)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, IPython's signature
        printer.text(repr(self) if cycle else "\n".join([repr(self), *self._lines()]))

    def _lines(self) -> list[str]:
        lines = [
            f"[{index}] {_short(self._inputs.rows[index].value)} → {_short_outcome(each)}"
            for index, each in enumerate(self._outcomes[:SHOWN])
        ]
        return [*lines, "…"] if len(self) > SHOWN else lines

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{index}</th>"
            f"<td {LEFT}>{html.escape(_short(self._inputs.rows[index].value))}</td>"
            f"<td {LEFT}>{html.escape(_short_outcome(each))}</td></tr>"
            for index, each in enumerate(self._outcomes[:SHOWN])
        )
        more = f"<tr><td colspan='3' {LEFT}>… {len(self) - SHOWN:,} more</td></tr>"
        return (
            f"<table><caption>{html.escape(self._summary())}</caption>"
            f"<thead><tr><th></th><th {LEFT}>input</th><th {LEFT}>result</th></tr></thead>"
            f"<tbody>{rows}{more if len(self) > SHOWN else ''}</tbody></table>"
        )


def _value(outcome: Outcome[T] | None) -> T:
    if outcome is None:
        return cast("T", asyncio.CancelledError())
    return cast("T", outcome.value if outcome.error is None else outcome.error)


def _is_cancelled(outcome: Outcome[Any]) -> bool:
    return isinstance(outcome.error, asyncio.CancelledError)


def _short_outcome(outcome: Outcome[Any] | None) -> str:
    if outcome is None or _is_cancelled(outcome):
        return "cancelled"
    if outcome.error is not None:
        return _cut(f"{type(outcome.error).__name__}: {outcome.error}")
    return _short(outcome.value)


def _short(value: Any) -> str:
    text = getattr(value, "text", None)
    return _cut(str(text()) if callable(text) else value if isinstance(value, str) else repr(value))


def _cut(text: str) -> str:
    text = one_line(text[: 4 * WIDTH])
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
