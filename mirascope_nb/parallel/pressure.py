"""How much the event loop can take: fewer jobs at once while they make it late; pure.

Five hundred replies that are ready in one turn of the loop keep everything else waiting until the
last one is handled: another cell, a click on `Cancel`. Fewer at once are handled just as fast.
"""

from __future__ import annotations

__all__ = ["LOOK", "Pressure"]

LOOK = 0.02
"""Seconds between two looks at the loop."""
LATE = 0.06
"""Seconds of lateness that are felt."""
CALM = 0.02
BUSY = 8
"""Jobs that must have ended in a late turn for it to be their doing."""
FEWEST = 32
"""Jobs at once that are never too many."""


class Pressure:
    """Watches how late the loop is."""

    __slots__ = ("_ended", "room")

    def __init__(self) -> None:
        self.room: float | None = None
        """How many jobs the loop can take; `None` while nothing says that it cannot take more."""
        self._ended = 0

    def ended(self) -> None:
        """Note that a job has ended."""
        self._ended += 1

    def look(self, late: float, running: int) -> None:
        """Note how late a timer was.

        Args:
            late: Seconds.
            running: How many jobs run.
        """
        if late > LATE and self._ended >= BUSY:
            self.room = max(FEWEST, 0.85 * min(running, self.room or running))
        elif self.room is not None and late < CALM:
            self.room *= 1.02
            if self.room > 2 * max(running, FEWEST):
                self.room = None
        self._ended = 0
