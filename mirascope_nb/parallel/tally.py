"""What has become of each row, and what can be said of the whole; pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from mirascope_nb import llm
from mirascope_nb.parallel.progress import ProgressPhase, ProgressState

__all__ = ["RowState", "Tally", "dollars", "waiting_for"]

RowState = Literal[".", "r", "d", "f", "c"]
"""Waiting, running, done, failed, cancelled."""

MAX_ROWS = 500
MAX_ERRORS = 50
WINDOW = 64
"""Rows that the rate is measured over."""
ENOUGH = 3
"""Rows after which a rate says something."""


class Tally:
    """Counts rows by state, and what their results cost."""

    def __init__(
        self,
        total: int | None,
        *,
        description: str = "Progress",
        limit: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all rows waiting.

        Args:
            total: How many rows there are, or `None` if they are `add`ed as they are found.
            description: What the work is called.
            limit: How many may run at once.
            clock: Seconds that never go back.
        """
        self.description = description
        self.limit = limit
        self.phase: ProgressPhase = "running"
        self.waiting_for: str | None = None
        self._clock = clock
        self._started = clock()
        self._ended: float | None = None
        self._knows_total = total is not None
        self._rows: list[RowState] = ["."] * (total or 0)
        self._counts: dict[RowState, int] = {".": total or 0, "r": 0, "d": 0, "f": 0, "c": 0}
        self._errors: dict[int, str] = {}
        self._tokens: int | None = None
        self._cost: Decimal | None = None
        self._priced = 0
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._resumed = self._started

    def add(self) -> None:
        """Note a further row, which waits."""
        self._rows.append(".")
        self._counts["."] += 1

    def know_total(self) -> None:
        """Note that there are no further rows."""
        self._knows_total = True

    def set(self, index: int, state: RowState) -> None:
        """Note what has become of a row."""
        self._counts[self._rows[index]] -= 1
        self._counts[state] += 1
        self._rows[index] = state
        if state == ".":
            self._errors.pop(index, None)
        if state in {"d", "f"}:
            self._recent.append(self._clock())

    def succeed(self, index: int, result: object) -> None:
        """Note a row's result, with its tokens and cost if it has such."""
        self.set(index, "d")
        self._errors.pop(index, None)
        usage: Any = getattr(result, "usage", None)
        tokens = getattr(usage, "total_tokens", None)
        if isinstance(tokens, int):
            self._tokens = (self._tokens or 0) + tokens
        cost = getattr(result, "cost", None)
        if isinstance(cost, Decimal):
            self._cost = (self._cost or Decimal(0)) + cost
            self._priced += 1

    def fail(self, index: int, error: BaseException) -> None:
        """Note why a row failed."""
        self.set(index, "f")
        self._errors[index] = f"{type(error).__name__}: {error}" if str(error) else repr(error)

    def count(self, state: RowState) -> int:
        """How many rows are in a state."""
        return self._counts[state]

    def end(self, phase: ProgressPhase) -> None:
        """Note how the whole ended. What was not run by then is cancelled."""
        for index, state in enumerate(self._rows):
            if state in {".", "r"}:
                self.set(index, "c")
        self.phase = phase
        self.waiting_for = None
        self._ended = self._clock()

    def resume(self) -> None:
        """Note that it goes on after its end, to retry rows. The time between does not count."""
        self.phase = "running"
        self.waiting_for = None
        if self._ended is not None:
            self._started += self._clock() - self._ended
        self._ended = None
        self._recent.clear()
        self._resumed = self._clock()

    def state(self) -> ProgressState:
        """What can be said now."""
        counts = self._counts
        total = len(self._rows)
        now = self._clock() if self._ended is None else self._ended
        left_over = counts["."] + counts["r"]
        rate = self._rate(now)
        foreseen = bool(left_over) and self._knows_total and self._ended is None
        errors = tuple(islice(self._errors.items(), MAX_ERRORS))
        return ProgressState(
            description=self.description,
            total=total if self._knows_total else None,
            done=counts["d"],
            failed=counts["f"],
            running=counts["r"],
            waiting=counts["."],
            cancelled=counts["c"],
            elapsed=now - self._started,
            rate=rate,
            left=left_over / rate if rate and foreseen else None,
            tokens=self._tokens,
            cost=dollars(self._cost),
            projected=self._projected(left_over) if foreseen else None,
            limit=self.limit,
            waiting_for=self.waiting_for,
            state=self.phase,
            rows="".join(self._rows) if total <= MAX_ROWS else None,
            errors=errors,
        )

    def _rate(self, now: float) -> float | None:
        recent = self._recent
        if len(recent) < ENOUGH:
            return None
        whole = len(recent) < WINDOW
        since = self._resumed if whole else recent[0]
        count = len(recent) if whole else len(recent) - 1
        return count / (now - since) if now > since else None

    def _projected(self, left_over: int) -> str | None:
        if self._cost is None or not self._priced or not left_over:
            return None
        return dollars(self._cost + self._cost / self._priced * left_over)


def waiting_for(share: llm.limits.Share, asking: int) -> str | None:
    """What holds rows up: the provider's limits, or a person; `None` if nothing does for long."""
    limits = llm.limits.waiting_for(share)
    if not asking:
        return limits
    person = f"{asking} {'waits' if asking == 1 else 'wait'} for a decision"
    return f"{limits}; {person}" if limits else person


def dollars(amount: Decimal | None) -> str | None:
    """An amount with two significant digits below a cent, and cents above a dollar."""
    if amount is None:
        return None
    if amount == 0:
        return "0"
    digits = max(2, 1 - amount.adjusted())
    return f"{amount:.{digits}f}"
