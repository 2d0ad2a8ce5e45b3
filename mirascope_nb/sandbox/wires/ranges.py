"""Numbers that a service takes, and those that it refuses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Breach", "Range", "first_breach"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What the value of a field may be; null is as good as none at all."""

    name: str
    low: float
    high: float | None = None
    """The largest value, or `None` where there is no limit."""
    whole: bool = False
    """Whether it has to be a whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A value that is out of its range."""

    range: Range
    value: Any
    kind: Literal["type", "low", "high"]

    @property
    def bound(self) -> float:
        """The bound that was passed, or, of another type, the smallest value."""
        high = self.range.high
        return self.range.low if self.kind != "high" or high is None else high


def first_breach(
    body: Mapping[str, Any],
    ranges: Sequence[Range],
    read: Callable[[Mapping[str, Any], str], Any] = lambda body, name: body.get(name),
) -> Breach | None:
    """The first value of a body that is out of its range, if any is.

    Args:
        body: Where the fields are.
        ranges: What they may be.
        read: Reads a field, where it may be spelled in more than one way.
    """
    for each in ranges:
        value = read(body, each.name)
        if value is None:
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (each.whole and value % 1):
            return Breach(range=each, value=value, kind="type")
        if value < each.low:
            return Breach(range=each, value=value, kind="low")
        if each.high is not None and value > each.high:
            return Breach(range=each, value=value, kind="high")
    return None
