"""What a reply's headers say of its provider's rate limits; pure.

OpenAI and those who imitate it send `x-ratelimit-limit-requests`, `-remaining-requests` and
`-reset-requests`, the last as a duration such as `1m3.5s`; the same for tokens. Anthropic sends
`anthropic-ratelimit-requests-limit`, `-remaining` and `-reset`, the last as an RFC 3339 time. In
both the reset is when the whole limit will be there again. Cerebras names the span in the header,
`x-ratelimit-limit-tokens-minute`, and so does Mistral, `x-ratelimit-limit-req-minute`, which says
nothing of a reset.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

__all__ = ["Quota", "quota"]

What = Literal["requests", "tokens"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """The state of one limit when a reply was sent."""

    limit: float
    remaining: float
    reset: float | None
    """Seconds until the whole limit is there again, or `None` if that was not said."""
    span: float | None = None
    """Seconds in which the whole limit may be used, or `None` if that was not said."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How a family of providers calls the headers of one limit."""

    remaining: str
    limit: str
    reset: str
    span: float | None = None


def _named(prefix: str, suffix: str, span: float | None = None) -> _Spelling:
    remaining, limit, reset = (prefix + each + suffix for each in ("remaining", "limit", "reset"))
    return _Spelling(remaining, limit, reset, span)


_SPELLINGS: dict[What, tuple[_Spelling, ...]] = {
    "requests": (
        _named("x-ratelimit-", "-requests"),
        _named("anthropic-ratelimit-requests-", ""),
        _named("x-ratelimit-", "-requests-minute", 60.0),
        _named("x-ratelimit-", "-req-minute", 60.0),
    ),
    "tokens": (
        _named("x-ratelimit-", "-tokens"),
        _named("anthropic-ratelimit-tokens-", ""),
        _named("x-ratelimit-", "-tokens-minute", 60.0),
    ),
}


def quota(
    headers: Mapping[str, str], what: What, *, now: Callable[[], float] = time.time
) -> Quota | None:
    """The state of the limit on requests or on tokens, or `None` if the headers do not say."""
    for names in _SPELLINGS[what]:
        remaining = headers.get(names.remaining)
        if remaining is None:
            continue
        left, limit = _number(remaining), _number(headers.get(names.limit))
        if left is None or limit is None or limit <= 0:
            return None
        reset = headers.get(names.reset)
        seconds = _duration(reset)
        if seconds is None:
            seconds = _moment(reset, now)
        return Quota(limit=limit, remaining=min(left, limit), reset=seconds, span=names.span)
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def _duration(text: str | None) -> float | None:
    """Seconds of `1m3.5s`, `12ms`, or a bare number."""
    if not text:
        return None
    if (number := _number(text)) is not None:
        return number
    pieces = _PIECE.findall(text)
    if "".join(number + unit for number, unit in pieces) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in pieces)


def _moment(text: str | None, now: Callable[[], float]) -> float | None:
    """Seconds until an RFC 3339 time."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, moment.timestamp() - now())
