"""What fills up with time and is used up by requests; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["BURST", "Bucket", "Pace"]

QUICK, PATIENT = 3.0, 12.0
"""Seconds after which a pace is back at the rate that was refused: at least, and at most."""
REQUESTS = 60
"""Requests that it takes at least until then, so that a low limit is not met all the time."""
KEEP_FIRST, KEEP = 0.75, 0.9
"""The share of the accepted rate to go on with: first, and once the rate is known better."""
GAIN = 0.2
"""Share by which the rate begins to grow in the same time beyond that, compounded."""
HELD = 8.0
"""Times the silence that a refusal costs, which it takes at least as well."""
ALIKE = 0.15
"""By how much two refused rates may differ to be taken for the same limit."""
FORGOTTEN = 4.0
"""Times the refused rate at which a pace has nothing more to say."""
SLOWEST = 0.5
"""Requests a second below which nobody is slowed down without the server's asking for it."""
BURST = 0.02
"""Seconds' worth of requests that may be sent at once."""


@dataclass(slots=True)
class Bucket:
    """An allowance that refills evenly up to a capacity."""

    capacity: float
    rate: float
    """What comes back in a second."""
    level: float
    when: float
    """The time, in seconds, at which the level was that."""

    @classmethod
    def per_minute(cls, amount: float, now: float) -> Bucket:
        """A bucket of which no minute, wherever it begins, takes more than an amount."""
        capacity = max(1.0, amount / 20) if amount > 1 else amount
        rate = (amount - capacity) / 60 if amount > 1 else amount / 60
        return cls(capacity=capacity, rate=rate, level=capacity, when=now)

    def wait(self, now: float, amount: float = 1.0) -> float:
        """Seconds until an amount is there. What exceeds the capacity needs the bucket full."""
        self._fill(now)
        missing = min(amount, self.capacity) - self.level
        if missing <= 1e-9:  # noqa: PLR2004, a rounding error is no reason to wait
            return 0.0
        return missing / self.rate if self.rate > 0 else float("inf")

    def take(self, now: float, amount: float = 1.0) -> None:
        """Use an amount up, or give it back if it is negative. The level may fall below zero."""
        self._fill(now)
        self.level = min(self.level - amount, self.capacity)

    def _fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + max(0.0, now - self.when) * self.rate)
        self.when = now


class Pace:
    """A rate that was found to be too high, and how near to it to go again.

    After a refusal the rate falls below what was accepted, comes back quickly and stays long close
    to the rate that was refused: the cubic curve of TCP CUBIC (RFC 9438), which finds a limit again
    without running into it all the time. Beyond that it grows ever faster. How long this takes
    depends on what is remembered: where the last refusal came at another rate the limit is not
    known yet and is looked for quickly; where it came at the same one it is looked for ever less.
    """

    __slots__ = ("_keep", "_level", "_peak", "_since", "_when", "patience")

    def __init__(
        self, peak: float, now: float, *, last: Pace | None = None, held: float = 0.0
    ) -> None:
        """Begin below a rate.

        Args:
            peak: Requests a second that were accepted when one was refused.
            now: The time in seconds.
            last: The pace until now.
            held: Seconds of silence that the refusal costs.
        """
        self._peak = max(peak, SLOWEST)
        self._keep, self.patience = KEEP_FIRST, QUICK
        if last is not None and last.is_near(self._peak):
            self._keep, self.patience = KEEP, min(PATIENT, 1.5 * last.patience)
        least = max(REQUESTS / self._peak, HELD * held)
        self.patience = max(self.patience, min(PATIENT, least))
        """Seconds to the refused rate."""
        self._since = now
        self._when = now
        self._level = 0.0

    def is_near(self, rate: float) -> bool:
        """Whether a rate is about that which was refused."""
        return abs(rate - self._peak) < ALIKE * self._peak

    @property
    def is_forgotten(self) -> bool:
        """Whether it has gone so far beyond the refused rate that it says nothing any more."""
        return self.rate(self._when) > FORGOTTEN * self._peak

    def rate(self, now: float) -> float:
        """Requests a second at a time."""
        distance = (now - self._since) / self.patience - 1
        if distance < 0:
            return self._peak * (1 + (1 - self._keep) * distance**3)
        return self._peak * math.exp(min(GAIN * distance * (1 + distance / 2), FORGOTTEN))

    def wait(self, now: float) -> float:
        """Seconds until the next request is due."""
        rate = self.rate(now)
        room = max(1.0, rate * BURST)
        self._level = min(room, self._level + (now - self._when) * rate)
        self._when = now
        return 0.0 if self._level >= 1 - 1e-9 else (1 - self._level) / rate

    def take(self) -> None:
        """Note a request."""
        self._level -= 1

    def credit(self, now: float, seconds: float) -> None:
        """Let through at once half of what was not sent while the server asked for silence."""
        self._level = max(self._level, 1.0, self.rate(now) * min(seconds, 1.0) / 2)
        self._when = now
