"""How long to wait for a provider."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

__all__ = ["Timeouts"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """Limits in seconds; `None` means no limit."""

    connect: float | None = 5.0
    """To open a connection, TLS included."""
    first_content: float | None = 120.0
    """From sending a request to its reply, or to a stream's first content."""
    idle: float | None = 60.0
    """Between two contents of a stream. A ping is no content."""
    total: float | None = 600.0
    """For one request, from sending it to the end of its reply."""

    def __post_init__(self) -> None:
        for name in ("connect", "first_content", "idle", "total"):
            seconds: Any = getattr(self, name)
            if seconds is not None and not _is_positive(seconds):
                raise ValueError(f"{name} must be a positive number of seconds or None")

    @property
    def reply(self) -> float | None:
        """Until a reply's headers are there."""
        return min(_set(self.first_content, self.total), default=None)

    @property
    def longest(self) -> float | None:
        """The longest silence that any phase bears."""
        waits = _set(self.first_content, self.idle)
        return self.total if len(waits) < 2 else max(waits)  # noqa: PLR2004, both of them

    @classmethod
    def of(cls, timeout: float | Timeouts | None) -> Timeouts:
        """Timeouts from what a caller may give: a number of seconds for the whole, or all four.

        `None` gives the defaults.

        Raises:
            ValueError: If it is no positive number.
        """
        if timeout is None:
            return cls()
        if isinstance(timeout, Timeouts):
            return timeout
        if not _is_positive(timeout):
            raise ValueError(
                "timeout must be a positive number of seconds or llm.Timeouts(...), "
                f"not {timeout!r}"
            )
        seconds = float(timeout)
        return cls(connect=min(5.0, seconds), first_content=seconds, idle=seconds, total=seconds)

    def deadline(self, *, opened: float, content: float | None) -> float | None:
        """The moment at which a stream is late, on the clock of `opened`; `None` if never.

        Args:
            opened: When the request was sent.
            content: When the last content came, or `None` before the first.
        """
        wait = self.first_content if content is None else self.idle
        since = opened if content is None else content
        late = None if wait is None else since + wait
        if self.total is None:
            return late
        end = opened + self.total
        return end if late is None or end < late else late


def _is_positive(seconds: Any) -> bool:
    if isinstance(seconds, bool) or not isinstance(seconds, numbers.Real):
        return False
    return float(seconds) > 0


def _set(*limits: float | None) -> list[float]:
    return [limit for limit in limits if limit is not None]
