"""How progress is told, whoever shows it; and the line of text that shows it on a terminal."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TextIO

from mirascope_nb.text import one_line

__all__ = [
    "Progress",
    "ProgressActions",
    "ProgressPhase",
    "ProgressState",
    "TextProgress",
    "progress_line",
]

INTERVAL = 0.1
"""Seconds between two lines on a terminal."""

ProgressPhase = Literal["running", "paused", "done", "cancelled", "failed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressState:
    """How far some work is."""

    description: str = "Progress"
    total: int | None = None
    """How many rows there are, or `None` while that is not known."""
    done: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    cancelled: int = 0
    elapsed: float = 0.0
    """Seconds."""
    rate: float | None = None
    """Rows a second."""
    left: float | None = None
    """Seconds to the end, as far as can be said."""
    tokens: int | None = None
    cost: str | None = None
    """US dollars so far."""
    projected: str | None = None
    """US dollars in the end, as far as can be said."""
    limit: int | None = None
    """How many run at once."""
    waiting_for: str | None = None
    """What holds the work up, such as `waiting 12 s: 429`."""
    state: ProgressPhase = "running"
    rows: str | None = None
    """A letter a row: `.` waiting, `r` running, `d` done, `f` failed, `c` cancelled."""
    errors: tuple[tuple[int, str], ...] = ()
    """Index and text of rows that failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgressActions:
    """What the buttons do. An action that is `None` is refused."""

    cancel: Callable[[], None] | None = None
    pause: Callable[[], None] | None = None
    resume: Callable[[], None] | None = None
    retry: Callable[[], None] | None = None
    limit: Callable[[int], None] | None = None


class Progress(Protocol):
    """Somewhere that progress is shown."""

    def update(self, state: ProgressState) -> None:
        """Show a newer state, soon."""
        ...

    def close(self, state: ProgressState) -> None:
        """Show the last state, now, and show nothing more."""
        ...


def progress_line(state: ProgressState) -> str:
    """A state in a few words, without anything that differs between two equal runs."""
    finished = state.done + state.failed  # what was cancelled never came to its end
    words = [f"{finished}/{state.total}" if state.total is not None else f"{finished}"]
    if state.failed:
        words.append(f"{state.failed} failed")
    if state.cancelled and state.state != "cancelled":  # which says so by itself
        words.append(f"{state.cancelled} cancelled")
    if state.state in {"cancelled", "failed", "paused"}:
        words.append(state.state)
    if state.tokens is not None:
        words.append(f"{state.tokens:,} tokens")
    if state.cost is not None:
        words.append(f"${state.cost}")
    return f"{one_line(state.description)}: {' · '.join(words)}"


class TextProgress:
    """A line that is written over on a terminal, and written once anywhere else."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns,
    ) -> None:
        """Show progress.

        Args:
            stream: Where to; standard error by default, so that output stays what it was.
            clock: Seconds that never go back.
            columns: The width of the terminal: a line that wraps cannot be written over.
        """
        self._stream: TextIO | None = stream or sys.stderr  # which a windowed program lacks
        self._rewrites = self._stream is not None and self._stream.isatty()
        self._width = 0
        self._clock = clock
        self._columns = columns
        self._written = float("-inf")

    def update(self, state: ProgressState) -> None:
        """Write the line again, where it can be."""
        now = self._clock()
        if self._rewrites and now - self._written >= INTERVAL:
            self._written = now
            words = [progress_line(state), f"{state.elapsed:.0f} s"]
            if state.left is not None:
                words.append(f"{state.left:.0f} s left")
            if state.waiting_for:
                words.append(one_line(state.waiting_for))
            self._write(" · ".join(words), end="\r")

    def close(self, state: ProgressState) -> None:
        """Write the last line."""
        self._write(f"{progress_line(state)} · {state.elapsed:.1f} s", end="\n")

    def _write(self, line: str, *, end: str) -> None:
        if self._rewrites:
            line = line[: self._columns() - 1]
        padding = " " * (self._width - len(line))
        self._width = len(line)
        if self._stream is not None:
            # A terminal that is gone, or a pipe that nobody reads, is no reason to lose the work.
            with contextlib.suppress(OSError, ValueError):
                self._stream.write(f"{line}{padding}{end}")
                self._stream.flush()
