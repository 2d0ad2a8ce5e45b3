"""What has become of each row, and what can be said of the whole; pure."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from mirascope_nb.parallel.progress import ProgressPhase, ProgressState

__all__ = ["RowState", "Tally", "dollars"]

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
        total: int,
        *,
        description: str = "Progress",
        limit: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all rows waiting.

        Args:
            total: How many rows there are.
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
        self._rows: list[RowState] = ["."] * total
        self._counts: dict[RowState, int] = {".": total, "r": 0, "d": 0, "f": 0, "c": 0}
        self._errors: dict[int, str] = {}
        self._tokens: int | None = None
        self._cost: Decimal | None = None
        self._priced = 0
        self._recent: deque[float] = deque(maxlen=WINDOW)
        self._resumed = self._started

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
        """Note how the whole ended."""
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
        errors = tuple(islice(self._errors.items(), MAX_ERRORS))
        return ProgressState(
            description=self.description,
            total=total,
            done=counts["d"],
            failed=counts["f"],
            running=counts["r"],
            waiting=counts["."],
            cancelled=counts["c"],
            elapsed=now - self._started,
            rate=rate,
            left=left_over / rate if rate and left_over and self._ended is None else None,
            tokens=self._tokens,
            cost=dollars(self._cost),
            projected=self._projected(left_over),
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


def dollars(amount: Decimal | None) -> str | None:
    """An amount with two significant digits below a cent, and cents above a dollar."""
    if amount is None:
        return None
    if amount == 0:
        return "0"
    digits = max(2, 1 - amount.adjusted())
    return f"{amount:.{digits}f}"
